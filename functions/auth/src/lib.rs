//! Health, signing in and out, password reset, feature flags: what a client asks before it knows who it is. Answers
//! also for every path that no other function owns.

mod feature_flag;
mod flash;
mod health;
mod login;
mod password_reset;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(health::get_livez))
        .routes(routes!(health::get_health))
        .routes(routes!(flash::get_flash))
        .routes(routes!(login::login))
        .routes(routes!(login::logout))
        .routes(routes!(password_reset::request_password_reset))
        .routes(routes!(password_reset::get_password_reset))
        .routes(routes!(password_reset::reset_password))
        .routes(routes!(feature_flag::get_feature_flag))
}
