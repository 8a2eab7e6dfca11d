//! An engine for each project, over the files of the project's own folder.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex as SyncMutex, PoisonError},
    time::SystemTime,
};

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::Engine;
use crate::{Column, Embedded, Error, Result, RowStream, Statement, Table, Warehouse};

/// The schema that the files of a folder are in.
pub const SCHEMA: &str = "jaffle";

/// Engines over the folders below a folder, each named like its project. Files that come or change are seen by the next query.
pub fn projects(root: PathBuf) -> Embedded {
    let known: SyncMutex<HashMap<String, Arc<Folder>>> = SyncMutex::default();
    Arc::new(move |project: &str| {
        // A project's id has no slashes and points; nothing else gets out of the folder.
        if project.is_empty()
            || !project
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Err(Error::Connection("this is not a project".to_owned()));
        }
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = known.entry(project.to_owned()).or_insert_with(|| {
            Arc::new(Folder {
                path: root.join(project),
                engine: Mutex::default(),
            })
        });
        Ok(folder.clone() as Arc<dyn Warehouse>)
    })
}

/// When the files of a folder changed.
type Seen = Vec<(PathBuf, u64, Option<SystemTime>)>;

struct Folder {
    path: PathBuf,
    engine: Mutex<Option<(Seen, Arc<Engine>)>>,
}

impl Folder {
    /// The engine with the files as they are.
    async fn engine(&self) -> Result<Arc<Engine>> {
        let seen = seen(&self.path);
        let mut kept = self.engine.lock().await;
        if let Some((before, engine)) = &*kept
            && *before == seen
        {
            return Ok(engine.clone());
        }
        let engine = Engine::new()?;
        if !seen.is_empty() {
            engine.folder(SCHEMA, &self.path).await?;
        }
        let engine = Arc::new(engine);
        *kept = Some((seen, engine.clone()));
        Ok(engine)
    }
}

/// The files of a folder; none, if there is no folder.
fn seen(folder: &Path) -> Seen {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut seen: Seen = files
        .filter_map(|file| {
            let about = file.metadata().ok()?;
            Some((file.path(), about.len(), about.modified().ok()))
        })
        .collect();
    seen.sort();
    seen
}

#[async_trait]
impl Warehouse for Folder {
    async fn stream(&self, statement: &Statement) -> Result<RowStream> {
        self.engine().await?.stream(statement).await
    }

    async fn tables(&self) -> Result<Vec<Table>> {
        self.engine().await?.tables().await
    }

    async fn fields(
        &self,
        database: Option<&str>,
        schema: Option<&str>,
        table: &str,
    ) -> Result<Vec<Column>> {
        self.engine().await?.fields(database, schema, table).await
    }
}
