//! The one table.
//!
//! | Who asks | Reads |
//! |---|---|
//! | every request with a cookie | `SESSION#hash / SESSION`, `USER#u / PROFILE` and `ORG#o / PROFILE`, one batch |
//! | every request with a token | `TOKEN#hash / TOKEN`, then `USER#u / PROFILE`, then `ORG#o / PROFILE` |
//! | the user's own list of tokens, of warehouse logins | `LOGIN#u`, by prefix |
//! | signing in | `EMAIL#address / CLAIM`, then `LOGIN#u / PASSWORD` and `USER#u / PROFILE`, one batch |
//! | guessing a passcode | two counters, then `LOGIN#u / OTP`, each one conditional update |
//! | the organisation | `ORG#o / PROFILE` and `COUNTS`, one batch |
//! | every request in a project | `PROJECT#p / PROFILE`, `MEMBER#u` and `ACCESS#g` of the caller's groups, one batch |
//! | a project's spaces | `PROJECT#p`, by prefix; who may enter one: the roles in it, and the organisation's `MEMBER#` rows |
//! | whether a space's slug and path are free | nobody reads it: `SLUG#space#slug` and `SPACEPATH#parent#step` are claimed |
//! | charts and dashboards: lists, search, names on tiles | `PROJECT#p / CONTENT#shard`, sixteen, one batch |
//! | who has used a project, for its admins | `ACTIVITY#p`, whole |
//! | one chart or dashboard | its `HEAD`, then its latest `VERSION#` |
//! | what is wrong with the content | `PROJECT#p / VALIDATION`, and `VALIDATION#run#piece` where one item does not hold it |
//! | the list of projects | `ORG#o / PROJECT#p`, all or those of the caller's roles, and `GROUP#g` of the groups in them |
//! | one project | what every request in it reads, and `WAREHOUSE` and `DBT`, one batch |
//! | who may enter a project | `PROJECT#p / MEMBER#u` or `ACCESS#g`, by prefix, and the members' profiles, in batches |
//! | `GET /user` | `GRANTS#u`, and `GROUP#g` of the caller's groups, by prefix |
//! | the SQL runner's list of tables | `CACHE#p#login / CATALOGUE` |
//! | a query through an SSH server, as it connects | `PROJECT#p / HOSTKEY#connection` |
//! | the worker | `JOB#j / JOB`; deletions: the partitions in `deletion.rs` |
//! | which organisations to join | `DOMAIN#d`, then the organisations named there, one batch |
//!
//! The partition is a thing, the sort key is a part of it. Keys come from [`keys`] only, expressions from [`write`]
//! only, loops over pages from [`page`] only. `ttl` tidies and never decides: reads of what expires go through
//! [`live`], conditions compare the time. Every item carries `kind`, and `w`, a random id of the call that wrote it.

mod activity;
mod apply;
mod attribute;
mod comment;
mod compile_job;
mod content;
mod content_bulk;
mod deletion;
mod deploy;
mod explore;
mod group;
mod idempotency;
mod instance;
mod invitation;
mod job;
pub mod keys;
mod limit;
mod link;
mod member;
mod mirror;
mod notification;
mod organization;
mod otp;
mod page;
mod palette;
mod password;
mod pins;
mod project;
mod project_settings;
mod query;
pub mod schema;
mod semantic_layer;
mod session;
mod share_link;
mod space;
mod spotlight;
mod ssh_key;
mod table_selection;
mod tag;
mod token;
mod user;
mod validation;
mod views;
mod virtual_view;
mod warehouse_credentials;
mod work;
mod write;

#[cfg(feature = "embedded")]
pub mod embedded;

use std::{collections::HashMap, error::Error as StdError, sync::Arc};

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    types::AttributeValue,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    Error,
    clock::Timestamp,
    domain::{id::JobId, link::ResetLink, session::Session, token::Token},
    random::Random,
};

pub use content::{EDITS, Edit, LARGEST_CHUNK, NewContent, Slug};
pub use deletion::Until;
pub use deploy::{Deploy, SESSION, UNNAMED};
pub use explore::Body as ExploreBody;
pub use group::Once;
pub use idempotency::made_once;
pub use instance::InstanceKeys;
pub use invitation::{Acceptance, FirstLogin, Guest, NewInvitation};
pub use job::Taken;
pub use organization::Rotation;
pub use otp::Attempt;
pub use project::{NewProject, ProjectAccess};
pub use project_settings::{Connections, ProjectChange};
pub use query::Came;
pub use space::{MOVES, NewSpace, NewSpaces, SpaceChange, SpaceMove};
pub use user::{LAST_ADMIN, SignUp};
pub use validation::Run;
pub use virtual_view::VirtualView;

/// An item as DynamoDB has it.
pub type Item = HashMap<String, AttributeValue>;

/// The table and how to reach it. Its test double is another endpoint, never another type.
#[derive(Clone)]
pub struct Store {
    client: aws_sdk_dynamodb::Client,
    table: Arc<str>,
    random: Random,
    /// Who hears of new jobs in this process; in the cloud it is the table's stream that tells the worker.
    watcher: Option<UnboundedSender<JobId>>,
    /// Explores that were read here before.
    explores: explore::Kept,
}

impl Store {
    /// A store over a client.
    pub fn new(client: aws_sdk_dynamodb::Client, table: &str, random: Random) -> Self {
        Self {
            client,
            table: table.into(),
            random,
            watcher: None,
            explores: explore::Kept::default(),
        }
    }

    /// The same store, which tells of every job that it has written: the table's stream in small, for the local stack.
    #[must_use]
    pub fn watched(self, watcher: UnboundedSender<JobId>) -> Self {
        Self {
            watcher: Some(watcher),
            ..self
        }
    }

    /// One cheap read, so that the first request finds a connection; what it finds does not matter.
    pub async fn warm_up(&self) {
        let _ = self.get::<serde_json::Value>(&keys::instance()).await;
    }
}

/// What has an end. The table removes it days later, so every read asks.
pub trait Ends {
    /// When it ends; `None` for never.
    fn ends(&self) -> Option<Timestamp>;
}

impl Ends for Session {
    fn ends(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl Ends for ResetLink {
    fn ends(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl Ends for Token {
    fn ends(&self) -> Option<Timestamp> {
        self.expires_at
    }
}

/// The item, unless it has ended; the instant of its end is past it.
pub fn live<T: Ends>(item: Option<T>, now: Timestamp) -> Option<T> {
    item.filter(|item| item.ends().is_none_or(|end| now < end))
}

/// Sorts an error of the SDK: what a retry may mend is `Unavailable`, the rest is a bug.
fn fault<E>(what: &'static str, error: SdkError<E, HttpResponse>) -> Error
where
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
{
    const PASSING: [&str; 7] = [
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    ];
    let passing = match &error {
        SdkError::ServiceError(e) => {
            e.raw().status().is_server_error()
                || e.err().code().is_some_and(|code| PASSING.contains(&code))
        }
        SdkError::ConstructionFailure(_) => false,
        _ => true,
    };
    let error = anyhow::Error::new(error).context(what);
    if passing {
        Error::Unavailable(error)
    } else {
        Error::Internal(error)
    }
}
