//! People: profile, address claim, and what goes with them when they go.

use serde::{Deserialize, Serialize};

use super::{Store, keys, write::Write};
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
    /// Of the passcode that is mailed.
    pub counters: [&'a Counter; 2],
}

/// Another address for an account.
pub struct EmailChange<'a> {
    pub old: &'a EmailAddress,
    pub new: &'a EmailAddress,
}

impl Store {
    /// A user's profile.
    pub async fn user(&self, user: UserId) -> Result<Option<User>> {
        self.get(&keys::user(user)).await
    }

    /// Whose address this is.
    pub async fn user_of_email(&self, email: &EmailAddress) -> Result<Option<UserId>> {
        Ok(self
            .get::<Claim>(&keys::email(email))
            .await?
            .map(|claim| claim.user))
    }

    /// Holds while the account is there and is not being deleted: what hangs on a user is put with it.
    pub(super) fn user_stays(user: UserId, now: Timestamp) -> Write {
        let check = Write::check(keys::user(user))
            .when_present()
            .when_missing_or_before("deletingUntil", now);
        check.or(Error::Changed(Kind::User))
    }

    /// A new account with its address, password, passcode and first session, in one transaction.
    ///
    /// # Errors
    /// `Exists` when the address is taken; `TooMany` when a counter is full.
    pub async fn register(&self, new: SignUp<'_>, now: Timestamp) -> Result<()> {
        let user = new.user;
        let mut writes = vec![
            Write::put(
                keys::email(&user.email),
                "email claim",
                &Claim { user: user.id },
            )
            .when_absent()
            .or(Error::Exists(Kind::Email)),
            Write::put(keys::user(user.id), "user", user)
                .when_absent()
                .or(Error::Exists(Kind::User)),
            Self::password_write(user.id, new.password),
            Self::otp_write(user.id, new.otp),
            Self::session_write(new.session.0, new.session.1),
        ];
        writes.extend(new.counters.map(|counter| counter.write(now)));
        self.apply(writes).await
    }

    /// The row that the organisation's member list shows.
    pub(super) fn member_write(organization: OrganizationId, user: &User) -> Write {
        Write::put(
            keys::member(organization, &user.email, user.id),
            "member",
            &Member::of(user),
        )
    }

    /// The member row of a user who has just got their first password.
    pub(super) fn pending_row_write(user: &User) -> Option<Write> {
        let organization = user.organization.filter(|_| user.is_pending())?;
        Some(Self::member_write(
            organization,
            &User {
                has_password: true,
                ..user.clone()
            },
        ))
    }

    /// Writes what its owner may change of a profile, and the member row with it. With `email`, the old address is
    /// freed and the new one claimed, unverified, and the old one's passcode goes.
    ///
    /// # Errors
    /// `Exists` when the new address is taken; `Changed` when address or role changed meanwhile.
    pub async fn update_profile(&self, user: &User, email: Option<EmailChange<'_>>) -> Result<()> {
        let was = email.as_ref().map_or(&user.email, |change| change.old);
        let mut profile = Write::update(keys::user(user.id))
            .set("firstName", &user.first_name)
            .set("lastName", &user.last_name)
            .set("isMarketingOptedIn", user.is_marketing_opted_in)
            .set("isTrackingAnonymized", user.is_tracking_anonymized)
            .set("isSetupComplete", user.is_setup_complete)
            .set("updatedAt", user.updated_at)
            .when_equal("email", was);
        profile = match user.role {
            Some(role) => profile.when_equal("role", role),
            None => profile.when_missing("role"),
        };
        let mut writes = Vec::new();
        if let Some(EmailChange { old, new }) = &email {
            profile = profile.set("email", new).set("emailVerified", false);
            let claim = Write::put(keys::email(new), "email claim", &Claim { user: user.id });
            writes.push(claim.when_absent().or(Error::Exists(Kind::Email)));
            writes.push(Write::delete(keys::email(old)));
            writes.push(Write::delete(keys::otp(user.id)));
            writes.extend(
                user.organization
                    .map(|organization| Write::delete(keys::member(organization, old, user.id))),
            );
        }
        writes.push(profile.or(Error::Changed(Kind::User)));
        writes.extend(
            user.organization
                .map(|organization| Self::member_write(organization, user)),
        );
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

    /// Announces that an account goes: until then nothing new may hang on it. When the work dies, the account is as it
    /// was after that moment, and deleting it again goes on.
    ///
    /// # Errors
    /// `InvalidUser` when it is gone already.
    pub async fn begin_user_deletion(&self, user: UserId, until: Timestamp) -> Result<()> {
        self.apply([Write::update(keys::user(user))
            .set("deletingUntil", until)
            .when_present()
            .or(Error::InvalidUser)])
            .await
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

    /// Removes the account itself, in one transaction: profile, address, password, passcode, identities, membership.
    /// `other` is an admin who stays, for the deletion of one.
    ///
    /// # Errors
    /// `Changed` when the account changed since the deletion began; `Forbidden` when that other admin is one no more.
    pub async fn finish_user_deletion(
        &self,
        user: &User,
        until: Timestamp,
        other: Option<UserId>,
    ) -> Result<()> {
        let profile = Write::delete(keys::user(user.id))
            .when_equal("deletingUntil", until)
            .when_equal("email", &user.email);
        let profile = match user.role {
            Some(role) => profile.when_equal("role", role),
            None => profile.when_missing("role"),
        };
        let mut writes = vec![
            profile.or(Error::Changed(Kind::User)),
            Write::delete(keys::email(&user.email)),
            Write::delete(keys::password(user.id)),
            Write::delete(keys::otp(user.id)),
        ];
        writes.extend(
            user.identities
                .iter()
                .map(|one| Write::delete(keys::identity(&one.issuer, &one.subject))),
        );
        if let Some(organization) = user.organization {
            writes.push(Write::delete(keys::member(
                organization,
                &user.email,
                user.id,
            )));
            writes.push(Write::delete(keys::admin(organization, user.id)));
            writes.push(Write::update(keys::counts(organization)).add("members", -1));
            let stays = |admin| Write::check(keys::admin(organization, admin)).when_present();
            writes.extend(other.map(|admin| {
                stays(admin).or(Error::Forbidden("An organization keeps at least one admin"))
            }));
        }
        self.apply(writes).await
    }
}
