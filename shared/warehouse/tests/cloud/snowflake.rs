use std::time::Duration;

use serde_json::{Value, json};
use warehouse::{
    Error, Hosts, Rows, Statement, Type, Warehouse, connect::SnowflakeCredentials,
    snowflake::Snowflake,
};

use crate::{
    key,
    server::{Asked, Server, broken, hang, respond},
};

const SUBMIT: &str = "POST /api/v2/statements";
const TOKEN: &str = "eyJraWQiOiIx.eyJwIjoiMSJ9.c2ln-_bmF0dXJl";

fn credentials(address: &str) -> Value {
    json!({
        "account": "xy12345.eu-west-1", "user": "ana@example.com", "password": TOKEN, "database": "shop",
        "warehouse": "\"Small one\"", "schema": "Jaffle", "role": "analyst", "accessUrl": address,
        "queryTag": "say \"hi\"",
    })
}

fn parsed(credentials: Value) -> SnowflakeCredentials {
    serde_json::from_value(credentials).unwrap()
}

fn connect(credentials: Value) -> Result<Snowflake, Error> {
    Snowflake::new(&parsed(credentials), &Hosts::Any)
}

fn statement() -> Statement {
    Statement::new("SELECT 1", Duration::from_secs(10))
}

async fn run(server: &Server) -> Result<Rows, Error> {
    let snowflake = connect(credentials(&server.address)).unwrap();
    snowflake.stream(&statement()).await?.collect().await
}

fn answer(types: Value, data: Value, partitions: usize) -> Value {
    json!({
        "code": "090001", "statementHandle": "h1", "data": data,
        "resultSetMetaData": {
            "numRows": 1, "format": "jsonv2", "rowType": types,
            "partitionInfo": vec![json!({"rowCount": 1}); partitions],
        },
    })
}

