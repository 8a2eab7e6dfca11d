//! What the mails say.

use std::sync::LazyLock;

use mail_builder::{
    MessageBuilder,
    headers::{address::Address, content_type::ContentType, raw::Raw},
    mime::MimePart,
};
use minijinja::{Environment, context};

use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        access::ProjectRole, content::Content, email::EmailAddress, project::Project,
        secret::Secret,
    },
};

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    for (name, source) in [
        ("frame.html", include_str!("templates/frame.html")),
        ("passcode.txt", include_str!("templates/passcode.txt")),
        ("passcode.html", include_str!("templates/passcode.html")),
        ("reset.txt", include_str!("templates/reset.txt")),
        ("reset.html", include_str!("templates/reset.html")),
        (
            "password-changed.txt",
            include_str!("templates/password-changed.txt"),
        ),
        (
            "password-changed.html",
            include_str!("templates/password-changed.html"),
        ),
        (
            "email-changed.txt",
            include_str!("templates/email-changed.txt"),
        ),
        (
            "email-changed.html",
            include_str!("templates/email-changed.html"),
        ),
        ("invitation.txt", include_str!("templates/invitation.txt")),
        ("invitation.html", include_str!("templates/invitation.html")),
        (
            "project-access.txt",
            include_str!("templates/project-access.txt"),
        ),
        (
            "project-access.html",
            include_str!("templates/project-access.html"),
        ),
        ("mention.txt", include_str!("templates/mention.txt")),
        ("mention.html", include_str!("templates/mention.html")),
    ] {
        #[expect(
            clippy::expect_used,
            reason = "built-in templates, all rendered by the tests"
        )]
        templates
            .add_template(name, source)
            .expect("the built-in template is valid");
    }
    templates
});

/// A mail to one person, in text and HTML. Its `Debug` shows which one it is, never what it says.
pub struct Message {
    name: &'static str,
    subject: String,
    values: minijinja::Value,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Message {
    /// The passcode that proves an address.
    pub fn passcode(code: &Secret, until: Timestamp) -> Self {
        let values = context! { code => code.reveal(), until => until.for_people(), minutes => crate::domain::otp::LIFETIME.as_secs() / 60 };
        Self {
            name: "passcode",
            subject: "Verify your email address".into(),
            values,
        }
    }

    /// The link to set a new password.
    pub fn reset(site_url: &str, code: &Secret, until: Timestamp) -> Self {
        let link = format!("{site_url}/reset-password/{}", code.reveal());
        Self {
            name: "reset",
            subject: "Reset your password".into(),
            values: context! { link, until => until.for_people() },
        }
    }

    /// Notice that the password was changed.
    pub fn password_changed(site_url: &str, at: Timestamp) -> Self {
        let values = context! { site_url, at => at.for_people() };
        Self {
            name: "password-changed",
            subject: "Your password was changed".into(),
            values,
        }
    }

    /// Notice to the old address that the account has a new one.
    pub fn email_changed(new: &EmailAddress, at: Timestamp) -> Self {
        let values = context! { new => new.as_str(), at => at.for_people() };
        Self {
            name: "email-changed",
            subject: "Your email address was changed".into(),
            values,
        }
    }

    /// An invitation into an organisation.
    pub fn invitation(site_url: &str, organization: &str, code: &Secret, until: Timestamp) -> Self {
        let link = format!("{site_url}/invite/{}?from=email", code.reveal());
        Self {
            name: "invitation",
            subject: format!("You are invited to join {organization}"),
            values: context! { organization, link, until => until.for_people() },
        }
    }

    /// Notice that somebody got a role in a project.
    pub fn project_access(site_url: &str, project: &Project, by: &str, role: ProjectRole) -> Self {
        let verb = match role {
            ProjectRole::Viewer => "view",
            ProjectRole::InteractiveViewer => "explore",
            ProjectRole::Editor | ProjectRole::Developer => "edit",
            ProjectRole::Admin => "manage",
        };
        let link = format!("{site_url}/projects/{}/home", project.id);
        let who = if by.is_empty() { "Somebody" } else { by };
        Self {
            name: "project-access",
            subject: format!("{who} invited you to {}", project.name),
            values: context! { project => project.name.as_str(), by, verb, link },
        }
    }

    /// Notice that a comment on a dashboard mentions somebody.
    pub fn mention(site_url: &str, dashboard: &Content, by: &str) -> Self {
        let link = format!(
            "{site_url}/projects/{}/dashboards/{}/view",
            dashboard.project, dashboard.id
        );
        let who = if by.is_empty() { "Somebody" } else { by };
        Self {
            name: "mention",
            subject: format!("{who} mentioned you on {}", dashboard.name),
            values: context! { dashboard => dashboard.name.as_str(), by, link },
        }
    }

    /// Which message it is.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    fn render(&self, kind: &str) -> Result<String> {
        let failed = |error: minijinja::Error| {
            Error::Internal(anyhow::anyhow!("rendering a mail: {}", error.kind()))
        };
        let template = TEMPLATES
            .get_template(&format!("{}.{kind}", self.name))
            .map_err(failed)?;
        template.render(&self.values).map_err(failed)
    }

    /// The message as it travels.
    pub(super) fn to_rfc5322(
        &self,
        from: &str,
        to: &EmailAddress,
        id: &str,
        now: Timestamp,
    ) -> Result<Vec<u8>> {
        let boundary = format!("=_{}", id.split('@').next().unwrap_or(id));
        let parts = vec![
            MimePart::new("text/plain", self.render("txt")?),
            MimePart::new("text/html", self.render("html")?),
        ];
        let kind = ContentType::new("multipart/alternative").attribute("boundary", boundary);
        let raw = MessageBuilder::new()
            .from(Address::new_address(Some("Zerodash"), from))
            .to(to.as_str())
            .subject(self.subject.as_str())
            .message_id(id)
            .header("Date", Raw::new(now.rfc2822()))
            // RFC 3834: no out-of-office answers, please.
            .header("Auto-Submitted", Raw::new("auto-generated"))
            .body(MimePart::new(kind, parts))
            .write_to_vec();
        raw.map_err(|error| Error::Internal(anyhow::anyhow!("building a mail: {error:?}")))
    }
}
