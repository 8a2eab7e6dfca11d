//! Sessions.

use super::{Store, keys, live, page::read, user::is_there, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        organization::Organization,
        session::{Session, SessionToken},
        user::User,
    },
};

impl Store {
    /// The session and its user in one consistent read, with the user's organisation: with that one gone, everybody in it
    /// is. A session that has ended is no session. One more read for a cookie that does not name the organisation.
    pub async fn session_and_user(
        &self,
        token: &SessionToken,
        now: Timestamp,
    ) -> Result<(Option<Session>, Option<User>)> {
        let mut wanted = vec![keys::session(&token.hash()), keys::user(token.user)];
        wanted.extend(token.organization.map(keys::organization));
        let mut items = self.get_many(&wanted).await?.into_iter();
        let session = items.next().flatten().map(read).transpose()?;
        let user: Option<User> = items.next().flatten().map(read).transpose()?;
        let organization: Option<Organization> = items.next().flatten().map(read).transpose()?;
        let Some(user) = user.filter(is_there) else {
            return Ok((live(session, now), None));
        };
        let stands = match user.organization {
            Some(id) if token.organization == Some(id) => {
                organization.is_some_and(|found| found.deleted_at.is_none())
            }
            _ => self.stands(&user).await?,
        };
        Ok((live(session, now), stands.then_some(user)))
    }

    /// The write of a new session.
    pub(super) fn session_write(token: &SessionToken, session: &Session) -> Write {
        Write::put(keys::session(&token.hash()), "session", session).expires(session.expires_at)
    }

    /// The write that ends a session.
    pub(super) fn end_session_write(token: &SessionToken) -> Write {
        Write::delete(keys::session(&token.hash()))
    }

    /// Stores a new session; the one that the caller came with, if any, ends.
    pub async fn begin_session(
        &self,
        new: (&SessionToken, &Session),
        old: Option<&SessionToken>,
    ) -> Result<()> {
        let writes = std::iter::once(Self::session_write(new.0, new.1));
        self.apply(writes.chain(old.map(Self::end_session_write)))
            .await
    }

    /// Lets a session live until then; one that was ended meanwhile stays ended.
    pub async fn renew_session(&self, token: &SessionToken, until: Timestamp) -> Result<()> {
        let write = Write::update(keys::session(&token.hash()))
            .set("expiresAt", until)
            .expires(until);
        self.apply([write.when_present().or(Error::Unauthenticated)])
            .await
    }

    /// Ends a session; one that is gone already is fine.
    pub async fn delete_session(&self, token: &SessionToken) -> Result<()> {
        self.apply([Self::end_session_write(token)]).await
    }
}
