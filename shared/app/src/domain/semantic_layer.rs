//! A project's connection to a semantic layer, which clients of older releases set: kept sealed, asked for nothing yet.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    Error, Result,
    domain::secret::{SealedBytes, Secret},
};

/// A URL, an id and a token have a few hundred characters; more is no connection.
const LONGEST: usize = 4096;

/// A token as it is shown: clients of older releases need the field, so it is there and empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hidden;

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("")
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// The semantic layer of dbt, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DbtSemanticLayerConnection)]
pub struct DbtSemanticLayer {
    /// Always empty.
    #[schema(value_type = String)]
    token: Hidden,
    domain: String,
    environment_id: String,
}

/// The semantic layer of Cube, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CubeSemanticLayerConnection)]
pub struct CubeSemanticLayer {
    /// Always empty.
    #[schema(value_type = String)]
    token: Hidden,
    domain: String,
}

/// A connection to a semantic layer as it is shown: without its token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "UPPERCASE")]
#[schema(as = SemanticLayerConnection)]
pub enum SemanticLayer {
    Dbt(DbtSemanticLayer),
    Cube(CubeSemanticLayer),
}

/// A change of a connection to dbt's semantic layer; what is missing, or an empty token, stays as it is.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PartialDbtSemanticLayerConnection)]
pub struct DbtSemanticLayerUpdate {
    #[schema(write_only, nullable = false)]
    token: Option<Secret>,
    #[schema(nullable = false)]
    domain: Option<String>,
    #[schema(nullable = false)]
    environment_id: Option<String>,
}

/// A change of a connection to Cube; what is missing, or an empty token, stays as it is.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = PartialCubeSemanticLayerConnection)]
pub struct CubeSemanticLayerUpdate {
    #[schema(write_only, nullable = false)]
    token: Option<Secret>,
    #[schema(nullable = false)]
    domain: Option<String>,
}

/// A change of a connection to a semantic layer. Another type than the stored one has to be complete.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "UPPERCASE")]
#[schema(as = SemanticLayerConnectionUpdate)]
pub enum SemanticLayerUpdate {
    Dbt(DbtSemanticLayerUpdate),
    Cube(CubeSemanticLayerUpdate),
}

/// A connection as it is stored: what may be shown beside the whole of it, sealed for its project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredSemanticLayer {
    pub sealed: SealedBytes,
    pub shown: SemanticLayer,
}

/// What is sealed of a connection that was stored earlier, opened.
#[derive(Deserialize)]
struct Opened {
    token: Secret,
}

fn missing() -> Error {
    Error::invalid(
        "A new connection, and one of another type, has a token, a domain and, for dbt, an environmentId",
    )
}

/// What was sent, else what is there already; neither may be blank or endless.
fn chosen(sent: Option<&str>, known: Option<&str>) -> Result<String> {
    let text = sent.or(known).ok_or_else(missing)?.trim();
    let fits = !text.is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned()).ok_or_else(|| {
        Error::invalid(format!(
            "What a connection consists of has 1 to {LONGEST} characters"
        ))
    })
}

/// The address of a semantic layer: a URL of the web.
fn address(sent: Option<&str>, known: Option<&str>) -> Result<String> {
    let domain = chosen(sent, known)?;
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| domain.strip_prefix(scheme));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    let is_url = host.is_some_and(|host| !host.is_empty() && !host.contains('@'))
        && !domain.contains(char::is_whitespace);
    is_url
        .then_some(domain)
        .ok_or_else(|| Error::invalid("The domain is a URL that begins with https:// or http://"))
}

impl SemanticLayer {
    /// Where it is.
    fn domain(&self) -> &str {
        match self {
            Self::Dbt(one) => &one.domain,
            Self::Cube(one) => &one.domain,
        }
    }
}

impl SemanticLayerUpdate {
    /// Whether the token of the stored connection is needed.
    pub fn needs_token_of(&self, stored: &SemanticLayer) -> bool {
        let same = matches!(
            (self, stored),
            (Self::Dbt(_), SemanticLayer::Dbt(_)) | (Self::Cube(_), SemanticLayer::Cube(_))
        );
        same && self.token().is_none()
    }

    fn domain(&self) -> Option<&str> {
        let domain = match self {
            Self::Dbt(sent) => &sent.domain,
            Self::Cube(sent) => &sent.domain,
        };
        domain
            .as_deref()
            .map(str::trim)
            .filter(|domain| !domain.is_empty())
    }

