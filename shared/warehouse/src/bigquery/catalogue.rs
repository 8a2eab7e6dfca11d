//! Data sets and tables, by requests that cost nothing and need no job.
//! <https://cloud.google.com/bigquery/docs/reference/rest/v2/tables>

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{
    api::{Api, Call},
    fault::Fault,
    value::Schema,
};
use crate::{Column, Partition, Result, Table};

/// Data sets whose tables are listed at once: a list takes a quarter of a second, and there may be hundreds.
const AT_ONCE: usize = 8;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DataSets {
    #[serde(default)]
    datasets: Vec<DataSet>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DataSet {
    dataset_reference: DataSetReference,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DataSetReference {
    dataset_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tables {
    #[serde(default)]
    tables: Vec<Listed>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    table_reference: TableReference,
    time_partitioning: Option<ByTime>,
    range_partitioning: Option<ByRange>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TableReference {
    project_id: String,
    dataset_id: String,
    table_id: String,
}

#[derive(Deserialize)]
struct ByTime {
    field: Option<String>,
}

#[derive(Deserialize)]
struct ByRange {
    field: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Described {
    schema: Schema,
}

impl Listed {
    fn table(self) -> Table {
        let by_range = self.range_partitioning.map(|range| Partition {
            field: range.field,
            by_range: true,
        });
        // Without a column it is by the time of arrival, which has a column of its own.
        let by_time = self.time_partitioning.map(|time| Partition {
            field: time.field.unwrap_or_else(|| "_PARTITIONTIME".to_owned()),
            by_range: false,
        });
        Table {
            database: self.table_reference.project_id,
            schema: self.table_reference.dataset_id,
            name: self.table_reference.table_id,
            partition: by_range.or(by_time),
        }
    }
}

/// All tables and views of a project.
pub(super) async fn tables(api: &Api, project: &str) -> Result<Vec<Table>> {
    let mut all = Vec::new();
    let mut page = None;
    loop {
        let path = [project, "datasets"];
        let sets: Option<DataSets> = document(api, &path, page).await?;
        let Some(sets) = sets else { break };
        let ids = sets.datasets.into_iter();
        let ids = ids.map(|set| set.dataset_reference.dataset_id);
        let lists: Vec<_> = ids.map(|id| tables_of(api, project, id)).collect();
        let lists = stream::iter(lists).buffered(AT_ONCE);
        let lists: Vec<Vec<Table>> = lists.try_collect().await?;
        all.extend(lists.into_iter().flatten());
        page = sets.next_page_token;
        if page.is_none() {
            break;
        }
    }
    Ok(all)
}

async fn tables_of(api: &Api, project: &str, set: String) -> Result<Vec<Table>> {
    let (mut all, mut page) = (Vec::new(), None);
    loop {
        let path = [project, "datasets", set.as_str(), "tables"];
        let tables: Option<Tables> = document(api, &path, page).await?;
        // A data set that has gone meanwhile has none.
        let Some(tables) = tables else { return Ok(all) };
        all.extend(tables.tables.into_iter().map(Listed::table));
        page = tables.next_page_token;
        if page.is_none() {
            return Ok(all);
        }
    }
}

/// The columns of a table; none, if there is no such table.
pub(super) async fn fields(api: &Api, path: [&str; 3]) -> Result<Vec<Column>> {
    let [project, set, table] = path;
    let path = [project, "datasets", set, "tables", table];
    let described: Option<Described> = document(api, &path, None).await?;
    Ok(described.unwrap_or_default().schema.columns())
}

/// A document of the catalogue; nothing, if there is none.
async fn document<T: DeserializeOwned>(
    api: &Api,
    path: &[&str],
    page: Option<String>,
) -> Result<Option<T>> {
    let mut query = vec![];
    query.extend(page.map(|page| ("pageToken", page)));
    // Lists are at the even places of a path, one thing of them at the odd ones.
    if path.len().is_multiple_of(2) {
        query.push(("maxResults", "1000".to_owned()));
    }
    let reply = api.send(&Call::get(path, query)).await?;
    match reply.status.as_u16() {
        200 => reply.json().map(Some),
        404 => Ok(None),
        401 | 403 => Err(Fault::of(&reply)?.into_connection()),
        _ => Err(Fault::of(&reply)?.into_query()),
    }
}
