use serde_json::json;

use super::*;

/// One of each, with every secret that there is; every secret is `s3cret`, with a number.
fn connections() -> (Vec<Value>, Vec<Value>) {
    let tunnel = json!({
        "useSshTunnel": true, "sshTunnelHost": "bastion", "sshTunnelPort": 22, "sshTunnelUser": "tunnel",
        "sshTunnelPublicKey": "ssh-rsa AAAA", "sshTunnelPrivateKey": "s3cret-1",
    });
    let with_tunnel = |mut fields: Value| {
        let fields_of = fields.as_object_mut().unwrap();
        fields_of.extend(tunnel.as_object().unwrap().clone());
        fields
    };
    let environment = json!([{ "key": "DBT_ENV", "value": "s3cret-2" }]);
    let warehouses = vec![
        with_tunnel(json!({
            "type": "postgres", "host": "db", "port": 5432, "dbname": "dwh", "schema": "public", "user": "s3cret-3",
            "password": "s3cret-4", "sslcert": "s3cret-5", "sslkey": "s3cret-6", "sslrootcert": "s3cret-7",
            "sslcertFileName": "cert.pem", "sslkeyFileName": "key.pem", "sslrootcertFileName": "root.pem", "sslmode": "require",
            "role": "reader", "searchPath": "a,b", "threads": 4, "keepalivesIdle": 0, "timeoutSeconds": 300, "startOfWeek": 6,
            "requireUserCredentials": true,
        })),
        with_tunnel(json!({
            "type": "redshift", "host": "db", "port": 5439, "dbname": "dwh", "schema": "public", "user": "s3cret-3",
            "password": "s3cret-4", "ra3Node": true, "sslmode": "require", "threads": 4, "keepalivesIdle": 0,
            "timeoutSeconds": 300, "startOfWeek": 0, "requireUserCredentials": false,
        })),
        json!({
            "type": "bigquery", "project": "p", "dataset": "d", "keyfileContents": { "private_key": "s3cret-3" },
            "authenticationType": "private_key", "threads": 1, "timeoutSeconds": 300, "priority": "batch", "retries": 3,
            "location": "EU", "maximumBytesBilled": 1_000_000_000_000_u64, "executionProject": "e", "startOfWeek": 1,
            "requireUserCredentials": true,
        }),
        json!({
            "type": "snowflake", "account": "a", "database": "d", "warehouse": "w", "schema": "s", "user": "s3cret-3",
            "password": "s3cret-4", "privateKey": "s3cret-5", "privateKeyPass": "s3cret-6", "token": "s3cret-7",
            "authenticationType": "sso", "role": "r", "threads": 1, "clientSessionKeepAlive": true, "queryTag": "q",
            "accessUrl": "https://a", "quotedIdentifiersIgnoreCase": true, "override": true, "startOfWeek": 2,
            "requireUserCredentials": true,
        }),
        json!({
            "type": "databricks", "database": "d", "serverHostName": "h", "httpPath": "/sql", "personalAccessToken": "s3cret-3",
            "catalog": "c", "compute": [{ "name": "big", "httpPath": "/big" }], "startOfWeek": 3, "requireUserCredentials": true,
        }),
        json!({
            "type": "trino", "host": "h", "port": 8080, "dbname": "d", "schema": "s", "http_scheme": "https", "user": "s3cret-3",
            "password": "s3cret-4", "startOfWeek": 4, "requireUserCredentials": true,
        }),
    ];
    let repository = json!({
        "repository": "acme/dbt", "branch": "main", "project_sub_path": "/", "target": "prod", "selector": "s",
        "environment": environment, "personal_access_token": "s3cret-1",
    });
    let kept = |mut fields: Value| {
        let fields_of = fields.as_object_mut().unwrap();
        fields_of.extend(repository.as_object().unwrap().clone());
        fields
    };
    let dbt = vec![
        json!({ "type": "dbt", "target": "prod", "selector": "s", "environment": environment, "profiles_dir": "a", "project_dir": "b" }),
        json!({ "type": "dbt_cloud_ide", "api_key": "s3cret-1", "environment_id": "1", "discovery_api_endpoint": "https://d", "tags": ["t"] }),
        kept(
            json!({ "type": "github", "authorization_method": "installation_id", "installation_id": "42", "host_domain": "github.com" }),
        ),
        kept(json!({ "type": "bitbucket", "username": "ana", "host_domain": "bitbucket.org" })),
        kept(json!({ "type": "gitlab", "host_domain": "gitlab.com" })),
        kept(json!({ "type": "azure_devops", "organization": "o", "project": "p" })),
        json!({ "type": "none", "target": "prod", "selector": "s", "environment": environment, "hideRefreshButton": true }),
    ];
    (warehouses, dbt)
}

