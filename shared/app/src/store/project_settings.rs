//! What of a project can be changed.

use serde::Serialize;

use super::{Store, keys, page::read, project::Owned, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        compile_job::CompileJob,
        connection::{Connection, Dbt, Warehouse},
        id::ProjectId,
        project::{DbtVersion, Project},
        semantic_layer::StoredSemanticLayer,
    },
    error::Kind,
};

/// What a project is connected to.
#[derive(Debug, Default)]
pub struct Connections {
    pub warehouse: Option<Connection<Warehouse>>,
    pub dbt: Option<Connection<Dbt>>,
    pub semantic_layer: Option<StoredSemanticLayer>,
}

/// A project that is set again.
#[derive(Debug)]
pub struct ProjectChange<'a> {
    pub project: &'a Project,
    /// What it was connected to when the secrets of the new connections were taken over.
    pub was: &'a Connections,
    pub name: &'a str,
    pub dbt_version: DbtVersion,
    pub warehouse: &'a Connection<Warehouse>,
    pub dbt: &'a Connection<Dbt>,
    /// What the caller waits for.
    pub job: &'a CompileJob,
    /// The client's idempotency key, if it sent one.
    pub key: Option<&'a str>,
}

/// Puts a connection in the place of the one that was read. Sealing is never twice the same.
fn replaced<T: Serialize>(put: Write, was: Option<&Connection<T>>) -> Write {
    let put = match was {
        Some(was) => put.when_equal("sealed", &was.sealed),
        None => put.when_absent(),
    };
    put.or(Error::Changed(Kind::Project))
}

impl Store {
    /// Sets a project's name, connections and release of dbt, in its head, on its organisation's list and beside it, with
    /// the job that tells of it.
    ///
    /// # Errors
    /// `NotExists` when the project is gone; `Changed` when its connections were changed meanwhile, or when a request
    /// with the same key was first.
    pub async fn update_project(&self, change: ProjectChange<'_>) -> Result<()> {
        let (id, shown) = (change.project.id, &change.warehouse.shown);
        let set = |write: Write| {
            write
                .set("name", change.name)
                .set("warehouseType", shown.kind())
                .set("requireUserCredentials", shown.requires_user_credentials())
        };
        let head = set(Write::update(keys::project(id)))
            .set("dbtVersion", change.dbt_version)
            .set("updatedAt", change.job.created_at)
            .when_live()
            .or(Error::NotExists(Kind::Project));
        let mut writes = Self::compile_job_writes(change.job, ("update project", change.key));
        writes.extend([
            head,
            set(Self::project_row_update(id, change.project.organization)),
            replaced(
                Write::put(
                    keys::warehouse(id),
                    "warehouse connection",
                    change.warehouse,
                ),
                change.was.warehouse.as_ref(),
            ),
            replaced(
                Write::put(keys::dbt(id), "dbt connection", change.dbt),
                change.was.dbt.as_ref(),
            ),
        ]);
        self.apply(writes).await
    }

    /// Everything that a project is connected to, in one batch.
    pub async fn all_connections(&self, project: ProjectId) -> Result<Connections> {
        let wanted = [
            keys::warehouse(project),
            keys::dbt(project),
            keys::semantic_layer(project),
        ];
        let mut items = self.get_many(&wanted).await?.into_iter();
        Ok(Connections {
            warehouse: items.next().flatten().map(read).transpose()?,
            dbt: items.next().flatten().map(read).transpose()?,
            semantic_layer: items.next().flatten().map(read).transpose()?,
        })
    }

    /// Puts schedules without a zone of their own into one.
    ///
    /// # Errors
    /// `NotExists` when the project is gone.
    pub async fn set_scheduler_timezone(
        &self,
        project: ProjectId,
        timezone: &str,
        now: Timestamp,
    ) -> Result<()> {
        let write = Write::update(keys::project(project))
            .set("schedulerTimezone", timezone)
            .set("updatedAt", now)
            .when_live();
        self.apply([write.or(Error::NotExists(Kind::Project))])
            .await
    }

    /// Says which project one comes from, or that it comes from none: in its head, on its organisation's list, and where
    /// the other one's end is told to.
    ///
    /// # Errors
    /// `NotExists` when either is gone; `Changed` when the project has another upstream than it was read with.
    pub async fn set_upstream(
        &self,
        project: &Project,
        upstream: Option<ProjectId>,
        now: Timestamp,
    ) -> Result<()> {
        if project.upstream == upstream {
            return Ok(());
        }
        let id = project.id;
        let head = Write::update(keys::project(id))
            .set("updatedAt", now)
            .when_live();
        let head = match project.upstream {
            Some(old) => head.when_equal("upstream", old),
            None => head.when_missing("upstream"),
        };
        let row = Self::project_row_update(id, project.organization);
        let set = |write: Write| match upstream {
            Some(upstream) => write.set("upstream", upstream),
            None => write.remove("upstream"),
        };
        let mut writes = vec![set(head).or(Error::Changed(Kind::Project)), set(row)];
        if let Some(old) = project.upstream {
            writes.push(Write::delete(keys::preview(old, id)));
        }
        if let Some(upstream) = upstream {
            writes.push(Self::project_stays(upstream));
            let pointer = keys::preview(upstream, id);
            writes.push(Write::put(pointer, "preview", &Owned {}));
        }
        self.apply(writes).await
    }
}