    fn token(&self) -> Option<&str> {
        let token = match self {
            Self::Dbt(sent) => &sent.token,
            Self::Cube(sent) => &sent.token,
        };
        token
            .as_ref()
            .map(Secret::reveal)
            .filter(|token| !token.is_empty())
    }

    /// The whole connection: what may be shown of it, and what is sealed. `stored` is what is there already, `opened`
    /// what was sealed of it, where [`Self::needs_token_of`] says so.
    ///
    /// # Errors
    /// `Invalid` when something is missing that is not stored, or when the domain is no URL.
    pub fn over(
        &self,
        stored: Option<&SemanticLayer>,
        opened: Option<&[u8]>,
    ) -> Result<(SemanticLayer, Vec<u8>)> {
        let opened = opened.map(serde_json::from_slice::<Opened>).transpose();
        let opened = opened
            .map_err(|_| Error::Internal(anyhow::anyhow!("reading a semantic layer connection")))?;
        let known = opened.as_ref().map(|opened| opened.token.reveal());
        let token = chosen(self.token(), known)?;
        if self.token().is_none()
            && self
                .domain()
                .is_some_and(|new| stored.is_some_and(|old| old.domain() != new))
        {
            return Err(Error::invalid(
                "A token is for one domain: send the token of the other one with it",
            ));
        }
        let (shown, whole) = match self {
            Self::Dbt(sent) => {
                let old = match stored {
                    Some(SemanticLayer::Dbt(old)) => Some(old),
                    _ => None,
                };
                let old_domain = old.map(|old| old.domain.as_str());
                let old_id = old.map(|old| old.environment_id.as_str());
                let domain = address(sent.domain.as_deref(), old_domain)?;
                let environment_id = chosen(sent.environment_id.as_deref(), old_id)?;
                let whole = json!({
                    "type": "DBT", "token": token, "domain": domain, "environmentId": environment_id,
                });
                let shown = DbtSemanticLayer {
                    token: Hidden,
                    domain,
                    environment_id,
                };
                (SemanticLayer::Dbt(shown), whole)
            }
            Self::Cube(sent) => {
                let old = match stored {
                    Some(SemanticLayer::Cube(old)) => Some(old.domain.as_str()),
                    _ => None,
                };
                let domain = address(sent.domain.as_deref(), old)?;
                let whole = json!({ "type": "CUBE", "token": token, "domain": domain });
                let shown = CubeSemanticLayer {
                    token: Hidden,
                    domain,
                };
                (SemanticLayer::Cube(shown), whole)
            }
        };
        Ok((shown, bytes(&whole)))
    }
}

fn bytes(whole: &Value) -> Vec<u8> {
    whole.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(body: Value) -> SemanticLayerUpdate {
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn a_domain_is_a_url() {
        for domain in ["https://cube.example", "http://localhost:4000/path?x=1"] {
            assert_eq!(address(Some(domain), None).unwrap(), domain);
        }
        for domain in [
            "",
            "cube.example",
            "ftp://cube.example",
            "https://",
            "https:///x",
            "https://a b",
            "https://user@cube.example",
            "javascript:alert(1)",
        ] {
            assert!(address(Some(domain), None).is_err(), "{domain}");
        }
    }

    #[test]
    fn what_is_not_sent_stays() {
        let first =
            json!({ "type": "DBT", "token": "t", "domain": "https://a", "environmentId": "1" });
        let (stored, sealed) = update(first.clone()).over(None, None).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&sealed).unwrap(), first);
        let change = update(json!({ "type": "DBT", "token": "", "environmentId": "2" }));
        assert!(change.needs_token_of(&stored));
        let (shown, sealed) = change.over(Some(&stored), Some(&sealed)).unwrap();
        let sealed: Value = serde_json::from_slice(&sealed).unwrap();
        assert_eq!(
            sealed,
            json!({ "type": "DBT", "token": "t", "domain": "https://a", "environmentId": "2" })
        );
        assert_eq!(
            serde_json::to_value(shown).unwrap(),
            json!({ "type": "DBT", "token": "", "domain": "https://a", "environmentId": "2" })
        );
        for (body, complete) in [
            (json!({ "type": "CUBE", "token": "t" }), false),
            (json!({ "type": "CUBE", "domain": "https://a" }), false),
            (
                json!({ "type": "CUBE", "token": "t", "domain": "https://a" }),
                true,
            ),
        ] {
            let other = update(body);
            assert!(!other.needs_token_of(&stored));
            assert_eq!(other.over(Some(&stored), None).is_ok(), complete);
        }
    }
}
