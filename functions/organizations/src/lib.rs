//! The caller's organisation: its settings, who is in it, how people come into it, what it has.

mod allowed_domains;
mod attributes;
mod groups;
mod invitations;
mod members;
mod onboarding;
mod organization;
mod palettes;
mod projects;

use app::Api;
use utoipa_axum::routes;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
        .routes(routes!(organization::get_my_organization))
        .routes(routes!(organization::create_organization))
        .routes(routes!(organization::update_my_organization))
        .routes(routes!(organization::delete_my_organization))
        .routes(routes!(members::list_organization_members))
        .routes(routes!(members::get_organization_member_by_uuid))
        .routes(routes!(members::get_organization_member_by_email))
        .routes(routes!(members::update_organization_member))
        .routes(routes!(members::delete_organization_member))
        .routes(routes!(onboarding::get_onboarding_status))
        .routes(routes!(onboarding::show_onboarding_success))
        .routes(routes!(groups::list_groups_in_organization))
        .routes(routes!(groups::create_group_in_organization))
        .routes(routes!(allowed_domains::list_organization_email_domains))
        .routes(routes!(allowed_domains::update_organization_email_domains))
        .routes(routes!(palettes::list_color_palettes))
        .routes(routes!(palettes::create_color_palette))
        .routes(routes!(palettes::update_color_palette))
        .routes(routes!(palettes::delete_color_palette))
        .routes(routes!(palettes::set_active_color_palette))
        .routes(routes!(attributes::get_user_attributes))
        .routes(routes!(attributes::create_user_attribute))
        .routes(routes!(attributes::update_user_attribute))
        .routes(routes!(attributes::remove_user_attribute))
        .routes(routes!(invitations::create_invite_link))
        .routes(routes!(invitations::get_invite_link))
        .routes(routes!(invitations::revoke_invite_links))
        .routes(routes!(projects::list_organization_projects))
        .routes(routes!(projects::create_project))
        .routes(routes!(projects::delete_project))
}
