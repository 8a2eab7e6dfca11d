//! Every key of the table, built from typed parts. Nothing else makes one.

use crate::domain::{
    email::EmailAddress,
    id::{CredentialsId, OrganizationId, PaletteId, TokenId, UserId},
    limit::Counter,
    secret::sha256_hex,
};

/// Longest free text in a key, in bytes; longer text is replaced by its hash.
const LONGEST_TEXT: usize = 200;

/// Where an item is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

fn key(pk: impl Into<String>, sk: impl Into<String>) -> Key {
    Key {
        pk: pk.into(),
        sk: sk.into(),
    }
}

/// Free text as part of a key: `#`, `%` and `~` are encoded, so that different parts never give one key.
fn text(part: &str) -> String {
    let encoded = part
        .replace('%', "%25")
        .replace('#', "%23")
        .replace('~', "%7E");
    if encoded.len() > LONGEST_TEXT {
        format!("~{}", sha256_hex(part))
    } else {
        encoded
    }
}

/// The installation: how many organisations there are.
pub fn instance() -> Key {
    key("INSTANCE", "ORGANISATION")
}

/// The installation's sealed keys.
pub fn instance_keys() -> Key {
    key("INSTANCE", "KEYS")
}

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

/// The partition of an organisation.
pub fn organization_partition(organization: OrganizationId) -> String {
    format!("ORG#{organization}")
}

/// An organisation.
pub fn organization(organization: OrganizationId) -> Key {
    key(organization_partition(organization), "PROFILE")
}

/// How many of what an organisation has.
pub fn counts(organization: OrganizationId) -> Key {
    key(organization_partition(organization), "COUNTS")
}

/// The domains whose people may join an organisation.
pub fn allowed_domains(organization: OrganizationId) -> Key {
    key(organization_partition(organization), "DOMAINS")
}

/// What an organisation has been through.
pub fn onboarding(organization: OrganizationId) -> Key {
    key(organization_partition(organization), "ONBOARDING")
}

/// A colour palette.
pub fn palette(organization: OrganizationId, palette: PaletteId) -> Key {
    key(
        organization_partition(organization),
        format!("PALETTE#{palette}"),
    )
}

/// The row of a member list.
pub fn member(organization: OrganizationId, email: &EmailAddress, user: UserId) -> Key {
    key(
        organization_partition(organization),
        format!("MEMBER#{}#{user}", text(email.as_str())),
    )
}

/// Prefix of an organisation's admins.
pub const ADMINS: &str = "ADMIN#";

/// An active admin; the last-admin rule is a condition here.
pub fn admin(organization: OrganizationId, user: UserId) -> Key {
    key(
        organization_partition(organization),
        format!("{ADMINS}{user}"),
    )
}

/// The partition of the organisations that a domain may join.
pub fn domain_partition(domain: &str) -> String {
    format!("DOMAIN#{}", text(domain))
}

/// One organisation that a domain may join.
pub fn domain(domain: &str, organization: OrganizationId) -> Key {
    key(domain_partition(domain), format!("ORG#{organization}"))
}

/// A limit's counter.
pub fn limit(counter: &Counter) -> Key {
    key(
        format!(
            "LIMIT#{}#{}#{}",
            counter.action,
            text(&counter.subject),
            counter.start.seconds()
        ),
        "COUNT",
    )
}

/// What a repeated request is answered with.
pub fn idempotency(user: UserId, (kind, client_key): (&'static str, &str)) -> Key {
    key(
        format!("IDEMPOTENCY#{user}#{kind}#{}", text(client_key)),
        "CLAIM",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{clock::Timestamp, random::Random};

    #[test]
    fn every_key() {
        let random = Random::seeded(1);
        let (user_id, org) = (UserId::new(&random), OrganizationId::new(&random));
        let address = EmailAddress::parse("ana@example.com").unwrap();
        let at = Timestamp::from_millis(600_000);
        let counter = Counter {
            action: "LOGIN_PAIR",
            subject: "ana@example.com 192.0.2.1".into(),
            start: at,
            ends: at,
            most: 1,
        };
        let keys = [
            instance(),
            instance_keys(),
            user(user_id),
            email(&address),
            identity("https://id.example", "a#b"),
            password(user_id),
            otp(user_id),
            token(user_id, TokenId::new(&random)),
            credentials(user_id, CredentialsId::new(&random)),
            session("5e55"),
            token_owner("70ce"),
            link("114c"),
            organization(org),
            counts(org),
            allowed_domains(org),
            onboarding(org),
            palette(org, PaletteId::new(&random)),
            member(org, &address, user_id),
            admin(org, user_id),
            domain("example.com", org),
            limit(&counter),
            idempotency(user_id, ("token", "retry 1")),
        ];
        let table: String = keys
            .iter()
            .map(|key| format!("{} | {}\n", key.pk, key.sk))
            .collect();
        insta::assert_snapshot!(table);
    }

    proptest! {
        #[test]
        fn different_texts_give_different_keys(a in "\\PC{0,300}", b in "\\PC{0,300}", c in "\\PC{0,30}", d in "\\PC{0,30}") {
            prop_assert_eq!(a == b, text(&a) == text(&b));
            prop_assert_eq!((&a, &c) == (&b, &d), identity(&a, &c) == identity(&b, &d));
        }

        #[test]
        fn no_key_is_longer_than_a_thousand_bytes(a in "\\PC{0,2000}", b in "\\PC{0,2000}") {
            prop_assert!(identity(&a, &b).pk.len() <= 1000 && domain_partition(&a).len() <= 1000);
        }
    }
}
