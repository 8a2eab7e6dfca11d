//! Proving the e-mail address with a one-time passcode.

use app::{
    App, ClientAddress, Error, Kind, Ok, Query, Reply, Result, SessionUser, Timestamp,
    domain::{email::EmailAddress, limit::Limit, otp::Otp, secret::Secret},
    mail::Message,
    store::Attempt,
};
use axum::{extract::State, http::header, response::IntoResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Whether an address is verified, and the state of its passcode.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EmailStatusExpiring)]
pub(crate) struct EmailStatus {
    email: String,
    is_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    otp: Option<OtpStatus>,
}

/// The state of a passcode; the code is not in it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EmailOneTimePasswordExpiring)]
pub(crate) struct OtpStatus {
    created_at: Timestamp,
    number_of_attempts: u32,
    expires_at: Timestamp,
    is_expired: bool,
    is_max_attempts: bool,
}

impl EmailStatus {
    fn new(email: &EmailAddress, is_verified: bool, otp: Option<&Otp>, now: Timestamp) -> Self {
        // A passcode for an earlier address proves nothing about this one.
        let otp = otp.filter(|otp| otp.email == *email).map(|otp| OtpStatus {
            created_at: otp.created_at,
            number_of_attempts: otp.attempts,
            expires_at: otp.expires_at,
            is_expired: otp.is_expired(now),
            is_max_attempts: otp.is_max_attempts(),
        });
        Self {
            email: email.to_string(),
            is_verified,
            otp,
        }
    }
}

/// Mails a fresh passcode to the user's primary address; an earlier one stops working.
#[utoipa::path(put, path = "/api/v1/user/me/email/otp", operation_id = "CreateEmailOneTimePasscode", tag = "My Account",
               responses((status = 200, body = Ok<EmailStatus>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn create_email_one_time_passcode(
    State(app): State<App>,
    user: SessionUser,
    address: ClientAddress,
) -> Result<Reply<EmailStatus>> {
    let now = app.clock.now();
    let counters = [
        app.config
            .limits
            .counter(Limit::PasscodeRequestAccount, user.email.as_str(), now),
        app.config
            .limits
            .counter(Limit::PasscodeRequestAddress, address.as_str(), now),
    ];
    let (otp, code) = Otp::issue(&user.email, &app.otp_key().await?, &app.random, now);

    app.store
        .put_otp(user.id, &otp, counters.each_ref(), now)
        .await?;
    app.mail
        .send(&user.email, Message::passcode(&code, otp.expires_at))
        .await?;

    Ok(Reply(EmailStatus::new(
        &user.email,
        user.email_verified,
        Some(&otp),
        now,
    )))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Guess {
    /// The passcode from the mail; without it the state is only read.
    #[param(nullable = false)]
    passcode: Option<Secret>,
}

/// Answers whether the address is verified. With a passcode, tries it first; a wrong one is no error, but counted.
#[utoipa::path(get, path = "/api/v1/user/me/email/status", operation_id = "GetEmailVerificationStatus", tag = "My Account",
               params(Guess), responses((status = 200, body = Ok<EmailStatus>)), extensions(("x-tier" = json!("mission"))))]
pub(crate) async fn get_email_verification_status(
    State(app): State<App>,
    user: SessionUser,
    address: ClientAddress,
    Query(query): Query<Guess>,
) -> Result<impl IntoResponse> {
    let now = app.clock.now();
    let status = match query.passcode.filter(|guess| !guess.reveal().is_empty()) {
        None => EmailStatus::new(
            &user.email,
            user.email_verified,
            app.store.otp(user.id).await?.as_ref(),
            now,
        ),
        Some(guess) => attempt(&app, &user, &address, &guess, now).await?,
    };

    Ok(([(header::CACHE_CONTROL, "no-store")], Reply(status)))
}

/// One guess: counted per account and address over windows that no new passcode resets, then against the passcode
/// itself, and compared only then.
async fn attempt(
    app: &App,
    user: &SessionUser,
    address: &ClientAddress,
    guess: &Secret,
    now: Timestamp,
) -> Result<EmailStatus> {
    let status = |verified, otp: Option<&Otp>| EmailStatus::new(&user.email, verified, otp, now);
    let counters = [
        app.config
            .limits
            .counter(Limit::PasscodeAttemptAccount, user.email.as_str(), now),
        app.config
            .limits
            .counter(Limit::PasscodeAttemptAddress, address.as_str(), now),
    ];
    app.store.count(counters.each_ref(), now).await?;

    let otp = match app.store.attempt_otp(user.id, now).await? {
        Attempt::Counted(otp) => otp,
        Attempt::Refused(otp) => return Ok(status(user.email_verified, otp.as_ref())),
    };
    let right = otp.email == user.email && otp.accepts(guess.reveal(), &app.otp_key().await?);
    if !right {
        return Ok(status(user.email_verified, Some(&otp)));
    }
    if app.store.verify_email(user.id, &otp).await? {
        return Ok(status(true, None));
    }
    // Somebody else's guess was right first, or a new passcode or address came in between: the state as it is now.
    let current = app
        .store
        .user(user.id)
        .await?
        .ok_or(Error::NotFound(Kind::Email))?;
    let otp = app.store.otp(user.id).await?;
    Ok(EmailStatus::new(
        &current.email,
        current.email_verified,
        otp.as_ref(),
        now,
    ))
}