fn one_column(r#type: &str, scale: Value, value: &str) -> Value {
    answer(
        json!([{"name": "C", "type": r#type, "scale": scale}]),
        json!([[value]]),
        1,
    )
}

async fn answering(status: u16, body: Value) -> Server {
    Server::new(move |_| (status, body.clone())).await
}

fn connection(error: Error) -> String {
    match error {
        Error::Connection(message) => message,
        other => panic!("{other:?}"),
    }
}

fn bearer(asked: &Asked) -> (&str, &str) {
    let token = asked.headers["authorization"]
        .strip_prefix("Bearer ")
        .unwrap();
    (
        token,
        &asked.headers["x-snowflake-authorization-token-type"],
    )
}

#[tokio::test]
async fn a_statement_says_where_it_runs_and_who_asked() {
    let server = answering(200, one_column("FIXED", json!(0), "1")).await;
    let snowflake = connect(credentials(&server.address)).unwrap();
    let mut asked = statement();
    asked.tags = vec![("project_uuid", "a\"b'c".to_owned())];
    snowflake.stream(&asked).await.unwrap();

    let sent = &server.asked_for(SUBMIT)[0];
    assert_eq!(bearer(sent), (TOKEN, "PROGRAMMATIC_ACCESS_TOKEN"));
    assert_eq!(sent.query["async"], "true");
    let id: Vec<_> = sent.query["requestId"].split('-').map(str::len).collect();
    assert_eq!(id, [8, 4, 4, 4, 12]);
    let body = sent.json();
    let tag = body["parameters"]["QUERY_TAG"].as_str().unwrap();
    let tag: Value = serde_json::from_str(tag).unwrap();
    assert_eq!(
        tag,
        json!({"query_tag": "say \"hi\"", "project_uuid": "a\"b'c"})
    );
    // The SQL API refuses parameters that it does not list.
    let names: Vec<_> = body["parameters"].as_object().unwrap().keys().collect();
    let listed = [
        "CLIENT_RESULT_CHUNK_SIZE",
        "QUERY_TAG",
        "ROWS_PER_RESULTSET",
        "TIMEZONE",
    ];
    assert_eq!(names, listed);
    assert_eq!(body["parameters"]["TIMEZONE"], "UTC");
    assert_eq!(body["statement"], "SELECT 1");
    assert_eq!(body["timeout"], 10);
    // As Snowflake stores names: the SQL API minds the case.
    let names =
        ["database", "schema", "warehouse", "role"].map(|name| body[name].as_str().unwrap());
    assert_eq!(names, ["SHOP", "JAFFLE", "Small one", "ANALYST"]);
}

#[tokio::test]
async fn where_weeks_start_is_said_by_a_statement_before() {
    let server = Server::new(|asked| match asked.line().as_str() {
        SUBMIT => (202, json!({"statementHandle": "both"})),
        "GET /api/v2/statements/both" => {
            let mut both = one_column("TEXT", Value::Null, "Multiple statements executed");
            both["statementHandles"] = json!(["first", "second"]);
            (200, both)
        }
        "GET /api/v2/statements/second" => match asked.query.get("partition") {
            None => (
                200,
                answer(json!([{"name": "C", "type": "FIXED"}]), json!([["1"]]), 2),
            ),
            Some(_) => (200, json!({"data": [["2"]]})),
        },
        // The handle that an answer names is the one that its partitions are asked by.
        "GET /api/v2/statements/h1" => (200, json!({"data": [["2"]]})),
        other => panic!("{other}"),
    })
    .await;
    let mut one = credentials(&server.address);
    one["startOfWeek"] = 6.into();
    let snowflake = connect(one).unwrap();
    let rows = snowflake
        .stream(&statement())
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    assert_eq!(rows.rows, [[json!(1)], [json!(2)]]);
    let body = server.asked()[0].json();
    assert_eq!(
        body["statement"],
        "ALTER SESSION SET WEEK_START = 7, QUOTED_IDENTIFIERS_IGNORE_CASE = FALSE;\nSELECT 1"
    );
    assert_eq!(body["parameters"]["MULTI_STATEMENT_COUNT"], "2");
}

#[tokio::test]
async fn the_second_of_two_statements_says_where_it_is_wrong() {
    let message = "JavaScript execution error: Uncaught Execution of multiple statements failed on statement \"select d\" (at line 2, position 0).\nSQL compilation error: error line 1 at position 7\ninvalid identifier 'D'";
    let server = answering(422, json!({"code": "100132", "message": message})).await;
    let expected = Error::Query {
        message: "SQL compilation error: error line 1 at position 7\ninvalid identifier 'D'"
            .to_owned(),
        line: Some(1),
        character: Some(8),
    };
    assert_eq!(run(&server).await.unwrap_err(), expected);
}

#[tokio::test]
async fn a_query_tag_is_never_too_long() {
    let server = answering(200, one_column("FIXED", json!(0), "1")).await;
    let mut asked = statement();
    asked.tags = vec![("a", "x".to_owned()), ("b", "y".repeat(3_000))];
    let snowflake = connect(credentials(&server.address)).unwrap();
    snowflake.stream(&asked).await.unwrap();
    let body = server.asked()[0].json();
    let tag = body["parameters"]["QUERY_TAG"].as_str().unwrap().to_owned();
    let tag: Value = serde_json::from_str(&tag).unwrap();
    assert_eq!(tag, json!({"query_tag": "say \"hi\"", "a": "x"}));
}

#[tokio::test]
async fn a_key_pair_signs_requests() {
    for (account, pem, pass, subject) in [
        (
            "xy12345.eu-west-1",
            key::PRIVATE,
            None,
            "XY12345.ANA@EXAMPLE.COM",
        ),
        (
            "my-org_a",
            key::ENCRYPTED,
            Some(key::PASSPHRASE),
            "MY-ORG_A.ANA@EXAMPLE.COM",
        ),
        ("acme-x.global", key::PRIVATE, None, "ACME.ANA@EXAMPLE.COM"),
    ] {
        let server = answering(200, one_column("FIXED", json!(0), "1")).await;
        let mut one = credentials(&server.address);
        one["account"] = account.into();
        one["authenticationType"] = "private_key".into();
        one["privateKey"] = pem.into();
        one["privateKeyPass"] = pass.into();
        connect(one).unwrap().test().await.unwrap();

        let asked = &server.asked()[0];
        let (token, kind) = bearer(asked);
        assert_eq!(kind, "KEYPAIR_JWT");
        let claims = key::claims(token);
        assert_eq!(claims["sub"], subject);
        assert_eq!(claims["iss"], format!("{subject}.{}", key::FINGERPRINT));
        assert_eq!(asked.json()["role"], "ANALYST");
    }
}

#[tokio::test]
async fn an_oauth_token_brings_its_own_role() {
    let server = answering(200, one_column("FIXED", json!(0), "1")).await;
    let mut one = credentials(&server.address);
    one["authenticationType"] = "sso".into();
    one["token"] = "oauth-1".into();
    connect(one).unwrap().test().await.unwrap();
    let asked = &server.asked()[0];
    assert_eq!(bearer(asked), ("oauth-1", "OAUTH"));
    assert!(asked.json().get("role").is_none());
}

#[test]
fn credentials_that_cannot_work_are_refused_at_once() {
    let refused = |change: fn(&mut Value)| {
        let mut one = credentials("https://snowflake.example");
        change(&mut one);
        connection(connect(one).err().unwrap())
    };
    let password = refused(|one| one["password"] = "hunter2.is.mine!".into());
    assert!(password.starts_with("Snowflake's SQL API takes no passwords; use a key pair"));
    let none = refused(|one| one["password"] = Value::Null);
    assert_eq!(none, "there is no password for Snowflake");
    let sso = refused(|one| one["authenticationType"] = "sso".into());
    assert_eq!(sso, "there is no token for Snowflake; sign in to it again");
    let key = refused(|one| one["authenticationType"] = "private_key".into());
    assert_eq!(key, "there is no private key for Snowflake");
    let pem = refused(|one| {
        one["password"] = Value::Null;
        one["privateKey"] = "sesame".into();
    });
    assert_eq!(pem, "the private key of Snowflake is not in PEM form");
    let wrong = refused(|one| {
        one["password"] = Value::Null;
        one["privateKey"] = key::ENCRYPTED.into();
        one["privateKeyPass"] = "donkey".into();
    });
    assert!(
        wrong.contains("cannot be decrypted") && !wrong.contains("donkey"),
        "{wrong}"
    );
    let no_pass = refused(|one| {
        one["password"] = Value::Null;
        one["privateKey"] = key::ENCRYPTED.into();
    });
    assert_eq!(
        no_pass,
        "the private key of Snowflake is encrypted, and there is no passphrase"
    );
    let account = refused(|one| {
        one["accessUrl"] = Value::Null;
        one["account"] = "evil.example/".into();
    });
    assert_eq!(account, "\"evil.example/\" is not an account of Snowflake");
}

#[test]
fn addresses_without_encryption_or_inside_are_refused() {
    for address in [
        "http://snowflake.example",
        "https://127.0.0.1",
        "https://[::1]",
        "ftp://a.example",
        "x",
    ] {
        let one = parsed(credentials(address));
        let refused = Snowflake::new(&one, &Hosts::Public).err().map(connection);
        assert!(refused.is_some(), "{address}");
    }
    let one = parsed(credentials("https://snowflake.example"));
    assert!(Snowflake::new(&one, &Hosts::Public).is_ok());
}

#[tokio::test]
async fn a_statement_that_takes_long_is_asked_for_again() {
    let server = Server::new(|asked| match asked.line().as_str() {
        SUBMIT => (
            202,
            json!({"code": "333334", "message": "Asynchronous", "statementHandle": "h1"}),
        ),
        "GET /api/v2/statements/h1" => (200, one_column("FIXED", json!(0), "7")),
        other => panic!("{other}"),
    })
    .await;
    assert_eq!(run(&server).await.unwrap().rows, [[json!(7)]]);
}

#[tokio::test]
async fn partitions_follow_each_other_as_they_are_read() {
    let server = Server::new(|asked| {
        let types = json!([{"name": "C", "type": "fixed", "scale": 0}]);
        match asked.query.get("partition").map(String::as_str) {
            None => (200, answer(types, json!([["0"]]), 3)),
            Some(number) => (200, json!({"data": [[number]]})),
        }
    })
    .await;
    let snowflake = connect(credentials(&server.address)).unwrap();
    let mut stream = snowflake.stream(&statement()).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), [[json!(0)]]);
    assert_eq!(server.asked().len(), 1);
    assert_eq!(stream.next().await.unwrap().unwrap(), [[json!(1)]]);
    assert_eq!(stream.next().await.unwrap().unwrap(), [[json!(2)]]);
    assert!(stream.next().await.is_none());
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn partitions_may_be_compressed() {
    // gzip of {"data":[["1"]]}
    const GZIP: &[u8] = include_bytes!("partition.json.gz");
    let server = Server::raw(|asked| {
        let types = json!([{"name": "C", "type": "fixed", "scale": 0}]);
        if asked.query.contains_key("partition") {
            assert!(asked.headers["accept-encoding"].contains("gzip"));
            return Box::pin(async {
                let response =
                    axum::response::Response::builder().header("content-encoding", "gzip");
                response.body(GZIP.into()).unwrap()
            });
        }
        respond(200, answer(types, json!([["0"]]), 2).to_string().into())
    })
    .await;
    assert_eq!(run(&server).await.unwrap().rows, [[json!(0)], [json!(1)]]);
}

#[tokio::test]
async fn every_type_comes_out_as_rows_have_it() {
    let types = [
        (
            "FIXED",
            json!(0),
            "9223372036854775807",
            json!(i64::MAX),
            Type::Integer,
        ),
        (
            "fixed",
            json!(0),
            "99999999999999999999999999999999999999",
            json!("99999999999999999999999999999999999999"),
            Type::Integer,
        ),
        ("FIXED", json!(2), "-12.50", json!("-12.50"), Type::Decimal),
        ("REAL", Value::Null, "1.5e10", json!(1.5e10), Type::Double),
        ("REAL", Value::Null, "NaN", json!("NaN"), Type::Double),
        (
            "REAL",
            Value::Null,
            "-inf",
            json!("-Infinity"),
            Type::Double,
        ),
        ("TEXT", Value::Null, "ä", json!("ä"), Type::Text),
        ("BOOLEAN", Value::Null, "true", json!(true), Type::Boolean),
        (
            "DATE",
            Value::Null,
            "19782",
            json!("2024-02-29"),
            Type::Date,
        ),
        ("DATE", Value::Null, "-1", json!("1969-12-31"), Type::Date),
        (
            "TIME",
            json!(9),
            "43200.500000000",
            json!("12:00:00.5"),
            Type::Text,
        ),
        (
            "TIMESTAMP_NTZ",
            json!(9),
            "1709208000.500000000",
            json!("2024-02-29T12:00:00.5Z"),
            Type::Timestamp,
        ),
        (
            "TIMESTAMP_LTZ",
            json!(9),
            "1709208000",
            json!("2024-02-29T12:00:00Z"),
            Type::Timestamp,
        ),
        (
            "TIMESTAMP_TZ",
            json!(9),
            "1709208000.000000001 960",
            json!("2024-02-29T12:00:00.000000001Z"),
            Type::Timestamp,
        ),
        (
            "TIMESTAMP_NTZ",
            json!(9),
            "-0.250000000",
            json!("1969-12-31T23:59:59.75Z"),
            Type::Timestamp,
        ),
        (
            "VARIANT",
            Value::Null,
            "{\"a\": [1]}",
            json!({"a": [1]}),
            Type::Json,
        ),
        ("OBJECT", Value::Null, "{}", json!({}), Type::Json),
        (
            "ARRAY",
            Value::Null,
            "[\n 1,\n undefined]",
            json!("[\n 1,\n undefined]"),
            Type::Json,
        ),
        ("BINARY", Value::Null, "00FF", json!("00FF"), Type::Text),
        ("GEOGRAPHY", Value::Null, "{}", json!("{}"), Type::Text),
    ];
    for (name, scale, sent, expected, kind) in types {
        let server = answering(200, one_column(name, scale, sent)).await;
        let rows = run(&server).await.unwrap();
        assert_eq!(
            (rows.columns[0].r#type, &rows.rows[0][0]),
            (kind, &expected),
            "{name}"
        );
    }
    let nothing = answer(json!([{"name": "C", "type": "DATE"}]), json!([[null]]), 1);
    assert_eq!(
        run(&answering(200, nothing).await).await.unwrap().rows,
        [[Value::Null]]
    );
}

#[tokio::test]
async fn values_of_another_type_are_errors() {
    for (name, sent) in [
        ("FIXED", "1.5e3"),
        ("REAL", "many"),
        ("BOOLEAN", "yes"),
        ("DATE", "9223372036854775807"),
        ("DATE", "2024-02-29"),
        ("TIME", "86400"),
        ("TIMESTAMP_NTZ", "99999999999999999.5"),
        ("TIMESTAMP_NTZ", "-9223372036854775808.5"),
        ("TIMESTAMP_NTZ", ""),
    ] {
        let server = answering(200, one_column(name, json!(0), sent)).await;
        let error = run(&server).await.unwrap_err();
        let expected =
            format!("Snowflake answers something for the column \"C\" that is no {name}");
        assert_eq!(error, Error::Engine(expected), "{sent}");
    }
    let short = answer(json!([{"name": "C", "type": "DATE"}]), json!([[]]), 1);
    let error = run(&answering(200, short).await).await.unwrap_err();
    assert!(matches!(error, Error::Engine(_)), "{error:?}");
}

#[tokio::test]
async fn wrong_statements_say_where() {
    let message = "SQL compilation error:\nsyntax error line 2 at position 6 unexpected ')'.";
    let server = answering(
        422,
        json!({"code": "001003", "sqlState": "42000", "message": message}),
    )
    .await;
    let expected = Error::Query {
        message: message.to_owned(),
        line: Some(2),
        character: Some(7),
    };
    assert_eq!(run(&server).await.unwrap_err(), expected);

    let server = answering(
        422,
        json!({"code": "100051", "message": "Division by zero"}),
    )
    .await;
    assert_eq!(
        run(&server).await.unwrap_err(),
        Error::query("Division by zero")
    );
}

#[tokio::test]
async fn logins_that_do_not_work_are_said_without_the_token() {
    for (status, start) in [
        (
            401,
            "Snowflake does not accept the login: JWT token is invalid.",
        ),
        (403, "Snowflake does not allow this: JWT token is invalid."),
    ] {
        let server = answering(
            status,
            json!({"code": "390144", "message": "JWT token is invalid."}),
        )
        .await;
        assert_eq!(connection(run(&server).await.unwrap_err()), start);
    }
}

#[tokio::test]
async fn what_passes_by_is_sent_again_as_the_same_request() {
    let server = Server::new(|asked| match asked.query.contains_key("retry") {
        true => (200, one_column("FIXED", json!(0), "1")),
        false => (429, json!({"message": "too many"})),
    })
    .await;
    assert_eq!(run(&server).await.unwrap().rows, [[json!(1)]]);
    let ids: Vec<_> = server
        .asked()
        .iter()
        .map(|one| one.query["requestId"].clone())
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);

    let server = answering(503, json!({"message": "later"})).await;
    assert_eq!(
        connection(run(&server).await.unwrap_err()),
        "Snowflake answers 503: later"
    );
    assert_eq!(server.asked().len(), 4);
    let server = answering(500, json!({"message": "broken"})).await;
    run(&server).await.unwrap_err();
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_statement_that_nobody_waits_for_is_cancelled() {
    let server = Server::new(|_| (202, json!({"statementHandle": "h1"}))).await;
    let snowflake = connect(credentials(&server.address)).unwrap();
    let asked = statement();
    let mut run = Box::pin(snowflake.stream(&asked));
    tokio::select! {
        answer = &mut run => panic!("{:?}", answer.err()),
        _ = server.sees("/h1") => {}
    }
    drop(run);
    let cancel = server.sees("/cancel").await;
    assert_eq!(cancel.line(), "POST /api/v2/statements/h1/cancel");
    assert_eq!(bearer(&cancel).0, TOKEN);
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_and_told() {
    let server = Server::raw(|asked| match asked.line().as_str() {
        SUBMIT => respond(202, "{\"statementHandle\": \"h1\"}".into()),
        "POST /api/v2/statements/h1/cancel" => respond(200, "{}".into()),
        _ => hang(),
    })
    .await;
    let snowflake = connect(credentials(&server.address)).unwrap();
    let time = Duration::from_millis(300);
    let late = snowflake
        .stream(&Statement::new("SELECT 1", time))
        .await
        .err();
    assert_eq!(late, Some(Error::Time(time)));
    server.sees("/cancel").await;
}

#[tokio::test]
async fn a_statement_that_snowflake_stops_for_its_time_is_late() {
    for (status, code) in [(408, "000630"), (422, "000630")] {
        let server = answering(
            status,
            json!({"code": code, "message": "reached its timeout"}),
        )
        .await;
        assert_eq!(
            run(&server).await.unwrap_err(),
            Error::Time(Duration::from_secs(10))
        );
    }
}

#[tokio::test]
async fn answers_that_are_none_are_errors() {
    for (status, body, expected) in [
        (
            200,
            "<html>proxy</html>",
            "answers 200 with a page instead of data",
        ),
        (
            502,
            "<html>proxy</html>",
            "answers 502 with a page instead of data",
        ),
        (
            200,
            "{\"resultSetMetaData\": {",
            "with something unreadable",
        ),
        (
            200,
            "{\"resultSetMetaData\": {\"rowType\": 7}}",
            "with something unreadable",
        ),
        (202, "{}", "with something unreadable"),
        (500, "", "answers 500 without saying more"),
    ] {
        let server = Server::raw(move |_| respond(status, body.into())).await;
        let message = connection(run(&server).await.unwrap_err());
        assert!(message.contains(expected), "{message}");
    }
    let server = Server::raw(|_| broken("{\"resultSet")).await;
    let message = connection(run(&server).await.unwrap_err());
    assert!(
        message.starts_with("Snowflake broke off its answer"),
        "{message}"
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = answering(200, one_column("FIXED", json!(0), "1")).await;
    let target = format!("{}/api/v2/statements", other.address);
    let server = Server::raw(move |_| {
        let target = target.clone();
        Box::pin(async move {
            let response = axum::response::Response::builder()
                .status(307)
                .header("location", target);
            response.body("{\"message\": \"moved\"}".into()).unwrap()
        })
    })
    .await;
    let message = connection(run(&server).await.unwrap_err());
    assert_eq!(message, "Snowflake answers 307: moved");
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn the_catalogue_comes_from_the_information_schema() {
    let types = json!([{"name": "A", "type": "TEXT"}, {"name": "B", "type": "TEXT"}, {"name": "C", "type": "TEXT"}]);
    let data = json!([
        ["SHOP", "JAFFLE", "ORDERS"],
        ["SHOP", "JAFFLE", "Odd \"one\""]
    ]);
    let server = answering(200, answer(types, data, 1)).await;
    let mut one = credentials(&server.address);
    one["database"] = "\"my\"\"db\"".into();
    let tables = connect(one).unwrap().tables().await.unwrap();
    let names: Vec<_> = tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["ORDERS", "Odd \"one\""]);
    let sql = server.asked()[0].json()["statement"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        sql.contains("FROM \"my\"\"db\".INFORMATION_SCHEMA.TABLES"),
        "{sql}"
    );
}

#[tokio::test]
async fn columns_are_asked_for_by_bindings() {
    let types = json!([{"name": "A", "type": "TEXT"}, {"name": "B", "type": "TEXT"}, {"name": "C", "type": "FIXED", "scale": 0}]);
    let data = json!([
        ["ID", "NUMBER", "0"],
        ["PRICE", "NUMBER", "2"],
        ["AT", "TIMESTAMP_NTZ", null],
        ["DOC", "VARIANT", null]
    ]);
    let server = answering(200, answer(types, data, 1)).await;
    let snowflake = connect(credentials(&server.address)).unwrap();
    let columns = snowflake.fields(None, Some("x"), "o'; DROP").await.unwrap();
    let found: Vec<_> = columns
        .iter()
        .map(|one| (one.name.as_str(), one.r#type))
        .collect();
    assert_eq!(
        found,
        [
            ("ID", Type::Integer),
            ("PRICE", Type::Decimal),
            ("AT", Type::Timestamp),
            ("DOC", Type::Json),
        ]
    );
    let body = server.asked()[0].json();
    assert!(!body["statement"].as_str().unwrap().contains("DROP"));
    assert_eq!(body["bindings"]["1"], json!({"type": "TEXT", "value": "x"}));
    assert_eq!(
        body["bindings"]["2"],
        json!({"type": "TEXT", "value": "o'; DROP"})
    );
}

#[tokio::test]
async fn names_of_hosts_inside_are_refused_when_they_are_looked_up() {
    let one = parsed(credentials("https://localhost"));
    let snowflake = Snowflake::new(&one, &Hosts::Public).unwrap();
    assert_eq!(
        connection(snowflake.test().await.unwrap_err()),
        "\"localhost\" is not a public address; connections inside the network are not allowed here"
    );
}
