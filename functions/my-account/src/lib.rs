//! The signed-in user's own account: profile, e-mail, password, identities, warehouse logins, access tokens, and the
//! organisations that they may join.

mod email;
mod identities;
mod invitation;
mod login_options;
mod organizations;
mod password;
mod profile;
mod register;
mod tokens;
mod warehouse_credentials;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(profile::get_authenticated_user))
        .routes(routes!(register::register_user))
        .routes(routes!(login_options::get_login_options))
        .routes(routes!(profile::delete_me))
        .routes(routes!(profile::update_me))
        .routes(routes!(profile::complete_me))
        .routes(routes!(email::create_email_one_time_passcode))
        .routes(routes!(email::get_email_verification_status))
        .routes(routes!(organizations::list_my_available_organizations))
        .routes(routes!(organizations::join_organization))
        .routes(routes!(tokens::get_personal_access_tokens))
        .routes(routes!(tokens::create_personal_access_token))
        .routes(routes!(tokens::delete_personal_access_token))
        .routes(routes!(tokens::rotate_personal_access_token))
        .routes(routes!(warehouse_credentials::get_warehouse_credentials))
        .routes(routes!(warehouse_credentials::create_warehouse_credentials))
        .routes(routes!(warehouse_credentials::update_warehouse_credentials))
        .routes(routes!(warehouse_credentials::delete_warehouse_credentials))
        .routes(routes!(password::has_password))
        .routes(routes!(password::change_password))
        .routes(routes!(identities::get_identities))
        .routes(routes!(identities::delete_identity))
}
