use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::sync::Barrier;
use warehouse::{
    Error, Hosts, Partition, Rows, Statement, Type, Warehouse, bigquery::Bigquery,
    connect::BigqueryCredentials,
};

use crate::{
    key,
    server::{Asked, Server, broken, hang, respond},
};

const TOKEN: &str = "POST /token";
const INSERT: &str = "POST /bigquery/v2/projects/pays/jobs";

fn credentials(server: &Server) -> Value {
    json!({
        "project": "shop", "dataset": "jaffle", "executionProject": "pays", "priority": "batch",
        "location": "EU", "maximumBytesBilled": 1000, "retries": 2,
        "keyfileContents": {
            "type": "service_account", "client_email": "robot@shop.example", "private_key_id": "k1",
            "private_key": key::PRIVATE, "token_uri": format!("{}/token", server.address),
        },
    })
}

fn parsed(credentials: Value) -> BigqueryCredentials {
    serde_json::from_value(credentials).unwrap()
}

fn bigquery(server: &Server) -> Bigquery {
    Bigquery::at(&server.address, &parsed(credentials(server)), &Hosts::Any).unwrap()
}

fn statement(sql: &str) -> Statement {
    Statement::new(sql, Duration::from_secs(10))
}

async fn run(server: &Server) -> Result<Rows, Error> {
    bigquery(server)
        .stream(&statement("SELECT 1"))
        .await?
        .collect()
        .await
}

/// Everything up to a job's results.
fn before_results(asked: &Asked) -> Option<(u16, Value)> {
    match asked.line().as_str() {
        TOKEN => Some((200, json!({"access_token": "t1", "expires_in": 3600}))),
        INSERT => Some((
            200,
            json!({"jobReference": {"location": "EU"}, "status": {"state": "RUNNING"}}),
        )),
        line if line.ends_with("/cancel") => Some((200, json!({}))),
        _ => None,
    }
}

/// A server whose results are these, whatever is asked.
async fn answering(status: u16, results: Value) -> Server {
    Server::new(move |asked| before_results(asked).unwrap_or((status, results.clone()))).await
}

