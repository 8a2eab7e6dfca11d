//! Who may do what: one table of role × subject × action × condition, from which both the checks and the
//! `abilityRules` that clients read follow (reference 03 §3.3).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::domain::id::{OrganizationId, UserId};

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

/// What must hold of the object beside belonging to the organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum If {
    Always,
    Public,
    MeInAccess,
    MeInAccessAs(&'static str),
    CreatedByMe,
    Mine,
    Preview,
    DefaultOrPreview,
}

/// One row: the object, what may be done, when, and the weakest role that may.
struct Row(Subject, Action, If, Role);

/// Every role above the one named may do it too; there are only positive rules.
const TABLE: &[Row] = {
    use {Action::*, If::*, Role::*, Subject as S};
    &[
        Row(S::Dashboard, View, Public, Viewer),
        Row(S::Dashboard, View, MeInAccess, Viewer),
        Row(
            S::Dashboard,
            Manage,
            MeInAccessAs("editor"),
            InteractiveViewer,
        ),
        Row(
            S::Dashboard,
            Manage,
            MeInAccessAs("admin"),
            InteractiveViewer,
        ),
        Row(S::Dashboard, Manage, Always, Admin),
        Row(S::Dashboard, Promote, MeInAccessAs("editor"), Developer),
        Row(S::SavedChart, View, Public, Viewer),
        Row(S::SavedChart, View, MeInAccess, Viewer),
        Row(
            S::SavedChart,
            Manage,
            MeInAccessAs("editor"),
            InteractiveViewer,
        ),
        Row(
            S::SavedChart,
            Manage,
            MeInAccessAs("admin"),
            InteractiveViewer,
        ),
        Row(S::SavedChart, Manage, Always, Admin),
        Row(S::SavedChart, Promote, MeInAccessAs("editor"), Developer),
        Row(S::Space, View, Public, Viewer),
        Row(S::Space, View, MeInAccess, Viewer),
        Row(S::Space, Manage, MeInAccessAs("admin"), InteractiveViewer),
        Row(S::Space, Create, Always, Editor),
        Row(S::Space, Manage, Public, Editor),
        Row(S::Space, Manage, Always, Admin),
        Row(S::Project, View, Always, Viewer),
        Row(S::Project, Update, Always, Developer),
        Row(S::Project, Create, Preview, Developer),
        Row(S::Project, Delete, Preview, Developer),
        Row(S::Project, Create, DefaultOrPreview, Admin),
        Row(S::Project, Delete, Always, Admin),
        Row(S::Project, Manage, Always, Admin),
        Row(S::ExportCsv, Manage, Always, Viewer),
        Row(S::ChangeCsvResults, Manage, Always, InteractiveViewer),
        Row(S::Explore, Manage, Always, InteractiveViewer),
        Row(S::UnderlyingData, View, Always, InteractiveViewer),
        Row(S::SemanticViewer, View, Always, InteractiveViewer),
        Row(
            S::SemanticViewer,
            Manage,
            MeInAccessAs("editor"),
            InteractiveViewer,
        ),
        Row(S::SemanticViewer, Manage, Always, Editor),
        Row(S::DashboardComments, View, Always, Viewer),
        Row(S::DashboardComments, Create, Always, InteractiveViewer),
        Row(S::DashboardComments, Manage, Always, Editor),
        Row(S::ScheduledDeliveries, Create, Always, InteractiveViewer),
        Row(S::ScheduledDeliveries, Manage, Always, Editor),
        Row(S::PinnedItems, View, Always, Member),
        Row(S::PinnedItems, Manage, Always, Editor),
        Row(S::Tags, View, Always, Viewer),
        Row(S::Tags, Manage, Always, Editor),
        Row(S::MetricsTree, View, Always, Viewer),
        Row(S::MetricsTree, Manage, Always, Editor),
        Row(S::SpotlightTableConfig, View, Always, Viewer),
        Row(S::SpotlightTableConfig, Manage, Always, Developer),
        Row(S::VirtualView, Manage, Always, Developer),
        Row(S::CustomSql, Manage, Always, Developer),
        Row(S::SqlRunner, Manage, Always, Developer),
        Row(S::Validation, Manage, Always, Developer),
        Row(S::CompileProject, Manage, Always, Developer),
        Row(S::ContentAsCode, Manage, Always, Developer),
        Row(S::Job, Create, Always, InteractiveViewer),
        Row(S::Job, View, Mine, InteractiveViewer),
        Row(S::Job, Manage, Always, Editor),
        Row(S::JobStatus, View, CreatedByMe, Member),
        Row(S::JobStatus, View, Always, Developer),
        Row(S::Analytics, View, Always, Admin),
        Row(S::AiAgent, View, Always, InteractiveViewer),
        Row(S::AiAgent, Manage, Always, Developer),
        Row(S::AiAgentThread, View, Mine, Viewer),
        Row(S::AiAgentThread, Create, Always, InteractiveViewer),
        Row(S::AiAgentThread, Manage, Mine, Developer),
        Row(S::AiAgentThread, View, Always, Admin),
        Row(S::AiAgentThread, Manage, Always, Admin),
        Row(S::OrganizationMemberProfile, View, Always, Member),
        Row(S::OrganizationMemberProfile, Manage, Always, Admin),
        Row(S::Organization, View, Always, Viewer),
        Row(S::Organization, Manage, Always, Admin),
        Row(S::Group, Manage, Always, Admin),
        Row(S::InviteLink, Manage, Always, Admin),
    ]
};

