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
    /// The engine with the files as they are; a new one, if a query holds the kept one for ever.
    async fn engine(&self) -> Result<Arc<Engine>> {
        let seen = seen(&self.path);
        let mut kept = self.engine.lock().await;
        if let Some((before, engine)) = &*kept
            && *before == seen
            && !engine.is_stuck()
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
        let engine = self.engine().await?;
        let answer = engine.stream(statement).await?;
        let columns = answer.columns.clone();
        // An engine that is replaced goes when nobody reads from it any more.
        let state = (answer, engine);
        let rows = futures_util::stream::unfold(state, |(mut answer, engine)| async move {
            let rows = answer.next().await?;
            Some((rows, (answer, engine)))
        });
        Ok(RowStream::new(columns, rows))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_engine_that_is_stuck_is_replaced() {
        let folder = Folder {
            path: PathBuf::from("/not/there"),
            engine: Mutex::default(),
        };
        let first = folder.engine().await.unwrap();
        assert!(Arc::ptr_eq(&first, &folder.engine().await.unwrap()));
        first.mark_stuck();
        let second = folder.engine().await.unwrap();
        assert!(!Arc::ptr_eq(&first, &second));
        assert!(!second.is_stuck());
    }
}
