//! Passcodes.

use super::{Store, apply::One, keys, page::read, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::UserId,
        limit::Counter,
        otp::{self, Otp},
    },
    error::Kind,
};

/// What became of a guess.
#[derive(Debug)]
pub enum Attempt {
    /// It was counted, so it may be compared.
    Counted(Otp),
    /// It must not be compared: no passcode, expired, or no attempts left.
    Refused(Option<Otp>),
}

impl Store {
    /// The user's passcode, expired or not.
    pub async fn otp(&self, user: UserId) -> Result<Option<Otp>> {
        self.get(&keys::otp(user)).await
    }

    /// The write of a fresh passcode; it takes the place of an earlier one.
    pub(super) fn otp_write(user: UserId, otp: &Otp) -> Write {
        Write::put(keys::otp(user), "otp", otp).expires(otp.expires_at)
    }

    /// Stores a fresh passcode and counts the request, in one transaction.
    ///
    /// # Errors
    /// `TooMany` when a counter is full, and the earlier passcode stays as it is; `Changed` when the account has
    /// another address by now.
    pub async fn put_otp(
        &self,
        user: UserId,
        otp: &Otp,
        counters: [&Counter; 2],
        now: Timestamp,
    ) -> Result<()> {
        let mut writes = vec![
            Write::check(keys::user(user))
                .when_live()
                .when_equal("email", &otp.email)
                .or(Error::Changed(Kind::Email)),
            Self::otp_write(user, otp),
        ];
        writes.extend(counters.map(|counter| counter.write(now)));
        self.apply(writes).await
    }

    /// Counts one guess, before it is compared: one conditional update, so that no more than the allowed number of
    /// guesses is ever compared, however many arrive at once.
    pub async fn attempt_otp(&self, user: UserId, now: Timestamp) -> Result<Attempt> {
        let write = Write::update(keys::otp(user))
            .add("attempts", 1)
            .when_present()
            .when_below("attempts", otp::ATTEMPTS)
            .when_after("expiresAt", now);
        Ok(match self.apply_telling(write).await? {
            One::Done(item) => Attempt::Counted(read(item)?),
            One::Lost(item) => Attempt::Refused(item.map(read).transpose()?),
        })
    }

    /// Marks the address verified and removes the passcode; false when the address or the passcode is another by now.
    pub async fn verify_email(&self, user: UserId, otp: &Otp) -> Result<bool> {
        let lost = self
            .apply([
                Write::update(keys::user(user))
                    .set("emailVerified", true)
                    .when_live()
                    .when_equal("email", &otp.email)
                    .or(Error::Changed(Kind::Email)),
                Write::delete(keys::otp(user))
                    .when_equal("codeMac", &otp.code_mac)
                    .or(Error::Changed(Kind::Passcode)),
            ])
            .await;
        match lost {
            Ok(()) => Ok(true),
            Err(Error::Changed(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
