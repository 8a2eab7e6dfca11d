//! Invitations. Each stands in its organisation, one for a user, and under the hash of its code; both are written and
//! removed together.

use futures_util::{TryStreamExt, stream};

use super::{Ends, Store, keys, live, page::read, user::is_there, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        access::Role,
        id::{OrganizationId, UserId},
        invitation::Invitation,
        job::Job,
        limit::Counter,
        organization::{Member, Organization},
        otp::Otp,
        password::PasswordHash,
        session::{Session, SessionToken},
        user::User,
    },
    error::Kind,
};

/// How many invitations are taken back at once.
const AT_ONCE: usize = 8;
/// How often what changed under a write is looked at again.
const TRIES: u32 = 5;

impl Ends for Invitation {
    fn ends(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// Who is invited, as the organisation knows them.
#[derive(Debug)]
pub enum Guest {
    /// Nobody has the address: a pending member is made of it.
    New(User),
    /// A pending member, whose invitation may be over.
    Pending(User),
    /// Somebody with an account and no organisation, who becomes a member when they accept.
    Outside(User),
}

impl Guest {
    /// The account.
    pub fn user(&self) -> &User {
        let (Self::New(user) | Self::Pending(user) | Self::Outside(user)) = self;
        user
    }
}

/// Everything that one invitation writes.
#[derive(Debug)]
pub struct NewInvitation<'a> {
    pub invitation: &'a Invitation,
    pub guest: &'a Guest,
    /// What mails it.
    pub job: &'a Job,
    /// Who invites, and the key of their request.
    pub client_key: (UserId, Option<&'a str>),
}

/// The first login of a pending account.
#[derive(Debug)]
pub struct FirstLogin<'a> {
    pub password: &'a PasswordHash,
    pub otp: &'a Otp,
    /// Of the passcode that is mailed.
    pub counters: [&'a Counter; 2],
}

/// Everything that accepting an invitation writes.
#[derive(Debug)]
pub struct Acceptance<'a> {
    pub invitation: &'a Invitation,
    /// The account as it was read.
    pub before: &'a User,
    /// The account as it is afterwards.
    pub user: &'a User,
    /// For an account that has nothing to sign in with; any other keeps what it has.
    pub login: Option<FirstLogin<'a>>,
    pub session: (&'a SessionToken, &'a Session),
    /// The session that the caller came with; it ends.
    pub old_session: Option<&'a SessionToken>,
}

impl Store {
    /// Invites somebody. An earlier invitation of theirs into this organisation ends. One read and one transaction.
    ///
    /// # Errors
    /// `Exists(Invitation)` when a request with the same key was first, as its code cannot be shown a second time;
    /// `Exists(Email)` or `Changed` when the account is another, or got another invitation, meanwhile; `NotFound` when
    /// the organisation is being deleted.
    pub async fn invite(&self, new: NewInvitation<'_>, now: Timestamp) -> Result<()> {
        let (invitation, organization) = (new.invitation, new.invitation.organization);
        let own = keys::invitation(organization, invitation.user);
        let before = self.get::<Invitation>(&own).await?;
        let put = Write::put(own, "invitation", invitation).expires(invitation.expires_at);
        let put = match &before {
            Some(before) => put.when_equal("codeHash", &before.code_hash),
            None => put.when_absent(),
        };
        let link = keys::invitation_link(&invitation.code_hash);
        let mut writes = vec![Self::organization_stays(organization)];
        writes.extend(Self::guest_writes(new.guest, invitation));
        writes.extend([
            put.or(Error::Changed(Kind::Invitation)),
            Write::put(link, "invitation link", invitation).expires(invitation.expires_at),
            Self::job_write(new.job),
        ]);
        writes.extend(before.map(|old| Write::delete(keys::invitation_link(&old.code_hash))));
        let (by, client_key) = new.client_key;
        writes.extend(client_key.map(|key| {
            Self::claim_write(by, ("invitation", key), &invitation.user.to_string(), now)
                .or(Error::Exists(Kind::Invitation))
        }));
        self.apply(writes).await
    }

