//! The e-mail domains whose people may join an organisation.

use std::collections::BTreeSet;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    domain::{
        access::{ProjectRole, Role},
        email::is_public_provider,
        id::ProjectId,
        user::User,
    },
};

/// Each domain that goes is an action of one transaction, which takes a hundred.
pub const MOST_DOMAINS: usize = 90;
/// Whoever joins gets all roles in one transaction of a hundred actions: four for each project.
pub const MOST_PROJECTS: usize = 20;

/// Who may join by the domain of a verified address, and as what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AllowedDomains {
    pub email_domains: Vec<String>,
    pub role: Role,
    /// What somebody who joins as a mere member gets roles in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub projects: Vec<AllowedProject>,
}

/// A project, and the role in it that somebody gets who joins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedProject {
    pub project: ProjectId,
    pub role: ProjectRole,
}

impl AllowedDomains {
    /// A record as it is stored: domains in one form, each project once. Whether the projects are there is not known here.
    ///
    /// # Errors
    /// `Invalid` for what is no domain or a public provider's, and for a project that comes twice or too many of them.
    pub fn new(texts: &[String], role: Role, projects: Vec<AllowedProject>) -> Result<Self> {
        let named: BTreeSet<_> = projects.iter().map(|one| one.project).collect();
        if named.len() < projects.len() || projects.len() > MOST_PROJECTS {
            return Err(Error::invalid(format!(
                "Name each project once, and at most {MOST_PROJECTS} of them"
            )));
        }
        Ok(Self {
            email_domains: email_domains(texts)?,
            role,
            projects,
        })
    }

    /// Whether an admin may put this in the place of `before`: at most one domain is new, that of their own verified
    /// address, as anybody could claim any domain otherwise.
    ///
    /// # Errors
    /// `Invalid` when another one is new.
    pub fn check_claims(&self, admin: &User, before: Option<&AllowedDomains>) -> Result<()> {
        let known = before.map(|before| before.email_domains.as_slice());
        let known = known.unwrap_or_default();
        let own = |name: &str| admin.email_verified && admin.email.domain() == name;
        let mut new = self.email_domains.iter().filter(|n| !known.contains(n));
        match new.find(|name| !own(name)) {
            Some(name) => Err(Error::invalid(format!(
                "Only an admin with a verified address at {name} can allow it"
            ))),
            None => Ok(()),
        }
    }
}

/// Domains as they are stored and compared: trimmed, in lower case, in Punycode, each once, in the order in which they
/// came; at most [`MOST_DOMAINS`].
///
/// # Errors
/// `Invalid` for what is no domain of at least two labels, and for providers where anybody can get an address; it names
/// all of them.
fn email_domains(texts: &[String]) -> Result<Vec<String>> {
    if texts.len() > MOST_DOMAINS {
        return Err(Error::invalid(format!(
            "At most {MOST_DOMAINS} domains can be allowed"
        )));
    }
    let mut names: Vec<String> = Vec::new();
    let mut wrong = Vec::new();
    for text in texts {
        match email_domain(text) {
            Some(name) if names.contains(&name) => {}
            Some(name) => names.push(name),
            None => wrong.push(text.as_str()),
        }
    }
    if !wrong.is_empty() {
        let wrong = wrong.join(", ");
        return Err(Error::invalid(format!("These are not domains: {wrong}")));
    }
    let public: Vec<_> = names.iter().filter(|n| is_public_provider(n)).collect();
    if !public.is_empty() {
        let public: Vec<_> = public.into_iter().map(String::as_str).collect();
        return Err(Error::invalid(format!(
            "Anybody can get an address there, so these cannot be allowed: {}",
            public.join(", ")
        )));
    }
    Ok(names)
}

fn email_domain(text: &str) -> Option<String> {
    // Lengths by RFC 1035 §2.3.4: 63 octets a label, 253 the name.
    let name = Uts46::new().to_ascii(
        text.trim().as_bytes(),
        AsciiDenyList::STD3,
        Hyphens::CheckFirstLast,
        DnsLength::Verify,
    );
    let name = name.ok()?.into_owned();
    name.contains('.').then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<Vec<String>> {
        email_domains(&[text.to_owned()])
    }

    #[test]
    fn a_domain_is_stored_in_one_form() {
        for (text, stored) in [
            (" Example.COM\n", "example.com"),
            ("sub.example.co.uk", "sub.example.co.uk"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("example。com", "example.com"),
        ] {
            assert_eq!(one(text).unwrap(), [stored], "{text:?}");
        }
        let twice = ["b.com", "a.com", "B.com"].map(str::to_owned);
        assert_eq!(email_domains(&twice).unwrap(), ["b.com", "a.com"]);
    }

    #[test]
    fn what_is_no_domain_is_refused() {
        let (label, long) = ("a".repeat(64), "a.".repeat(126) + "com");
        for text in [
            "",
            " ",
            "com",
            "example.com.",
            ".com",
            "a..com",
            "@example.com",
            "ana@example.com",
            "exa mple.com",
            "a_b.com",
            "*.example.com",
            "-a.com",
            "a-.com",
            "[192.0.2.1]",
            "xn--zzzzzzzz99999.com",
            "exa\0mple.com",
            "a,b.com",
            &format!("{label}.com"),
            &long,
        ] {
            assert!(one(text).is_err(), "{text:?}");
        }
        assert!(email_domains(&vec!["a.com".to_owned(); MOST_DOMAINS + 1]).is_err());
    }

    #[test]
    fn public_providers_are_all_named_whatever_their_letter_case() {
        let sent = ["GMail.com", "example.com", "outlook.com"].map(str::to_owned);
        let told = email_domains(&sent).unwrap_err().to_string();
        assert!(told.ends_with(": gmail.com, outlook.com"), "{told}");
        // Exact match only, never by suffix.
        assert!(one("mail.gmail.com").is_ok() && one("notgmail.com").is_ok());
    }
}
