//! The area's tests: one file per file of routes, each with the normal case and every refusal, quoting the wire.

mod onboarding;
mod organization;
mod projects;

use app::Api;

/// The routes of this area, and the account's.
fn api() -> Api {
    ::organizations::router()
        .merge(my_account::router())
        .merge(auth::router())
}