    /// What an invitation makes of the one who is invited, or finds them as.
    fn guest_writes(guest: &Guest, invitation: &Invitation) -> Vec<Write> {
        let organization = invitation.organization;
        let row = |user: &User| keys::member(organization, &user.email, user.id);
        let known = |user: &User| {
            let check = Write::check(keys::user(user.id)).when_live();
            check.when_equal("email", &user.email)
        };
        let changed = || Error::Changed(Kind::User);
        match guest {
            Guest::New(user) => {
                let member = Member {
                    invite_expires_at: Some(invitation.expires_at),
                    ..Member::of(user)
                };
                vec![
                    Self::email_claim_write(user),
                    Write::put(keys::user(user.id), "user", user)
                        .when_absent()
                        .or(Error::Exists(Kind::User)),
                    Write::put(row(user), "member", &member),
                    Self::counts_write(organization, "members", 1),
                ]
            }
            Guest::Pending(user) => vec![
                known(user)
                    .when_equal("organization", organization)
                    .when_equal("hasPassword", false)
                    .when_equal("identities", &user.identities)
                    .or(changed()),
                Write::update(row(user))
                    .set("inviteExpiresAt", invitation.expires_at)
                    .when_present()
                    .or(changed()),
            ],
            Guest::Outside(user) => vec![known(user).when_missing("organization").or(changed())],
        }
    }

    /// The open invitation behind a code, and who is invited. One that has expired is removed. Two reads: the second
    /// needs the first.
    ///
    /// # Errors
    /// `NotExists` when there is none, or its account or organisation is gone, or has another address by now; `Expired`
    /// when it was open once.
    pub async fn invitation(&self, code_hash: &str, now: Timestamp) -> Result<(Invitation, User)> {
        let none = || Error::NotExists(Kind::Invitation);
        let found: Option<Invitation> = self.get(&keys::invitation_link(code_hash)).await?;
        let found = found.ok_or_else(none)?;
        let Some(open) = live(Some(found.clone()), now) else {
            match self.remove_invitation(&found, None).await {
                Ok(()) | Err(Error::Changed(_)) => return Err(Error::Expired(Kind::Invitation)),
                Err(error) => return Err(error),
            }
        };
        let heads = [keys::user(open.user), keys::organization(open.organization)];
        let mut items = self.get_many(&heads).await?.into_iter();
        let user: Option<User> = items.next().flatten().map(read).transpose()?;
        let organization: Option<Organization> = items.next().flatten().map(read).transpose()?;
        let stays = organization.is_some_and(|found| found.deleted_at.is_none());
        let user = user.filter(|user| stays && is_there(user) && user.email == open.email);
        Ok((open, user.ok_or_else(none)?))
    }

    /// Whether somebody may set a password by mail: whoever was invited and has not accepted only while they may accept,
    /// or neither an end nor a revocation of the invitation would keep them out.
    pub async fn may_have_password(&self, user: &User, now: Timestamp) -> Result<bool> {
        let Some(organization) = user.organization.filter(|_| user.is_pending()) else {
            return Ok(true);
        };
        let key = keys::invitation(organization, user.id);
        let open: Option<Invitation> = self.get(&key).await?;
        Ok(live(open, now).is_some())
    }

    /// Removes one invitation, with what goes with it; fails with `Changed` when it is gone or replaced.
    async fn remove_invitation(&self, gone: &Invitation, with: Option<Write>) -> Result<()> {
        let own = Write::delete(keys::invitation(gone.organization, gone.user))
            .when_equal("codeHash", &gone.code_hash)
            .or(Error::Changed(Kind::Invitation));
        let link = Write::delete(keys::invitation_link(&gone.code_hash));
        self.apply([own, link].into_iter().chain(with)).await
    }

    /// Takes back the open invitation of a user, if there is one.
    ///
    /// # Errors
    /// `Changed` when another one was sent meanwhile.
    pub async fn delete_invitation(
        &self,
        organization: OrganizationId,
        user: UserId,
    ) -> Result<()> {
        let key = keys::invitation(organization, user);
        match self.get::<Invitation>(&key).await? {
            Some(open) => self.remove_invitation(&open, None).await,
            None => Ok(()),
        }
    }

