//! E-mail addresses.

use std::{fmt, sync::LazyLock};

use regex_lite::Regex;
use serde::{Deserialize, Deserializer, Serialize, de};

/// Accepted addresses, as the contract's `Email` schema has them.
pub const PATTERN: &str = r#"^(([^<>()[\]\\.,;:\s@"]+(\.[^<>()[\]\\.,;:\s@"]+)*)|(".+"))@((\[[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\])|(([a-zA-Z\-0-9]+\.)+[a-zA-Z]{2,}))$"#;

/// RFC 5321 §4.5.3.1.3: a path is at most 256 octets with its angle brackets.
const LONGEST: usize = 254;

#[expect(
    clippy::expect_used,
    reason = "a constant, compiled by every test that registers"
)]
static SYNTAX: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&PATTERN.replace("[^<>()[", r"[^<>()\[")).expect("the constant is a valid pattern")
});

/// An address in lower case: stored, compared and unique that way (reference 00 §0.8).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Lower-cases and checks; `None` for anything that is not one mailbox to every reader: wrong syntax, anything but
    /// visible ASCII (which SES takes alone, and which reads back as it was stored), more than 254 bytes, and inside
    /// quotes what another reader could end the mailbox at.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_graphic());
        let (local, _) = text.rsplit_once('@')?;
        let inner = local
            .strip_prefix('"')
            .and_then(|local| local.strip_suffix('"'))
            .unwrap_or(local);
        let one = !inner.contains(['"', '\\', '<', '>', ',', ';', ':', '(', ')']);
        (plain && one && SYNTAX.is_match(text)).then(|| Self(text.to_ascii_lowercase()))
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        EmailAddress::parse(&text).ok_or_else(|| de::Error::custom("not an e-mail address"))
    }
}

impl utoipa::PartialSchema for EmailAddress {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::{ObjectBuilder, schema::Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(PATTERN))
            .max_length(Some(LONGEST))
            .into()
    }
}

impl utoipa::ToSchema for EmailAddress {
    fn name() -> std::borrow::Cow<'static, str> {
        "Email".into()
    }
}

/// Providers where anybody can get an address, so that no organisation may claim the domain (reference 02 §2.7).
pub fn is_public_provider(domain: &str) -> bool {
    const PUBLIC: [&str; 48] = [
        "gmail.com",
        "googlemail.com",
        "hotmail.com",
        "hotmail.co.uk",
        "hotmail.de",
        "hotmail.es",
        "hotmail.fr",
        "hotmail.it",
        "live.com",
        "live.co.uk",
        "live.fr",
        "live.nl",
        "msn.com",
        "outlook.com",
        "yahoo.com",
        "yahoo.co.in",
        "yahoo.co.jp",
        "yahoo.co.uk",
        "yahoo.com.br",
        "yahoo.de",
        "yahoo.es",
        "yahoo.fr",
        "yahoo.in",
        "yahoo.it",
        "rocketmail.com",
        "aol.com",
        "icloud.com",
        "mail.ru",
        "yandex.ru",
        "gmx.de",
        "web.de",
        "free.fr",
        "orange.fr",
        "sfr.fr",
        "wanadoo.fr",
        "bigpond.com",
        "blueyonder.co.uk",
        "comcast.net",
        "cox.net",
        "sbcglobal.net",
        "shaw.ca",
        "sky.com",
        "verizon.net",
        "bol.com.br",
        "ig.com.br",
        "terra.com.br",
        "uol.com.br",
        "rediffmail.com",
    ];
    PUBLIC.contains(&domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_lower_case() {
        assert_eq!(
            EmailAddress::parse("Ana@Example.COM").unwrap().as_str(),
            "ana@example.com"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for text in [
            "",
            "ana",
            "ana@",
            "@example.com",
            "ana@example",
            "a b@example.com",
            "ana@@example.com",
            "ana@example.com\n",
            "ana\0@example.com",
            "ana@exämple.com",
            "\"a\r\nBcc: x\"@example.com",
            &long,
        ] {
            assert!(EmailAddress::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn an_address_is_one_mailbox_to_every_reader_and_reads_back() {
        for text in [
            r#""a"@evil.com,"b"@victim.com"#,
            r#""a"<evil@evil.com>,"b"@victim.com"#,
            r#""a"<evil@evil.com>"@victim.com"#,
            "ä@example.com",
            "İ@example.com",
        ] {
            assert!(EmailAddress::parse(text).is_none(), "{text:?}");
        }
        let address = EmailAddress::parse("O'Neil+X@Example.COM").unwrap();
        assert_eq!(EmailAddress::parse(address.as_str()), Some(address));
    }

    #[test]
    fn the_domain_is_what_follows_the_last_at_sign() {
        assert_eq!(
            EmailAddress::parse("\"a@b\"@example.com").unwrap().domain(),
            "example.com"
        );
    }
}
