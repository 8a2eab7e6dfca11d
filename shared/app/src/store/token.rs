//! Personal access tokens: under their owner for listing, and under the hash of the secret for signing in.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Store, keys, live, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::{TokenId, UserId},
        token::{Token, TokenSecret},
        user::User,
    },
    error::Kind,
};

/// How often at most the last use of a token is written.
const USE_WRITTEN_EVERY: Duration = Duration::from_secs(10 * 60);

/// Who a secret belongs to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenOwner {
    user: UserId,
    id: TokenId,
    #[serde(default)]
    expires_at: Option<Timestamp>,
    #[serde(default)]
    last_used_at: Option<Timestamp>,
}

impl super::Ends for TokenOwner {
    fn ends(&self) -> Option<Timestamp> {
        self.expires_at
    }
}

/// A token that was recognised.
pub struct UsedToken {
    pub user: User,
    pub token: TokenId,
    /// Whether the last use on record is old enough to be written again.
    pub note_use: bool,
}

impl Store {
    /// The user's tokens, expired ones included, oldest first.
    pub async fn tokens(&self, user: UserId) -> Result<Vec<Token>> {
        let mut tokens: Vec<Token> = self.all(&keys::login_partition(user), keys::TOKENS).await?;
        tokens.sort_by_key(|token| (token.created_at, token.id));
        Ok(tokens)
    }

    fn token_writes(token: &Token) -> [Write; 2] {
        let owner = TokenOwner {
            user: token.user,
            id: token.id,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
        };
        let owner_write = Write::put(keys::token_owner(&token.hash), "token owner", &owner);
        [
            Write::put(keys::token(token.user, token.id), "token", token),
            match token.expires_at {
                Some(at) => owner_write.expires(at),
                None => owner_write,
            },
        ]
    }

    /// Stores a new token, and the claim of the request's idempotency key.
    ///
    /// # Errors
    /// `Changed` when the account is being deleted; `Exists` when a request with the same key was first, as its secret
    /// cannot be shown a second time.
    pub async fn create_token(
        &self,
        token: &Token,
        client_key: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        let [own, owner] = Self::token_writes(token);
        let mut writes = vec![
            Self::user_stays(token.user),
            own.when_absent().or(Error::Exists(Kind::Token)),
            owner,
        ];
        writes.extend(client_key.map(|key| {
            Self::claim_write(token.user, ("token", key), &token.id.to_string(), now)
                .or(Error::Exists(Kind::Token))
        }));
        self.apply(writes).await
    }

    /// One of the user's own tokens.
    pub async fn token(&self, user: UserId, token: TokenId) -> Result<Option<Token>> {
        self.get(&keys::token(user, token)).await
    }

    /// Gives a token a new secret; the old one stops working in the same moment.
    ///
    /// # Errors
    /// `Changed` when it was rotated or deleted meanwhile.
    pub async fn rotate_token(&self, old: &Token, new: &Token) -> Result<()> {
        let [_, owner] = Self::token_writes(new);
        // Only what changes: a use that is noted at the same moment stays noted.
        let own = Write::update(keys::token(new.user, new.id))
            .set("hash", &new.hash)
            .set("rotatedAt", new.rotated_at)
            .set("expiresAt", new.expires_at)
            .when_equal("hash", &old.hash)
            .or(Error::Changed(Kind::Token));
        self.apply([own, owner, Write::delete(keys::token_owner(&old.hash))])
            .await
    }

    /// Deletes one of the user's own tokens; one that is not there is fine. Read first, as the secret's hash is needed.
    ///
    /// # Errors
    /// `Changed` when it was rotated meanwhile.
    pub async fn delete_token(&self, user: UserId, token: TokenId) -> Result<()> {
        let Some(token) = self.token(user, token).await? else {
            return Ok(());
        };
        let own = Write::delete(keys::token(user, token.id))
            .when_equal("hash", &token.hash)
            .or(Error::Changed(Kind::Token));
        self.apply([own, Write::delete(keys::token_owner(&token.hash))])
            .await
    }

    /// Deletes all tokens of a user; may be repeated. One that is rotated meanwhile is found the next time.
    pub async fn delete_tokens(&self, user: UserId) -> Result<()> {
        loop {
            let tokens = self.tokens(user).await?;
            if tokens.is_empty() {
                return Ok(());
            }
            for token in tokens {
                match self.delete_token(user, token.id).await {
                    Ok(()) | Err(Error::Changed(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Who a secret belongs to. An expired one belongs to nobody, and its entry is removed. Three reads: each
    /// needs the one before.
    pub async fn token_user(
        &self,
        secret: &TokenSecret,
        now: Timestamp,
    ) -> Result<Option<UsedToken>> {
        let key = keys::token_owner(&secret.hash());
        let Some(owner) = self.get::<TokenOwner>(&key).await? else {
            return Ok(None);
        };
        let Some(owner) = live(Some(owner), now) else {
            self.apply([Write::delete(key)]).await?;
            return Ok(None);
        };
        let Some(user) = self.user(owner.user).await? else {
            return Ok(None);
        };
        if !self.stands(&user).await? {
            return Ok(None);
        }
        let note_use = owner
            .last_used_at
            .is_none_or(|at| now.since(at) >= USE_WRITTEN_EVERY);
        Ok(Some(UsedToken {
            user,
            token: owner.id,
            note_use,
        }))
    }

    /// Writes down that a token was used; one that was rotated or deleted meanwhile is left alone.
    pub async fn note_token_use(
        &self,
        user: UserId,
        token: TokenId,
        secret_hash: &str,
        now: Timestamp,
    ) -> Result<()> {
        let lost = || Error::Changed(Kind::Token);
        self.apply([
            Write::update(keys::token(user, token))
                .set("lastUsedAt", now)
                .when_equal("hash", secret_hash)
                .or(lost()),
            Write::update(keys::token_owner(secret_hash))
                .set("lastUsedAt", now)
                .when_present()
                .or(lost()),
        ])
        .await
    }
}
