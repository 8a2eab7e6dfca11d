//! What is wrong with a project's content, as a validation found it (reference 17).

use std::collections::BTreeSet;

use semantic::explore::RequiredAttributes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::{
    clock::Timestamp,
    domain::{
        id::{ContentId, WorkId},
        packed::Packed,
    },
};

/// What a validation looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ValidationTarget)]
pub enum Target {
    Charts,
    Dashboards,
    Tables,
}

/// Of what something is wrong. Lists are in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ValidationSourceType)]
pub enum Source {
    Table,
    Chart,
    Dashboard,
}

/// What part of it is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ValidationErrorType)]
pub enum ErrorType {
    Chart,
    Sorting,
    Filter,
    Metric,
    Model,
    Dimension,
    #[serde(rename = "custom metric")]
    CustomMetric,
}

impl ErrorType {
    /// As on the wire.
    pub fn name(self) -> &'static str {
        match self {
            ErrorType::Chart => "chart",
            ErrorType::Sorting => "sorting",
            ErrorType::Filter => "filter",
            ErrorType::Metric => "metric",
            ErrorType::Model => "model",
            ErrorType::Dimension => "dimension",
            ErrorType::CustomMetric => "custom metric",
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The same for the same thing in every run.
    pub id: u64,
    pub source: Source,
    pub error_type: ErrorType,
    pub error: String,
    /// The chart or dashboard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentId>,
    /// Of an explore its name; of content the name that it had.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The chart that is broken on a dashboard, and its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<(ContentId, String)>,
    /// Of an explore, what it requires of those who are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<RequiredAttributes>,
}

/// A number that stands for these texts: 53 bits of their hash, as many as every reader of JSON keeps.
pub fn number_of(texts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    let digest = hash.finalize();
    let bytes = digest.iter().take(7);
    bytes.fold(0_u64, |number, byte| number << 8 | u64::from(*byte)) >> 3
}

/// What a project's last validation found, and what of it somebody dismissed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Validation {
    /// Adds up with every change.
    pub rev: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<WorkId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begun_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found_at: Option<Timestamp>,
    /// The findings, or the first piece of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<Packed>,
    /// How many further pieces there are.
    pub pieces: usize,
    /// Stays over runs, as long as they find it again.
    pub dismissed: BTreeSet<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_for_its_texts_and_every_reader_of_json_keeps_it() {
        let number = number_of(&["chart", "a", "b"]);
        assert_eq!(number, number_of(&["chart", "a", "b"]));
        assert_ne!(number, number_of(&["chart", "ab", ""]));
        assert!(number < 1 << 53);
    }
}
