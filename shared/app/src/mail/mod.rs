//! Mail: SES in the cloud, RFC 5322 files in a folder on a laptop.

mod message;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use aws_config::SdkConfig;
use aws_sdk_sesv2::{
    error::ProvideErrorMetadata,
    operation::send_email::SendEmailError,
    primitives::Blob,
    types::{Destination, EmailContent, RawMessage},
};

use crate::{
    Error, Result, clock::Clock, config::MailConfig, domain::email::EmailAddress, random::Random,
};

pub use message::Message;

/// Sends messages.
#[derive(Clone)]
pub struct Mailer {
    way: Way,
    from: String,
    clock: Clock,
    random: Random,
}

#[derive(Clone)]
enum Way {
    Ses {
        client: aws_sdk_sesv2::Client,
        configuration_set: Option<String>,
    },
    Outbox {
        folder: PathBuf,
        count: Arc<AtomicU32>,
    },
    None,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailer")
    }
}

impl Mailer {
    /// The mailer that the configuration describes. The SDK's configuration is asked for only where it is needed.
    ///
    /// # Errors
    /// `Internal` when the outbox cannot be made.
    #[expect(clippy::disallowed_methods, reason = "the client is built here")]
    pub async fn new(
        config: &MailConfig,
        clock: &Clock,
        random: &Random,
        sdk: impl AsyncFnOnce() -> SdkConfig,
    ) -> Result<Self> {
        let (way, from) = match config {
            MailConfig::Ses {
                from,
                configuration_set,
            } => {
                let client = aws_sdk_sesv2::Client::from_conf((&sdk().await).into());
                (
                    Way::Ses {
                        client,
                        configuration_set: configuration_set.clone(),
                    },
                    from.clone(),
                )
            }
            MailConfig::Outbox(folder) => {
                let made = std::fs::create_dir_all(folder);
                made.map_err(|error| {
                    Error::Internal(anyhow::Error::new(error).context("making the outbox"))
                })?;
                (
                    Way::Outbox {
                        folder: folder.clone(),
                        count: Arc::default(),
                    },
                    "zerodash@localhost".into(),
                )
            }
            MailConfig::None => (Way::None, String::new()),
        };
        Ok(Self {
            way,
            from,
            clock: clock.clone(),
            random: random.clone(),
        })
    }

    /// Whether mail can leave at all.
    pub fn is_set_up(&self) -> bool {
        !matches!(self.way, Way::None)
    }

    /// Sends one message.
    ///
    /// # Errors
    /// `Unavailable` when mail cannot be sent now; `Invalid` when the address or the sender is refused for good.
    pub async fn send(&self, to: &EmailAddress, message: Message) -> Result<()> {
        let now = self.clock.now();
        let id = format!(
            "{}@{}",
            self.random.uuid().simple(),
            self.from.rsplit('@').next().unwrap_or("localhost")
        );
        let raw = message.to_rfc5322(&self.from, to, &id, now)?;
        match &self.way {
            Way::Ses {
                client,
                configuration_set,
            } => {
                let raw = RawMessage::builder().data(Blob::new(raw)).build();
                let raw = raw.map_err(|error| {
                    Error::Internal(anyhow::Error::new(error).context("building a mail"))
                })?;
                let call = client
                    .send_email()
                    .from_email_address(&self.from)
                    .set_configuration_set_name(configuration_set.clone());
                let call =
                    call.destination(Destination::builder().to_addresses(to.as_str()).build());
                let sent = call
                    .content(EmailContent::builder().raw(raw).build())
                    .send()
                    .await;
                sent.map(|_| ())
                    .map_err(|error| match error.as_service_error() {
                        Some(
                            SendEmailError::MessageRejected(_)
                            | SendEmailError::BadRequestException(_),
                        ) => Error::invalid("The mail service refuses to send to this address"),
                        // The code alone: what the service says may name the address, and goes to the log.
                        _ => {
                            let code = error.code().unwrap_or("no answer").to_owned();
                            Error::Unavailable(anyhow::anyhow!("sending a mail: {code}"))
                        }
                    })
            }
            Way::Outbox { folder, count } => {
                // Names sort the way the mails were sent, and two processes do not meet.
                let number = count.fetch_add(1, Ordering::Relaxed);
                let name = format!(
                    "{}-{number:05}-{}-{}.eml",
                    now.to_string().replace(':', ""),
                    message.name(),
                    self.random.url_safe::<6>()
                );
                deliver(folder, &name, &raw).map_err(|error| {
                    Error::Unavailable(anyhow::Error::new(error).context("writing to the outbox"))
                })
            }
            Way::None => Err(Error::Unavailable(anyhow::anyhow!(
                "no mail service is set up"
            ))),
        }
    }
}

/// A reader of the folder sees whole files only.
fn deliver(folder: &Path, name: &str, raw: &[u8]) -> std::io::Result<()> {
    let part = folder.join(format!(".{name}"));
    std::fs::write(&part, raw)?;
    std::fs::rename(part, folder.join(name))
}
