//! What people save: charts, dashboards and SQL charts in spaces. What the functions share that read, write, copy and check
//! them: who may, how clients see them, and the work that the worker does on many of them.
//!
//! | Step | File |
//! |---|---|
//! | one thing by its id, and what the caller may do with it | `find.rs` |
//! | all of a project, as the caller finds it | `contents.rs` |
//! | what clients send and see | `chart.rs`, `sql_chart.rs`, `dashboard.rs`, `tile.rs`, `html.rs`, `list.rs`, `count.rs`, `people.rs` |
//! | comments on the tiles of dashboards, and who is told of them | `comment.rs` |
//! | editing while others do | `edit.rs` |
//! | versions by their ids, and histories | `versions.rs` |
//! | pins; counting what was opened, and by whom | `pin.rs`, `activity.rs` |
//! | all of a project, once more in a preview | `copy.rs` |
//! | work that is polled | `work.rs` |
//! | what a request with an idempotency key makes once | `once.rs` |
//! | charts and dashboards as documents that are kept elsewhere | `code/` |
//! | copying to the project that a preview is of | `promote/` |
//! | checking content against the explores | `validate/` |
//! | giving a model or a field another name everywhere | `rename/` |

pub mod activity;
pub mod chart;
pub mod code;
pub mod comment;
pub mod contents;
pub mod copy;
pub mod count;
pub mod dashboard;
pub mod dashboard_csv;
pub mod edit;
pub mod find;
pub mod html;
pub mod kept;
pub mod list;
pub mod once;
pub mod people;
pub mod pin;
pub mod promote;
pub mod rename;
pub mod sql_chart;
pub mod tile;
pub mod validate;
pub mod versions;
pub mod work;

pub use contents::Contents;
pub use find::{Found, Place, find};
pub use people::Names;
