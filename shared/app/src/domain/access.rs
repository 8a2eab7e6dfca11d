//! Who may do what: one table of role × subject × action × condition, from which both the checks and the
//! `abilityRules` that clients read follow (reference 03 §3.3).

mod table;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::domain::id::{OrganizationId, ProjectId, UserId};

use table::{For, If, Row, TABLE};

/// A role in an organisation, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrganizationMemberRole)]
pub enum Role {
    Member,
    Viewer,
    InteractiveViewer,
    Editor,
    Developer,
    Admin,
}

/// A role in a project, of a person or of a group; weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ProjectMemberRole)]
pub enum ProjectRole {
    Viewer,
    InteractiveViewer,
    Editor,
    Developer,
    Admin,
}

/// A role in a space; weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SpaceMemberRole)]
pub enum SpaceRole {
    Viewer,
    Editor,
    Admin,
}

/// What a project is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = ProjectType)]
pub enum ProjectKind {
    Default,
    Preview,
}

impl From<ProjectRole> for Role {
    fn from(role: ProjectRole) -> Self {
        match role {
            ProjectRole::Viewer => Role::Viewer,
            ProjectRole::InteractiveViewer => Role::InteractiveViewer,
            ProjectRole::Editor => Role::Editor,
            ProjectRole::Developer => Role::Developer,
            ProjectRole::Admin => Role::Admin,
        }
    }
}

impl From<SpaceRole> for ProjectRole {
    /// The role of the same name.
    fn from(role: SpaceRole) -> Self {
        match role {
            SpaceRole::Viewer => ProjectRole::Viewer,
            SpaceRole::Editor => ProjectRole::Editor,
            SpaceRole::Admin => ProjectRole::Admin,
        }
    }
}

impl Role {
    /// The role that it is worth in every project of the organisation; a mere member has none.
    pub fn in_projects(self) -> Option<ProjectRole> {
        match self {
            Role::Member => None,
            Role::Viewer => Some(ProjectRole::Viewer),
            Role::InteractiveViewer => Some(ProjectRole::InteractiveViewer),
            Role::Editor => Some(ProjectRole::Editor),
            Role::Developer => Some(ProjectRole::Developer),
            Role::Admin => Some(ProjectRole::Admin),
        }
    }
}

/// What a rule lets one do; `Manage` is all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    View,
    Create,
    Update,
    Delete,
    Manage,
    Promote,
}

/// What a rule is about; the names are the wire's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum Subject {
    AiAgent,
    AiAgentThread,
    Analytics,
    ChangeCsvResults,
    CompileProject,
    ContentAsCode,
    CustomSql,
    Dashboard,
    DashboardComments,
    Explore,
    ExportCsv,
    Group,
    InviteLink,
    Job,
    JobStatus,
    MetricsTree,
    Organization,
    OrganizationMemberProfile,
    PersonalAccessToken,
    PinnedItems,
    Project,
    SavedChart,
    ScheduledDeliveries,
    SemanticViewer,
    Space,
    SpotlightTableConfig,
    SqlRunner,
    Tags,
    UnderlyingData,
    Validation,
    VirtualView,
}

/// One rule as clients read it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AbilityRule {
    pub action: Action,
    pub subject: Subject,
    /// `{field: value}`, `{field: {"$in": […]}}` or `{"access": {"$elemMatch": {…}}}`.
    pub conditions: Map<String, Value>,
}

/// The thing that somebody wants to do something to. It is of the caller's own organisation: another's is not found.
#[derive(Debug, Clone, Copy)]
pub struct Object {
    pub organization: OrganizationId,
    pub project: Option<ProjectId>,
    /// Of a project.
    pub kind: Option<ProjectKind>,
    pub upstream: Option<ProjectId>,
    pub created_by: Option<UserId>,
    /// Whose it is alone.
    pub owner: Option<UserId>,
    /// Of a space, or of what is in one: whether its root is private, and the caller's own role in it.
    pub space: Option<(bool, Option<SpaceRole>)>,
}

impl Object {
    /// Something of the organisation, outside of its projects.
    pub fn of(organization: OrganizationId) -> Self {
        Self {
            organization,
            project: None,
            kind: None,
            upstream: None,
            created_by: None,
            owner: None,
            space: None,
        }
    }
}

