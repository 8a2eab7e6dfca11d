//! Which of a project's explores are offered to people who look around.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How explores are chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TableSelectionType {
    /// All of them.
    #[default]
    All,
    /// Those with one of the tags.
    WithTags,
    /// Those with one of the names.
    WithNames,
}

/// What a project offers of its explores; without a choice, everything. Virtual views are always offered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TableSelection {
    #[serde(rename = "type", default)]
    pub by: TableSelectionType,
    /// The tags, or the names. Nobody checks that there are such.
    #[serde(default)]
    #[schema(required)]
    pub value: Option<Vec<String>>,
}

impl TableSelection {
    /// Whether an explore is offered. A choice by tags or by names without any offers nothing but virtual views.
    pub fn offers<'a>(
        &self,
        name: &str,
        mut tags: impl Iterator<Item = &'a str>,
        is_virtual: bool,
    ) -> bool {
        let values = self.value.as_deref().unwrap_or_default();
        let chosen = |text: &str| values.iter().any(|value| value == text);
        match self.by {
            TableSelectionType::All => true,
            TableSelectionType::WithTags => is_virtual || tags.any(chosen),
            TableSelectionType::WithNames => is_virtual || chosen(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered() {
        let choice = |by, values: &[&str]| TableSelection {
            by,
            value: Some(values.iter().map(|text| (*text).to_owned()).collect()),
        };
        let offers = |choice: &TableSelection, is_virtual| {
            choice.offers("orders", ["core", "daily"].into_iter(), is_virtual)
        };
        use TableSelectionType::{All, WithNames, WithTags};

        assert!(offers(&TableSelection::default(), false) && offers(&choice(All, &[]), false));
        assert!(offers(&choice(WithTags, &["x", "daily"]), false));
        assert!(!offers(&choice(WithTags, &["orders"]), false));
        assert!(offers(&choice(WithNames, &["orders"]), false));
        assert!(!offers(&choice(WithNames, &["core"]), false));
        assert!(offers(&choice(WithNames, &[]), true) && offers(&choice(WithTags, &[]), true));
    }

    #[test]
    fn on_the_wire() {
        let choice: TableSelection =
            serde_json::from_str(r#"{"type":"WITH_TAGS","value":["a"]}"#).unwrap();
        assert_eq!(choice.by, TableSelectionType::WithTags);
        assert_eq!(
            serde_json::to_string(&TableSelection::default()).unwrap(),
            r#"{"type":"ALL","value":null}"#
        );
    }
}
