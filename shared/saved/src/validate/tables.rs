//! Explores that could not be compiled and that the project offers (reference 17 §2).

use std::collections::BTreeSet;

use app::domain::{
    table_selection::{TableSelection, TableSelectionType},
    validation::{ErrorType, Finding, Source, number_of},
};

use super::{
    explores::{Broken, Explores},
    fields::Reason,
};

/// Whether a model has nothing to say: clients leave such ones in on purpose. They give the same type to nearly everything
/// else that is wrong with a model, which has to be told.
fn is_empty(reason: &Reason) -> bool {
    let message = reason.message.as_str();
    reason.kind.as_deref() == Some("NO_DIMENSIONS_FOUND")
        && (message == "No dimensions available" || message.ends_with("has no dimensions"))
}

/// What is wrong with the explores that a project offers, or that one which it offers joins.
pub(super) fn check(explores: &Explores, selection: &TableSelection) -> Vec<Finding> {
    let chosen = |name: &str, tags: &[String]| {
        let tags = tags.iter().map(String::as_str);
        selection.offers(name, tags, false)
    };
    let joining = explores.healthy.iter();
    let joined: BTreeSet<&str> = joining
        .filter(|one| chosen(&one.name, &one.tags))
        .flat_map(|one| one.models.iter().map(String::as_str))
        .collect();
    let offered = |one: &&Broken| {
        selection.by == TableSelectionType::All
            || chosen(&one.name, &one.tags)
            || joined.contains(one.name.as_str())
    };
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for broken in explores.broken.iter().filter(offered) {
        for reason in broken.reasons.iter().filter(|reason| !is_empty(reason)) {
            let id = number_of(&["table", &broken.name, "model", &reason.message]);
            if told.insert(id) {
                found.push(Finding {
                    id,
                    source: Source::Table,
                    error_type: ErrorType::Model,
                    error: reason.message.clone(),
                    content: None,
                    name: broken.name.clone(),
                    field: None,
                    chart: None,
                    required: broken.required.clone(),
                });
            }
        }
    }
    found
}
