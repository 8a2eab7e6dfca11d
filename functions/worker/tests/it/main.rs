//! Jobs, through the worker's own entry. To add a case, add a test to the file of its noun.

mod deletions;
mod jobs;
mod mails;
