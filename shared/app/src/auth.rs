//! Who is calling. A handler that wants a user says so in its arguments; there is no other way to get one.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use http::{HeaderMap, Method, header, request::Parts};

use crate::{
    App, Error, Kind, Result,
    domain::{
        access::{Abilities, Action, Object, ProjectRole, Role, Subject},
        id::{OrganizationId, ProjectId},
        session::{Session, SessionToken},
        token::TokenSecret,
        user::User,
    },
    http::{Beside, path_parameter},
    store::{ProjectAccess, Rotation},
};

/// A session and the user it is of.
#[derive(Debug, Clone)]
pub struct SessionUser {
    pub user: User,
    pub token: SessionToken,
    pub session: Session,
}

/// Whoever calls: by session, or by personal access token. The session wins.
#[derive(Debug, Clone)]
pub struct CurrentUser {
    pub user: User,
    /// Present when they came with a session.
    pub session: Option<SessionToken>,
}

/// A project of the caller's organisation, and what the caller may do in it. The project is the `projectUuid` of the
/// path; one that is not there, or another organisation's, is answered with 404. A handler asks [`InProject::require`]
/// first.
#[derive(Debug, Clone)]
pub struct InProject {
    pub user: CurrentUser,
    pub access: ProjectAccess,
    abilities: Abilities,
}

/// A caller of an open route, who may have a session.
#[derive(Debug, Clone)]
pub struct Visitor(pub Option<SessionUser>);

impl Deref for SessionUser {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

impl Deref for CurrentUser {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

impl App {
    /// A fresh session for a user: the browser gets its cookie with the answer; storing it is the caller's.
    pub fn new_session(&self, user: &User) -> (SessionToken, Session) {
        let token = SessionToken::new(user.id, user.organization, &self.random);
        (
            token,
            Session::new(user, self.clock.now(), self.config.session_lifetime),
        )
    }

    /// For what changes a user's organisation: ends the session that they came with, if any, and begins another.
    pub fn rotate<'a>(
        old: Option<&'a SessionToken>,
        new: &'a (SessionToken, Session),
    ) -> Rotation<'a> {
        Rotation {
            old,
            new: old.map(|_| (&new.0, &new.1)),
        }
    }

    /// The session that a request brings. What is no session of ours is none; one that has lost its user is an error.
    async fn session(&self, parts: &Parts) -> Result<Option<SessionUser>> {
        let Some(token) = session_cookie(&parts.headers) else {
            return Ok(None);
        };
        let now = self.clock.now();
        let (session, user) = self.store.session_and_user(&token, now).await?;
        let Some(session) = session else {
            return Ok(None);
        };

        let beside = parts.extensions.get::<Beside>();
        let end = || {
            if let Some(beside) = beside {
                let (store, token) = (self.store.clone(), token.clone());
                beside.clear_session();
                beside.run("end a session", async move {
                    store.delete_session(&token).await
                });
            }
        };
        let Some(user) = user else {
            end();
            return Err(Error::InvalidUser);
        };
        // A new password has ended it: from now on it is none, also where none is needed.
        if session.epoch != user.login_epoch {
            end();
            return Ok(None);
        }
        if session.organization != user.organization {
            end();
            return Err(Error::InvalidUser);
        }
        if !user.is_active {
            end();
            return Err(Error::Deactivated);
        }
        if is_cross_site(parts, &self.config.site_url) {
            return Err(Error::Forbidden("This request came from another site"));
        }
        if let (Some(until), Some(beside)) =
            (session.renewed(now, self.config.session_lifetime), beside)
        {
            let (store, token) = (self.store.clone(), token.clone());
            beside.set_session(
                &token,
                &Session {
                    expires_at: until,
                    ..session.clone()
                },
            );
            beside.run("renew a session", async move {
                store.renew_session(&token, until).await
            });
        }
        Ok(Some(SessionUser {
            user,
            token,
            session,
        }))
    }

    /// The owner of the personal access token that a request brings. One answer for everything that is wrong with it.
    async fn token_owner(&self, parts: &Parts) -> Result<User> {
        let header = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let secret = header
            .and_then(|value| value.strip_prefix("ApiKey "))
            .and_then(TokenSecret::parse);
        let secret = secret.ok_or(Error::Unauthenticated)?;
        let now = self.clock.now();
        let used = self
            .store
            .token_user(&secret, now)
            .await?
            .ok_or(Error::Unauthenticated)?;
        let user = used.user;
        let allowed = user.organization.is_some()
            && user
                .role
                .is_some_and(|role| self.config.token_roles.contains(&role));
        if !user.is_active || !allowed {
            return Err(Error::Unauthenticated);
        }
        if let (true, Some(beside)) = (used.note_use, parts.extensions.get::<Beside>()) {
            let (store, id, hash) = (self.store.clone(), user.id, secret.hash());
            beside.run("note a token's use", async move {
                store.note_token_use(id, used.token, &hash, now).await
            });
        }
        Ok(user)
    }
}

impl App {
    /// What somebody may do, roles in projects left out.
    fn own_abilities(
        &self,
        user: &User,
        projects: Vec<(ProjectId, ProjectRole)>,
    ) -> Result<Abilities> {
        let (organization, role) = user.membership()?;
        Ok(Abilities {
            user: user.id,
            organization,
            role,
            projects,
            tokens: self.config.token_roles.contains(&role),
        })
    }

    /// Everything that somebody may do, anywhere. Reads all their roles in projects.
    ///
    /// # Errors
    /// `Forbidden` for somebody without an organisation.
    pub async fn abilities(&self, user: &User) -> Result<Abilities> {
        user.membership()?;
        self.own_abilities(user, self.store.project_roles(user).await?)
    }

