//! An engine for each project, over the project's own files.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex as SyncMutex, PoisonError},
    time::SystemTime,
};

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::Engine;
#[cfg(feature = "embedded-s3")]
use super::bucket::{Bucket, Shelf};
use super::stop::Spinners;
use crate::{Column, Embedded, Error, Result, RowStream, Statement, Table, Warehouse};

/// The schema that the files of a project are in.
pub const SCHEMA: &str = "jaffle";

/// Engines over the folders below a folder, each named like its project. Files that come or change are seen by the next query.
pub fn projects(root: PathBuf) -> Embedded {
    engines(move |project| Ok(Place::Folder(root.join(project))))
}

/// Engines over the files below `s3://bucket/prefix/{projectUuid}/`, with the region and the credentials that AWS's SDK finds.
/// The endpoint is AWS's, or one that speaks the same protocol. A file that changes or goes is noticed by the next query that
/// reads it. One that comes may be seen three seconds later: for so long a list of files is used again.
///
/// # Errors
/// `Connection` when the location or the endpoint is none, or there is nothing to find credentials with. Nothing is sent yet.
#[cfg(feature = "embedded-s3")]
pub async fn bucket(location: &str, endpoint: Option<&str>) -> Result<Embedded> {
    let settings = aws_config::defaults(aws_config::BehaviorVersion::latest());
    bucket_with(location, endpoint, &settings.load().await)
}

/// The same as [`bucket`] with other settings: their region, credentials and, if none is named here, endpoint.
///
/// # Errors
/// As [`bucket`].
#[cfg(feature = "embedded-s3")]
pub fn bucket_with(
    location: &str,
    endpoint: Option<&str>,
    settings: &aws_config::SdkConfig,
) -> Result<Embedded> {
    let bucket = Arc::new(Bucket::new(location, endpoint, settings)?);
    Ok(engines(move |project| {
        Shelf::new(&bucket, project).map(Place::Bucket)
    }))
}

fn engines(place: impl Fn(&str) -> Result<Place> + Send + Sync + 'static) -> Embedded {
    let known: SyncMutex<HashMap<String, Arc<Project>>> = SyncMutex::default();
    Arc::new(move |project: &str| {
        // A project's id has no slashes and points; nothing else gets out of its place.
        if project.is_empty()
            || !project
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Err(Error::Connection("this is not a project".to_owned()));
        }
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(project) = known.get(project) {
            return Ok(project.clone() as Arc<dyn Warehouse>);
        }
        let made = Arc::new(Project {
            place: place(project)?,
            engine: Mutex::default(),
            spinners: Spinners::default(),
        });
        known.insert(project.to_owned(), made.clone());
        Ok(made as Arc<dyn Warehouse>)
    })
}

/// When the files of a project changed: their names, sizes and times and, in S3, tags.
pub(super) type Seen = Vec<(PathBuf, u64, Option<SystemTime>, Option<String>)>;

/// Where the files of a project are.
enum Place {
    Folder(PathBuf),
    #[cfg(feature = "embedded-s3")]
    Bucket(Shelf),
}

impl Place {
    async fn seen(&self) -> Result<Seen> {
        match self {
            Self::Folder(path) => Ok(seen(path)),
            #[cfg(feature = "embedded-s3")]
            Self::Bucket(shelf) => shelf.seen().await,
        }
    }

    /// Whether a query found a file otherwise than it was seen.
    fn is_outdated(&self) -> bool {
        match self {
            Self::Folder(_) => false,
            #[cfg(feature = "embedded-s3")]
            Self::Bucket(shelf) => shelf.is_outdated(),
        }
    }

    /// An engine with tables of the files that were seen.
    async fn engine(&self, seen: &Seen, spinners: &Spinners) -> Result<Engine> {
        let engine = Engine::with_spinners(spinners)?;
        if seen.is_empty() {
            return Ok(engine);
        }
        match self {
            Self::Folder(path) => engine.folder(SCHEMA, path).await?,
            #[cfg(feature = "embedded-s3")]
            Self::Bucket(shelf) => {
                let (files, url, store) = shelf.files(seen)?;
                engine.context().register_object_store(&url, store);
                engine.files(SCHEMA, files).await?
            }
        };
        Ok(engine)
    }
}

struct Project {
    place: Place,
    engine: Mutex<Option<(Seen, Arc<Engine>)>>,
    /// Of this engine and those before it.
    spinners: Spinners,
}

impl Project {
    /// The engine with the files as they are; a new one, if a query holds the kept one for ever.
    async fn engine(&self) -> Result<Arc<Engine>> {
        let seen = self.place.seen().await?;
        let mut kept = self.engine.lock().await;
        if let Some((before, engine)) = &*kept
            && *before == seen
            && !engine.is_stuck()
        {
            return Ok(engine.clone());
        }
        let engine = Arc::new(self.place.engine(&seen, &self.spinners).await?);
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
            Some((file.path(), about.len(), about.modified().ok(), None))
        })
        .collect();
    seen.sort();
    seen
}

#[async_trait]
impl Warehouse for Project {
    async fn stream(&self, statement: &Statement) -> Result<RowStream> {
        let mut engine = self.engine().await?;
        let mut answer = engine.stream(statement).await;
        if answer.is_err() && self.place.is_outdated() {
            // Once more, with the files as they are now.
            engine = self.engine().await?;
            answer = engine.stream(statement).await;
        }
        let answer = answer?;
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

    use std::time::Duration;

    use super::super::stop::Spinner;

    fn project(folder: &Path) -> Project {
        Project {
            place: Place::Folder(folder.to_owned()),
            engine: Mutex::default(),
            spinners: Spinners::default(),
        }
    }

    #[tokio::test]
    async fn tables_are_there_again_when_stopped_queries_have_ended() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("orders.csv"), "id\n1\n2\n").unwrap();
        let project = project(folder.path());
        let query = Statement::new("SELECT id FROM jaffle.orders", Duration::from_secs(20));

        let spinning = [(); 2].map(|()| Spinner::new(project.spinners.clone()));
        let refused = project.stream(&query).await.err();
        assert!(matches!(refused, Some(Error::Engine(_))), "{refused:?}");
        let fields = project.fields(None, Some(SCHEMA), "orders").await.unwrap();
        assert_eq!(fields.len(), 1);

        drop(spinning);
        let mut rows = project.stream(&query).await.unwrap();
        assert_eq!(rows.next().await.unwrap().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn an_engine_that_is_stuck_is_replaced() {
        let project = project(Path::new("/not/there"));
        let first = project.engine().await.unwrap();
        assert!(Arc::ptr_eq(&first, &project.engine().await.unwrap()));
        first.mark_stuck();
        let second = project.engine().await.unwrap();
        assert!(!Arc::ptr_eq(&first, &second));
        assert!(!second.is_stuck());
    }
}
