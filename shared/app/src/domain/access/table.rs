//! The table of what roles may do.

use super::{Action, Role, SpaceRole, Subject};

/// What must hold of the object beside belonging to the organisation or the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum If {
    Always,
    Public,
    MeInAccess,
    MeInAccessAs(SpaceRole),
    /// Created by me, wherever it is.
    CreatedByMe,
    Mine,
    Preview,
    DefaultOrPreview,
    /// A preview of the project that the role is in.
    PreviewOfProject,
    /// A preview that I made, whatever the project that the role is in.
    OwnPreview,
}

/// Which roles a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// Roles in the organisation and roles in a project.
    Both,
    Organization,
    Project,
}

/// One row: the object, what may be done, when, the weakest role that may, and which roles are meant.
pub(super) struct Row(
    pub(super) Subject,
    pub(super) Action,
    pub(super) If,
    pub(super) Role,
    pub(super) For,
);

/// Every role above the one named may do it too; there are only positive rules.
pub(super) const TABLE: &[Row] = {
    use {Action::*, For::*, If::*, Role::*, Subject as S};
    &[
        Row(S::Dashboard, View, Public, Viewer, Both),
        Row(S::Dashboard, View, MeInAccess, Viewer, Both),
        Row(
            S::Dashboard,
            Manage,
            MeInAccessAs(SpaceRole::Editor),
            InteractiveViewer,
            Both,
        ),
        Row(
            S::Dashboard,
            Manage,
            MeInAccessAs(SpaceRole::Admin),
            InteractiveViewer,
            Both,
        ),
        Row(S::Dashboard, Manage, Always, Admin, Both),
        Row(
            S::Dashboard,
            Promote,
            MeInAccessAs(SpaceRole::Editor),
            Developer,
            Organization,
        ),
        Row(S::SavedChart, View, Public, Viewer, Both),
        Row(S::SavedChart, View, MeInAccess, Viewer, Both),
        Row(
            S::SavedChart,
            Manage,
            MeInAccessAs(SpaceRole::Editor),
            InteractiveViewer,
            Both,
        ),
        Row(
            S::SavedChart,
            Manage,
            MeInAccessAs(SpaceRole::Admin),
            InteractiveViewer,
            Both,
        ),
        Row(S::SavedChart, Manage, Always, Admin, Both),
        Row(
            S::SavedChart,
            Promote,
            MeInAccessAs(SpaceRole::Editor),
            Developer,
            Organization,
        ),
        Row(S::Space, View, Public, Viewer, Both),
        Row(S::Space, View, MeInAccess, Viewer, Both),
        Row(
            S::Space,
            Manage,
            MeInAccessAs(SpaceRole::Admin),
            InteractiveViewer,
            Both,
        ),
        Row(S::Space, Create, Always, Editor, Both),
        Row(S::Space, Manage, Public, Editor, Both),
        Row(S::Space, Manage, Always, Admin, Both),
        Row(S::Project, View, Always, Viewer, Both),
        Row(S::Project, Update, Always, Developer, Both),
        Row(S::Project, Create, Preview, Developer, Organization),
        Row(S::Project, Delete, Preview, Developer, Organization),
        Row(S::Project, Create, PreviewOfProject, Developer, Project),
        Row(S::Project, Delete, OwnPreview, Developer, Project),
        Row(S::Project, Create, DefaultOrPreview, Admin, Organization),
        Row(S::Project, Delete, Always, Admin, Both),
        Row(S::Project, Manage, Always, Admin, Both),
        Row(S::ExportCsv, Manage, Always, Viewer, Both),
        Row(S::ChangeCsvResults, Manage, Always, InteractiveViewer, Both),
        Row(S::Explore, Manage, Always, InteractiveViewer, Both),
        Row(S::UnderlyingData, View, Always, InteractiveViewer, Both),
        Row(S::SemanticViewer, View, Always, InteractiveViewer, Both),
        Row(
            S::SemanticViewer,
            Manage,
            MeInAccessAs(SpaceRole::Editor),
            InteractiveViewer,
            Organization,
        ),
        Row(S::SemanticViewer, Manage, Always, Editor, Organization),
        Row(S::DashboardComments, View, Always, Viewer, Both),
        Row(
            S::DashboardComments,
            Create,
            Always,
            InteractiveViewer,
            Both,
        ),
        Row(S::DashboardComments, Manage, Always, Editor, Both),
        Row(
            S::ScheduledDeliveries,
            Create,
            Always,
            InteractiveViewer,
            Both,
        ),
        Row(S::ScheduledDeliveries, Manage, Always, Editor, Both),
        Row(S::PinnedItems, View, Always, Member, Both),
        Row(S::PinnedItems, Manage, Always, Editor, Both),
        Row(S::Tags, View, Always, Viewer, Both),
        Row(S::Tags, Manage, Always, Editor, Both),
        Row(S::MetricsTree, View, Always, Viewer, Both),
        Row(S::MetricsTree, Manage, Always, Editor, Both),
        Row(S::SpotlightTableConfig, View, Always, Viewer, Both),
        Row(S::SpotlightTableConfig, Manage, Always, Developer, Both),
        Row(S::VirtualView, Manage, Always, Developer, Both),
        Row(S::CustomSql, Manage, Always, Developer, Both),
        Row(S::SqlRunner, Manage, Always, Developer, Both),
        Row(S::Validation, Manage, Always, Developer, Both),
        Row(S::CompileProject, Manage, Always, Developer, Both),
        Row(S::ContentAsCode, Manage, Always, Developer, Both),
        Row(S::Job, Create, Always, InteractiveViewer, Organization),
        Row(S::Job, View, Mine, InteractiveViewer, Organization),
        Row(S::Job, Manage, Always, Editor, Both),
        Row(S::JobStatus, View, CreatedByMe, Member, Both),
        Row(S::JobStatus, View, Always, Developer, Both),
        Row(S::Analytics, View, Always, Admin, Both),
        Row(S::AiAgent, View, Always, InteractiveViewer, Both),
        Row(S::AiAgent, Manage, Always, Developer, Both),
        Row(S::AiAgentThread, View, Mine, Viewer, Both),
        Row(S::AiAgentThread, Create, Always, InteractiveViewer, Both),
        Row(S::AiAgentThread, Manage, Mine, Developer, Organization),
        Row(S::AiAgentThread, Manage, Mine, Editor, Project),
        Row(S::AiAgentThread, View, Always, Admin, Both),
        Row(S::AiAgentThread, Manage, Always, Admin, Both),
        Row(
            S::OrganizationMemberProfile,
            View,
            Always,
            Member,
            Organization,
        ),
        Row(
            S::OrganizationMemberProfile,
            Manage,
            Always,
            Admin,
            Organization,
        ),
        Row(S::Organization, View, Always, Viewer, Organization),
        Row(S::Organization, Manage, Always, Admin, Organization),
        Row(S::Group, Manage, Always, Admin, Organization),
        Row(S::InviteLink, Manage, Always, Admin, Organization),
    ]
};
