//! Keys of what somebody is, signs in with, was granted and is told.

use super::{GROUPS, Key, PROJECTS, SPACES, key, text};
use crate::domain::{
    email::EmailAddress,
    id::{CredentialsId, GroupId, NotificationId, ProjectId, SpaceId, TokenId, UserId},
};

/// A user's profile.
pub fn user(user: UserId) -> Key {
    key(format!("USER#{user}"), "PROFILE")
}

/// The claim on an address.
pub fn email(email: &EmailAddress) -> Key {
    key(format!("EMAIL#{}", text(email.as_str())), "CLAIM")
}

/// The claim on a login at a provider.
pub fn identity(issuer: &str, subject: &str) -> Key {
    key(
        format!("IDENTITY#{}#{}", text(issuer), text(subject)),
        "CLAIM",
    )
}

/// The partition of what a user signs in with.
pub fn login_partition(user: UserId) -> String {
    format!("LOGIN#{user}")
}

/// A user's password hash.
pub fn password(user: UserId) -> Key {
    key(login_partition(user), "PASSWORD")
}

/// A user's current passcode.
pub fn otp(user: UserId) -> Key {
    key(login_partition(user), "OTP")
}

/// Prefix of a user's tokens.
pub const TOKENS: &str = "TOKEN#";

/// A user's token, as its owner sees it.
pub fn token(user: UserId, token: TokenId) -> Key {
    key(login_partition(user), format!("{TOKENS}{token}"))
}

/// Prefix of a user's warehouse logins.
pub const CREDENTIALS: &str = "CREDENTIAL#";

/// One of a user's warehouse logins.
pub fn credentials(user: UserId, credentials: CredentialsId) -> Key {
    key(login_partition(user), format!("{CREDENTIALS}{credentials}"))
}

/// Prefix of the projects for which a user prefers one of their warehouse logins.
pub const PREFERENCES: &str = "PREFERENCE#";

/// Which of their warehouse logins a user prefers for a project.
pub fn preference(user: UserId, project: ProjectId) -> Key {
    key(login_partition(user), format!("{PREFERENCES}{project}"))
}

/// A session, by the hash of its token.
pub fn session(hash: &str) -> Key {
    key(format!("SESSION#{hash}"), "SESSION")
}

/// Who a token belongs to, by the hash of its secret.
pub fn token_owner(hash: &str) -> Key {
    key(format!("TOKEN#{hash}"), "TOKEN")
}

/// A mailed link, by the hash of its code.
pub fn link(hash: &str) -> Key {
    key(format!("LINK#{hash}"), "LINK")
}

/// What an invitation's link leads to, by the hash of its code.
pub fn invitation_link(hash: &str) -> Key {
    key(format!("LINK#{hash}"), "INVITATION")
}

/// The partition of what somebody was granted.
pub fn grants_partition(user: UserId) -> String {
    format!("GRANTS#{user}")
}

/// A project that somebody has a role in: the mirror of [`super::project_member`], written with it.
pub fn granted_project(user: UserId, project: ProjectId) -> Key {
    key(grants_partition(user), format!("{PROJECTS}{project}"))
}

/// A space that somebody was let into: the mirror of the entry in the space, written with it.
pub fn granted_space(user: UserId, project: ProjectId, space: SpaceId) -> Key {
    key(grants_partition(user), format!("{SPACES}{project}#{space}"))
}

/// The partition of what names somebody as its author.
pub fn owned_partition(user: UserId) -> String {
    format!("OWNED#{user}")
}

/// A group that names somebody as its author.
pub fn owned_group(user: UserId, group: GroupId) -> Key {
    key(owned_partition(user), format!("{GROUPS}{group}"))
}

/// A project that names somebody as its author.
pub fn owned_project(user: UserId, project: ProjectId) -> Key {
    key(owned_partition(user), format!("{PROJECTS}{project}"))
}

/// The partition of somebody's notifications.
pub fn inbox_partition(user: UserId) -> String {
    format!("INBOX#{user}")
}

/// A notification.
pub fn notification(user: UserId, notification: NotificationId) -> Key {
    key(inbox_partition(user), format!("NOTE#{notification}"))
}
