//! Projects: a warehouse and what is made of it.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        access::ProjectKind,
        connection::Warehouse,
        id::{GroupId, OrganizationId, ProjectId, UserId},
        user::LONGEST_NAME,
    },
};

/// How many projects an organisation may have: their list is one answer.
pub const MOST_PROJECTS: u32 = 10_000;

/// The kinds of warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = WarehouseTypes)]
pub enum WarehouseType {
    Bigquery,
    Postgres,
    Redshift,
    Snowflake,
    Databricks,
    Trino,
}

impl WarehouseType {
    /// Whether a statement that is begun and given up a moment later costs nothing. The others take money for it, or the time of
    /// a cluster that is paid for by the second.
    pub fn tries_free(self) -> bool {
        match self {
            Self::Postgres | Self::Redshift => true,
            Self::Bigquery | Self::Snowflake | Self::Databricks | Self::Trino => false,
        }
    }
}

/// The releases of dbt that a project may say it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = DbtVersionOption)]
pub enum DbtVersion {
    #[serde(rename = "v1.4")]
    V1_4,
    #[serde(rename = "v1.5")]
    V1_5,
    #[serde(rename = "v1.6")]
    V1_6,
    #[serde(rename = "v1.7")]
    V1_7,
    #[serde(rename = "v1.8")]
    V1_8,
    #[serde(rename = "v1.9")]
    V1_9,
    #[default]
    #[serde(rename = "latest")]
    Latest,
}

/// A project's head. Its connections are sealed beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    pub id: ProjectId,
    pub organization: OrganizationId,
    pub name: String,
    pub kind_of: ProjectKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserId>,
    /// The project that a preview is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<ProjectId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse_type: Option<WarehouseType>,
    /// Whether everybody queries with a login of their own.
    #[serde(default)]
    pub require_user_credentials: bool,
    #[serde(default)]
    pub dbt_version: DbtVersion,
    /// The zone that schedules without one of their own are in; UTC when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduler_timezone: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// From then on it is gone, and what hangs on it is being removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
}

impl Project {
    /// A fresh project without a warehouse, made by somebody at some time.
    pub fn new(
        id: ProjectId,
        organization: OrganizationId,
        name: String,
        kind: ProjectKind,
        (by, now): (UserId, Timestamp),
    ) -> Self {
        Self {
            id,
            organization,
            name,
            kind_of: kind,
            created_by: Some(by),
            upstream: None,
            warehouse_type: None,
            require_user_credentials: false,
            dbt_version: DbtVersion::default(),
            scheduler_timezone: None,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// The same over a warehouse, if there is one.
    #[must_use]
    pub fn with_warehouse(self, warehouse: Option<&Warehouse>) -> Self {
        Self {
            warehouse_type: warehouse.map(Warehouse::kind),
            require_user_credentials: warehouse.is_some_and(Warehouse::requires_user_credentials),
            ..self
        }
    }
}

/// A project as its organisation's list has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectSummary {
    pub id: ProjectId,
    pub name: String,
    pub kind_of: ProjectKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<ProjectId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse_type: Option<WarehouseType>,
    #[serde(default)]
    pub require_user_credentials: bool,
    pub created_at: Timestamp,
    /// How many people have a role of their own in it.
    #[serde(default)]
    pub members: u64,
    /// The groups that have a role in it.
    #[serde(
        default,
        skip_serializing_if = "BTreeSet::is_empty",
        with = "serde_dynamo::string_set"
    )]
    pub groups: BTreeSet<GroupId>,
}

impl ProjectSummary {
    /// The row of a project without members.
    pub fn of(project: &Project) -> Self {
        Self {
            id: project.id,
            name: project.name.clone(),
            kind_of: project.kind_of,
            created_by: project.created_by,
            upstream: project.upstream,
            warehouse_type: project.warehouse_type,
            require_user_credentials: project.require_user_credentials,
            created_at: project.created_at,
            members: 0,
            groups: BTreeSet::new(),
        }
    }
}

impl ProjectSummary {
    /// How many people have a role in it, of their own and by their groups; who has several counts as often.
    fn people(&self, sizes: &BTreeMap<GroupId, u64>) -> u64 {
        let sizes = self.groups.iter().filter_map(|group| sizes.get(group));
        self.members + sizes.sum::<u64>()
    }
}

/// Projects in the order of their list, given how many are in each group: previews last, then by how many people have
/// a role in them, then the oldest first.
pub fn in_order(
    mut projects: Vec<ProjectSummary>,
    sizes: &BTreeMap<GroupId, u64>,
) -> Vec<ProjectSummary> {
    projects.sort_by_cached_key(|one| {
        (
            one.kind_of,
            Reverse(one.people(sizes)),
            one.created_at,
            one.id,
        )
    });
    projects
}

/// A zone by its name in the IANA time zone database, letter by letter, as `Europe/Berlin`.
///
/// # Errors
/// `Invalid` when there is no such zone.
pub fn timezone(name: &str) -> Result<String> {
    let known = name.parse::<chrono_tz::Tz>();
    let unknown = |_| Error::invalid("This is no time zone of the IANA database");
    known.map(|zone| zone.name().to_owned()).map_err(unknown)
}

/// A name for a project: trimmed, 1 to 255 characters, no control characters. Names need not be unique.
///
/// # Errors
/// `Invalid` when it is not.
pub fn project_name(text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control)
    {
        return Err(Error::invalid(
            "A project's name has 1 to 255 characters and no control characters",
        ));
    }
    Ok(name.to_owned())
}
