//! Users, projects and warehouse logins as clients see them; more than one function answers them.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    App, Error, Result,
    clock::Timestamp,
    domain::{
        access::{AbilityRule, ProjectKind, Role},
        connection::{Dbt, Warehouse},
        id::{CredentialsId, OrganizationId, PinnedListId, ProjectId, UserId},
        project::{DbtVersion, Project},
        semantic_layer::SemanticLayer,
        user::User,
        warehouse_credentials::{ShownLogin, WarehouseCredentials},
    },
};

/// The user object (reference 01 §1.1). What a user without an organisation does not have is absent, as the document
/// has it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LightdashUser)]
pub struct UserView {
    user_uuid: UserId,
    user_id: u32,
    email: String,
    first_name: String,
    last_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    organization_uuid: Option<OrganizationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    organization_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<String>, format = DateTime)]
    organization_created_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    role: Option<Role>,
    is_tracking_anonymized: bool,
    is_marketing_opted_in: bool,
    is_setup_complete: bool,
    is_active: bool,
    is_pending: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// What the user may do: clients build their whole permission model from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ability_rules: Option<Vec<AbilityRule>>,
}

impl UserView {
    /// The user with what they may do. Reads the organisation, if there is one, and every role in a project.
    ///
    /// # Errors
    /// `Unavailable` when the table does not answer.
    pub async fn with_rules(app: &App, user: User) -> Result<Self> {
        let rules = match app.abilities(&user).await {
            Ok(abilities) => abilities.rules(),
            Err(Error::Forbidden(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        let view = Self::without_rules(app, user).await?;
        Ok(Self {
            ability_rules: Some(rules),
            ..view
        })
    }

    /// The user alone. Reads the organisation, if there is one.
    ///
    /// # Errors
    /// `Unavailable` when the table does not answer.
    pub async fn without_rules(app: &App, user: User) -> Result<Self> {
        let organization = match user.organization {
            Some(id) => app
                .store
                .organization(id)
                .await?
                .map(|(organization, _)| organization),
            None => None,
        };
        Ok(Self {
            user_uuid: user.id,
            user_id: user.id.number(),
            is_pending: user.is_pending(),
            email: user.email.to_string(),
            first_name: user.first_name,
            last_name: user.last_name,
            organization_uuid: user.organization,
            organization_name: organization
                .as_ref()
                .map(|organization| organization.name.clone()),
            organization_created_at: organization.map(|organization| organization.created_at),
            role: user.role,
            is_tracking_anonymized: user.is_tracking_anonymized,
            is_marketing_opted_in: user.is_marketing_opted_in,
            is_setup_complete: user.is_setup_complete,
            is_active: user.is_active,
            created_at: user.created_at,
            updated_at: user.updated_at,
            ability_rules: None,
        })
    }
}

/// A project without its secrets (reference 20 §1).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Project)]
pub struct ProjectView {
    organization_uuid: OrganizationId,
    project_uuid: ProjectId,
    name: String,
    #[serde(rename = "type")]
    kind: ProjectKind,
    dbt_connection: Dbt,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    warehouse_connection: Option<Warehouse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    upstream_project_uuid: Option<ProjectId>,
    dbt_version: DbtVersion,
    /// The zone that schedules without one of their own are in.
    scheduler_timezone: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    semantic_layer_connection: Option<SemanticLayer>,
    #[schema(required)]
    created_by_user_uuid: Option<UserId>,
    /// What is pinned in it; absent before anything was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pinned_list_uuid: Option<PinnedListId>,
}

impl ProjectView {
    /// A project with what may be shown of its connections.
    pub fn new(project: Project, warehouse: Option<Warehouse>, dbt: Dbt) -> Self {
        Self {
            organization_uuid: project.organization,
            project_uuid: project.id,
            name: project.name,
            kind: project.kind_of,
            dbt_connection: dbt,
            warehouse_connection: warehouse,
            upstream_project_uuid: project.upstream,
            dbt_version: project.dbt_version,
            scheduler_timezone: project
                .scheduler_timezone
                .unwrap_or_else(|| "UTC".to_owned()),
            semantic_layer_connection: None,
            created_by_user_uuid: project.created_by,
            pinned_list_uuid: None,
        }
    }

    /// The same with the list of what is pinned in it.
    #[must_use]
    pub fn with_pins(self, list: Option<PinnedListId>) -> Self {
        Self {
            pinned_list_uuid: list,
            ..self
        }
    }

    /// The same with its connection to a semantic layer, if it has one.
    #[must_use]
    pub fn with_semantic_layer(self, connection: Option<SemanticLayer>) -> Self {
        Self {
            semantic_layer_connection: connection,
            ..self
        }
    }
}

/// A warehouse login as its owner sees it; nothing secret is in it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserWarehouseCredentials {
    uuid: CredentialsId,
    user_uuid: UserId,
    name: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    credentials: ShownLogin,
}

impl UserWarehouseCredentials {
    /// A login of somebody's.
    pub fn new(user: UserId, stored: WarehouseCredentials) -> Self {
        Self {
            uuid: stored.id,
            user_uuid: user,
            name: stored.name,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            credentials: stored.shown,
        }
    }
}

/// A metric query as answers have it: what [`semantic::MetricQuery`] is in a document where nothing is left out.
#[derive(ToSchema)]
#[schema(as = AskedMetricQuery, rename_all = "camelCase")]
pub struct ShownMetricQuery {
    pub explore_name: String,
    pub dimensions: Vec<String>,
    pub metrics: Vec<String>,
    pub filters: Value,
    pub sorts: Vec<ShownSort>,
    pub limit: f64,
    pub table_calculations: Vec<ShownCalculation>,
    #[schema(nullable = false)]
    pub additional_metrics: Option<Vec<Value>>,
    #[schema(nullable = false)]
    pub custom_dimensions: Option<Vec<Value>>,
    #[schema(nullable = false)]
    pub timezone: Option<String>,
    #[schema(nullable = false)]
    pub date_zoom: Option<Value>,
    #[schema(nullable = false)]
    pub metric_overrides: Option<HashMap<String, Value>>,
    #[schema(nullable = false)]
    pub dimension_overrides: Option<HashMap<String, Value>>,
    #[schema(nullable = false)]
    pub pivot_dimensions: Option<Vec<String>>,
    #[schema(nullable = false)]
    pub metadata: Option<Value>,
    /// What else clients keep with it.
    #[serde(flatten)]
    pub rest: HashMap<String, Value>,
}

/// A column that rows are sorted by.
#[derive(ToSchema)]
#[schema(as = AskedSort, rename_all = "camelCase")]
pub struct ShownSort {
    pub field_id: String,
    pub descending: bool,
    #[schema(nullable = false)]
    pub nulls_first: Option<bool>,
    /// What else clients keep with it.
    #[serde(flatten)]
    pub rest: HashMap<String, Value>,
}

/// A column computed from others.
#[derive(ToSchema)]
#[schema(as = AskedTableCalculation, rename_all = "camelCase")]
pub struct ShownCalculation {
    pub name: String,
    pub display_name: String,
    pub sql: String,
    #[schema(nullable = false)]
    pub format: Option<Value>,
    #[schema(nullable = false)]
    pub r#type: Option<String>,
    #[schema(nullable = false)]
    pub index: Option<Value>,
    #[schema(nullable = false)]
    pub template: Option<Value>,
    /// What else clients keep with it.
    #[serde(flatten)]
    pub rest: HashMap<String, Value>,
}
