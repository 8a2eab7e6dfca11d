//! Searching the explores of a project for tables and fields.

use std::{collections::BTreeSet, sync::Arc};

use app::{
    App, InProject, Result, attributes,
    domain::{
        access::{Action, Subject},
        explore_set::Entry,
    },
    store::ExploreBody,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use saved::list::{Errors, ValidationSummary};
use semantic::{
    Explore, UserAttributes,
    access::{Hidden, hidden},
    explore::Table,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    SearchItemType, SearchQuery,
    words::{Best, Words},
};

/// Explores that are looked through: each is a request.
const MOST_BODIES: usize = 200;
/// How many are read at once.
const AT_ONCE: usize = 8;

/// A table of an explore that was found; or, with `validationErrors`, an explore that could not be compiled.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundTable {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    explore: String,
    explore_label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    regex_match_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    validation_errors: Option<Vec<ValidationSummary>>,
}

/// A field of an explore that was found.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundField {
    name: String,
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: Value,
    #[schema(value_type = String)]
    field_type: &'static str,
    table: String,
    table_label: String,
    explore: String,
    explore_label: String,
    regex_match_count: usize,
}

/// What was found in the explores.
#[derive(Default)]
pub(super) struct Explores {
    pub(super) tables: Vec<FoundTable>,
    pub(super) fields: Vec<FoundField>,
    pub(super) is_cut: bool,
}

impl Explores {
    /// Says of explores that could not be compiled what a validation found.
    pub(super) fn tell(&mut self, errors: &Errors) {
        for table in &mut self.tables {
            if let Some(told) = &mut table.validation_errors {
                *told = errors.of_explore(&table.explore);
            }
        }
    }
}

/// Looks through the explores that the project offers, and what of them the caller's attributes leave visible. Nothing for who
/// may not explore.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub(super) async fn search(
    app: &App,
    project: &InProject,
    words: &Words,
    query: &SearchQuery,
) -> Result<Explores> {
    let tables = query.has(SearchItemType::Table);
    let asked = tables || query.has(SearchItemType::Field);
    let may = project.may(Action::Manage, Subject::Explore, &project.object());
    if !asked || !may || words.is_empty() {
        return Ok(Explores::default());
    }
    let (entries, attributes) = offered(app, project).await?;
    let (broken, whole): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.is_error);
    let mut found = Found {
        words,
        query,
        tables: Best::default(),
        fields: Best::default(),
    };
    let reading: Vec<_> = whole
        .iter()
        .take(MOST_BODIES)
        .map(|entry| body(app, project, entry))
        .collect();
    let mut bodies = stream::iter(reading).buffered(AT_ONCE);
    while let Some((entry, body)) = bodies.try_next().await? {
        if let Some(body) = body {
            let explore = body.explore()?;
            found.look_through(explore, &hidden_of(entry, explore, &attributes));
        }
    }
    let mut found = found.finish(whole.len() > MOST_BODIES);
    if tables {
        let broken = broken.into_iter();
        let broken = broken.filter(|entry| words.is_part_of(&entry.name));
        found.tables.extend(broken.map(FoundTable::broken));
    }
    Ok(found)
}

/// The explores that the caller is offered, by label, and the caller's attributes where they matter.
async fn offered(app: &App, project: &InProject) -> Result<(Vec<Entry>, UserAttributes)> {
    let (mut entries, selection) = tokio::try_join!(
        app.store.explores(project.id()),
        app.store.table_selection(project.id()),
    )?;
    let personal = |entry: &Entry| entry.personal || entry.required.is_some();
    let attributes = if entries.iter().any(personal) {
        attributes::of_caller(app, project).await?
    } else {
        UserAttributes::default()
    };
    entries.retain(|entry| {
        let tags = entry.tags.iter().map(String::as_str);
        let required = entry.required.as_ref();
        required.is_none_or(|required| attributes.satisfy(required))
            && selection.offers(&entry.name, tags, entry.is_virtual)
    });
    entries.sort_by(|a, b| (&a.label, &a.name).cmp(&(&b.label, &b.name)));
    Ok((entries, attributes))
}

