//! What a dry run tells beside what would be done.

use app::Result;
use serde_json::Value;

use super::{Plan, Upload, named, shown_kind};
use crate::{
    code::{
        dashboard::document,
        places::{ChangedPlaces, changed},
    },
    contents::Contents,
};

impl Upload<'_> {
    /// The slugs that tiles name charts by which are not there, or which the caller may not see.
    pub(super) fn missing(&self, contents: &Contents<'_>) -> Vec<String> {
        let mut missing = Vec::new();
        for tile in &self.sent.tiles {
            let slug = tile.properties.get("chartSlug").and_then(Value::as_str);
            let Some((slug, what)) = slug.zip(shown_kind(tile.kind)) else {
                continue;
            };
            if named(what, slug, contents).is_none() && !missing.iter().any(|one| one == slug) {
                missing.push(slug.to_owned());
            }
        }
        missing
    }

    /// Where the document of what is there is changed; of something new, nowhere. A tile names the chart that it is to show even
    /// where that is missing.
    pub(super) fn difference(
        &self,
        contents: &Contents<'_>,
        plan: &Plan,
        missing: Option<&[String]>,
    ) -> Result<Option<ChangedPlaces>> {
        let Some(before) = &plan.before else {
            return Ok(self.options.dry_run.then(ChangedPlaces::default));
        };
        let missing = missing.unwrap_or_default();
        let now = self.app.clock.now();
        let mut after = document(contents, &plan.head, plan.body.clone(), now)?;
        for (tile, sent) in after.tiles.iter_mut().zip(&self.sent.tiles) {
            let slug = sent.properties.get("chartSlug").and_then(Value::as_str);
            if let Some(slug) = slug.filter(|slug| missing.iter().any(|one| one == slug)) {
                tile.properties.insert("chartSlug".to_owned(), slug.into());
                tile.properties.remove("chartName");
            }
        }
        changed(before, &after).map(Some)
    }
}
