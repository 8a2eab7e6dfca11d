//! The profile: reading, changing, finishing the setup, deleting oneself.

use app::{
    App, Beside, CurrentUser, Done, DoneOk, Error, Json, Ok, Reply, Result, SessionUser,
    domain::{
        access::{Action, Role, Subject},
        allowed_domains::AllowedDomains,
        email::{EmailAddress, is_public_provider},
        job::{Job, Task},
        limit::Limit,
        organization::organization_name,
        user::{User, person_name},
    },
    mail::Message,
    view::UserView,
};
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

/// Answers the caller, with what they may do.
#[utoipa::path(get, path = "/api/v1/user", operation_id = "GetAuthenticatedUser", tag = "My Account",
               responses((status = 200, body = Ok<UserView>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_authenticated_user(
    State(app): State<App>,
    user: CurrentUser,
) -> Result<Reply<UserView>> {
    Ok(Reply(UserView::with_rules(&app, user.user).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateMe {
    #[schema(nullable = false)]
    first_name: Option<String>,
    #[schema(nullable = false)]
    last_name: Option<String>,
    #[schema(nullable = false)]
    email: Option<EmailAddress>,
    #[schema(nullable = false)]
    is_marketing_opted_in: Option<bool>,
    #[schema(nullable = false)]
    is_tracking_anonymized: Option<bool>,
}

/// Changes what is sent of the profile. A new address has to be verified again; the old one is told of it.
#[utoipa::path(patch, path = "/api/v1/user/me", operation_id = "UpdateMe", tag = "My Account",
               request_body = UpdateMe, responses((status = 200, body = Ok<UserView>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn update_me(
    State(app): State<App>,
    caller: SessionUser,
    beside: Beside,
    Json(body): Json<UpdateMe>,
) -> Result<Reply<UserView>> {
    let now = app.clock.now();
    let mut user = User {
        updated_at: now,
        ..caller.user.clone()
    };
    if let Some(name) = body.first_name {
        user.first_name = person_name(&name)?;
    }
    if let Some(name) = body.last_name {
        user.last_name = person_name(&name)?;
    }
    user.is_marketing_opted_in = body
        .is_marketing_opted_in
        .unwrap_or(user.is_marketing_opted_in);
    user.is_tracking_anonymized = body
        .is_tracking_anonymized
        .unwrap_or(user.is_tracking_anonymized);
    let old = caller.user;
    if let Some(new) = body.email.filter(|email| *email != old.email) {
        let subject = user.id.to_string();
        let counter = app
            .config
            .limits
            .counter(Limit::EmailChangeAccount, &subject, now);
        app.store.count([&counter], now).await?;
        (user.email, user.email_verified, user.email_changed_at) = (new, false, Some(now));
    }

    app.store.update_profile(&old, &user).await?;

    // Whoever never proved that the old address is theirs has nobody there to be told.
    if user.email != old.email && old.email_verified {
        let (mail, message) = (app.mail.clone(), Message::email_changed(&user.email, now));
        beside.run("mail a notice", async move {
            mail.send(&old.email, message).await
        });
    }
    Ok(Reply(UserView::without_rules(&app, user).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompleteMe {
    #[schema(nullable = false)]
    organization_name: Option<String>,
    /// Read by nobody; clients send it.
    #[schema(nullable = false)]
    #[serde(rename = "jobTitle")]
    _job_title: Option<String>,
    #[schema(nullable = false)]
    enable_email_domain_access: Option<bool>,
    #[schema(nullable = false)]
    is_marketing_opted_in: Option<bool>,
    #[schema(nullable = false)]
    is_tracking_anonymized: Option<bool>,
}

/// Ends the setup of an account, and with `organizationName` that of its organisation.
#[utoipa::path(patch, path = "/api/v1/user/me/complete", operation_id = "CompleteMe", tag = "My Account",
               request_body = CompleteMe, responses((status = 200, body = Ok<UserView>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn complete_me(
    State(app): State<App>,
    caller: SessionUser,
    Json(body): Json<CompleteMe>,
) -> Result<Reply<UserView>> {
    let (organization, _) = caller.membership()?;
    let name = body.organization_name.as_deref();
    if name.is_some() {
        app.require(&caller, Action::Update, Subject::Organization)?;
    }
    let name = name.map(organization_name).transpose()?;
    let opened = name.is_some() && body.enable_email_domain_access == Some(true);
    let domains = if opened {
        Some(own_domain(&caller)?)
    } else {
        None
    };

    let user = caller.user;
    let user = User {
        is_setup_complete: true,
        is_marketing_opted_in: body
            .is_marketing_opted_in
            .unwrap_or(user.is_marketing_opted_in),
        is_tracking_anonymized: body
            .is_tracking_anonymized
            .unwrap_or(user.is_tracking_anonymized),
        updated_at: app.clock.now(),
        ..user
    };
    let before = if opened {
        app.store.allowed_domains(organization).await?
    } else {
        None
    };
    let domains = domains.as_ref().map(|domains| (domains, before.as_ref()));
    app.store
        .complete_setup(&user, organization, name.as_deref(), domains)
        .await?;
    Ok(Reply(UserView::without_rules(&app, user).await?))
}

/// The domain of the caller's own address, as the one that the organisation takes viewers in from. The address has to
/// be verified, or anybody could claim any domain.
fn own_domain(user: &User) -> Result<AllowedDomains> {
    let domain = user.email.domain();
    if is_public_provider(domain) {
        return Err(Error::invalid(format!(
            "Anybody can get an address at {domain}, so it cannot be allowed"
        )));
    }
    if !user.email_verified {
        return Err(Error::invalid(
            "Verify your own e-mail address before you open the organization to its domain",
        ));
    }
    Ok(AllowedDomains {
        email_domains: vec![domain.to_owned()],
        role: Role::Viewer,
        projects: Vec::new(),
    })
}

/// Deletes the caller and everything that is theirs alone: those without an organisation, and admins of one that
/// keeps another. What is left when the answer is given goes in the background.
#[utoipa::path(delete, path = "/api/v1/user/me", operation_id = "DeleteMe", tag = "My Account",
               responses((status = 200, body = DoneOk)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn delete_me(
    State(app): State<App>,
    caller: SessionUser,
    beside: Beside,
) -> Result<Done> {
    let now = app.clock.now();
    let user = caller.user.id;
    let job = Job::new(Task::DeleteUser { user }, &app.random, now);
    if caller.organization.is_some() {
        let organization =
            app.require(&caller, Action::Delete, Subject::OrganizationMemberProfile)?;
        app.store
            .delete_member(organization, user, &job, now)
            .await?;
    } else {
        app.store.delete_user(&caller.user, None, &job, now).await?;
    }
    app.store.walk_soon(&job.task).await;

    // The session is worth nothing without its user; its item is only tidied.
    let (store, token) = (app.store.clone(), caller.token);
    beside.run("end a session", async move {
        store.delete_session(&token).await
    });
    beside.clear_session();
    Ok(Done)
}
