//! People: profile, address claim, and what goes with them when they go.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Store, keys, page::read, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        email::EmailAddress,
        id::{OrganizationId, UserId},
        limit::Counter,
        organization::Member,
        otp::Otp,
        password::PasswordHash,
        session::{Session, SessionToken},
        user::User,
    },
    error::Kind,
};

/// Deletes go in chunks: a transaction takes a hundred actions, and a token is two.
const CHUNK: usize = 40;

#[derive(Serialize, Deserialize)]
struct Claim {
    user: UserId,
}

/// Everything that one sign-up writes.
pub struct SignUp<'a> {
    pub user: &'a User,
    pub password: &'a PasswordHash,
    pub otp: &'a Otp,
    pub session: (&'a SessionToken, &'a Session),
    /// The session that the caller came with; it ends.
    pub old_session: Option<&'a SessionToken>,
    /// Of the passcode that is mailed.
    pub counters: [&'a Counter; 2],
}

/// Whether an account was not deleted.
pub(super) fn is_there(user: &User) -> bool {
    user.deleted_at.is_none()
}

/// What an admin who is the only one is told.
pub const LAST_ADMIN: &str = "An organization keeps at least one admin";

/// Only if the user's role is still this one.
pub(super) fn of_role(write: Write, user: &User) -> Write {
    match user.role {
        Some(role) => write.when_equal("role", role),
        None => write.when_missing("role"),
    }
}

impl Store {
    /// A user's profile; none once the account was deleted.
    pub async fn user(&self, user: UserId) -> Result<Option<User>> {
        Ok(self.get(&keys::user(user)).await?.filter(is_there))
    }

    /// The profiles of several users, in one read per hundred; those of deleted accounts are left out.
    pub async fn users(
        &self,
        ids: impl IntoIterator<Item = UserId>,
    ) -> Result<BTreeMap<UserId, User>> {
        let keys: Vec<_> = ids.into_iter().map(keys::user).collect();
        let mut found = BTreeMap::new();
        for item in self.get_many(&keys).await?.into_iter().flatten() {
            let user: User = read(item)?;
            if is_there(&user) {
                found.insert(user.id, user);
            }
        }
        Ok(found)
    }

    /// Whose address this is.
    pub async fn user_of_email(&self, email: &EmailAddress) -> Result<Option<UserId>> {
        Ok(self
            .get::<Claim>(&keys::email(email))
            .await?
            .map(|claim| claim.user))
    }

    /// Holds while the account is there and is not being deleted: what hangs on a user is put with it.
    pub(super) fn user_stays(user: UserId) -> Write {
        Write::check(keys::user(user))
            .when_live()
            .or(Error::Changed(Kind::User))
    }

    /// A new account with its address, password, passcode and first session, in one transaction.
    ///
    /// # Errors
    /// `Exists` when the address is taken; `TooMany` when a counter is full.
    pub async fn register(&self, new: SignUp<'_>, now: Timestamp) -> Result<()> {
        let user = new.user;
        let mut writes = vec![
            Self::email_claim_write(user),
            Write::put(keys::user(user.id), "user", user)
                .when_absent()
                .or(Error::Exists(Kind::User)),
            Self::password_write(user.id, new.password),
            Self::otp_write(user.id, new.otp),
            Self::session_write(new.session.0, new.session.1),
        ];
        writes.extend(new.old_session.map(Self::end_session_write));
        writes.extend(new.counters.map(|counter| counter.write(now)));
        self.apply(writes).await
    }

    /// The claim of a user's address; only of one that is free.
    pub(super) fn email_claim_write(user: &User) -> Write {
        let claim = Claim { user: user.id };
        Write::put(keys::email(&user.email), "email claim", &claim)
            .when_absent()
            .or(Error::Exists(Kind::Email))
    }

    /// The row that the organisation's member list shows.
    pub(super) fn member_write(organization: OrganizationId, user: &User) -> Write {
        Write::put(
            keys::member(organization, &user.email, user.id),
            "member",
            &Member::of(user),
        )
    }

