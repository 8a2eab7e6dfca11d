//! Everything that can go wrong, by meaning. HTTP is decided in `http/reply.rs`.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde_json::{Map, Value};

use crate::domain::id::WorkId;

/// The project's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What an error is about; its `Display` is the word a user would use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    User,
    Email,
    Passcode,
    Password,
    Identity,
    Invitation,
    ResetLink,
    Token,
    Credentials,
    Organization,
    Domain,
    Onboarding,
    FeatureFlag,
    Route,
    Member,
    Palette,
    Attribute,
    Group,
    GroupMember,
    Project,
    ProjectAccess,
    Space,
    SshKey,
    ShareLink,
    Notification,
    Explore,
    Deploy,
    Tag,
    Job,
    SemanticLayer,
    Query,
    File,
    Table,
    Field,
    Metric,
    Chart,
    Dashboard,
    SqlChart,
    Version,
    /// The index of a project's charts and dashboards.
    ContentIndex,
    Comment,
    Tile,
    PinnedList,
    VirtualView,
    Validation,
    /// Content that can be restored.
    Deleted,
    SpotlightConfig,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::User => "User",
            Kind::Email => "E-mail address",
            Kind::Passcode => "Passcode",
            Kind::Password => "Password",
            Kind::Identity => "Login identity",
            Kind::Invitation => "Invitation",
            Kind::ResetLink => "Password reset link",
            Kind::Token => "Personal access token",
            Kind::Credentials => "Warehouse credentials",
            Kind::Organization => "Organization",
            Kind::Domain => "E-mail domain",
            Kind::Onboarding => "Onboarding record",
            Kind::FeatureFlag => "Feature flag",
            Kind::Route => "Route",
            Kind::Member => "Member",
            Kind::Palette => "Color palette",
            Kind::Attribute => "User attribute",
            Kind::Group => "Group",
            Kind::GroupMember => "Group member",
            Kind::Project => "Project",
            Kind::ProjectAccess => "Access to the project",
            Kind::Space => "Space",
            Kind::SshKey => "SSH key",
            Kind::ShareLink => "Share link",
            Kind::Notification => "Notification",
            Kind::Explore => "Explore",
            Kind::Deploy => "Deploy session",
            Kind::Tag => "Tag",
            Kind::Job => "Job",
            Kind::SemanticLayer => "Semantic layer connection",
            Kind::Query => "Query",
            Kind::File => "File",
            Kind::Table => "Table",
            Kind::Field => "Field",
            Kind::Metric => "Metric",
            Kind::Chart => "Chart",
            Kind::Dashboard => "Dashboard",
            Kind::SqlChart => "SQL chart",
            Kind::Version => "Version",
            Kind::ContentIndex => "The project's content",
            Kind::Comment => "Comment",
            Kind::Tile => "Tile",
            Kind::PinnedList => "Pinned list",
            Kind::VirtualView => "Virtual view",
            Kind::Validation => "Validation error",
            Kind::Deleted => "Deleted content",
            Kind::SpotlightConfig => "Configuration of the metrics list",
        })
    }
}

/// One field that does not have the documented shape.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldError {
    /// A short, machine-like reason (reference 00 §0.5).
    pub message: String,
    /// What was sent; absent when nothing was, and for anything secret.
    pub value: Option<Value>,
}

/// Every failing field of a request, by its path (`body.name`, `page`, …).
pub type Fields = BTreeMap<String, FieldError>;

