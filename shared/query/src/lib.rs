//! Asking: from a metric query to rows, pages and files. What the functions that query share: compiling for the caller,
//! connecting with the right login, running at once or in the worker, keeping rows, and showing them.
//!
//! | Step | File |
//! |---|---|
//! | the explore, the caller's attributes, SQL | `explore.rs`, `attributes.rs`, `question.rs` |
//! | a saved chart, and what its dashboard lays over it | `chart.rs`, `dashboard.rs` |
//! | whose login, which connection | `login.rs` |
//! | the tables that a login sees | `catalogue.rs` |
//! | a dashboard's filters on the rows of a statement | `narrow.rs` |
//! | running: at once, or as a job that is taken once | `run.rs`, `asked.rs`, `work.rs` |
//! | rows in a file, pages of them, rows kept for the next | `keep.rs`, `page.rs`, `kept.rs` |
//! | rows as clients see them, and as files | `show.rs`, `export.rs` |
//! | files that take longer than anybody waits | `download.rs` |
//! | answers as clients read them | `answer.rs`, `csv.rs` |
//! | the charts of a dashboard as files | `dashboard_csv.rs`, `archive.rs` |
//! | how it goes, for whoever polls | `job.rs` |

pub mod answer;
mod archive;
pub mod asked;
pub mod attributes;
pub mod catalogue;
pub mod chart;
pub mod csv;
pub mod dashboard;
pub mod dashboard_csv;
pub mod download;
pub mod explore;
pub mod export;
mod fold;
pub mod job;
mod keep;
pub mod kept;
pub mod login;
pub mod narrow;
pub mod page;
pub mod question;
pub mod run;
pub mod show;
mod work;

pub use asked::{Asked, Submitted, submit};
pub use login::{Asker, Login};
pub use question::Question;
pub use work::work;
