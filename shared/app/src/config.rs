//! Settings: the only reader of the environment.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use crate::domain::{access::Role, limit::Limits};

/// The release of the API that clients are told they talk to.
const COMPATIBLE_RELEASE: &str = "0.1791.0";

/// A variable of the environment; an empty one is none.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the reader of the environment"
)]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// How the process is set up. Every field has its variable in the README.
#[derive(Debug, Clone)]
pub struct Config {
    pub table: String,
    /// Another endpoint than the region's own: a table on a laptop.
    pub dynamodb_endpoint: Option<String>,
    /// The public address, without a slash at its end; cookies are `Secure` when it is https.
    pub site_url: String,
    pub mail: MailConfig,
    pub seal: SealConfig,
    /// Where large values are.
    pub files: FilesConfig,
    /// Whether warehouses inside the operator's own network may be talked to.
    pub private_warehouses: bool,
    /// How long rows are kept for the next who asks the same; without, they are not.
    pub results_cache: Option<Duration>,
    /// How long a deleted chart or dashboard can be restored.
    pub deleted_content: Duration,
    /// Whether a second organisation may be made, and anybody may sign up.
    pub allow_multiple_orgs: bool,
    pub password_login: bool,
    pub session_lifetime: Duration,
    /// Roles that may use personal access tokens.
    pub token_roles: BTreeSet<Role>,
    /// Longest lifetime of a token, in days.
    pub token_days: Option<u32>,
    /// How many proxies in front of this one are ours and add to `X-Forwarded-For`.
    pub trusted_hops: usize,
    /// Whether answers on which current clients and the documented API disagree are as current clients expect them.
    pub latest_answers: bool,
    pub feature_flags: BTreeSet<String>,
    pub limits: Limits,
    /// What `Lightdash-Version` and `GET /health` say.
    pub version: String,
}

/// How mail leaves.
#[derive(Debug, Clone)]
pub enum MailConfig {
    /// By SES, from this address.
    Ses {
        from: String,
        configuration_set: Option<String>,
    },
    /// As files in a folder.
    Outbox(PathBuf),
    /// Not at all.
    None,
}

/// What secrets are sealed under.
#[derive(Debug, Clone)]
pub enum SealConfig {
    /// A KMS key, by its ARN.
    Kms(String),
    /// A file with a key, made where there is none.
    KeyFile(PathBuf),
    /// Nothing: this function seals nothing.
    None,
}

/// Where large values are kept.
#[derive(Debug, Clone)]
pub enum FilesConfig {
    /// In a bucket.
    Bucket(String),
    /// In a folder, made where there is none.
    Folder(PathBuf),
    /// Nowhere: this function has none.
    None,
}

/// How the worker is called back.
#[cfg(feature = "jobs")]
#[derive(Debug, Clone)]
pub struct TimerConfig {
    /// The group that schedules are made in.
    pub group: String,
    /// The role that invokes the worker, by its ARN.
    pub role: String,
    /// The worker, by its ARN.
    pub worker: String,
}

#[cfg(feature = "jobs")]
impl TimerConfig {
    /// Reads the environment.
    ///
    /// # Errors
    /// A sentence that names the variable which is missing.
    pub fn from_env() -> Result<Self, String> {
        let needed = |name: &str| variable(name).ok_or_else(|| format!("{name} is not set"));
        Ok(Self {
            group: needed("ZERODASH_SCHEDULE_GROUP")?,
            role: needed("ZERODASH_SCHEDULE_ROLE")?,
            worker: needed("ZERODASH_WORKER")?,
        })
    }
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// A sentence that names the variable.
    pub fn from_env() -> Result<Self, String> {
        Self::from_variables(variable)
    }

