//! Authors by name.

use std::collections::{BTreeMap, BTreeSet};

use app::{
    App, Result,
    domain::{content::Content, id::UserId, user::User},
};
use futures_util::future::BoxFuture;
use serde::Serialize;
use utoipa::ToSchema;

/// Who wrote something.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpdatedByUser)]
pub struct UpdatedByUser {
    pub user_uuid: UserId,
    pub first_name: String,
    pub last_name: String,
}

/// People by their ids; those whose account is gone are not there.
pub struct Names(BTreeMap<UserId, User>);

impl Names {
    /// Reads them, in one batch for a hundred.
    ///
    /// # Errors
    /// `Unavailable` when the table does not answer.
    pub fn read(app: &App, ids: impl IntoIterator<Item = UserId>) -> BoxFuture<'_, Result<Self>> {
        let ids: BTreeSet<_> = ids.into_iter().collect();
        Box::pin(async move { app.store.users(ids).await.map(Self) })
    }

    /// People who have been read.
    pub fn known(people: impl IntoIterator<Item = User>) -> Self {
        Self(people.into_iter().map(|user| (user.id, user)).collect())
    }

    /// Those who made and last changed some heads.
    ///
    /// # Errors
    /// `Unavailable` when the table does not answer.
    pub fn of<'a, 'h>(
        app: &'a App,
        heads: impl IntoIterator<Item = &'h Content>,
    ) -> BoxFuture<'a, Result<Self>> {
        let mut authors = Vec::new();
        for head in heads {
            authors.extend([head.created_by, head.updated_by].into_iter().flatten());
        }
        Self::read(app, authors)
    }

    /// Somebody by name.
    pub fn get(&self, id: Option<UserId>) -> Option<UpdatedByUser> {
        let user = self.0.get(&id?)?;
        Some(UpdatedByUser {
            user_uuid: user.id,
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
        })
    }

    /// First and last name; none when the account is gone.
    pub fn full(&self, id: Option<UserId>) -> Option<String> {
        let user = self.get(id)?;
        let name = format!("{} {}", user.first_name, user.last_name);
        Some(name.trim().to_owned())
    }
}