/// One rule as clients read it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AbilityRule {
    pub action: Action,
    pub subject: Subject,
    /// `{field: value}`, `{field: {"$in": […]}}` or `{"access": {"$elemMatch": {…}}}`.
    pub conditions: Map<String, Value>,
}

impl Role {
    /// Whether the role may do this to anything of its organisation, whatever else holds of the object.
    pub fn may(self, action: Action, subject: Subject) -> bool {
        TABLE.iter().any(|Row(s, a, when, least)| {
            *s == subject
                && (*a == action || *a == Action::Manage)
                && *when == If::Always
                && self >= *least
        })
    }
}

/// The rules of a member of an organisation. `tokens` tells whether the role may use personal access tokens here.
pub fn ability_rules(
    user: UserId,
    organization: OrganizationId,
    role: Role,
    tokens: bool,
) -> Vec<AbilityRule> {
    let mut rules: Vec<_> = TABLE
        .iter()
        .filter(|Row(.., least)| role >= *least)
        .map(|Row(subject, action, when, _)| AbilityRule {
            action: *action,
            subject: *subject,
            conditions: conditions(*when, user, organization),
        })
        .collect();
    if tokens {
        rules.push(AbilityRule {
            action: Action::Manage,
            subject: Subject::PersonalAccessToken,
            conditions: Map::new(),
        });
    }
    rules
}

fn conditions(when: If, user: UserId, organization: OrganizationId) -> Map<String, Value> {
    let extra = match when {
        If::Always => None,
        If::Public => Some(("isPrivate", json!(false))),
        If::MeInAccess => Some(("access", json!({ "$elemMatch": { "userUuid": user } }))),
        If::MeInAccessAs(role) => Some((
            "access",
            json!({ "$elemMatch": { "userUuid": user, "role": role } }),
        )),
        If::CreatedByMe => Some(("createdByUserUuid", json!(user))),
        If::Mine => Some(("userUuid", json!(user))),
        If::Preview => Some(("type", json!("PREVIEW"))),
        If::DefaultOrPreview => Some(("type", json!({ "$in": ["DEFAULT", "PREVIEW"] }))),
    };
    let own = ("organizationUuid", json!(organization));
    std::iter::once(own)
        .chain(extra)
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    const ROLES: [Role; 6] = [
        Role::Member,
        Role::Viewer,
        Role::InteractiveViewer,
        Role::Editor,
        Role::Developer,
        Role::Admin,
    ];

    #[test]
    fn a_stronger_role_has_every_rule_of_a_weaker_one() {
        let random = Random::seeded(1);
        let (user, organization) = (UserId::new(&random), OrganizationId::new(&random));
        for pair in ROLES.windows(2) {
            let weaker = ability_rules(user, organization, pair[0], true);
            let stronger = ability_rules(user, organization, pair[1], true);
            assert!(
                weaker.iter().all(|rule| stronger.contains(rule)) && weaker.len() < stronger.len(),
                "{pair:?}"
            );
        }
    }

    #[test]
    fn rules_by_role() {
        let mut table = String::new();
        for Row(subject, action, when, least) in TABLE {
            let marks: String = ROLES
                .iter()
                .map(|role| if role >= least { '●' } else { '–' })
                .collect();
            table += &format!(
                "{:26} {:8} {:24} {marks}\n",
                format!("{subject:?}"),
                format!("{action:?}"),
                format!("{when:?}")
            );
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn only_unconditional_rows_answer_a_check_without_an_object() {
        assert!(Role::Admin.may(Action::Delete, Subject::OrganizationMemberProfile));
        assert!(!Role::Developer.may(Action::Delete, Subject::OrganizationMemberProfile));
        assert!(Role::Member.may(Action::View, Subject::OrganizationMemberProfile));
        assert!(!Role::Viewer.may(Action::View, Subject::Dashboard));
    }
}
