//! Colour palettes.

use app::{
    App, Created, CurrentUser, Done, DoneOk, Error, IdempotencyKey, Json, Kind, Ok, Path, Reply,
    Result, SessionUser, Timestamp,
    domain::{
        access::{Action, Subject},
        id::{OrganizationId, PaletteId, UserId},
        organization::{Palette, palette_colors, palette_name},
    },
    store::made_once,
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrganizationColorPalette {
    color_palette_uuid: PaletteId,
    organization_uuid: OrganizationId,
    name: String,
    colors: Vec<String>,
    created_at: Timestamp,
}

impl OrganizationColorPalette {
    fn new(organization: OrganizationId, palette: Palette) -> Self {
        Self {
            color_palette_uuid: palette.id,
            organization_uuid: organization,
            name: palette.name,
            colors: palette.colors,
            created_at: palette.created_at,
        }
    }
}

/// A palette, and whether charts take their colours from it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrganizationColorPaletteWithIsActive {
    #[serde(flatten)]
    palette: OrganizationColorPalette,
    is_active: bool,
}

/// Lists the palettes of the caller's organisation, oldest first.
#[utoipa::path(get, path = "/api/v1/org/color-palettes", operation_id = "ListColorPalettes", tag = "Organizations",
               responses((status = 200, body = Ok<Vec<OrganizationColorPaletteWithIsActive>>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn list_color_palettes(
    State(app): State<App>,
    user: CurrentUser,
) -> Result<Reply<Vec<OrganizationColorPaletteWithIsActive>>> {
    let none = || Error::NotExists(Kind::Organization);
    let id = user.organization.ok_or_else(none)?;
    let (found, palettes) = tokio::try_join!(app.store.organization(id), app.store.palettes(id))?;
    let (organization, _) = found.ok_or_else(none)?;

    let shown = palettes
        .into_iter()
        .map(|palette| OrganizationColorPaletteWithIsActive {
            is_active: organization.palette == Some(palette.id),
            palette: OrganizationColorPalette::new(id, palette),
        });
    Ok(Reply(shown.collect()))
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct CreateColorPalette {
    name: String,
    colors: Vec<String>,
}

/// Adds a palette to the caller's organisation.
#[utoipa::path(post, path = "/api/v1/org/color-palettes", operation_id = "CreateColorPalette", tag = "Organizations",
               request_body = CreateColorPalette, responses((status = 201, body = Ok<OrganizationColorPalette>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn create_color_palette(
    State(app): State<App>,
    user: SessionUser,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<CreateColorPalette>,
) -> Result<Created<OrganizationColorPalette>> {
    let organization = app.require(&user, Action::Update, Subject::Organization)?;
    let (name, colors) = (palette_name(&body.name)?, palette_colors(body.colors)?);
    let (now, request) = (app.clock.now(), (user.user.id, key.as_deref()));
    if let Some(earlier) = before(&app, organization, request, now).await? {
        return Ok(Created(OrganizationColorPalette::new(
            organization,
            earlier,
        )));
    }

    let palette = Palette {
        id: PaletteId::new(&app.random),
        name,
        colors,
        created_at: now,
    };
    let done = app
        .store
        .create_palette(organization, &palette, request, now);
    let done = done.await.map(|()| palette);
    let made = made_once(done, before(&app, organization, request, now)).await?;
    Ok(Created(OrganizationColorPalette::new(organization, made)))
}

/// What an earlier request with the same idempotency key made.
async fn before(
    app: &App,
    organization: OrganizationId,
    (user, key): (UserId, Option<&str>),
    now: Timestamp,
) -> Result<Option<Palette>> {
    let made = app.store.made_before(user, ("palette", key), now).await?;
    match made.as_deref().and_then(PaletteId::parse) {
        Some(id) => app.store.palette(organization, id).await,
        None => Ok(None),
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(crate) struct PalettePath {
    color_palette_uuid: String,
}

impl PalettePath {
    fn id(&self) -> Result<PaletteId> {
        PaletteId::parse(&self.color_palette_uuid).ok_or(Error::NotFound(Kind::Palette))
    }
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct UpdateColorPalette {
    /// Read by nobody, as the path says it; clients send it.
    #[serde(rename = "uuid")]
    _uuid: String,
    #[schema(nullable = false)]
    name: Option<String>,
    #[schema(nullable = false)]
    colors: Option<Vec<String>>,
}

/// Changes what is sent of a palette.
#[utoipa::path(patch, path = "/api/v1/org/color-palettes/{colorPaletteUuid}", operation_id = "UpdateColorPalette", tag = "Organizations",
               params(PalettePath), request_body = UpdateColorPalette, responses((status = 200, body = Ok<OrganizationColorPalette>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn update_color_palette(
    State(app): State<App>,
    user: SessionUser,
    Path(path): Path<PalettePath>,
    Json(body): Json<UpdateColorPalette>,
) -> Result<Reply<OrganizationColorPalette>> {
    let organization = app.require(&user, Action::Update, Subject::Organization)?;
    let id = path.id()?;
    let name = body.name.as_deref().map(palette_name).transpose()?;
    let colors = body.colors.map(palette_colors).transpose()?;

    let palette = app
        .store
        .update_palette(organization, id, name.as_deref(), colors.as_deref())
        .await?;
    Ok(Reply(OrganizationColorPalette::new(organization, palette)))
}

/// Deletes a palette; the active one stays.
#[utoipa::path(delete, path = "/api/v1/org/color-palettes/{colorPaletteUuid}", operation_id = "DeleteColorPalette", tag = "Organizations",
               params(PalettePath), responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn delete_color_palette(
    State(app): State<App>,
    user: SessionUser,
    Path(path): Path<PalettePath>,
) -> Result<Done> {
    let organization = app.require(&user, Action::Update, Subject::Organization)?;

    app.store.delete_palette(organization, path.id()?).await?;
    Ok(Done)
}

/// Makes a palette the one that charts take their colours from, in the place of the one before.
#[utoipa::path(post, path = "/api/v1/org/color-palettes/{colorPaletteUuid}/active", operation_id = "SetActiveColorPalette", tag = "Organizations",
               params(PalettePath), responses((status = 200, body = Ok<OrganizationColorPalette>)), extensions(("x-tier" = json!("client"))))]
pub(crate) async fn set_active_color_palette(
    State(app): State<App>,
    user: SessionUser,
    Path(path): Path<PalettePath>,
) -> Result<Reply<OrganizationColorPalette>> {
    let organization = app.require(&user, Action::Update, Subject::Organization)?;
    let id = path.id()?;
    let palette = app.store.palette(organization, id).await?;
    let palette = palette.ok_or(Error::NotFound(Kind::Palette))?;

    app.store.activate_palette(organization, id).await?;
    Ok(Reply(OrganizationColorPalette::new(organization, palette)))
}
