//! Jobs, through the worker's own entry. To add a case, add a test to the file of its noun.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has to fail"
)]

mod deletions;
mod jobs;
mod mails;