fn one_column(r#type: &str, values: &[&str]) -> Value {
    let rows: Vec<_> = values.iter().map(|v| json!({"f": [{"v": v}]})).collect();
    json!({
        "jobComplete": true, "rows": rows,
        "schema": {"fields": [{"name": "c", "type": r#type, "mode": "NULLABLE"}]},
    })
}

fn fault(status: u16, reason: &str, message: &str) -> Value {
    json!({"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}})
}

fn connection(error: Error) -> String {
    match error {
        Error::Connection(message) => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_service_account_signs_in_once_for_several_statements() {
    let server = answering(200, one_column("INT64", &["1"])).await;
    let bigquery = bigquery(&server);
    for _ in 0..2 {
        bigquery.test().await.unwrap();
    }

    let tokens = server.asked_for(TOKEN);
    assert_eq!(tokens.len(), 1);
    let form: Vec<(String, String)> = url::form_urlencoded::parse(tokens[0].body.as_bytes())
        .into_owned()
        .collect();
    assert_eq!(form[0].1, "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let claims = key::claims(&form[1].1);
    assert_eq!(claims["iss"], "robot@shop.example");
    assert_eq!(claims["aud"], format!("{}/token", server.address));
    assert_eq!(claims["scope"], "https://www.googleapis.com/auth/bigquery");
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        3600
    );
    let rest = server.asked();
    let rest = rest.iter().filter(|one| one.line() != TOKEN);
    assert!(rest.clone().count() >= 4);
    assert!(
        rest.clone()
            .all(|one| one.headers["authorization"] == "Bearer t1")
    );
}

#[tokio::test]
async fn a_user_signs_in_with_the_refresh_token() {
    let server = answering(200, one_column("INT64", &["1"])).await;
    let mut one = credentials(&server);
    one["authenticationType"] = "sso".into();
    one["keyfileContents"] = json!({
        "type": "authorized_user", "client_id": "app", "client_secret": "s&cret",
        "refresh_token": "r1", "token_uri": format!("{}/token", server.address),
    });
    let bigquery = Bigquery::at(&server.address, &parsed(one), &Hosts::Any).unwrap();
    bigquery.test().await.unwrap();

    assert_eq!(
        server.asked_for(TOKEN)[0].body,
        "grant_type=refresh_token&client_id=app&client_secret=s%26cret&refresh_token=r1"
    );
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once() {
    let server = Server::new(|asked| match asked.headers.get("authorization") {
        None => (
            200,
            json!({"access_token": asked.body.len().to_string(), "expires_in": 3600}),
        ),
        Some(_) => (401, fault(401, "authError", "Invalid Credentials")),
    })
    .await;
    let message = connection(run(&server).await.unwrap_err());
    assert_eq!(
        message,
        "BigQuery does not accept the login: Invalid Credentials"
    );
    assert_eq!(server.asked_for(TOKEN).len(), 2);
    assert_eq!(server.asked_for(INSERT).len(), 2);
}

#[tokio::test]
async fn a_token_that_ran_out_is_replaced_without_anybody_noticing() {
    let server = Server::new(|asked| match asked.line().as_str() {
        TOKEN => (200, json!({"access_token": "t1", "expires_in": 30})),
        _ => before_results(asked).unwrap_or((200, one_column("INT64", &["1"]))),
    })
    .await;
    assert_eq!(run(&server).await.unwrap().rows, [[json!(1)]]);
    // 30 seconds are less than the minute before the end, so that no request uses the one of another.
    assert_eq!(server.asked_for(TOKEN).len(), 2);
}

#[tokio::test]
async fn a_key_that_google_does_not_know_is_said_without_the_key() {
    let server = Server::new(|_| {
        (
            400,
            json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}),
        )
    })
    .await;
    let message = connection(run(&server).await.unwrap_err());
    assert_eq!(
        message,
        "Google's sign-in does not accept the key: Invalid JWT Signature."
    );
}

#[tokio::test]
async fn tokens_come_from_google_only() {
    let server = answering(200, json!({})).await;
    let refused = |uri: &str, hosts| {
        let mut one = credentials(&server);
        one["keyfileContents"]["token_uri"] = uri.into();
        Bigquery::new(&parsed(one), &hosts).err().map(connection)
    };
    for uri in [
        "https://evil.example/token",
        "https://googleapis.com.evil.example/token",
        "https://evilgoogleapis.com/token",
        "http://oauth2.googleapis.com/token",
        "https://127.0.0.1/token",
        "https://user@evil.example/.googleapis.com",
        "file:///etc/passwd",
        "nothing",
    ] {
        assert!(refused(uri, Hosts::Public).is_some(), "{uri}");
    }
    assert!(refused("http://evil.example/token", Hosts::Any).is_some());
    assert_eq!(
        refused("https://oauth2.googleapis.com/token", Hosts::Public),
        None
    );
}

#[tokio::test]
async fn credentials_that_cannot_work_are_refused_at_once() {
    let server = answering(200, json!({})).await;
    let refused = |change: fn(&mut Value)| {
        let mut one = credentials(&server);
        change(&mut one);
        connection(Bigquery::new(&parsed(one), &Hosts::Any).err().unwrap())
    };
    let adc = refused(|one| one["authenticationType"] = "adc".into());
    assert_eq!(
        adc,
        "the host's own Google credentials are not enabled here"
    );
    let none = refused(|one| one["keyfileContents"] = json!({}));
    assert_eq!(none, "the key file of BigQuery has no private_key");
    let bad = refused(|one| one["keyfileContents"]["private_key"] = "sesame".into());
    assert!(
        bad.contains("not an RSA key") && !bad.contains("sesame"),
        "{bad}"
    );
    let sso = refused(|one| one["authenticationType"] = "sso".into());
    assert_eq!(sso, "the key file of BigQuery has no client_id");
}

#[tokio::test]
async fn a_job_has_labels_and_limits() {
    let server = answering(200, one_column("INT64", &["1"])).await;
    let mut asked = statement("SELECT 1");
    asked.tags = vec![
        ("project_uuid", "Ab-1 ü".to_owned()),
        ("query_context", String::new()),
        ("long", "x".repeat(99)),
    ];
    bigquery(&server).stream(&asked).await.unwrap();

    let job = server.asked_for(INSERT)[0].json();
    let configuration = &job["configuration"];
    assert_eq!(
        configuration["query"],
        json!({"query": "SELECT 1", "useLegacySql": false, "priority": "BATCH", "maximumBytesBilled": "1000"})
    );
    assert_eq!(
        configuration["labels"],
        json!({"project_uuid": "ab-1__", "query_context": "empty_value", "long": "x".repeat(60)})
    );
    assert_eq!(configuration["jobTimeoutMs"], "10000");
    assert_eq!(job["jobReference"]["location"], "EU");
    assert_eq!(job["jobReference"]["projectId"], "pays");
}

#[tokio::test]
async fn every_type_comes_out_as_rows_have_it() {
    let types = [
        (
            "INT64",
            "9223372036854775807",
            json!(i64::MAX),
            Type::Integer,
        ),
        ("INTEGER", "-1", json!(-1), Type::Integer),
        ("FLOAT64", "1.5", json!(1.5), Type::Double),
        ("FLOAT", "-Infinity", json!("-Infinity"), Type::Double),
        ("FLOAT", "NaN", json!("NaN"), Type::Double),
        ("NUMERIC", "12.50", json!("12.50"), Type::Decimal),
        (
            "BIGNUMERIC",
            "0.123456789012345678901234567890",
            json!("0.123456789012345678901234567890"),
            Type::Decimal,
        ),
        ("BOOL", "true", json!(true), Type::Boolean),
        ("BOOLEAN", "false", json!(false), Type::Boolean),
        ("STRING", "ä", json!("ä"), Type::Text),
        ("BYTES", "AAE=", json!("AAE="), Type::Text),
        ("DATE", "2024-02-29", json!("2024-02-29"), Type::Date),
        (
            "DATETIME",
            "2024-02-29T12:00:00.500000",
            json!("2024-02-29T12:00:00.5Z"),
            Type::Timestamp,
        ),
        (
            "DATETIME",
            "2024-02-29T12:00:00",
            json!("2024-02-29T12:00:00Z"),
            Type::Timestamp,
        ),
        (
            "TIMESTAMP",
            "1709208000500000",
            json!("2024-02-29T12:00:00.5Z"),
            Type::Timestamp,
        ),
        (
            "TIMESTAMP",
            "-1",
            json!("1969-12-31T23:59:59.999999Z"),
            Type::Timestamp,
        ),
        (
            "TIMESTAMP",
            "1.709208E9",
            json!("2024-02-29T12:00:00Z"),
            Type::Timestamp,
        ),
        ("TIME", "12:00:00", json!("12:00:00"), Type::Text),
        ("JSON", "{\"a\":[1]}", json!({"a": [1]}), Type::Json),
        ("GEOGRAPHY", "POINT(1 2)", json!("POINT(1 2)"), Type::Text),
        ("INTERVAL", "0-0 1 0:0:0", json!("0-0 1 0:0:0"), Type::Text),
    ];
    for (name, sent, expected, kind) in types {
        let server = answering(200, one_column(name, &[sent])).await;
        let rows = run(&server).await.unwrap();
        assert_eq!(
            (rows.columns[0].r#type, &rows.rows[0][0]),
            (kind, &expected),
            "{name}"
        );
    }
}

#[tokio::test]
async fn nothing_records_and_arrays_come_out_too() {
    let fields = json!([
        {"name": "nothing", "type": "INT64"},
        {"name": "who", "type": "RECORD", "fields": [
            {"name": "age", "type": "INT64"}, {"name": "tags", "type": "STRING", "mode": "REPEATED"},
        ]},
        {"name": "days", "type": "TIMESTAMP", "mode": "REPEATED"},
        {"name": "none", "type": "STRUCT", "mode": "REPEATED", "fields": [{"name": "a", "type": "BOOL"}]},
    ]);
    let row = json!({"f": [
        {"v": null},
        {"v": {"f": [{"v": "7"}, {"v": [{"v": "x"}, {"v": "y"}]}]}},
        {"v": [{"v": "0"}]},
        {"v": [{"v": {"f": [{"v": "true"}]}}]},
    ]});
    let results = json!({"jobComplete": true, "schema": {"fields": fields}, "rows": [row]});
    let rows = run(&answering(200, results).await).await.unwrap();

    let types: Vec<_> = rows.columns.iter().map(|column| column.r#type).collect();
    assert_eq!(types, [Type::Integer, Type::Json, Type::Json, Type::Json]);
    let expected = [
        Value::Null,
        json!({"age": 7, "tags": ["x", "y"]}),
        json!(["1970-01-01T00:00:00Z"]),
        json!([{"a": true}]),
    ];
    assert_eq!(rows.rows, [expected]);
}

#[tokio::test]
async fn values_of_another_type_are_errors() {
    for (name, sent) in [
        ("INT64", "1.5"),
        ("FLOAT64", "many"),
        ("BOOL", "yes"),
        ("TIMESTAMP", "99999999999999999999"),
        ("TIMESTAMP", "9223372036854775807"),
        ("RECORD", "text"),
    ] {
        let server = answering(200, one_column(name, &[sent])).await;
        let error = run(&server).await.unwrap_err();
        let expected = format!("BigQuery answers something for the column \"c\" that is no {name}");
        assert_eq!(error, Error::Engine(expected));
    }
    let mut short = one_column("INT64", &["1"]);
    short["rows"][0]["f"] = json!([]);
    let error = run(&answering(200, short).await).await.unwrap_err();
    assert!(matches!(error, Error::Engine(_)), "{error:?}");
}

#[tokio::test]
async fn pages_follow_each_other_as_they_are_read() {
    let server = Server::new(|asked| {
        before_results(asked).unwrap_or_else(|| {
            let token = asked.query.get("pageToken").map(String::as_str);
            let (value, next) = match token {
                None => ("1", Some("p2")),
                Some("p2") => ("2", Some("p3")),
                _ => ("3", None),
            };
            let mut page = one_column("INT64", &[value]);
            page["pageToken"] = json!(next);
            (200, page)
        })
    })
    .await;
    let mut stream = bigquery(&server)
        .stream(&statement("SELECT 1"))
        .await
        .unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), [[json!(1)]]);
    let pages = |server: &Server| {
        server
            .asked()
            .iter()
            .filter(|one| one.method == "GET")
            .count()
    };
    assert_eq!(pages(&server), 1);
    assert_eq!(stream.next().await.unwrap().unwrap(), [[json!(2)]]);
    assert_eq!(stream.next().await.unwrap().unwrap(), [[json!(3)]]);
    assert!(stream.next().await.is_none());
    assert_eq!(pages(&server), 3);
    let asked = server.asked();
    let last = asked.last().unwrap();
    assert_eq!(last.query["location"], "EU");
    assert_eq!(last.query["formatOptions.useInt64Timestamp"], "true");
}

#[tokio::test]
async fn a_job_that_is_not_done_is_asked_for_again() {
    let server =
        Server::new(|asked| before_results(asked).unwrap_or((200, json!({"jobComplete": false}))))
            .await;
    let bigquery = bigquery(&server);
    let started = statement("SELECT 1");
    let mut run = Box::pin(bigquery.stream(&started));
    // It is asked at least twice, and then forgotten: the server is told so.
    let twice = async {
        while server
            .asked()
            .iter()
            .filter(|one| one.method == "GET")
            .count()
            < 2
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = &mut run => panic!("{:?}", answer.err()),
        () = twice => {}
    }
    drop(run);
    let cancel = server.sees("/cancel").await;
    assert_eq!(cancel.query["location"], "EU");
    let job = server.asked_for(INSERT)[0].json()["jobReference"]["jobId"].clone();
    let path = format!(
        "/bigquery/v2/projects/pays/jobs/{}/cancel",
        job.as_str().unwrap()
    );
    assert_eq!(cancel.path, path);
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_and_told() {
    let server = Server::raw(|asked| match before_results(asked) {
        Some((status, body)) => respond(status, body.to_string().into()),
        None => hang(),
    })
    .await;
    let time = Duration::from_millis(300);
    let start = Instant::now();
    let late = bigquery(&server)
        .stream(&Statement::new("SELECT 1", time))
        .await
        .err();
    assert_eq!(late, Some(Error::Time(time)));
    assert!(start.elapsed() < Duration::from_secs(5));
    server.sees("/cancel").await;
}

#[tokio::test]
async fn wrong_statements_say_where() {
    let message = "Syntax error: Unexpected \")\" at [2:7]";
    let server = answering(400, fault(400, "invalidQuery", message)).await;
    let expected = Error::Query {
        message: message.to_owned(),
        line: Some(2),
        character: Some(7),
    };
    assert_eq!(run(&server).await.unwrap_err(), expected);
}

#[tokio::test]
async fn other_reasons_are_named() {
    let server = answering(403, fault(403, "quotaExceeded", "Too much.")).await;
    assert_eq!(
        run(&server).await.unwrap_err(),
        Error::query("BigQuery stopped the query (quotaExceeded): Too much.")
    );
    let server = answering(403, fault(403, "accessDenied", "Access Denied: Table a.b")).await;
    assert_eq!(
        run(&server).await.unwrap_err(),
        Error::query("Access Denied: Table a.b")
    );
    let server = answering(400, fault(400, "timeout", "Job timed out.")).await;
    assert_eq!(
        run(&server).await.unwrap_err(),
        Error::Time(Duration::from_secs(10))
    );
}

#[tokio::test]
async fn a_job_that_fails_at_once_says_why() {
    let server = Server::new(|asked| match asked.line().as_str() {
        INSERT => (200, json!({
            "jobReference": {}, "status": {"state": "DONE", "errorResult": {"reason": "invalidQuery", "message": "No at [1:2]"}},
        })),
        _ => before_results(asked).unwrap(),
    })
    .await;
    let error = run(&server).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Query {
                line: Some(1),
                character: Some(2),
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn those_who_may_start_no_jobs_are_told_so() {
    let server = Server::new(|asked| match asked.line().as_str() {
        INSERT => (403, fault(403, "accessDenied", "no bigquery.jobs.create")),
        _ => before_results(asked).unwrap(),
    })
    .await;
    let message = connection(run(&server).await.unwrap_err());
    assert_eq!(
        message,
        "BigQuery does not accept the login: no bigquery.jobs.create"
    );
}

#[tokio::test]
async fn what_passes_by_is_tried_again_as_often_as_the_connection_says() {
    for (status, reason) in [(503, "backendError"), (403, "rateLimitExceeded"), (429, "")] {
        let server = answering(status, fault(status, reason, "Later.")).await;
        run(&server).await.unwrap_err();
        let tries = server
            .asked()
            .iter()
            .filter(|one| one.method == "GET")
            .count();
        assert_eq!(tries, 3, "{reason}");
    }
    let server = answering(400, fault(400, "invalidQuery", "No.")).await;
    run(&server).await.unwrap_err();
    assert_eq!(
        server
            .asked()
            .iter()
            .filter(|one| one.method == "GET")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_job_whose_answer_was_lost_is_not_started_twice() {
    let server = Server::new(|asked| match asked.line().as_str() {
        INSERT => (409, fault(409, "duplicate", "Already Exists: Job")),
        _ => before_results(asked).unwrap_or((200, one_column("INT64", &["1"]))),
    })
    .await;
    assert_eq!(run(&server).await.unwrap().rows, [[json!(1)]]);
}

#[tokio::test]
async fn answers_that_are_none_are_errors() {
    for (body, expected) in [
        ("<html>proxy</html>", "with a page instead of data"),
        ("{\"jobComplete\": tru", "with something unreadable"),
        (
            "{\"jobComplete\": true, \"rows\": 7}",
            "with something unreadable",
        ),
        ("[]", "with something unreadable"),
        ("", "without saying more"),
    ] {
        let server = Server::raw(move |asked| match before_results(asked) {
            Some((status, answer)) => respond(status, answer.to_string().into()),
            None => respond(200, body.into()),
        })
        .await;
        let message = connection(run(&server).await.unwrap_err());
        assert!(message.contains(expected), "{message}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_an_error() {
    let server = Server::raw(|asked| match before_results(asked) {
        Some((status, answer)) => respond(status, answer.to_string().into()),
        None => broken("{\"jobComplete\""),
    })
    .await;
    let message = connection(run(&server).await.unwrap_err());
    assert!(
        message.starts_with("BigQuery broke off its answer"),
        "{message}"
    );
}

#[tokio::test]
async fn a_page_without_an_end_is_not_read_to_its_end() {
    let server = Server::raw(|asked| match before_results(asked) {
        Some((status, answer)) => respond(status, answer.to_string().into()),
        None => {
            let piece = || Ok::<_, std::io::Error>(vec![b' '; 1 << 20]);
            let endless = futures_util::stream::repeat_with(piece);
            respond(200, axum::body::Body::from_stream(endless))
        }
    })
    .await;
    let message = connection(run(&server).await.unwrap_err());
    assert_eq!(message, "BigQuery answers more than 64 MB at once");
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_an_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let server = answering(200, json!({})).await;
    let bigquery = Bigquery::at(&nobody, &parsed(credentials(&server)), &Hosts::Any).unwrap();
    let message = connection(bigquery.test().await.unwrap_err());
    assert!(
        message.starts_with("BigQuery cannot be reached"),
        "{message}"
    );
}

#[tokio::test]
async fn the_catalogue_is_all_data_sets_with_their_partitions() {
    let server = Server::new(|asked| {
        let page = asked.query.contains_key("pageToken");
        let table = |name: &str, more: Value| {
            let mut one = json!({"tableReference": {"projectId": "shop", "datasetId": "a", "tableId": name}});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            one
        };
        match asked.path.strip_prefix("/bigquery/v2/projects/shop/datasets") {
            None => before_results(asked).unwrap(),
            Some("") if page => (200, json!({})),
            Some("") => (200, json!({
                "datasets": [{"datasetReference": {"datasetId": "a"}}, {"datasetReference": {"datasetId": "gone"}}],
                "nextPageToken": "2",
            })),
            Some("/a/tables") if page => (200, json!({"tables": [
                table("days", json!({"timePartitioning": {"type": "DAY", "field": "day"}})),
                table("arrivals", json!({"timePartitioning": {"type": "DAY"}})),
                table("ranges", json!({"rangePartitioning": {"field": "id", "range": {}}})),
            ]})),
            Some("/a/tables") => (200, json!({"tables": [table("plain", json!({}))], "nextPageToken": "2"})),
            _ => (404, fault(404, "notFound", "Not found")),
        }
    })
    .await;
    let tables = bigquery(&server).tables().await.unwrap();
    let found: Vec<_> = tables
        .iter()
        .map(|one| (one.name.as_str(), one.partition.clone()))
        .collect();
    let partition = |field: &str, by_range| {
        Some(Partition {
            field: field.to_owned(),
            by_range,
        })
    };
    assert_eq!(
        found,
        [
            ("plain", None),
            ("days", partition("day", false)),
            ("arrivals", partition("_PARTITIONTIME", false)),
            ("ranges", partition("id", true)),
        ]
    );
    assert_eq!(
        (tables[0].database.as_str(), tables[0].schema.as_str()),
        ("shop", "a")
    );
}

/// Eight lists are answered when all eight are asked for, and no sooner.
#[tokio::test]
async fn tables_of_eight_data_sets_are_listed_at_once_and_never_of_more() {
    let (all_here, under_way) = (Arc::new(Barrier::new(8)), Arc::new(AtomicUsize::new(0)));
    let most = Arc::new(AtomicUsize::new(0));
    let seen = most.clone();
    let server = Server::raw(move |asked| {
        let path = asked
            .path
            .strip_prefix("/bigquery/v2/projects/shop/datasets");
        let (status, body) = match path {
            None => before_results(asked).unwrap(),
            Some("") => {
                let one = |at| json!({"datasetReference": {"datasetId": format!("s{at:02}")}});
                (
                    200,
                    json!({"datasets": (0..24).map(one).collect::<Vec<_>>()}),
                )
            }
            Some(set) => {
                let set = set.trim_matches('/').trim_end_matches("/tables");
                let table = json!({"projectId": "shop", "datasetId": set, "tableId": "t"});
                let body = json!({"tables": [{"tableReference": table}]});
                let (all_here, under_way) = (all_here.clone(), under_way.clone());
                most.fetch_max(
                    under_way.fetch_add(1, Ordering::SeqCst) + 1,
                    Ordering::SeqCst,
                );
                return Box::pin(async move {
                    all_here.wait().await;
                    under_way.fetch_sub(1, Ordering::SeqCst);
                    respond(200, body.to_string().into()).await
                });
            }
        };
        respond(status, body.to_string().into())
    })
    .await;
    let bigquery = bigquery(&server);
    let tables = tokio::time::timeout(Duration::from_secs(20), bigquery.tables());
    let tables = tables.await;
    let tables = tables.expect("lists that are asked for at once").unwrap();
    let found: Vec<_> = tables.iter().map(|one| one.schema.clone()).collect();
    let expected: Vec<_> = (0..24).map(|at| format!("s{at:02}")).collect();
    assert_eq!(found, expected);
    assert_eq!(seen.load(Ordering::SeqCst), 8);
}

#[tokio::test]
async fn columns_of_a_table_and_none_of_no_table() {
    let server = Server::new(|asked| match asked.path.as_str() {
        "/bigquery/v2/projects/shop/datasets/jaffle/tables/orders" => (200, json!({
            "schema": {"fields": [{"name": "id", "type": "INTEGER"}, {"name": "raw", "type": "BYTES"}]},
        })),
        _ => before_results(asked).unwrap_or((404, fault(404, "notFound", "Not found"))),
    })
    .await;
    let bigquery = bigquery(&server);
    let columns = bigquery.fields(None, None, "orders").await.unwrap();
    let columns: Vec<_> = columns
        .iter()
        .map(|one| (one.name.as_str(), one.r#type))
        .collect();
    assert_eq!(columns, [("id", Type::Integer), ("raw", Type::Text)]);

    assert_eq!(
        bigquery
            .fields(Some("other"), Some("a/b"), "x?y#z")
            .await
            .unwrap(),
        []
    );
    assert_eq!(
        server.asked().last().unwrap().path,
        "/bigquery/v2/projects/other/datasets/a%2Fb/tables/x%3Fy%23z"
    );
}
