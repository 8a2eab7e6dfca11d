//! Whether the server is there, and what it can do.

use app::{App, Done, DoneOk, Ok, Reply, Result, Visitor};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// Says that the process answers; reads nothing.
#[utoipa::path(get, path = "/api/v1/livez", operation_id = "GetLivez", tag = "Health",
               responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_livez() -> Done {
    Done
}

/// What clients set themselves up by; the neutral values are those of features that this server does not have.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Health {
    healthy: bool,
    #[schema(value_type = String)]
    mode: &'static str,
    version: String,
    local_dbt_enabled: bool,
    is_authenticated: bool,
    requires_org_registration: bool,
    latest: Latest,
    rudder: Nothing,
    sentry: Sentry,
    intercom: Intercom,
    pylon: Pylon,
    site_url: String,
    #[schema(value_type = String)]
    static_ip: &'static str,
    query: QueryLimits,
    pivot_table: PivotTable,
    has_slack: bool,
    has_github: bool,
    has_email_client: bool,
    has_headless_browser: bool,
    has_extended_usage_analytics: bool,
    // The misspelling is the wire's.
    #[serde(rename = "hasCacheAutocompleResults")]
    has_cache_autocomplete_results: bool,
    has_microsoft_teams: bool,
    is_service_account_enabled: bool,
    auth: AuthOptions,
    appearance: Nothing,
}

#[derive(Serialize, ToSchema)]
struct Nothing {}

#[derive(Serialize, ToSchema)]
struct Latest {
    version: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Sentry {
    frontend: SentryFrontend,
    release: String,
    #[schema(value_type = String)]
    environment: &'static str,
    traces_sample_rate: u32,
    profiles_sample_rate: u32,
}

#[derive(Serialize, ToSchema)]
struct SentryFrontend {
    #[schema(value_type = String)]
    dsn: &'static str,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Intercom {
    #[schema(value_type = String)]
    app_id: &'static str,
    #[schema(value_type = String)]
    api_base: &'static str,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Pylon {
    #[schema(value_type = String)]
    app_id: &'static str,
}

/// Rows and cells (reference 00 §0.11).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct QueryLimits {
    max_limit: u32,
    default_limit: u32,
    csv_cells_limit: u32,
    max_page_size: u32,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PivotTable {
    max_column_limit: u32,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AuthOptions {
    disable_password_authentication: bool,
    google: GoogleOption,
    okta: LoginOption,
    one_login: LoginOption,
    azuread: LoginOption,
    oidc: LoginOption,
    snowflake: EnabledOption,
    pat: PatOption,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct GoogleOption {
    #[schema(value_type = String)]
    login_path: &'static str,
    enabled: bool,
    #[serde(rename = "enableGCloudADC")]
    enable_gcloud_adc: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LoginOption {
    #[schema(value_type = String)]
    login_path: &'static str,
    enabled: bool,
}

#[derive(Serialize, ToSchema)]
struct EnabledOption {
    enabled: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PatOption {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max_expiration_time_in_days: Option<u32>,
}

/// Says what the server can do, and whether the caller has a session; an access token does not count here.
#[utoipa::path(get, path = "/api/v1/health", operation_id = "GetHealth", tag = "Health",
               responses((status = 200, body = Ok<Health>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_health(State(app): State<App>, visitor: Visitor) -> Result<Reply<Health>> {
    let has_organization = app.store.has_organization().await?;

    let config = &app.config;
    let sso = |login_path| LoginOption {
        login_path,
        enabled: false,
    };
    Ok(Reply(Health {
        healthy: true,
        mode: "default",
        version: config.version.clone(),
        local_dbt_enabled: false,
        is_authenticated: visitor.0.is_some(),
        requires_org_registration: !has_organization,
        latest: Latest {
            version: config.version.clone(),
        },
        rudder: Nothing {},
        sentry: Sentry {
            frontend: SentryFrontend { dsn: "" },
            release: config.version.clone(),
            environment: "",
            traces_sample_rate: 0,
            profiles_sample_rate: 0,
        },
        intercom: Intercom {
            app_id: "",
            api_base: "",
        },
        pylon: Pylon { app_id: "" },
        site_url: config.site_url.clone(),
        static_ip: "",
        query: QueryLimits {
            max_limit: 5000,
            default_limit: 500,
            csv_cells_limit: 100_000,
            max_page_size: 2500,
        },
        pivot_table: PivotTable {
            max_column_limit: 60,
        },
        has_slack: false,
        has_github: false,
        has_email_client: app.mail.is_set_up(),
        has_headless_browser: false,
        has_extended_usage_analytics: false,
        has_cache_autocomplete_results: false,
        has_microsoft_teams: false,
        is_service_account_enabled: false,
        auth: AuthOptions {
            disable_password_authentication: !config.password_login,
            google: GoogleOption {
                login_path: "/login/google",
                enabled: false,
                enable_gcloud_adc: false,
            },
            okta: sso("/login/okta"),
            one_login: sso("/login/oneLogin"),
            azuread: sso("/login/azuread"),
            oidc: sso("/login/oidc"),
            snowflake: EnabledOption { enabled: false },
            pat: PatOption {
                max_expiration_time_in_days: config.token_days,
            },
        },
        appearance: Nothing {},
    }))
}