async fn body<'a>(
    app: &App,
    project: &InProject,
    entry: &'a Entry,
) -> Result<(&'a Entry, Option<Arc<ExploreBody>>)> {
    let body = app.store.body_of(project.id(), entry).await?;
    Ok((entry, body))
}

fn hidden_of(entry: &Entry, explore: &Explore, attributes: &UserAttributes) -> Hidden {
    if entry.personal {
        hidden(explore, attributes)
    } else {
        Hidden::default()
    }
}

/// What was found so far.
struct Found<'a> {
    words: &'a Words,
    query: &'a SearchQuery,
    tables: Best<FoundTable>,
    fields: Best<FoundField>,
}

impl Found<'_> {
    fn look_through(&mut self, explore: &Explore, hidden: &Hidden) {
        if hidden.base {
            return;
        }
        for (key, table) in &explore.tables {
            if hidden.tables.contains(key) || table.hidden == Some(true) {
                continue;
            }
            if self.query.has(SearchItemType::Table) {
                self.table(explore, table);
            }
            if self.query.has(SearchItemType::Field) {
                let names: BTreeSet<&str> = hidden
                    .fields
                    .iter()
                    .filter(|(of, _)| of == key)
                    .map(|(_, name)| name.as_str())
                    .collect();
                self.fields(explore, table, &names);
            }
        }
    }

    fn table(&mut self, explore: &Explore, table: &Table) {
        let about = table.description.as_deref();
        let count = self.words.count_in(&table.label, about);
        if count == 0 {
            return;
        }
        let found = FoundTable {
            name: Some(table.name.clone()),
            label: Some(table.label.clone()),
            description: table.description.clone(),
            explore: explore.name.clone(),
            explore_label: explore.label.clone(),
            regex_match_count: Some(count),
            validation_errors: None,
        };
        self.tables.add(count as f64, &table.label, found);
    }

    fn fields(&mut self, explore: &Explore, table: &Table, hidden: &BTreeSet<&str>) {
        for (key, one) in &table.dimensions {
            if !one.hidden && !hidden.contains(key.as_str()) {
                let about = (&one.name, &one.label, one.description.as_ref());
                let kind = serde_json::to_value(one.dimension_type);
                self.field(
                    explore,
                    table,
                    about,
                    ("dimension", kind.unwrap_or_default()),
                );
            }
        }
        for (key, one) in &table.metrics {
            if !one.hidden && !hidden.contains(key.as_str()) {
                let about = (&one.name, &one.label, one.description.as_ref());
                let kind = serde_json::to_value(one.metric_type);
                self.field(explore, table, about, ("metric", kind.unwrap_or_default()));
            }
        }
    }

    fn field(
        &mut self,
        explore: &Explore,
        table: &Table,
        (name, label, about): (&String, &String, Option<&String>),
        (field_type, kind): (&'static str, Value),
    ) {
        let count = self.words.count_in(label, about.map(String::as_str));
        if count == 0 {
            return;
        }
        let found = FoundField {
            name: name.clone(),
            label: label.clone(),
            description: about.cloned(),
            kind,
            field_type,
            table: table.name.clone(),
            table_label: table.label.clone(),
            explore: explore.name.clone(),
            explore_label: explore.label.clone(),
            regex_match_count: count,
        };
        self.fields.add(count as f64, label, found);
    }

    fn finish(self, is_cut: bool) -> Explores {
        let (tables, more_tables) = self.tables.finish();
        let (fields, more_fields) = self.fields.finish();
        Explores {
            tables,
            fields,
            is_cut: is_cut || more_tables || more_fields,
        }
    }
}

impl FoundTable {
    fn broken(entry: &Entry) -> Self {
        Self {
            name: None,
            label: None,
            description: None,
            explore: entry.name.clone(),
            explore_label: entry.label.clone(),
            regex_match_count: None,
            // Clients take an explore with this for one that cannot be asked.
            validation_errors: Some(Vec::new()),
        }
    }
}
