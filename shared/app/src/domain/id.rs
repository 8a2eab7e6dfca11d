//! The ids of things: one type each, so that two of them cannot be mixed up.

/// Declares newtypes over `Uuid` that look like a uuid on the wire, in the table and in the document.
macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// A fresh id.
            pub fn new(random: &$crate::random::Random) -> Self {
                Self(random.uuid())
            }

            /// The id in a path or a body; `None` when it is not a uuid.
            pub fn parse(text: &str) -> Option<Self> {
                // Only the hyphenated form: one thing has one name.
                (text.len() == 36).then(|| uuid::Uuid::try_parse(text).ok().map(Self)).flatten()
            }

            /// The bytes of the uuid.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The 32 hexadecimal digits, without hyphens.
            pub fn simple(&self) -> String {
                self.0.simple().to_string()
            }

            /// Reads what [`Self::simple`] wrote.
            pub fn from_simple(text: &str) -> Option<Self> {
                (text.len() == 32).then(|| uuid::Uuid::try_parse(text).ok().map(Self)).flatten()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

id!(
    /// A person with an account.
    UserId,
    /// An organisation: what a team signs up as.
    OrganizationId,
    /// A personal access token (not its secret).
    TokenId,
    /// One of a user's own warehouse logins.
    CredentialsId,
    /// A colour palette.
    PaletteId,
    /// A group of members of an organisation.
    GroupId,
    /// A project: a warehouse and what is made of it.
    ProjectId,
    /// A folder of charts and dashboards in a project.
    SpaceId,
    /// A user attribute: a name under which members and groups have values.
    AttributeId,
    /// A notice in somebody's inbox.
    NotificationId,
    /// A piece of work that outlives a request.
    JobId,
    /// A deploy that comes in batches.
    DeployId,
    /// A tag of a project, also called a category.
    TagId,
    /// A compilation of a project's dbt project.
    CompileJobId,
    /// A question to a warehouse that is kept.
    QueryId,
);

impl UserId {
    /// Whom clients see where somebody is gone whose id was not kept.
    pub fn nobody() -> Self {
        Self(uuid::Uuid::nil())
    }

    /// The number that older clients see as `userId`: the first 31 bits of the uuid. Nothing looks a user up by it.
    pub fn number(self) -> u32 {
        let [a, b, c, d, ..] = *self.as_bytes();
        u32::from_be_bytes([a, b, c, d]) >> 1
    }
}