/// Everything that somebody may do: purely additive, so the effective right is the strongest one.
#[derive(Debug, Clone)]
pub struct Abilities {
    pub user: UserId,
    pub organization: OrganizationId,
    pub role: Role,
    /// Roles in projects, direct and by group; a project may stand there several times.
    pub projects: Vec<(ProjectId, ProjectRole)>,
    /// Whether the role may use personal access tokens here.
    pub tokens: bool,
}

impl Abilities {
    /// Every row that is granted, and the project that it is granted in.
    fn granted(&self) -> impl Iterator<Item = (&'static Row, Option<ProjectId>)> + '_ {
        let own = TABLE
            .iter()
            .filter(|Row(.., least, whose)| *whose != For::Project && self.role >= *least)
            .map(|row| (row, None));
        own.chain(self.projects.iter().flat_map(|(project, role)| {
            TABLE
                .iter()
                .filter(|Row(.., least, whose)| {
                    *whose != For::Organization && Role::from(*role) >= *least
                })
                .map(|row| (row, Some(*project)))
        }))
    }

    /// Whether this may be done to the object.
    pub fn may(&self, action: Action, subject: Subject, object: &Object) -> bool {
        let token = subject == Subject::PersonalAccessToken && self.tokens;
        object.organization == self.organization
            && (token
                || self.granted().any(|(Row(s, a, when, ..), project)| {
                    *s == subject
                        && (*a == action || *a == Action::Manage)
                        && self.holds(*when, project, object)
                }))
    }

    /// Whether anything of the kind may be done, whatever the object.
    pub fn may_any(&self, action: Action, subject: Subject) -> bool {
        self.granted()
            .any(|(Row(s, a, ..), _)| *s == subject && (*a == action || *a == Action::Manage))
    }

    fn holds(&self, when: If, project: Option<ProjectId>, object: &Object) -> bool {
        let here = project.is_none() || object.project == project;
        let role = object.space.and_then(|(_, role)| role);
        match when {
            If::Always => here,
            If::Public => here && object.space.is_some_and(|(private, _)| !private),
            If::MeInAccess => here && role.is_some(),
            If::MeInAccessAs(asked) => here && role == Some(asked),
            If::CreatedByMe => object.created_by == Some(self.user),
            If::Mine => here && object.owner == Some(self.user),
            If::Preview => object.kind == Some(ProjectKind::Preview),
            If::DefaultOrPreview => object.kind.is_some(),
            If::PreviewOfProject => {
                object.kind == Some(ProjectKind::Preview) && object.upstream == project
            }
            If::OwnPreview => {
                object.kind == Some(ProjectKind::Preview) && object.created_by == Some(self.user)
            }
        }
    }

    /// The rules as clients read them.
    pub fn rules(&self) -> Vec<AbilityRule> {
        let mut rules: Vec<_> = self
            .granted()
            .map(|(Row(subject, action, when, ..), project)| AbilityRule {
                action: *action,
                subject: *subject,
                conditions: self.conditions(*when, project),
            })
            .collect();
        if self.tokens {
            rules.push(AbilityRule {
                action: Action::Manage,
                subject: Subject::PersonalAccessToken,
                conditions: Map::new(),
            });
        }
        rules
    }

    fn conditions(&self, when: If, project: Option<ProjectId>) -> Map<String, Value> {
        let me = self.user;
        let extra = match when {
            If::Always => Vec::new(),
            If::Public => vec![("isPrivate", json!(false))],
            If::MeInAccess => vec![("access", json!({ "$elemMatch": { "userUuid": me } }))],
            If::MeInAccessAs(role) => vec![(
                "access",
                json!({ "$elemMatch": { "userUuid": me, "role": role } }),
            )],
            If::CreatedByMe => vec![("createdByUserUuid", json!(me))],
            If::Mine => vec![("userUuid", json!(me))],
            If::Preview => vec![("type", json!("PREVIEW"))],
            If::DefaultOrPreview => {
                vec![("type", json!({ "$in": ["DEFAULT", "PREVIEW"] }))]
            }
            If::PreviewOfProject => vec![
                ("upstreamProjectUuid", json!(project)),
                ("type", json!("PREVIEW")),
            ],
            If::OwnPreview => vec![("createdByUserUuid", json!(me)), ("type", json!("PREVIEW"))],
        };
        let place = match (when, project) {
            (If::CreatedByMe | If::PreviewOfProject | If::OwnPreview, _) => None,
            (_, Some(project)) => Some(("projectUuid", json!(project))),
            (_, None) => Some(("organizationUuid", json!(self.organization))),
        };
        place
            .into_iter()
            .chain(extra)
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

#[cfg(test)]
mod tests;
