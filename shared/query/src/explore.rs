//! Explores that are asked something.

use std::sync::Arc;

use app::{
    App, Error, InProject, Kind, Result,
    domain::explore_set::{Entry, is_escaped},
    store::ExploreBody,
};
use semantic::{
    CompileError, CompileErrors, Explore, Reason, UserAttributes,
    access::{Hidden, hidden},
};
use serde_json::{Value, json, value::RawValue};

use crate::attributes;

/// Explores that are read at once where several are looked through.
const SOME: usize = 100;
/// Explores that are looked through at most: whoever waits waits for a moment.
const MOST: usize = 1_000;

/// An explore that can be asked something, as it was deployed.
///
/// # Errors
/// `NotExists` when there is none of the name, or it could not be compiled.
pub async fn readable(
    app: &App,
    project: &InProject,
    name: &str,
) -> Result<(Entry, Arc<ExploreBody>)> {
    let found = app.store.explore(project.id(), name).await?;
    let found = found.filter(|(entry, _)| !entry.is_error);
    found.ok_or(Error::NotExists(Kind::Explore))
}

/// The model that is joined under an alias: the first by the name of the explore, of those that the caller may see.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub async fn model_of(app: &App, project: &InProject, alias: &str) -> Result<Option<String>> {
    let mut entries = app.store.explores(project.id()).await?;
    let personal = |entry: &Entry| entry.personal || entry.required.is_some();
    let attributes = if entries.iter().any(personal) {
        attributes::of_caller(app, project).await?
    } else {
        UserAttributes::default()
    };
    entries.retain(|entry| {
        let required = entry.required.as_ref();
        !entry.is_error && required.is_none_or(|required| attributes.satisfy(required))
    });
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries.truncate(MOST);
    let written = json!(alias).to_string();
    for some in entries.chunks(SOME) {
        let some: Vec<&Entry> = some.iter().collect();
        let mut found = Ok(None);
        let look = |text: &str| {
            if matches!(found, Ok(None)) && text.contains(&written) {
                let explore = Explore::from_json(text).map_err(unreadable);
                found = explore.map(|explore| {
                    let model = joined(&explore, alias, &attributes);
                    model.map(str::to_owned)
                });
            }
        };
        let read = app.store.each_explore_text(project.id(), &some, look);
        read.await?;
        if let Some(model) = found? {
            return Ok(Some(model));
        }
    }
    Ok(None)
}

/// The model that an explore joins under an alias, if the caller may see that.
fn joined<'a>(explore: &'a Explore, alias: &str, attributes: &UserAttributes) -> Option<&'a str> {
    let mut joins = explore.joined_tables.iter();
    joins.find(|join| join.table == alias)?;
    let hidden = hidden(explore, attributes);
    let seen = !hidden.base && !hidden.tables.contains(alias);
    let model = explore.tables.get(alias)?.original_name.as_deref();
    model.filter(|_| seen)
}

/// An explore as it was deployed, without what the caller's attributes hide.
///
/// # Errors
/// `NotExists` when there is none of the name, or it could not be compiled; `Compile` when all of it is hidden.
pub async fn seen(app: &App, project: &InProject, name: &str) -> Result<Box<RawValue>> {
    let (entry, body) = readable(app, project, name).await?;
    let hidden = if entry.personal {
        let attributes = attributes::of_caller(app, project).await?;
        hidden(body.explore()?, &attributes)
    } else {
        Hidden::default()
    };
    if hidden.base {
        return Err(not_allowed(&entry.name));
    }
    // Of servers that keep what they hide beside it.
    let text = &body.text;
    if hidden.is_empty() && !text.contains("\"unfilteredTables\"") && !is_escaped(text) {
        return RawValue::from_string(text.clone()).map_err(unreadable);
    }
    let mut explore: Value = serde_json::from_str(text).map_err(unreadable)?;
    leave_out(&mut explore, &hidden);
    RawValue::from_string(explore.to_string()).map_err(unreadable)
}

fn unreadable(error: serde_json::Error) -> Error {
    // What was read when it was deployed.
    let error = format!("a stored explore cannot be read: {error}");
    Error::Internal(std::io::Error::other(error).into())
}

fn leave_out(explore: &mut Value, hidden: &Hidden) {
    let Some(explore) = explore.as_object_mut() else {
        return;
    };
    explore.remove("unfilteredTables");
    if let Some(joins) = explore
        .get_mut("joinedTables")
        .and_then(Value::as_array_mut)
    {
        joins.retain(|join| {
            let table = join
                .get("table")
                .and_then(Value::as_str)
                .unwrap_or_default();
            !hidden.tables.contains(table)
        });
    }
    let Some(tables) = explore.get_mut("tables").and_then(Value::as_object_mut) else {
        return;
    };
    tables.retain(|key, _| !hidden.tables.contains(key));
    for (table, field) in &hidden.fields {
        for kind in ["dimensions", "metrics"] {
            let fields = tables.get_mut(table).and_then(|table| table.get_mut(kind));
            if let Some(fields) = fields.and_then(Value::as_object_mut) {
                fields.remove(field);
            }
        }
    }
}

/// The explore as a whole is not for the caller.
pub fn not_allowed(name: &str) -> Error {
    Error::Compile(CompileErrors(vec![CompileError {
        reason: Reason::Hidden,
        message: format!("You are not allowed to see \"{name}\""),
        path: "exploreId".to_owned(),
        hint: None,
    }]))
}
