//! Searching the explores of a project for tables and fields.

use std::{cmp::Reverse, collections::BTreeSet, sync::Arc};

use app::{
    App, InProject, Result, attributes,
    domain::{
        access::{Action, Subject},
        explore_set::Entry,
        search::Words,
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

use super::{SearchItemType, SearchQuery, best::Best};

/// Explores whose joined tables and fields are looked through: each is a request.
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

/// Looks through the explores that the project offers, and what of them the caller's attributes leave visible. Of those that are
/// not read, the base table is looked at. Nothing for who may not explore.
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
    let (chosen, rest) = chosen(words, whole);
    let reading: Vec<_> = chosen
        .into_iter()
        .map(|entry| body(app, project, entry))
        .collect();
    let mut bodies = stream::iter(reading).buffered(AT_ONCE);
    while let Some((entry, body)) = bodies.try_next().await? {
        if let Some(body) = body {
            let explore = body.explore()?;
            found.look_through(explore, &hidden_of(entry, explore, &attributes));
        }
    }
    if tables {
        for entry in &rest {
            found.base(entry);
        }
    }
    let mut found = found.finish(!rest.is_empty());
    if tables {
        let broken = broken.into_iter();
        let broken = broken.filter(|entry| words.is_part_of(&entry.name));
        found.tables.extend(broken.map(FoundTable::broken));
    }
    Ok(found)
}

/// Which explores are read, and which are not; both by label. Those are read first that have words in what the list says of them.
fn chosen<'a>(words: &Words, whole: Vec<&'a Entry>) -> (Vec<&'a Entry>, Vec<&'a Entry>) {
    if whole.len() <= MOST_BODIES {
        return (whole, Vec::new());
    }
    let said = |entry: &Entry| {
        let (_, table) = entry.base_table().unwrap_or_default();
        let about = entry.description().unwrap_or_default();
        let names = format!("{} {} {table}", entry.name, entry.label);
        words.count_in(&names, Some(about.as_str()))
    };
    let mut first: Vec<(Reverse<usize>, usize)> = whole
        .iter()
        .enumerate()
        .map(|(at, entry)| (Reverse(said(entry)), at))
        .collect();
    first.sort_unstable();
    first.truncate(MOST_BODIES);
    let first: BTreeSet<usize> = first.into_iter().map(|(_, at)| at).collect();
    let (mut chosen, mut rest) = (Vec::new(), Vec::new());
    for (at, entry) in whole.into_iter().enumerate() {
        let part = if first.contains(&at) {
            &mut chosen
        } else {
            &mut rest
        };
        part.push(entry);
    }
    (chosen, rest)
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
        let about = table.description.as_ref();
        let of = (explore.name.as_str(), explore.label.as_str());
        let table = (table.name.as_str(), table.label.as_str());
        self.found_table(of, table, about);
    }

    /// The base table of an explore that is not read.
    fn base(&mut self, entry: &Entry) {
        if let Some(table) = entry.base_table() {
            let about = entry.description();
            let of = (entry.name.as_str(), entry.label.as_str());
            self.found_table(of, table, about.as_ref());
        }
    }

    fn found_table(
        &mut self,
        (explore, explore_label): (&str, &str),
        (name, label): (&str, &str),
        about: Option<&String>,
    ) {
        let count = self.words.count_in(label, about.map(String::as_str));
        if count == 0 {
            return;
        }
        let found = FoundTable {
            name: Some(name.to_owned()),
            label: Some(label.to_owned()),
            description: about.cloned(),
            explore: explore.to_owned(),
            explore_label: explore_label.to_owned(),
            regex_match_count: Some(count),
            validation_errors: None,
        };
        self.tables.add(count as f64, label, found);
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
