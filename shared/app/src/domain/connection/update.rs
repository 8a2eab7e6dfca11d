//! A connection that is set again: secrets are not shown, so clients send it without them, and the stored ones stay.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{Dbt, NewDbt, NewWarehouse, Warehouse};
use crate::{Error, Result};

type Fields = Map<String, Value>;

/// What decides who gets to see a connection's secrets; of another one nothing is taken over.
const REACHES: &[&str] = &[
    "type",
    "host",
    "port",
    "serverHostName",
    "account",
    "accessUrl",
    "useSshTunnel",
    "sshTunnelHost",
    "sshTunnelPort",
    "http_scheme",
    "host_domain",
    "discovery_api_endpoint",
];

/// What the adapter takes where nothing is said.
const DEFAULTS: &[(&str, u64)] = &[("port", 5432), ("sshTunnelPort", 22)];
/// How a PostgreSQL or Redshift is encrypted, from what gives the secrets to anybody on the way to what gives them to the named
/// server only.
const SSL_MODES: &[&[&str]] = &[
    &["disable"],
    &["no-verify"],
    &["allow", "prefer"],
    &["verify-ca"],
    &["require"],
    &["verify-full"],
];

impl NewWarehouse {
    /// A warehouse as it was sent; secrets that are absent or empty are the stored ones, when it is of the same type, at the
    /// same place, and no less encrypted. `stored` is what may be seen of it, and all.
    ///
    /// # Errors
    /// `Invalid` when something is missing or has the wrong type.
    pub fn over(sent: Fields, stored: Option<(&Warehouse, Vec<u8>)>) -> Result<Self> {
        over(sent, stored, "warehouseConnection")
    }

    /// A stored warehouse, opened, with some of its fields set anew.
    ///
    /// # Errors
    /// `Invalid` when one of them has the wrong type.
    pub fn changed(opened: &[u8], changes: Fields) -> Result<Self> {
        Self::over(with(opened, changes)?, None)
    }
}

impl NewDbt {
    /// A connection to a dbt project as it was sent; secrets as for [`NewWarehouse::over`].
    ///
    /// # Errors
    /// `Invalid` when something is missing or has the wrong type.
    pub fn over(sent: Fields, stored: Option<(&Dbt, Vec<u8>)>) -> Result<Self> {
        over(sent, stored, "dbtConnection")
    }

    /// A stored connection to a dbt project, as it is seen and opened, with some of its fields set anew; variables without a
    /// value keep theirs.
    ///
    /// # Errors
    /// `Invalid` when one of them has the wrong type.
    pub fn changed((shown, opened): (&Dbt, Vec<u8>), changes: Fields) -> Result<Self> {
        Self::over(with(&opened, changes)?, Some((shown, opened)))
    }
}

fn broken(_: serde_json::Error) -> Error {
    Error::Internal(anyhow::anyhow!("reading a connection"))
}

/// The fields of what was opened, and what is to stand in their place.
fn with(opened: &[u8], changes: Fields) -> Result<Fields> {
    let mut fields: Fields = serde_json::from_slice(opened).map_err(broken)?;
    fields.extend(changes);
    Ok(fields)
}

fn over<T: DeserializeOwned, S: Serialize>(
    mut sent: Fields,
    stored: Option<(&S, Vec<u8>)>,
    name: &str,
) -> Result<T> {
    if let Some((shown, opened)) = stored {
        let shown = serde_json::to_value(shown).map_err(broken)?;
        let opened: Fields = serde_json::from_slice(&opened).map_err(broken)?;
        keep_secrets(&mut sent, shown.as_object(), opened);
    }
    // What serde says quotes values, which may be secrets.
    serde_json::from_value(Value::Object(sent)).map_err(|_| {
        Error::invalid(format!(
            "The {name} lacks something that its type needs, or has something of another type; \
             secrets are only kept for the same type, host, port and encryption"
        ))
    })
}

