//! Every limit on how often something may be tried, in one place.
//!
//! A limit is a counter in the table per subject and window. Windows are fixed (they start at multiples of their
//! length), so that a new passcode, a new session or another function's sandbox does not reset anything.
//!
//! Sources: at most 100 failures in a row per account (NIST SP 800-63B §5.2.2); throttling per account *and* per
//! address (OWASP ASVS 5.0, 6.3.1 and 6.6.3; OWASP API Security Top 10 2023, API4). The figures per address are
//! sized so that an office of a hundred people behind one address signs up, mistypes and asks again within ten
//! minutes.

use std::{collections::BTreeMap, time::Duration};

use crate::clock::Timestamp;

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// Registrations from one address.
    RegisterAddress,
    /// Passcodes mailed to one account's mailbox, whichever account has it: accounts come and go.
    PasscodeRequestAccount,
    /// Passcodes mailed at the request of one address.
    PasscodeRequestAddress,
    /// Guesses at the passcodes of one account's mailbox, over all of them and whichever account has it.
    PasscodeAttemptAccount,
    /// Guesses at passcodes from one address.
    PasscodeAttemptAddress,
    /// Failed sign-ins to one account from one address: tight, and locks nobody else out.
    LoginPair,
    /// Failed sign-ins to one account from anywhere.
    LoginAccount,
    /// Failed sign-ins from one address.
    LoginAddress,
    /// Login options looked up from one address: the answer tells whether an account exists.
    LoginOptionsAddress,
    /// Reset links mailed to one address.
    ResetAccount,
    /// Reset links asked for from one address.
    ResetAddress,
    /// New addresses of one account: each tells whether it is taken, and mails a notice.
    EmailChangeAccount,
    /// Wrong current passwords when changing the password.
    PasswordChangeAccount,
    /// Invitations mailed by one organisation.
    InvitationOrganization,
    /// Invitations looked up or accepted from one address.
    InvitationAddress,
    /// SSH key pairs made for one organisation.
    SshKeyOrganization,
    /// Queries of one user: a dashboard of 50 tiles, opened every few seconds.
    QueryUser,
    /// Queries of one organisation.
    QueryOrganization,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Name (in keys and environment variables), how many, and in how many seconds.
const TABLE: [(Limit, &str, u32, u64); 18] = [
    (Limit::RegisterAddress, "REGISTER_ADDRESS", 500, 10 * MINUTE),
    (
        Limit::PasscodeRequestAccount,
        "PASSCODE_REQUEST_ACCOUNT",
        10,
        HOUR,
    ),
    (
        Limit::PasscodeRequestAddress,
        "PASSCODE_REQUEST_ADDRESS",
        500,
        10 * MINUTE,
    ),
    (
        Limit::PasscodeAttemptAccount,
        "PASSCODE_ATTEMPT_ACCOUNT",
        30,
        DAY,
    ),
    (
        Limit::PasscodeAttemptAddress,
        "PASSCODE_ATTEMPT_ADDRESS",
        1000,
        10 * MINUTE,
    ),
    (Limit::LoginPair, "LOGIN_PAIR", 10, 15 * MINUTE),
    (Limit::LoginAccount, "LOGIN_ACCOUNT", 100, DAY),
    (Limit::LoginAddress, "LOGIN_ADDRESS", 300, 10 * MINUTE),
    (
        Limit::LoginOptionsAddress,
        "LOGIN_OPTIONS_ADDRESS",
        1000,
        10 * MINUTE,
    ),
    (Limit::ResetAccount, "RESET_ACCOUNT", 5, HOUR),
    (Limit::ResetAddress, "RESET_ADDRESS", 200, 10 * MINUTE),
    (Limit::EmailChangeAccount, "EMAIL_CHANGE_ACCOUNT", 10, HOUR),
    (
        Limit::PasswordChangeAccount,
        "PASSWORD_CHANGE_ACCOUNT",
        10,
        HOUR,
    ),
    (
        Limit::InvitationOrganization,
        "INVITATION_ORGANIZATION",
        1000,
        DAY,
    ),
    (
        Limit::InvitationAddress,
        "INVITATION_ADDRESS",
        500,
        10 * MINUTE,
    ),
    (Limit::SshKeyOrganization, "SSH_KEY_ORGANIZATION", 20, HOUR),
    (Limit::QueryUser, "QUERY_USER", 600, MINUTE),
    (Limit::QueryOrganization, "QUERY_ORGANIZATION", 6000, MINUTE),
];