/// Everything that can go wrong, by meaning.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No valid session or token.
    #[error("You are not signed in, or the credentials were not recognised")]
    Unauthenticated,
    /// The session's user is gone, or belongs to another organisation than when they signed in.
    #[error("This session has ended, sign in again")]
    InvalidUser,
    /// The account is deactivated.
    #[error("This account is deactivated")]
    Deactivated,
    /// May see it, may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Does not exist, or belongs to another organisation (`NotFoundError`).
    #[error("{0} not found")]
    NotFound(Kind),
    /// The older synonym (`NotExistsError`); the reference says which endpoint uses which.
    #[error("{0} does not exist")]
    NotExists(Kind),
    /// A job has failed: what it was to make is not there (`NotExistsError`); why, for whoever began it.
    #[error("{0}")]
    Failed(String),
    /// The path is known, the method is not; carries what is allowed.
    #[error("Method not allowed here; allowed: {0}")]
    NoSuchMethod(String),
    /// The body or a parameter does not have the documented shape.
    #[error("the request does not have the documented shape")]
    Malformed(Fields),
    /// Well-formed, but against the rules.
    #[error("{0}")]
    Invalid(String),
    /// Well-formed, but several things are against the rules: a sentence, and each by its path.
    #[error("{0}")]
    InvalidFields(String, Fields),
    /// The query cannot be compiled.
    #[error("{0}")]
    Compile(#[from] semantic::CompileErrors),
    /// The query has SQL of its own, and the caller may not write any.
    #[error("You may not use custom SQL in this project")]
    CustomSql,
    /// The customer's database refused, or cannot be reached.
    #[cfg(feature = "warehouse")]
    #[error("{0}")]
    Warehouse(#[from] warehouse::Error),
    /// The customer's database took longer than the caller can wait.
    #[error("{0}")]
    Timeout(String),
    /// It takes longer than the caller can wait, and goes on; the job tells when it is there.
    #[error("{sentence}")]
    GoesOn { sentence: &'static str, job: WorkId },
    /// This installation is not set up for it.
    #[error("{0}")]
    MissingConfig(String),
    /// It was valid once.
    #[error("{0} has expired")]
    Expired(Kind),
    /// Page numbers and sizes begin at 1.
    #[error("Pages are numbered from 1, and have at least one row")]
    Page,
    /// A page that there is not, or one of more rows than there may be.
    #[error("{0}")]
    NoSuchPage(String),
    /// The body is larger than is read.
    #[error("The request body is larger than {0} bytes")]
    TooLarge(usize),
    /// The answer is larger than the platform can carry.
    #[error("The answer is too large for one reply; ask for it in pages or as a file")]
    AnswerTooLarge,
    /// The body is not JSON.
    #[error("Send the body as application/json")]
    UnsupportedMediaType,
    /// The body is compressed.
    #[error("Send the body as it is, without a Content-Encoding")]
    ContentEncoding,
    /// It would make sense, and is not done here.
    #[error("{0}")]
    NotImplemented(&'static str),
    /// A unique name is taken.
    #[error("{0} already exists")]
    Exists(Kind),
    /// Someone else's write came first.
    #[error("{0} was changed meanwhile, try again")]
    Changed(Kind),
    /// Its answer is still being made.
    #[error("{0} is not ready yet; ask again in a moment")]
    NotReady(Kind),
    /// A limit is reached; whole seconds until it opens again.
    #[error("Too many requests, try again later")]
    TooMany { retry_after: Duration },
    /// Throttled, timed out or unreachable after retries.
    #[error("The service is not available right now, try again")]
    Unavailable(#[source] anyhow::Error),
    /// A bug, or something we never expect.
    #[error("Something went wrong")]
    Internal(#[source] anyhow::Error),
    /// Another error, with what the answer tells beside it in `data`.
    #[error("{0}")]
    Telling(Box<Error>, Map<String, Value>),
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Error::Internal(error)
    }
}

impl Error {
    /// A rule was broken; the sentence is shown to the caller.
    pub fn invalid(sentence: impl Into<String>) -> Self {
        Error::Invalid(sentence.into())
    }

    /// The same error, with one thing more in the answer's `data`.
    pub fn telling(self, name: &str, value: Value) -> Self {
        let (error, mut data) = match self {
            Error::Telling(error, data) => (error, data),
            error => (Box::new(error), Map::new()),
        };
        data.insert(name.to_owned(), value);
        Error::Telling(error, data)
    }

    /// What is behind it, for the log only.
    pub fn cause(&self) -> String {
        match self {
            Error::Unavailable(cause) | Error::Internal(cause) => format!("{cause:#}"),
            Error::Telling(error, _) => error.cause(),
            error => error.to_string(),
        }
    }
}