fn keep_secrets(sent: &mut Fields, shown: Option<&Fields>, opened: Fields) {
    if sent.get("type") == opened.get("type") {
        keep_variables(sent, &opened);
    }
    let given = |fields: &Fields, name: &str| {
        let value: Option<&Value> = fields.get(name);
        let is_nothing = |value: &Value| value.is_null() || *value == false || *value == "";
        let default = DEFAULTS.iter().find(|(of, _)| *of == name);
        let value = value.filter(|value| !is_nothing(value)).cloned();
        value.or_else(|| default.map(|(_, value)| Value::from(*value)))
    };
    let elsewhere = |name: &&str| given(sent, name) != given(&opened, name);
    if REACHES.iter().any(elsewhere) || trusts_more(sent, &opened) {
        return;
    }
    // The private key of one pair is of no use with the public key of another.
    let other_pair = given(sent, "sshTunnelPublicKey") != given(&opened, "sshTunnelPublicKey");
    for (name, value) in opened {
        let is_secret = shown.is_some_and(|shown| !shown.contains_key(&name));
        let stays = is_secret && !(other_pair && name == "sshTunnelPrivateKey");
        if stays && is_left_out(sent.get(&name)) {
            sent.insert(name, value);
        }
    }
}

/// Whether somebody between here and the server gets to see more than before: by weaker encryption, or another root certificate.
fn trusts_more(sent: &Fields, opened: &Fields) -> bool {
    let strength = |fields: &Fields| {
        let mode = fields.get("sslmode").and_then(Value::as_str);
        let mode = mode.filter(|mode| !mode.is_empty()).unwrap_or("prefer");
        SSL_MODES.iter().position(|same| same.contains(&mode))
    };
    // Taken away, all that the system trusts is trusted.
    let root = sent.get("sslrootcert");
    let is_other = |stored: &Value| root != Some(stored);
    let other_root = match opened.get("sslrootcert").filter(|stored| !stored.is_null()) {
        Some(stored) => !is_left_out(root) && is_other(stored),
        None => !is_left_out(root) && is_other(&Value::Null),
    };
    strength(sent) < strength(opened) || other_root
}

/// Absent or empty; null takes a secret away.
fn is_left_out(value: Option<&Value>) -> bool {
    value.is_none_or(|value| value.as_str() == Some(""))
}

