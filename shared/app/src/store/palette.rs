//! Colour palettes.

use super::{Store, apply::One, keys, page::read, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::{OrganizationId, PaletteId, UserId},
        organization::{MOST_PALETTES, PRESET_PALETTES, Palette},
    },
    error::Kind,
};

impl Store {
    /// An organisation's palettes, oldest first.
    pub async fn palettes(&self, organization: OrganizationId) -> Result<Vec<Palette>> {
        let pk = keys::organization_partition(organization);
        let mut found: Vec<Palette> = self.all(&pk, keys::PALETTES).await?;
        found.sort_by_key(|palette| (palette.created_at, palette.id));
        Ok(found)
    }

    /// One palette of an organisation.
    pub async fn palette(
        &self,
        organization: OrganizationId,
        id: PaletteId,
    ) -> Result<Option<Palette>> {
        self.get(&keys::palette(organization, id)).await
    }

    /// The colours that charts take: of the active palette, else the nine that clients have by themselves.
    pub async fn active_colors(&self, organization: OrganizationId) -> Result<Vec<String>> {
        let found = self.organization(organization).await?;
        let active = match &found {
            Some((organization, _)) => self.active_palette(organization).await?,
            None => None,
        };
        let [(_, preset), ..] = PRESET_PALETTES;
        let usual = || preset.iter().take(9).map(|color| (*color).to_owned());
        Ok(active.map_or_else(|| usual().collect(), |palette| palette.colors))
    }

    /// A new palette, and the claim of the request's idempotency key. Two requests, as it counts first: of several at
    /// once each may be the last that there is room for.
    ///
    /// # Errors
    /// `Invalid` when there are too many; `NotFound` when the organisation is being deleted; `Changed` when a request
    /// with the same key was first.
    pub async fn create_palette(
        &self,
        organization: OrganizationId,
        palette: &Palette,
        (by, client_key): (UserId, Option<&str>),
        now: Timestamp,
    ) -> Result<()> {
        let pk = keys::organization_partition(organization);
        let known: Vec<Palette> = self.all(&pk, keys::PALETTES).await?;
        if known.len() >= MOST_PALETTES {
            let sentence = format!("An organization has at most {MOST_PALETTES} color palettes");
            return Err(Error::invalid(sentence));
        }
        let key = keys::palette(organization, palette.id);
        let mut writes = vec![
            Self::organization_stays(organization),
            Write::put(key, "palette", palette)
                .when_absent()
                .or(Error::Exists(Kind::Palette)),
        ];
        writes.extend(client_key.map(|key| {
            Self::claim_write(by, ("palette", key), &palette.id.to_string(), now)
                .or(Error::Changed(Kind::Palette))
        }));
        self.apply(writes).await
    }

    /// Changes what is given of a palette; answers it as it is then.
    ///
    /// # Errors
    /// `NotFound` when there is no such palette.
    pub async fn update_palette(
        &self,
        organization: OrganizationId,
        id: PaletteId,
        name: Option<&str>,
        colors: Option<&[String]>,
    ) -> Result<Palette> {
        let mut write = Write::update(keys::palette(organization, id)).when_present();
        if let Some(name) = name {
            write = write.set("name", name);
        }
        if let Some(colors) = colors {
            write = write.set("colors", colors);
        }
        match self.apply_telling(write).await? {
            One::Done(item) => read(item),
            One::Lost(_) => Err(Error::NotFound(Kind::Palette)),
        }
    }

    /// Deletes a palette that is not the active one.
    ///
    /// # Errors
    /// `Invalid` for the active one; `NotFound` when there is no such palette.
    pub async fn delete_palette(&self, organization: OrganizationId, id: PaletteId) -> Result<()> {
        self.apply([
            Write::check(keys::organization(organization))
                .when_not_equal("palette", id)
                .or(Error::invalid(
                    "This color palette is in use, activate another one first",
                )),
            Write::delete(keys::palette(organization, id))
                .when_present()
                .or(Error::NotFound(Kind::Palette)),
        ])
        .await
    }

    /// Makes a palette the one that charts take their colours from.
    ///
    /// # Errors
    /// `NotFound` when there is no such palette, or the organisation is being deleted.
    pub async fn activate_palette(
        &self,
        organization: OrganizationId,
        id: PaletteId,
    ) -> Result<()> {
        self.apply([
            Write::check(keys::palette(organization, id))
                .when_present()
                .or(Error::NotFound(Kind::Palette)),
            Write::update(keys::organization(organization))
                .set("palette", id)
                .when_live()
                .or(Error::NotFound(Kind::Organization)),
        ])
        .await
    }
}
