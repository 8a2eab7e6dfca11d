//! Making and following share links. What is behind one asks for its own rights.

use app::{
    App, Created, CurrentUser, Error, IdempotencyKey, Json, Kind, Ok, Path, Reply, Result,
    domain::{
        id::{OrganizationId, UserId},
        share_link::{ShareLink, check_target, is_code, new_code},
    },
    store::made_once,
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A share link as clients see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShareUrl {
    nanoid: String,
    path: String,
    params: String,
    organization_uuid: OrganizationId,
    /// Absent once its creator was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    created_by_user_uuid: Option<UserId>,
    /// The address of the site.
    host: String,
    share_url: String,
    /// Path and params.
    url: String,
}

impl ShareUrl {
    fn new(app: &App, link: ShareLink, creator: Option<UserId>) -> Self {
        let host = &app.config.site_url;
        Self {
            share_url: format!("{host}/share/{}", link.code),
            url: format!("{}{}", link.path, link.params),
            host: host.clone(),
            nanoid: link.code,
            path: link.path,
            params: link.params,
            organization_uuid: link.organization,
            created_by_user_uuid: creator,
        }
    }
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct CreateShareUrl {
    path: String,
    params: String,
}

/// Makes a short link to a place in the web app, for everybody in the organisation.
#[utoipa::path(post, path = "/api/v1/share", operation_id = "CreateShareUrl", tag = "Share links",
               request_body = CreateShareUrl, responses((status = 201, body = Ok<ShareUrl>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn create_share_url(
    State(app): State<App>,
    user: CurrentUser,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<CreateShareUrl>,
) -> Result<Created<ShareUrl>> {
    let (organization, _) = user.membership()?;
    check_target(&body.path, &body.params)?;
    let now = app.clock.now();
    let by = (organization, user.id);
    if let Some(earlier) = before(&app, by, key.as_deref()).await? {
        return Ok(Created(ShareUrl::new(&app, earlier, Some(user.id))));
    }

    let link = ShareLink {
        code: new_code(&app.random),
        organization,
        created_by: user.id,
        path: body.path,
        params: body.params,
        created_at: now,
    };
    let done = app.store.create_share_link(&link, key.as_deref()).await;
    let earlier = before(&app, by, key.as_deref());
    let link = made_once(done.map(|()| link), earlier).await?;
    Ok(Created(ShareUrl::new(&app, link, Some(user.id))))
}

/// What an earlier request with the same idempotency key made.
async fn before(
    app: &App,
    (organization, user): (OrganizationId, UserId),
    key: Option<&str>,
) -> Result<Option<ShareLink>> {
    let now = app.clock.now();
    match app.store.share_link_made_before(user, key, now).await? {
        Some(code) => app.store.share_link(organization, &code).await,
        None => Ok(None),
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(crate) struct SharePath {
    nano_id: String,
}

/// Answers where a link of the caller's organisation leads.
#[utoipa::path(get, path = "/api/v1/share/{nanoId}", operation_id = "getShareUrl", tag = "Share links",
               params(SharePath), responses((status = 200, body = Ok<ShareUrl>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_share_url(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<SharePath>,
) -> Result<Reply<ShareUrl>> {
    let (organization, _) = user.membership()?;
    let unknown = || Error::NotFound(Kind::ShareLink);
    if !is_code(&path.nano_id) {
        return Err(unknown());
    }
    let found = app.store.share_link(organization, &path.nano_id).await?;
    let link = found.ok_or_else(unknown)?;

    let creator = app.store.user(link.created_by).await?;
    let creator = creator.map(|creator| creator.id);
    Ok(Reply(ShareUrl::new(&app, link, creator)))
}