/// Variables are shown with their names only.
fn keep_variables(sent: &mut Fields, opened: &Fields) {
    let Some(known) = opened.get("environment").and_then(Value::as_array) else {
        return;
    };
    let variables = sent.get_mut("environment").and_then(Value::as_array_mut);
    for variable in variables.into_iter().flatten() {
        let stored = known
            .iter()
            .find(|one| one.get("key") == variable.get("key"));
        if let (Some(stored), Some(fields)) = (stored, variable.as_object_mut())
            && is_left_out(fields.get("value"))
            && let Some(value) = stored.get("value")
        {
            fields.insert("value".to_owned(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn postgres(change: Value) -> Fields {
        let mut fields =
            json!({ "type": "postgres", "host": "db", "port": 5432, "dbname": "d", "schema": "s" });
        for (name, value) in change.as_object().unwrap() {
            fields[name.as_str()] = value.clone();
        }
        fields.as_object().unwrap().clone()
    }

    fn stored() -> (Warehouse, Vec<u8>) {
        let secrets = json!({ "user": "u", "password": "p", "sslkey": "k" });
        let sent = NewWarehouse::over(postgres(secrets), None).unwrap();
        (sent.shown(), sent.to_seal().unwrap())
    }

    fn again(change: Value) -> Result<Value> {
        let (shown, opened) = stored();
        let set = NewWarehouse::over(postgres(change), Some((&shown, opened)))?;
        Ok(serde_json::from_slice(&set.to_seal()?).unwrap())
    }

    #[test]
    fn secrets_that_are_left_out_stay_and_null_takes_one_away() {
        let set = again(json!({ "password": "", "schema": "t", "sslkey": null })).unwrap();
        let secrets = ["user", "password", "schema", "sslkey"].map(|name| set[name].clone());
        assert_eq!(secrets, [json!("u"), json!("p"), json!("t"), Value::Null]);
        assert_eq!(
            again(json!({ "password": "new" })).unwrap()["password"],
            "new"
        );
    }

    #[test]
    fn another_host_does_not_get_the_secrets_of_this_one() {
        for change in [
            json!({ "host": "evil" }),
            json!({ "port": 5433 }),
            json!({ "sslmode": "disable" }),
            json!({ "sslmode": "no-verify" }),
            json!({ "sslrootcert": "of somebody else" }),
            json!({ "useSshTunnel": true, "sshTunnelHost": "evil" }),
            json!({ "type": "redshift" }),
        ] {
            assert!(again(change.clone()).is_err(), "{change}");
        }
        for change in [
            json!({ "sslmode": "prefer" }),
            json!({ "sslmode": "verify-full" }),
            json!({ "sshTunnelPort": 22 }),
        ] {
            assert_eq!(again(change.clone()).unwrap()["password"], "p", "{change}");
        }
        let root =
            json!({ "user": "u", "password": "p", "sslmode": "verify-ca", "sslrootcert": "r" });
        let first = NewWarehouse::over(postgres(root), None).unwrap();
        let mode = json!({ "sslmode": "verify-ca", "sslrootcert": null });
        let (shown, opened) = (first.shown(), first.to_seal().unwrap());
        assert!(NewWarehouse::over(postgres(mode), Some((&shown, opened))).is_err());
        let whole = json!({ "host": "other", "user": "a", "password": "b" });
        assert_eq!(again(whole).unwrap()["sslkey"], Value::Null);
    }

    #[test]
    fn the_private_key_of_a_tunnel_stays_with_its_public_key() {
        let tunnel = |key: &str| json!({ "useSshTunnel": true, "sshTunnelHost": "t", "sshTunnelPublicKey": key });
        let mut first = tunnel("a");
        for (name, value) in [
            ("user", "u"),
            ("password", "p"),
            ("sshTunnelPrivateKey", "k"),
        ] {
            first[name] = json!(value);
        }
        let first = NewWarehouse::over(postgres(first), None).unwrap();
        let stored = (first.shown(), first.to_seal().unwrap());
        for (key, kept) in [("a", true), ("b", false)] {
            let stored = Some((&stored.0, stored.1.clone()));
            let set = NewWarehouse::over(postgres(tunnel(key)), stored).unwrap();
            assert_eq!(set.tunnel_without_key().is_none(), kept, "{key}");
        }
    }

    #[test]
    fn a_refusal_quotes_nothing() {
        let refused = again(json!({ "port": "hunter2" })).unwrap_err();
        assert!(!refused.to_string().contains("hunter2"));
    }

    #[test]
    fn a_stored_connection_is_changed_where_somebody_says() {
        let (_, opened) = stored();
        let changes = Fields::from_iter([("schema".to_owned(), json!("preview"))]);
        let changed = NewWarehouse::changed(&opened, changes).unwrap();
        let changed: Value = serde_json::from_slice(&changed.to_seal().unwrap()).unwrap();
        let mut expected: Value = serde_json::from_slice(&opened).unwrap();
        expected["schema"] = json!("preview");
        assert_eq!(changed, expected);
    }

    #[test]
    fn variables_are_kept_by_their_names() {
        let fields = |value: Value| value.as_object().unwrap().clone();
        let first = json!({ "type": "none", "environment": [{ "key": "A", "value": "1" }, { "key": "B", "value": "2" }] });
        let first = NewDbt::over(fields(first), None).unwrap();
        let (shown, opened) = (first.shown(), first.to_seal().unwrap());
        let next = json!({ "type": "none", "environment": [{ "key": "B", "value": "" }, { "key": "C", "value": "3" }] });
        let next = NewDbt::over(fields(next), Some((&shown, opened))).unwrap();
        let next: Value = serde_json::from_slice(&next.to_seal().unwrap()).unwrap();
        assert_eq!(
            next["environment"],
            json!([{ "key": "B", "value": "2" }, { "key": "C", "value": "3" }])
        );
    }
}
