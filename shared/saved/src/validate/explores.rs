//! The explores that a validation looks at: the project's, or given ones.

use std::collections::{BTreeSet, HashMap};

use app::{
    App, Result,
    domain::{explore_set::Entry, id::ProjectId, table_selection::TableSelectionType},
};
use semantic::explore::RequiredAttributes;
use serde::Deserialize;

use super::fields::{Fields, Reason, Sketch};

/// What a table's check has to know of an explore that can be asked.
pub(super) struct Healthy {
    pub name: String,
    pub tags: Vec<String>,
    /// The models of its tables, the base among them.
    pub models: Vec<String>,
}

/// An explore that cannot.
pub(super) struct Broken {
    pub name: String,
    pub tags: Vec<String>,
    pub reasons: Vec<Reason>,
    /// What it requires of those who are told.
    pub required: Option<RequiredAttributes>,
}

/// The explores of a validation.
pub(super) struct Explores {
    pub are_given: bool,
    fields: HashMap<String, Fields>,
    pub healthy: Vec<Healthy>,
    pub broken: Vec<Broken>,
}

#[derive(Deserialize)]
struct Errors {
    #[serde(default)]
    errors: Vec<Reason>,
}

/// Reads explores of a list as sketches, one at a time; what cannot be read is left out.
pub(crate) async fn sketches(
    app: &App,
    project: ProjectId,
    entries: &[&Entry],
    mut each: impl FnMut(Sketch),
) -> Result<()> {
    let read = |text: &str| {
        if let Ok(sketch) = Sketch::read(text) {
            each(sketch);
        }
    };
    app.store.each_explore_text(project, entries, read).await
}

impl Explores {
    fn none(are_given: bool) -> Self {
        Self {
            are_given,
            fields: HashMap::new(),
            healthy: Vec::new(),
            broken: Vec::new(),
        }
    }

    /// Given ones: of several with one name the last one counts.
    pub(super) fn given(explores: Vec<Sketch>) -> Self {
        let by_name: HashMap<String, Sketch> = explores
            .into_iter()
            .map(|one| (one.name.clone(), one))
            .collect();
        let mut all = Self::none(true);
        for sketch in by_name.into_values() {
            all.add(sketch);
        }
        all
    }

    /// Those of the project that are named. All of them are read only where broken ones are to be told, and the project's
    /// choice of what it offers hangs on who joins them.
    ///
    /// # Errors
    /// `Unavailable` when the table does not answer.
    pub(super) async fn stored(
        app: &App,
        project: ProjectId,
        named: &BTreeSet<String>,
        tables: bool,
    ) -> Result<Self> {
        let entries = app.store.explores(project).await?;
        let (broken, healthy): (Vec<&Entry>, Vec<&Entry>) =
            entries.iter().partition(|entry| entry.is_error);
        let mut whole = false;
        if tables && !broken.is_empty() {
            let selection = app.store.table_selection(project).await?;
            whole = selection.by != TableSelectionType::All;
        }
        let mut all = Self::none(false);
        for entry in broken {
            let read = serde_json::from_str(entry.summary.get());
            let Errors { errors } = read.unwrap_or(Errors { errors: Vec::new() });
            all.broken.push(Broken {
                name: entry.name.clone(),
                tags: entry.tags.clone(),
                reasons: errors,
                required: entry.required.clone(),
            });
        }
        let wanted = healthy.into_iter();
        let wanted: Vec<&Entry> = wanted
            .filter(|entry| whole || named.contains(&entry.name))
            .collect();
        sketches(app, project, &wanted, |sketch| all.add(sketch)).await?;
        Ok(all)
    }

    fn add(&mut self, sketch: Sketch) {
        let tags = sketch.tags().map(str::to_owned).collect();
        if let Some(reasons) = sketch.errors() {
            self.broken.push(Broken {
                name: sketch.name.clone(),
                tags,
                reasons: reasons.to_vec(),
                required: sketch.required().cloned(),
            });
            return;
        }
        self.healthy.push(Healthy {
            name: sketch.name.clone(),
            tags,
            models: sketch.models().map(|(_, model)| model.to_owned()).collect(),
        });
        self.fields
            .insert(sketch.name.clone(), Fields::from(&sketch));
    }

    /// What an explore that can be asked has.
    pub(super) fn fields(&self, name: &str) -> Option<&Fields> {
        self.fields.get(name)
    }

    /// What all of them have.
    pub(super) fn all(&self) -> impl Iterator<Item = &Fields> {
        self.fields.values()
    }
}
