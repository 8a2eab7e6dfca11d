//! Databases and tables of a catalogue.

use aws_sdk_athena::{Client, error::ProvideErrorMetadata};

use super::{fault, value::Kind};
use crate::{Column, Result, Table, connect::AthenaCredentials};

/// All tables and views of the connection's catalogue.
pub(super) async fn tables(client: &Client, credentials: &AthenaCredentials) -> Result<Vec<Table>> {
    let catalog = &credentials.database;
    let mut all = Vec::new();
    let mut pages = client
        .list_databases()
        .catalog_name(catalog)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| fault::of(&error))?;
        for database in page.database_list() {
            tables_of(client, [catalog, database.name()], &mut all).await?;
        }
    }
    Ok(all)
}

async fn tables_of(client: &Client, place: [&str; 2], all: &mut Vec<Table>) -> Result<()> {
    let [catalog, database] = place;
    let asked = client.list_table_metadata().catalog_name(catalog);
    let mut pages = asked.database_name(database).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| fault::of(&error))?;
        all.extend(page.table_metadata_list().iter().map(|table| Table {
            database: catalog.to_owned(),
            schema: database.to_owned(),
            name: table.name().to_owned(),
            partition: None,
        }));
    }
    Ok(())
}

/// The columns of a table, and those that it is partitioned by; none, if there is no such table.
pub(super) async fn fields(
    client: &Client,
    catalog: &str,
    database: &str,
    table: &str,
) -> Result<Vec<Column>> {
    let asked = client.get_table_metadata().catalog_name(catalog);
    let answer = asked.database_name(database).table_name(table).send().await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) if missing(error.message()) => return Ok(Vec::new()),
        Err(error) => return Err(fault::of(&error)),
    };
    let Some(table) = answer.table_metadata() else {
        return Ok(Vec::new());
    };
    let columns = table.columns().iter().chain(table.partition_keys());
    let columns = columns.map(|column| Column {
        name: column.name().to_owned(),
        r#type: Kind::of(column.r#type().unwrap_or_default()).r#type(),
    });
    Ok(columns.collect())
}

/// Athena passes on what the Glue catalogue says.
fn missing(message: Option<&str>) -> bool {
    message.is_some_and(|message| message.contains("EntityNotFoundException"))
}