/// What is gone from a connection when it is shown.
fn hidden(sent: &Value, shown: &impl Serialize) -> Vec<String> {
    let shown = json!(shown);
    assert!(!shown.to_string().contains("s3cret"), "{shown}");
    let names = sent.as_object().unwrap().iter();
    let names = names.filter(|(name, value)| {
        shown
            .get(*name)
            .is_none_or(|there| there != *value && *name != "environment")
    });
    names.map(|(name, _)| name.clone()).collect()
}

#[test]
fn every_connection_is_sealed_whole_and_shown_without_its_secrets() {
    let (warehouses, dbt) = connections();
    let mut lines = String::new();
    for sent in warehouses {
        let read: NewWarehouse = serde_json::from_value(sent.clone()).unwrap();
        let sealed: Value = serde_json::from_slice(&read.to_seal().unwrap()).unwrap();
        assert_eq!(sealed, sent);
        assert!(!format!("{read:?}").contains("s3cret"), "{read:?}");
        let again: Warehouse = serde_json::from_value(json!(read.shown())).unwrap();
        assert_eq!(json!(again), json!(read.shown()));
        assert_eq!(json!(again.kind()), sent["type"]);
        assert_eq!(
            json!(again.requires_user_credentials()),
            sent["requireUserCredentials"]
        );
        lines += &format!("{}: {}\n", sent["type"], hidden(&sent, &again).join(" "));
    }
    for sent in dbt {
        let read: NewDbt = serde_json::from_value(sent.clone()).unwrap();
        let sealed: Value = serde_json::from_slice(&read.to_seal().unwrap()).unwrap();
        assert_eq!(sealed, sent);
        assert!(!format!("{read:?}").contains("s3cret"), "{read:?}");
        if sent.get("environment").is_some() {
            assert_eq!(
                json!(read.shown())["environment"],
                json!([{ "key": "DBT_ENV", "value": "" }])
            );
        }
        lines += &format!(
            "{}: {}\n",
            sent["type"],
            hidden(&sent, &read.shown()).join(" ")
        );
    }
    insta::assert_snapshot!(lines.trim_end().replace(": \n", ":\n"), @r#"
    "postgres": password sshTunnelPrivateKey sslcert sslkey sslrootcert user
    "redshift": password sshTunnelPrivateKey user
    "bigquery": keyfileContents
    "snowflake": password privateKey privateKeyPass token user
    "databricks": personalAccessToken
    "trino": password user
    "dbt":
    "dbt_cloud_ide": api_key
    "github": personal_access_token
    "bitbucket": personal_access_token
    "gitlab": personal_access_token
    "azure_devops": personal_access_token
    "none":
    "#);
}

#[test]
fn only_what_is_listed_is_kept() {
    let (warehouses, dbt) = connections();
    for mut sent in warehouses {
        sent["isAdmin"] = json!("s3cret");
        let read: NewWarehouse = serde_json::from_value(sent).unwrap();
        assert!(!String::from_utf8_lossy(&read.to_seal().unwrap()).contains("isAdmin"));
    }
    for mut sent in dbt {
        sent["isAdmin"] = json!("s3cret");
        let read: NewDbt = serde_json::from_value(sent).unwrap();
        assert!(!String::from_utf8_lossy(&read.to_seal().unwrap()).contains("isAdmin"));
    }
}

#[test]
fn how_one_signs_in_is_told_also_where_it_was_not_said() {
    let shown = |sent: Value| {
        json!(
            serde_json::from_value::<NewWarehouse>(sent)
                .unwrap()
                .shown()
        )
    };
    let snowflake = |secret: &str| {
        let mut sent = json!({ "type": "snowflake", "account": "a", "database": "d", "warehouse": "w", "schema": "s", "user": "u" });
        sent[secret] = json!("s3cret");
        shown(sent)["authenticationType"].clone()
    };
    assert_eq!(snowflake("password"), "password");
    assert_eq!(snowflake("privateKey"), "private_key");
    let bigquery =
        json!({ "type": "bigquery", "project": "p", "dataset": "d", "keyfileContents": {} });
    assert_eq!(shown(bigquery)["authenticationType"], "private_key");
}

#[test]
fn a_connection_has_a_size_and_numbers_in_their_range() {
    let sent = |day: u8, size: usize| {
        json!({
            "type": "trino", "host": "h", "port": 8080, "dbname": "d", "schema": "s", "http_scheme": "https",
            "user": "u", "password": "p".repeat(size), "startOfWeek": day,
        })
    };
    let read = |day, size| serde_json::from_value::<NewWarehouse>(sent(day, size));
    assert!(read(7, 1).is_err());
    assert!(read(6, LARGEST - 1000).unwrap().to_seal().is_ok());
    assert!(matches!(
        read(6, LARGEST).unwrap().to_seal(),
        Err(Error::Invalid(_))
    ));
}