/// The limits in force.
#[derive(Debug, Clone)]
pub struct Limits(BTreeMap<Limit, (&'static str, u32, Duration)>);

impl Limits {
    /// The figures above, overridden by `ZERODASH_LIMIT_<NAME>=<count>/<seconds>` and all multiplied by
    /// `ZERODASH_LIMIT_FACTOR`.
    ///
    /// # Errors
    /// The name of a variable that cannot be read.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let whole = |name: &str, text: &str| {
            text.trim()
                .parse::<u32>()
                .ok()
                .filter(|n| *n > 0)
                .ok_or_else(|| name.to_owned())
        };
        let factor = match variable("ZERODASH_LIMIT_FACTOR") {
            Some(text) => whole("ZERODASH_LIMIT_FACTOR", &text)?,
            None => 1,
        };
        let limits = TABLE.iter().map(|(limit, name, count, seconds)| {
            let key = format!("ZERODASH_LIMIT_{name}");
            let (count, seconds) = match variable(&key) {
                Some(text) => {
                    let (count, seconds) = text.split_once('/').ok_or_else(|| key.clone())?;
                    (whole(&key, count)?, u64::from(whole(&key, seconds)?))
                }
                None => (*count, *seconds),
            };
            Ok((
                *limit,
                (
                    *name,
                    count.saturating_mul(factor),
                    Duration::from_secs(seconds),
                ),
            ))
        });
        Ok(Self(limits.collect::<Result<_, String>>()?))
    }

    /// The counter that stands for a limit, a subject and the window that `now` is in.
    pub fn counter(&self, limit: Limit, subject: &str, now: Timestamp) -> Counter {
        #[expect(
            clippy::indexing_slicing,
            reason = "every limit stands in the table, see the test"
        )]
        let (name, count, window) = self.0[&limit];
        let length = i64::try_from(window.as_millis()).unwrap_or(i64::MAX).max(1);
        let start = now.millis() - now.millis().rem_euclid(length);
        Counter {
            action: name,
            subject: subject.to_owned(),
            start: Timestamp::from_millis(start),
            ends: Timestamp::from_millis(start.saturating_add(length)),
            most: count,
        }
    }
}

/// One counter of one window.
#[derive(Debug, Clone)]
pub struct Counter {
    pub action: &'static str,
    pub subject: String,
    pub start: Timestamp,
    pub ends: Timestamp,
    /// How many are let through.
    pub most: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_does_not_move_with_its_requests() {
        let limits = Limits::from_variables(|_| None).unwrap();
        let at = |seconds: i64| {
            limits.counter(
                Limit::LoginPair,
                "x",
                Timestamp::from_millis(seconds * 1000),
            )
        };
        assert_eq!(at(0).start, at(899).start);
        assert_ne!(at(899).start, at(900).start);
        assert_eq!(at(899).ends, at(900).start);
    }

    #[test]
    fn every_limit_can_be_set_by_environment() {
        for (limit, name, ..) in TABLE {
            let key = format!("ZERODASH_LIMIT_{name}");
            let limits =
                Limits::from_variables(|asked| (asked == key).then(|| "7/60".into())).unwrap();
            let counter = limits.counter(limit, "x", Timestamp::from_millis(61_000));
            assert_eq!(
                (counter.most, counter.ends.millis()),
                (7, 120_000),
                "{name}"
            );
        }
        for wrong in ["", "7", "7/", "-1/60", "7/0", "a/b"] {
            let error = Limits::from_variables(|asked| {
                (asked == "ZERODASH_LIMIT_LOGIN_PAIR").then(|| wrong.into())
            });
            assert_eq!(error.unwrap_err(), "ZERODASH_LIMIT_LOGIN_PAIR", "{wrong:?}");
        }
    }
}
