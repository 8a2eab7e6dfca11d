//! Passwords, and signing in with one.

use serde::{Deserialize, Serialize};

use super::{Store, keys, page::read, user::is_there, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        access::Role,
        email::EmailAddress,
        id::UserId,
        password::PasswordHash,
        user::{Identity, User},
    },
    error::Kind,
};

#[derive(Serialize, Deserialize)]
struct StoredPassword {
    hash: PasswordHash,
}

impl Store {
    /// The account behind an address and its password hash, if any. Three reads: each needs the one before.
    pub async fn login(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<(User, Option<PasswordHash>)>> {
        let Some(id) = self.user_of_email(email).await? else {
            return Ok(None);
        };
        let mut items = self
            .get_many(&[keys::user(id), keys::password(id)])
            .await?
            .into_iter();
        let user: Option<User> = items.next().flatten().map(read).transpose()?;
        let stored: Option<StoredPassword> = items.next().flatten().map(read).transpose()?;
        let Some(user) = user.filter(|user| user.email == *email && is_there(user)) else {
            return Ok(None);
        };
        let stands = self.stands(&user).await?;
        Ok(stands.then_some((user, stored.map(|stored| stored.hash))))
    }

    /// The user's password hash.
    pub async fn password(&self, user: UserId) -> Result<Option<PasswordHash>> {
        Ok(self
            .get::<StoredPassword>(&keys::password(user))
            .await?
            .map(|stored| stored.hash))
    }

    /// The write of a password.
    pub(super) fn password_write(user: UserId, hash: &PasswordHash) -> Write {
        Write::put(
            keys::password(user),
            "password",
            &StoredPassword { hash: hash.clone() },
        )
    }

    /// Sets a password. All sessions and open reset links of the user end with it; with `link`, that one is used up.
    ///
    /// # Errors
    /// `NotExists` when the link is gone; `Changed` when another password was set, or the address changed, meanwhile.
    pub async fn set_password(
        &self,
        user: &User,
        hash: &PasswordHash,
        link: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        let mut writes = vec![
            Self::password_write(user.id, hash),
            super::user::of_role(Write::update(keys::user(user.id)), user)
                .set("hasPassword", true)
                .set("updatedAt", now)
                .add("loginEpoch", 1)
                .when_live()
                .when_equal("loginEpoch", user.login_epoch)
                .when_equal("email", &user.email)
                .or(Error::Changed(Kind::Password)),
        ];
        if let Some(hash) = link {
            writes.push(
                Write::delete(keys::link(hash))
                    .when_present()
                    .or(Error::NotExists(Kind::ResetLink)),
            );
        }
        let changed = User {
            has_password: true,
            updated_at: now,
            ..user.clone()
        };
        writes.extend(Self::member_changed(&changed));
        // Whoever was invited as an admin, and can sign in from now on, is one that the last-admin rule counts.
        if let (true, Some(organization), Some(Role::Admin)) =
            (user.is_pending(), user.organization, user.role)
        {
            writes.push(Self::admin_write(organization, user.id));
        }
        self.apply(writes).await
    }

    /// Replaces the identities of a user, and frees the claim of the one that went.
    ///
    /// # Errors
    /// `Changed` when the login methods changed meanwhile.
    pub async fn remove_identity(
        &self,
        user: &User,
        gone: &Identity,
        now: Timestamp,
    ) -> Result<()> {
        let left: Vec<_> = user
            .identities
            .iter()
            .filter(|identity| *identity != gone)
            .collect();
        let mut writes = vec![
            Write::update(keys::user(user.id))
                .set("identities", left)
                .set("updatedAt", now)
                .when_live()
                .when_equal("email", &user.email)
                .when_equal("identities", &user.identities)
                .when_equal("hasPassword", user.has_password)
                .or(Error::Changed(Kind::Identity)),
            Write::delete(keys::identity(&gone.issuer, &gone.subject)),
        ];
        writes.extend(Self::member_changed(&User {
            updated_at: now,
            ..user.clone()
        }));
        self.apply(writes).await
    }
}