    /// Lets the caller go on only if their role in the organisation allows this; answers the organisation.
    ///
    /// # Errors
    /// `Forbidden` otherwise, and for somebody without an organisation.
    pub fn require(&self, user: &User, action: Action, subject: Subject) -> Result<OrganizationId> {
        let abilities = self.own_abilities(user, Vec::new())?;
        if !abilities.may(action, subject, &Object::of(abilities.organization)) {
            return Err(NOT_ALLOWED);
        }
        Ok(abilities.organization)
    }
}

impl App {
    /// Lets the caller go on only if their role in the organisation allows this for one thing of it.
    ///
    /// # Errors
    /// `Forbidden` otherwise, and for somebody without an organisation.
    pub fn require_on(
        &self,
        user: &User,
        action: Action,
        subject: Subject,
        object: &Object,
    ) -> Result<()> {
        if self
            .own_abilities(user, Vec::new())?
            .may(action, subject, object)
        {
            Ok(())
        } else {
            Err(NOT_ALLOWED)
        }
    }
}

/// What somebody is told who may not do something.
pub const NOT_ALLOWED: Error = Error::Forbidden("You are not allowed to do this");

impl InProject {
    /// A project that a request names otherwise than in its path.
    ///
    /// # Errors
    /// `NotExists` for one that is not there or is another organisation's; `Forbidden` for somebody without an
    /// organisation.
    pub async fn find(app: &App, user: CurrentUser, id: ProjectId) -> Result<Self> {
        let (organization, _) = user.membership()?;
        let access = app
            .store
            .project_access(id, &user)
            .await?
            .filter(|found| found.project.organization == organization)
            .ok_or(Error::NotExists(Kind::Project))?;
        let own = access.direct.into_iter();
        let roles = own.chain(access.groups.iter().map(|(_, role)| *role));
        let roles = roles.map(|role| (id, role)).collect();
        Ok(Self {
            abilities: app.own_abilities(&user, roles)?,
            user,
            access,
        })
    }

    /// Lets the caller go on only if they may do this in the project.
    ///
    /// # Errors
    /// `Forbidden` otherwise.
    pub fn require(&self, action: Action, subject: Subject) -> Result<()> {
        self.require_on(action, subject, &self.object())
    }

    /// Lets the caller go on only if they may do this to one thing of the project.
    ///
    /// # Errors
    /// `Forbidden` otherwise.
    pub fn require_on(&self, action: Action, subject: Subject, object: &Object) -> Result<()> {
        if self.abilities.may(action, subject, object) {
            Ok(())
        } else {
            Err(NOT_ALLOWED)
        }
    }

    /// Whether the caller may do this to one thing of the project.
    pub fn may(&self, action: Action, subject: Subject, object: &Object) -> bool {
        self.abilities.may(action, subject, object)
    }

    /// The project itself, as the thing that something is done to.
    pub fn object(&self) -> Object {
        let project = &self.access.project;
        Object {
            project: Some(project.id),
            kind: Some(project.kind_of),
            upstream: project.upstream,
            created_by: project.created_by,
            ..Object::of(project.organization)
        }
    }

    /// The caller's role in the organisation.
    pub fn role(&self) -> Role {
        self.abilities.role
    }

    /// The project's id.
    pub fn id(&self) -> ProjectId {
        self.access.project.id
    }

    /// The organisation's id.
    pub fn organization(&self) -> OrganizationId {
        self.access.project.organization
    }
}

impl FromRequestParts<App> for InProject {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let user = CurrentUser::from_request_parts(parts, app).await?;
        user.membership()?;
        let named = path_parameter(parts, "projectUuid");
        let id = named
            .as_deref()
            .and_then(ProjectId::parse)
            .ok_or(Error::NotExists(Kind::Project))?;
        Self::find(app, user, id).await
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        app.session(parts).await.map(Visitor)
    }
}

impl FromRequestParts<App> for SessionUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        app.session(parts).await?.ok_or(Error::Unauthenticated)
    }
}

impl FromRequestParts<App> for CurrentUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        if let Some(SessionUser { user, token, .. }) = app.session(parts).await? {
            return Ok(Self {
                user,
                session: Some(token),
            });
        }
        Ok(Self {
            user: app.token_owner(parts).await?,
            session: None,
        })
    }
}

fn session_cookie(headers: &HeaderMap) -> Option<SessionToken> {
    // Other cookies may hold anything.
    let lossy = |value| String::from_utf8_lossy(http::HeaderValue::as_bytes(value));
    let lines: Vec<_> = headers.get_all(header::COOKIE).iter().map(lossy).collect();
    let mut pairs = lines
        .iter()
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    // Of several, the first that can be one of ours.
    pairs.find_map(|(name, value)| {
        SessionToken::parse(value.trim_matches('"')).filter(|_| name == "connect.sid")
    })
}

/// A change that another site's page had the browser send. `SameSite=Lax` keeps the cookie back already; this is for
/// browsers that do not (OWASP CSRF Prevention cheat sheet). Clients that are no browsers send neither header.
fn is_cross_site(parts: &Parts, site_url: &str) -> bool {
    if matches!(parts.method, Method::GET | Method::HEAD) {
        return false;
    }
    let header = |name| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    if let Some(site) = header("sec-fetch-site") {
        return !matches!(site, "same-origin" | "same-site" | "none");
    }
    let Some(origin) = header("origin") else {
        return false;
    };
    let host = origin.split_once("://").map(|(_, host)| host);
    origin != site_url && (host.is_none() || host != header("host"))
}
