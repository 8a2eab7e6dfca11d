use std::time::Duration;

use serde_json::{Value, json};
use warehouse::{
    Error, Hosts, Rows, Statement, Type, Warehouse, athena::Athena, connect::AthenaCredentials,
};

use crate::server::{Asked, Server, hang, respond};

fn credentials() -> Value {
    json!({
        "region": "eu-west-1", "database": "AwsDataCatalog", "schema": "jaffle", "s3StagingDir": "s3://results/",
        "workGroup": "team", "accessKeyId": "AKIDEXAMPLE", "secretAccessKey": "sesame",
    })
}

fn parsed(credentials: Value) -> AthenaCredentials {
    serde_json::from_value(credentials).unwrap()
}

fn athena(server: &Server) -> Athena {
    Athena::at(&server.address, &parsed(credentials()), &Hosts::Public).unwrap()
}

fn statement() -> Statement {
    Statement::new("SELECT 1", Duration::from_secs(10))
}

async fn run(server: &Server) -> Result<Rows, Error> {
    athena(server).stream(&statement()).await?.collect().await
}

/// `StartQueryExecution`
fn operation(asked: &Asked) -> String {
    let target = &asked.headers["x-amz-target"];
    target.strip_prefix("AmazonAthena.").unwrap().to_owned()
}

fn asked_for(server: &Server, name: &str) -> Vec<Asked> {
    let mut asked = server.asked();
    asked.retain(|one| operation(one) == name);
    asked
}

fn state(state: &str, reason: Option<&str>) -> Value {
    let status = json!({"State": state, "StateChangeReason": reason});
    json!({"QueryExecution": {"QueryExecutionId": "q1", "Status": status}})
}

/// Everything up to a query's results.
fn before_results(asked: &Asked) -> Option<(u16, Value)> {
    match operation(asked).as_str() {
        "StartQueryExecution" => Some((200, json!({"QueryExecutionId": "q1"}))),
        "GetQueryExecution" => Some((200, state("SUCCEEDED", None))),
        "StopQueryExecution" => Some((200, json!({}))),
        _ => None,
    }
}

async fn answering(results: Value) -> Server {
    Server::new(move |asked| before_results(asked).unwrap_or((200, results.clone()))).await
}

