//! Accepting an invitation: the other form of signing up.

use app::{
    App, Beside, ClientAddress, Error, Kind, Reply, Result, SessionUser, Timestamp, Visitor,
    domain::{
        invitation::Invitation,
        limit::Limit,
        link::code_hash,
        otp::Otp,
        password::Password,
        secret::Secret,
        user::{User, person_name},
    },
    store::{Acceptance, FirstLogin},
    view::UserView,
};

use crate::register::{ActivateUserWithInviteCode, mail_passcode, password_gate};

/// How often an account that changed meanwhile is looked at again.
const TRIES: u32 = 3;

/// Who accepts, and what they sent with the code.
struct Guest {
    caller: Option<SessionUser>,
    address: ClientAddress,
    first_name: String,
    last_name: String,
    password: Secret,
}

/// Lets in who was invited. A pending account gets its names, its password and a passcode by mail; any other proves that
/// it is the caller's, and keeps what it has. Either way the code is used up, and a session begins.
pub(crate) async fn accept(
    app: App,
    visitor: Visitor,
    address: ClientAddress,
    beside: Beside,
    body: ActivateUserWithInviteCode,
) -> Result<Reply<UserView>> {
    Password::new(body.password.clone())?;
    let guest = Guest {
        caller: visitor.0,
        address,
        first_name: person_name(&body.first_name)?,
        last_name: person_name(&body.last_name)?,
        password: body.password,
    };
    let now = app.clock.now();
    let limits = &app.config.limits;
    let counter = limits.counter(Limit::InvitationAddress, guest.address.as_str(), now);
    app.store.count([&counter], now).await?;
    let hash = code_hash(body.invite_code.reveal());

    for _ in 0..TRIES {
        let (invitation, user) = app.store.invitation(&hash, now).await?;
        password_gate(&app)?;
        let accepted = if user.is_pending() {
            activate(&app, &guest, &invitation, user, &beside).await
        } else {
            join(&app, &guest, &invitation, user, &beside).await
        };
        match accepted {
            Err(Error::Changed(Kind::User)) => {}
            Err(error) => return Err(error),
            Ok(user) => return Ok(Reply(UserView::with_rules(&app, user).await?)),
        }
    }
    Err(Error::Changed(Kind::User))
}

/// A pending account gets what it needs to sign in.
async fn activate(
    app: &App,
    guest: &Guest,
    invitation: &Invitation,
    before: User,
    beside: &Beside,
) -> Result<User> {
    let now = app.clock.now();
    let user = User {
        first_name: guest.first_name.clone(),
        last_name: guest.last_name.clone(),
        has_password: true,
        // Reset links from before are over.
        login_epoch: before.login_epoch + 1,
        ..member(&before, invitation, now)?
    };
    let counter = |limit, subject: &str| app.config.limits.counter(limit, subject, now);
    let counters = [
        counter(Limit::PasscodeRequestAccount, user.email.as_str()),
        counter(Limit::PasscodeRequestAddress, guest.address.as_str()),
    ];
    let hash = app.hash(Password::new(guest.password.clone())?).await?;
    let (otp, code) = Otp::issue(&user.email, &app.otp_key().await?, &app.random, now);
    let login = FirstLogin {
        password: &hash,
        otp: &otp,
        counters: counters.each_ref(),
    };

    begin(
        app,
        guest,
        (invitation, &before, &user),
        Some(login),
        beside,
    )
    .await?;
    mail_passcode(app, beside, &otp, &code);
    Ok(user)
}

/// An account that somebody signs in to becomes a member, if the caller proves that it is theirs.
async fn join(
    app: &App,
    guest: &Guest,
    invitation: &Invitation,
    before: User,
    beside: &Beside,
) -> Result<User> {
    let signed_in = |caller: &SessionUser| caller.user.id == before.id;
    if !guest.caller.as_ref().is_some_and(signed_in) {
        prove(app, guest, &before, beside).await?;
    }
    let user = member(&before, invitation, app.clock.now())?;

    begin(app, guest, (invitation, &before, &user), None, beside).await?;
    Ok(user)
}

/// The account as a member of the organisation that it was invited into.
fn member(before: &User, invitation: &Invitation, now: Timestamp) -> Result<User> {
    if !before.is_active {
        return Err(Error::Deactivated);
    }
    let organization = before.organization.unwrap_or(invitation.organization);
    if organization != invitation.organization {
        return Err(Error::Forbidden("You already belong to an organization"));
    }
    Ok(User {
        organization: Some(organization),
        role: before.role.or(Some(invitation.role)),
        updated_at: now,
        ..before.clone()
    })
}

/// Whether the password is the account's; counted as signing in is, and refused with the same answer.
async fn prove(app: &App, guest: &Guest, user: &User, beside: &Beside) -> Result<()> {
    let now = app.clock.now();
    let (email, address) = (user.email.as_str(), guest.address.as_str());
    let counter = |limit, subject: &str| app.config.limits.counter(limit, subject, now);
    let counters = [
        counter(Limit::LoginPair, &format!("{email} {address}")),
        counter(Limit::LoginAccount, email),
        counter(Limit::LoginAddress, address),
    ];
    let [pair, account, from] = counters.each_ref();
    app.store.count([pair, from], now).await?;
    app.store.count([account], now).await?;
    let hash = app.store.password(user.id).await?;
    if !app.verify(hash, guest.password.clone()).await? {
        return Err(Error::Unauthenticated);
    }

    let store = app.store.clone();
    beside.run("take back counted sign-ins", async move {
        store.refund(&counters).await;
        Ok(())
    });
    Ok(())
}

/// Uses the invitation up, and replaces the caller's session by one of the account.
async fn begin(
    app: &App,
    guest: &Guest,
    (invitation, before, user): (&Invitation, &User, &User),
    login: Option<FirstLogin<'_>>,
    beside: &Beside,
) -> Result<()> {
    let (token, session) = app.new_session(user);
    let acceptance = Acceptance {
        invitation,
        before,
        user,
        login,
        session: (&token, &session),
        old_session: guest.caller.as_ref().map(|caller| &caller.token),
    };
    app.store
        .accept_invitation(acceptance, app.clock.now())
        .await?;

    beside.set_session(&token, &session);
    Ok(())
}