    /// The write that keeps the member row of a changed user current, if they have one.
    pub(super) fn member_changed(user: &User) -> Option<Write> {
        let row = Write::update(keys::member(user.organization?, &user.email, user.id));
        let row = row
            .set("isPending", user.is_pending())
            .set("updatedAt", user.updated_at);
        // It goes with the account: a late write must not bring a part of it back.
        Some(row.when_present().or(Error::Changed(Kind::User)))
    }

    /// Writes what of a profile differs, and the member row with it. With another address, the old one is freed and the
    /// new one claimed, and the old one's passcode goes.
    ///
    /// # Errors
    /// `Exists` when the new address is taken; `Changed` when address or role changed meanwhile.
    pub async fn update_profile(&self, old: &User, user: &User) -> Result<()> {
        let mut profile = of_role(Write::update(keys::user(user.id)), old)
            .when_live()
            .when_equal("email", &old.email);
        profile = profile.set("updatedAt", user.updated_at);
        let mut row = user.organization.and_then(|_| Self::member_changed(user));
        for (name, before, after) in [
            ("firstName", &old.first_name, &user.first_name),
            ("lastName", &old.last_name, &user.last_name),
        ] {
            if before != after {
                profile = profile.set(name, after);
                row = row.map(|row| row.set(name, after));
            }
        }
        for (name, before, after) in [
            (
                "isMarketingOptedIn",
                old.is_marketing_opted_in,
                user.is_marketing_opted_in,
            ),
            (
                "isTrackingAnonymized",
                old.is_tracking_anonymized,
                user.is_tracking_anonymized,
            ),
        ] {
            if before != after {
                profile = profile.set(name, after);
            }
        }
        let mut writes = Vec::new();
        if old.email != user.email {
            profile = profile
                .set("email", &user.email)
                .set("emailVerified", false)
                .set("emailChangedAt", user.email_changed_at);
            writes.push(Self::email_claim_write(user));
            writes.push(Write::delete(keys::email(&old.email)));
            writes.push(Write::delete(keys::otp(user.id)));
            if let Some(organization) = user.organization {
                writes.push(Write::delete(keys::member(
                    organization,
                    &old.email,
                    user.id,
                )));
                row = Some(Self::member_write(organization, user));
                // The new row has the groups of the profile that was read.
                profile = profile.when_same_set("groups", &user.groups);
            }
        }
        writes.push(profile.or(Error::Changed(Kind::User)));
        writes.extend(row);
        self.apply(writes).await
    }

    /// An active admin of the organisation other than this one.
    pub async fn other_admin(
        &self,
        organization: OrganizationId,
        user: UserId,
    ) -> Result<Option<UserId>> {
        let admins: Vec<Claim> = self
            .all(&keys::organization_partition(organization), keys::ADMINS)
            .await?;
        Ok(admins
            .into_iter()
            .map(|admin| admin.user)
            .find(|admin| *admin != user))
    }

    /// The write of an active admin.
    pub(super) fn admin_write(organization: OrganizationId, user: UserId) -> Write {
        Write::put(keys::admin(organization, user), "admin", &Claim { user })
    }

    /// Removes a user's tokens and warehouse logins, in chunks that may be repeated.
    pub async fn delete_logins(&self, user: UserId) -> Result<()> {
        for chunk in self.tokens(user).await?.chunks(CHUNK) {
            let pairs = chunk
                .iter()
                .flat_map(|token| [keys::token(user, token.id), keys::token_owner(&token.hash)]);
            self.apply(pairs.map(Write::delete)).await?;
        }
        for chunk in self.warehouse_credentials(user).await?.chunks(CHUNK) {
            self.apply(
                chunk
                    .iter()
                    .map(|one| Write::delete(keys::credentials(user, one.id))),
            )
            .await?;
        }
        Ok(())
    }
}