fn results(r#type: &str, rows: &[Option<&str>]) -> Value {
    let cell = |value: &Option<&str>| match value {
        Some(value) => json!({"Data": [{"VarCharValue": value}]}),
        None => json!({"Data": [{}]}),
    };
    let rows: Vec<_> = rows.iter().map(cell).collect();
    json!({"ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": [{"Name": "c", "Type": r#type}]}}})
}

fn fault(kind: &str, message: &str) -> (u16, Value) {
    (400, json!({"__type": kind, "message": message}))
}

fn connection(error: Error) -> String {
    match error {
        Error::Connection(message) => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_query_says_where_it_runs_and_who_asked() {
    let server = answering(results("integer", &[Some("c"), Some("1")])).await;
    let mut asked = statement();
    asked.tags = vec![("project_uuid", "a\n\"b".to_owned())];
    let rows = athena(&server)
        .stream(&asked)
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    assert_eq!(rows.rows, [[json!(1)]]);

    let sent = asked_for(&server, "StartQueryExecution")[0].clone();
    let body = sent.json();
    assert_eq!(
        body["QueryString"],
        "SELECT 1\n-- {\"project_uuid\":\"a\\n\\\"b\"}"
    );
    assert_eq!(
        body["QueryExecutionContext"],
        json!({"Catalog": "AwsDataCatalog", "Database": "jaffle"})
    );
    assert_eq!(
        body["ResultConfiguration"]["OutputLocation"],
        "s3://results/"
    );
    assert_eq!(body["WorkGroup"], "team");
    assert_eq!(body["ClientRequestToken"].as_str().unwrap().len(), 36);
    assert!(sent.headers["authorization"].contains("Credential=AKIDEXAMPLE/"));
}

#[tokio::test]
async fn every_type_comes_out_as_rows_have_it() {
    for (name, sent, expected, kind) in [
        (
            "bigint",
            "9223372036854775807",
            json!(i64::MAX),
            Type::Integer,
        ),
        ("tinyint", "-1", json!(-1), Type::Integer),
        ("float", "1.5", json!(1.5), Type::Double),
        ("double", "Infinity", json!("Infinity"), Type::Double),
        ("double", "NaN", json!("NaN"), Type::Double),
        ("decimal", "12.50", json!("12.50"), Type::Decimal),
        ("boolean", "true", json!(true), Type::Boolean),
        ("varchar", "", json!(""), Type::Text),
        ("varbinary", "00 ff", json!("00 ff"), Type::Text),
        ("date", "2024-02-29", json!("2024-02-29"), Type::Date),
        (
            "timestamp",
            "2024-02-29 12:00:00.500",
            json!("2024-02-29T12:00:00.5Z"),
            Type::Timestamp,
        ),
        (
            "timestamp with time zone",
            "2024-02-29 12:00:00.000 UTC",
            json!("2024-02-29T12:00:00Z"),
            Type::Timestamp,
        ),
        (
            "timestamp with time zone",
            "2024-07-01 12:00:00.000 Europe/Berlin",
            json!("2024-07-01T10:00:00Z"),
            Type::Timestamp,
        ),
        (
            "timestamp with time zone",
            "2024-07-01 12:00:00.250 -02:30",
            json!("2024-07-01T14:30:00.25Z"),
            Type::Timestamp,
        ),
        ("time", "12:00:00.000", json!("12:00:00.000"), Type::Text),
        ("json", "{\"a\":1}", json!({"a": 1}), Type::Json),
        ("array", "[a, b]", json!("[a, b]"), Type::Text),
        ("row", "{a=1}", json!("{a=1}"), Type::Text),
    ] {
        let server = answering(results(name, &[Some("c"), Some(sent), None])).await;
        let rows = run(&server).await.unwrap();
        assert_eq!(rows.columns[0].r#type, kind, "{name}");
        assert_eq!(rows.rows, [[expected], [Value::Null]], "{name}");
    }
    for (name, sent) in [
        ("integer", "1.5"),
        ("boolean", "yes"),
        ("double", "x"),
        ("timestamp with time zone", "soon"),
    ] {
        let server = answering(results(name, &[Some("c"), Some(sent)])).await;
        let error = run(&server).await.unwrap_err();
        assert!(matches!(error, Error::Engine(_)), "{error:?}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_only_the_first_has_names() {
    let server = Server::new(|asked| {
        before_results(asked).unwrap_or_else(|| match asked.json().get("NextToken") {
            None => {
                let mut page = results("varchar", &[Some("c"), Some("a")]);
                page["NextToken"] = "2".into();
                (200, page)
            }
            Some(_) => (200, results("varchar", &[Some("c")])),
        })
    })
    .await;
    let mut stream = athena(&server).stream(&statement()).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), [[json!("a")]]);
    assert_eq!(asked_for(&server, "GetQueryResults").len(), 1);
    assert_eq!(stream.next().await.unwrap().unwrap(), [[json!("c")]]);
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn statements_without_names_keep_their_first_row() {
    let server = answering(results("string", &[Some("orders")])).await;
    assert_eq!(run(&server).await.unwrap().rows, [[json!("orders")]]);
}

#[tokio::test]
async fn wrong_statements_say_where() {
    let message = "SYNTAX_ERROR: line 2:8: Column 'x' cannot be resolved";
    let server = Server::new(move |asked| match operation(asked).as_str() {
        "GetQueryExecution" => (200, state("FAILED", Some(message))),
        _ => before_results(asked).unwrap(),
    })
    .await;
    let expected = |message: &str, line, character| Error::Query {
        message: message.to_owned(),
        line: Some(line),
        character: Some(character),
    };
    assert_eq!(run(&server).await.unwrap_err(), expected(message, 2, 8));

    let server =
        Server::new(|_| fault("InvalidRequestException", "line 1:1: mismatched input")).await;
    assert_eq!(
        run(&server).await.unwrap_err(),
        expected("line 1:1: mismatched input", 1, 1)
    );
}

#[tokio::test]
async fn keys_that_do_not_work_are_said_without_the_secret() {
    let server = Server::new(|_| {
        fault(
            "UnrecognizedClientException",
            "The security token is invalid.",
        )
    })
    .await;
    let message = connection(run(&server).await.unwrap_err());
    assert_eq!(
        message,
        "Amazon Athena does not answer (UnrecognizedClientException): The security token is invalid."
    );
}

#[tokio::test]
async fn what_passes_by_is_tried_again() {
    let server = Server::new(|_| fault("ThrottlingException", "Rate exceeded")).await;
    run(&server).await.unwrap_err();
    let tokens: Vec<_> = server
        .asked()
        .iter()
        .map(|one| one.json()["ClientRequestToken"].clone())
        .collect();
    assert_eq!(tokens.len(), 3);
    assert_eq!(tokens[0], tokens[2]);
}

#[tokio::test]
async fn a_query_that_nobody_waits_for_is_stopped() {
    let server = Server::raw(|asked| match operation(asked).as_str() {
        "GetQueryExecution" => hang(),
        _ => {
            let (status, body) = before_results(asked).unwrap();
            respond(status, body.to_string().into())
        }
    })
    .await;
    let time = Duration::from_millis(300);
    let late = athena(&server)
        .stream(&Statement::new("SELECT 1", time))
        .await
        .err();
    assert_eq!(late, Some(Error::Time(time)));
    let stopped = server
        .finds(|one| operation(one) == "StopQueryExecution")
        .await;
    assert_eq!(stopped.json(), json!({"QueryExecutionId": "q1"}));
}

#[tokio::test]
async fn answers_that_are_none_are_errors() {
    for body in ["<html>proxy</html>", "{\"QueryExecutionId\": ", "{}"] {
        let server = Server::raw(move |_| respond(200, body.into())).await;
        connection(run(&server).await.unwrap_err());
    }
}

#[test]
fn credentials_that_cannot_work_are_refused_at_once() {
    let refused = |change: fn(&mut Value), hosts| {
        let mut one = credentials();
        change(&mut one);
        Athena::new(&parsed(one), &hosts).err().map(connection)
    };
    let keyless = |one: &mut Value| one["accessKeyId"] = Value::Null;
    assert_eq!(
        refused(keyless, Hosts::Public).unwrap(),
        "Amazon Athena needs an access key id and a secret access key"
    );
    assert_eq!(refused(keyless, Hosts::Any), None);
    let region = |one: &mut Value| one["region"] = "evil.example/".into();
    assert_eq!(
        refused(region, Hosts::Any).unwrap(),
        "\"evil.example/\" is not a region of AWS"
    );
}

#[tokio::test]
async fn the_catalogue_is_all_databases_and_a_table_has_its_partitions() {
    let server = Server::new(|asked| {
        let body = asked.json();
        match operation(asked).as_str() {
            "ListDatabases" => (200, json!({"DatabaseList": [{"Name": "a"}, {"Name": "b"}]})),
            "ListTableMetadata" if body["DatabaseName"] == "b" => (200, json!({})),
            "ListTableMetadata" if body.get("NextToken").is_some() => (200, json!({"TableMetadataList": [{"Name": "two"}]})),
            "ListTableMetadata" => (200, json!({"TableMetadataList": [{"Name": "one"}], "NextToken": "2"})),
            "GetTableMetadata" if body["TableName"] == "one" => (200, json!({"TableMetadata": {
                "Name": "one",
                "Columns": [{"Name": "id", "Type": "bigint"}, {"Name": "tags", "Type": "array<string>"}],
                "PartitionKeys": [{"Name": "day", "Type": "date"}],
            }})),
            _ => fault("MetadataException", "EntityNotFoundException: Entity Not Found"),
        }
    })
    .await;
    let athena = athena(&server);
    let tables = athena.tables().await.unwrap();
    let names: Vec<_> = tables
        .iter()
        .map(|one| format!("{}.{}.{}", one.database, one.schema, one.name))
        .collect();
    assert_eq!(names, ["AwsDataCatalog.a.one", "AwsDataCatalog.a.two"]);

    let columns = athena.fields(None, None, "one").await.unwrap();
    let columns: Vec<_> = columns
        .iter()
        .map(|one| (one.name.as_str(), one.r#type))
        .collect();
    assert_eq!(
        columns,
        [
            ("id", Type::Integer),
            ("tags", Type::Text),
            ("day", Type::Date)
        ]
    );
    assert_eq!(athena.fields(None, None, "three").await.unwrap(), []);
}