    /// Reads variables from wherever they come.
    ///
    /// # Errors
    /// A sentence that names the variable.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let variable = &variable;
        // Lambda itself, not an emulator of it on somebody's laptop.
        let on_lambda = variable("LAMBDA_TASK_ROOT").is_some()
            && variable("AWS_SAM_LOCAL").as_deref() != Some("true");
        let path = |name: &str| variable(name).map(PathBuf::from);
        let mail = match (variable("ZERODASH_MAIL_FROM"), path("ZERODASH_OUTBOX")) {
            (_, Some(_)) if on_lambda => {
                return Err("ZERODASH_OUTBOX is for laptops, not for Lambda".into());
            }
            (_, Some(folder)) => MailConfig::Outbox(folder),
            (Some(from), None) => MailConfig::Ses {
                from,
                configuration_set: variable("ZERODASH_MAIL_CONFIGURATION_SET"),
            },
            (None, None) => MailConfig::None,
        };
        let seal = match (variable("ZERODASH_KMS_KEY"), path("ZERODASH_KEY_FILE")) {
            (_, Some(_)) if on_lambda => {
                return Err("ZERODASH_KEY_FILE is for laptops, not for Lambda".into());
            }
            (_, Some(file)) => SealConfig::KeyFile(file),
            (Some(key), None) => SealConfig::Kms(key),
            (None, None) => SealConfig::None,
        };
        let files = match (variable("ZERODASH_BUCKET"), path("ZERODASH_FILES")) {
            (_, Some(_)) if on_lambda => {
                return Err("ZERODASH_FILES is for laptops, not for Lambda".into());
            }
            (_, Some(folder)) => FilesConfig::Folder(folder),
            (Some(bucket), None) => FilesConfig::Bucket(bucket),
            (None, None) => FilesConfig::None,
        };
        let cache = whole(variable, "ZERODASH_RESULTS_CACHE_SECONDS")?;
        let endpoint = variable("ZERODASH_DYNAMODB_ENDPOINT");
        if on_lambda && endpoint.is_some() {
            return Err("ZERODASH_DYNAMODB_ENDPOINT is for laptops, not for Lambda".into());
        }
        let hours = whole(variable, "ZERODASH_SESSION_HOURS")?.unwrap_or(24);
        let days = whole(variable, "ZERODASH_DELETED_CONTENT_DAYS")?.unwrap_or(30);
        Ok(Self {
            table: variable("ZERODASH_TABLE").unwrap_or_else(|| "zerodash".into()),
            dynamodb_endpoint: endpoint,
            site_url: variable("ZERODASH_SITE_URL")
                .unwrap_or_else(|| "http://127.0.0.1:8080".into())
                .trim_end_matches('/')
                .to_owned(),
            mail,
            seal,
            files,
            private_warehouses: flag(variable, "ZERODASH_PRIVATE_WAREHOUSES", !on_lambda)?,
            results_cache: cache.map(|seconds| Duration::from_secs(seconds.into())),
            deleted_content: Duration::from_secs(u64::from(days) * 24 * 60 * 60),
            allow_multiple_orgs: flag(variable, "ZERODASH_ALLOW_MULTIPLE_ORGS", false)?,
            password_login: flag(variable, "ZERODASH_PASSWORD_LOGIN", true)?,
            session_lifetime: Duration::from_secs(u64::from(hours) * 60 * 60),
            token_roles: roles(variable, "ZERODASH_TOKEN_ROLES")?,
            token_days: whole(variable, "ZERODASH_TOKEN_MAX_DAYS")?,
            trusted_hops: whole(variable, "ZERODASH_TRUSTED_HOPS")?.unwrap_or(0) as usize,
            feature_flags: variable("ZERODASH_FEATURE_FLAGS")
                .map(|list| list.split(',').map(|name| name.trim().to_owned()).collect())
                .unwrap_or_default(),
            latest_answers: match variable("ZERODASH_COMPATIBILITY").as_deref() {
                None | Some("contract") => false,
                Some("latest") => true,
                Some(_) => return Err("ZERODASH_COMPATIBILITY is contract or latest".into()),
            },
            limits: Limits::from_variables(variable)
                .map_err(|name| format!("{name} cannot be read"))?,
            version: variable("ZERODASH_COMPATIBLE_RELEASE")
                .unwrap_or_else(|| COMPATIBLE_RELEASE.into()),
        })
    }

    /// Whether cookies are for https only.
    pub fn secure_cookies(&self) -> bool {
        self.site_url.starts_with("https://")
    }
}

fn flag(
    variable: impl Fn(&str) -> Option<String>,
    name: &str,
    otherwise: bool,
) -> Result<bool, String> {
    match variable(name).as_deref() {
        None => Ok(otherwise),
        Some("true" | "1") => Ok(true),
        Some("false" | "0") => Ok(false),
        Some(_) => Err(format!("{name} is true or false")),
    }
}

/// A whole number of at least 1; the trusted hops may be 0, which is the same as unset.
fn whole(variable: impl Fn(&str) -> Option<String>, name: &str) -> Result<Option<u32>, String> {
    let Some(text) = variable(name) else {
        return Ok(None);
    };
    let number = text
        .parse::<u32>()
        .ok()
        .filter(|number| *number <= 1_000_000)
        .ok_or_else(|| format!("{name} is a whole number"))?;
    Ok(Some(number).filter(|number| *number > 0))
}

fn roles(variable: impl Fn(&str) -> Option<String>, name: &str) -> Result<BTreeSet<Role>, String> {
    let every = "member,viewer,interactive_viewer,editor,developer,admin";
    let list = variable(name).unwrap_or_else(|| every.into());
    let role = |text: &str| {
        serde_json::from_value(text.trim().into())
            .map_err(|_| format!("{name} has an unknown role"))
    };
    list.split(',').map(role).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, String> {
        Config::from_variables(|name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_set_is_a_working_setup() {
        let config = read(&[]).unwrap();
        assert_eq!(
            (
                config.table.as_str(),
                config.version.as_str(),
                config.token_roles.len()
            ),
            ("zerodash", "0.1791.0", 6)
        );
        assert!(!config.secure_cookies() && !config.allow_multiple_orgs && config.password_login);
    }

    #[test]
    fn what_belongs_on_a_laptop_is_refused_on_lambda() {
        for name in [
            "ZERODASH_OUTBOX",
            "ZERODASH_KEY_FILE",
            "ZERODASH_FILES",
            "ZERODASH_DYNAMODB_ENDPOINT",
        ] {
            assert!(
                read(&[("LAMBDA_TASK_ROOT", "/var/task"), (name, "x")])
                    .unwrap_err()
                    .contains(name)
            );
            assert!(
                read(&[
                    ("LAMBDA_TASK_ROOT", "/var/task"),
                    ("AWS_SAM_LOCAL", "true"),
                    (name, "x")
                ])
                .is_ok()
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (name, value) in [
            ("ZERODASH_ALLOW_MULTIPLE_ORGS", "maybe"),
            ("ZERODASH_COMPATIBILITY", "newest"),
            ("ZERODASH_SESSION_HOURS", "x"),
            ("ZERODASH_TOKEN_ROLES", "king"),
            ("ZERODASH_LIMIT_FACTOR", "0"),
        ] {
            assert!(read(&[(name, value)]).unwrap_err().contains(name));
        }
    }
}
