//! Projects: a warehouse and what is made of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    clock::Timestamp,
    domain::{
        access::ProjectKind,
        id::{GroupId, OrganizationId, ProjectId, UserId},
    },
};

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
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// From then on it is gone, and what hangs on it is being removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
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
