//! What people save: charts, dashboards and SQL charts in spaces. What the functions share that read, write, copy and check
//! them: who may, how clients see them, and the work that the worker does on many of them.
//!
//! | Step | File |
//! |---|---|
//! | one thing by its id, and what the caller may do with it | `find.rs` |
//! | all of a project, as the caller finds it | `contents.rs` |
//! | what clients send and see | `chart.rs`, `dashboard.rs`, `tile.rs`, `html.rs`, `list.rs`, `people.rs` |
//! | editing while others do | `edit.rs` |
//! | work that is polled | `work.rs` |
//! | checking content against the explores | `validate/` |
//! | giving a model or a field another name everywhere | `rename/` |

pub mod chart;
pub mod contents;
pub mod dashboard;
pub mod edit;
pub mod find;
pub mod html;
pub mod list;
pub mod people;
pub mod rename;
pub mod tile;
pub mod validate;
pub mod work;

pub use contents::Contents;
pub use find::{Found, Place, find};
pub use people::Names;
