//! Mails that are written down as jobs.

use app::{
    App, Error, Result,
    domain::{content::ContentKind, job::Task, link::code_hash, secret::Secret},
    mail::Message,
};

/// Sends the mail of a job. One that has lost its reason meanwhile is not sent.
pub(crate) async fn send(app: &App, task: &Task) -> Result<()> {
    match task {
        Task::MailInvitation {
            user,
            to,
            organization,
            code,
            expires_at,
        } => {
            let Some((organization, _)) = app.store.organization(*organization).await? else {
                return Ok(());
            };
            let id = user.to_string();
            let code = app.seal.open(code, &[("invited", &id)]).await?;
            let code = Secret::new(String::from_utf8_lossy(&code).into_owned());
            let (hash, now) = (code_hash(code.reveal()), app.clock.now());
            match app.store.invitation(&hash, now).await {
                // Taken back, replaced, accepted or over since it was written down.
                Err(Error::NotExists(_) | Error::Expired(_)) => return Ok(()),
                open => drop(open?),
            }
            let message =
                Message::invitation(&app.config.site_url, &organization.name, &code, *expires_at);
            app.mail.send(to, message).await
        }
        Task::MailProjectAccess {
            to,
            project,
            by,
            role,
        } => {
            let Some(project) = app.store.project(*project).await? else {
                return Ok(());
            };
            let by = app.store.user(*by).await?;
            let by = by.map(|user| format!("{} {}", user.first_name, user.last_name));
            let message = Message::project_access(
                &app.config.site_url,
                &project,
                by.as_deref().map(str::trim).unwrap_or_default(),
                *role,
            );
            app.mail.send(to, message).await
        }
        Task::MailMention { to, dashboard, by } => {
            let kind = ContentKind::Dashboard;
            let Some(dashboard) = app.store.content(kind, *dashboard).await? else {
                return Ok(());
            };
            let by = app.store.user(*by).await?;
            let by = by.map(|user| format!("{} {}", user.first_name, user.last_name));
            let by = by.as_deref().map(str::trim).unwrap_or_default();
            let message = Message::mention(&app.config.site_url, &dashboard, by);
            app.mail.send(to, message).await
        }
        Task::RemoveContents { .. }
        | Task::Work { .. }
        | Task::CopyAccess { .. }
        | Task::RunQuery { .. }
        | Task::SweepExplores { .. }
        | Task::DeleteUser { .. }
        | Task::DeleteOrganization { .. }
        | Task::DeleteProject { .. }
        | Task::DeleteGroup { .. } => Ok(()),
    }
}