    /// Takes back every invitation of an organisation; pending members stay. One small transaction each, so a failure
    /// leaves some, and the next call goes on.
    ///
    /// # Errors
    /// `Changed` when one of them keeps changing.
    pub async fn revoke_invitations(&self, organization: OrganizationId) -> Result<()> {
        let pk = keys::organization_partition(organization);
        let open: Vec<Invitation> = self.all(&pk, keys::INVITATIONS).await?;
        stream::iter(open.into_iter().map(Ok))
            .try_for_each_concurrent(AT_ONCE, |one| {
                self.revoke_invitation(organization, one.user)
            })
            .await
    }

    async fn revoke_invitation(&self, organization: OrganizationId, user: UserId) -> Result<()> {
        let mut last = Ok(());
        for _ in 0..TRIES {
            let places = [keys::invitation(organization, user), keys::user(user)];
            let mut items = self.get_many(&places).await?.into_iter();
            let open: Option<Invitation> = items.next().flatten().map(read).transpose()?;
            let user: Option<User> = items.next().flatten().map(read).transpose()?;
            let Some(open) = open else { return Ok(()) };
            let member =
                user.filter(|user| is_there(user) && user.organization == Some(organization));
            let row = member.map(|member| {
                Write::update(keys::member(organization, &member.email, member.id))
                    .remove("inviteExpiresAt")
                    .when_present()
                    .or(Error::Changed(Kind::Member))
            });
            last = self.remove_invitation(&open, row).await;
            if !matches!(last, Err(Error::Changed(_))) {
                break;
            }
        }
        last
    }

    /// Accepts an invitation, in one transaction: it is used up, the account becomes a member if it is none, a pending
    /// one gets its names and its first login, a session begins.
    ///
    /// # Errors
    /// `Expired` when it was used, replaced, taken back or over meanwhile; `Changed` when the account changed;
    /// `TooMany` when no passcode may be mailed; `NotFound` when the organisation is being deleted.
    pub async fn accept_invitation(&self, new: Acceptance<'_>, now: Timestamp) -> Result<()> {
        let (invitation, user) = (new.invitation, new.user);
        let organization = invitation.organization;
        let used = Write::delete(keys::invitation(organization, user.id))
            .when_equal("codeHash", &invitation.code_hash)
            .when_after("expiresAt", now)
            .or(Error::Expired(Kind::Invitation));
        let mut writes = vec![
            used,
            Write::delete(keys::invitation_link(&invitation.code_hash)),
            Self::organization_stays(organization),
            Self::accepted_write(&new),
            Self::session_write(new.session.0, new.session.1),
        ];
        writes.extend(new.old_session.map(Self::end_session_write));
        if new.before.organization.is_none() {
            writes.push(Self::member_write(organization, user));
            writes.push(Self::counts_write(organization, "members", 1));
        } else {
            let row = Write::update(keys::member(organization, &user.email, user.id))
                .set("firstName", &user.first_name)
                .set("lastName", &user.last_name)
                .set("isPending", user.is_pending())
                .set("updatedAt", user.updated_at)
                .remove("inviteExpiresAt")
                .when_present();
            writes.push(row.or(Error::Changed(Kind::User)));
        }
        if user.role == Some(Role::Admin) {
            writes.push(Self::admin_write(organization, user.id));
        }
        if let Some(login) = new.login {
            writes.push(Self::password_write(user.id, login.password));
            writes.push(Self::otp_write(user.id, login.otp));
            writes.extend(login.counters.map(|counter| counter.write(now)));
        }
        self.apply(writes).await
    }

    /// What accepting changes of the profile.
    fn accepted_write(new: &Acceptance<'_>) -> Write {
        let (before, user) = (new.before, new.user);
        let write = Write::update(keys::user(user.id))
            .set("updatedAt", user.updated_at)
            .when_live()
            .when_equal("email", &before.email)
            .when_equal("isActive", true)
            .when_equal("hasPassword", before.has_password)
            .when_equal("loginEpoch", before.login_epoch);
        let write = if new.login.is_some() {
            write
                .set("firstName", &user.first_name)
                .set("lastName", &user.last_name)
                .set("hasPassword", true)
                .set("loginEpoch", user.login_epoch)
        } else {
            write
        };
        let write = match (before.organization, before.role) {
            (Some(organization), Some(role)) => write
                .when_equal("organization", organization)
                .when_equal("role", role),
            _ => write
                .set("organization", user.organization)
                .set("role", user.role)
                .when_missing("organization"),
        };
        write.or(Error::Changed(Kind::User))
    }
}
