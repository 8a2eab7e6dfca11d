//! The tables of a warehouse, read once and kept for whoever has the same login (reference 13 §6): some warehouses take long to
//! list them, and charge for it.

use std::time::Duration;

use app::{
    App, Result,
    domain::{
        packed::Packed,
        query::{Catalogue, LARGEST, WAITED},
    },
};
use warehouse::Table;

use crate::{Asker, Login, login::Overrides};

/// How long tables are listed as they were: whoever makes one in the meantime asks for it to be read anew.
pub const KEPT: Duration = Duration::from_secs(60 * 60);

/// The tables that the asker's login sees, as they were an hour ago at most.
///
/// # Errors
/// `NotFound` when there is no way into the warehouse; `Warehouse` with what it says; `Unavailable` when the table does not answer.
pub async fn tables(app: &App, asker: Asker) -> Result<Vec<Table>> {
    let login = Login::of(app, asker, &Overrides::default()).await?;
    let now = app.clock.now();
    let kept = app.store.catalogue(asker.project, &login.identity, now);
    // What another release has written differently is read anew.
    if let Some(kept) = kept.await?
        && let Ok(tables) = kept.tables.unpack_json()
    {
        return Ok(tables);
    }
    let tables = waited(login.warehouse.tables()).await?;
    if let Err(error) = keep(app, asker, &login, &tables).await {
        tracing::warn!(cause = error.cause(), "The list of tables is not kept.");
    }
    Ok(tables)
}

/// Reads the tables that the asker's login sees anew, for all who have the same.
///
/// # Errors
/// As [`tables`].
pub async fn refresh(app: &App, asker: Asker) -> Result<()> {
    let login = Login::of(app, asker, &Overrides::default()).await?;
    let tables = waited(login.warehouse.tables()).await?;
    keep(app, asker, &login, &tables).await
}

async fn keep(app: &App, asker: Asker, login: &Login, tables: &[Table]) -> Result<()> {
    let now = app.clock.now();
    let packed = Packed::pack_json(&tables)?;
    let seen = if packed.0.len() > LARGEST {
        // More than an item holds is read each time, and what was kept before is over.
        Catalogue {
            tables: Packed(Vec::new()),
            expires_at: now,
        }
    } else {
        Catalogue {
            tables: packed,
            expires_at: now + KEPT,
        }
    };
    let (project, identity) = (asker.project, &login.identity);
    app.store.keep_catalogue(project, identity, &seen).await
}

/// What the warehouse answers, while the caller waits.
///
/// # Errors
/// `Warehouse` with what it says, or that it takes too long.
pub async fn waited<T>(asked: impl Future<Output = warehouse::Result<T>>) -> Result<T> {
    let answer = tokio::time::timeout(WAITED, asked).await;
    Ok(answer.unwrap_or(Err(warehouse::Error::Time(WAITED)))?)
}
