//! The adapter against real PostgreSQL servers, one with TLS and logins, one without, and one whose certificate signs itself.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::zombie_processes)]

#[path = "postgres/large.rs"]
mod large;
#[path = "postgres/ssh.rs"]
mod ssh;
#[path = "support/postgres.rs"]
mod support;

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use support::{Server, Setup, connect, start};
use warehouse::connect::{HostKeys, PostgresCredentials, RedshiftCredentials};
use warehouse::postgres::Postgres;
use warehouse::{Column, Error, Hosts, Row, Rows, Statement, Table, Type, Warehouse};

const TIME: Duration = Duration::from_secs(60);

/// An authority, the server's certificate for 127.0.0.1, and a client's. `bob` needs his password, `certified` her
/// certificate, `tls` only TLS.
const WITH_TLS: &str = r#"
cd data
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=test authority" -keyout ca.key -out ca.crt
sign() {
  openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -keyout $1.key -out $1.csr
  echo "$3" >$1.ext
  openssl x509 -req -in $1.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile $1.ext -out $1.crt
  chmod 600 $1.key
}
sign server 127.0.0.1 "subjectAltName=IP:127.0.0.1"
sign client certified "extendedKeyUsage=clientAuth"
cat >pg_hba.conf <<END
hostssl all certified all cert
hostssl all tls all trust
host all bob all scram-sha-256
host all postgres all trust
END
"#;
const TLS: &str = "-c ssl=on -c ssl_cert_file=server.crt -c ssl_key_file=server.key \
    -c ssl_ca_file=ca.crt -c listen_addresses=127.0.0.1,127.0.0.2";
const SIGNED_BY_ITSELF: &str = r#"
cd data
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=server" -addext "subjectAltName=IP:127.0.0.1" \
  -keyout server.key -out server.crt
chmod 600 server.key
"#;

const DATA: &str = r#"
CREATE ROLE bob LOGIN PASSWORD 'right';
CREATE ROLE certified LOGIN;
CREATE ROLE tls LOGIN;
CREATE ROLE reader;
CREATE ROLE unused;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (a integer, b text);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE SCHEMA "Odd ""Schema";
CREATE TABLE "Odd ""Schema"."Odd Table" ("Odd ""Column" integer, m mood, p positive, n numeric(9, 2), t timestamptz);
CREATE VIEW public.a_view AS SELECT 1::bigint AS one;
CREATE MATERIALIZED VIEW public.materialized AS SELECT 'x'::text AS x, date '2024-02-29' AS d;
CREATE TABLE public.written (a integer);
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
"#;

fn started(with: &Setup) -> Server {
    let server = start(with);
    let port = server.port;
    // A runtime of its own: this is called from within others.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async { connect(port).await.batch_execute(DATA).await })
    })
    .join()
    .expect("the data can be loaded")
    .expect("the data can be loaded");
    server
}

fn with_tls() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        started(&Setup {
            script: WITH_TLS,
            arguments: TLS,
        })
    })
}

fn plain() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| started(&Setup::default()))
}

fn signed_by_itself() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        started(&Setup {
            script: SIGNED_BY_ITSELF,
            arguments: "-c ssl=on",
        })
    })
}

impl Server {
    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join("data").join(name)).unwrap()
    }
}

/// Credentials in the wire's shape, with other fields on top.
fn wire(port: u16, more: Value) -> Value {
    let mut all = json!({
        "type": "postgres", "host": "127.0.0.1", "port": port, "user": "postgres", "password": "",
        "dbname": "postgres", "schema": "public",
    });
    all.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    all
}

fn credentials(port: u16, more: Value) -> PostgresCredentials {
    serde_json::from_value(wire(port, more)).unwrap()
}

fn with(port: u16, more: Value) -> Postgres {
    Postgres::new(&credentials(port, more), &Hosts::Any).unwrap()
}

fn database() -> Postgres {
    with(plain().port, json!({}))
}

fn redshift(port: u16, more: Value) -> Postgres {
    let of: RedshiftCredentials = serde_json::from_value(wire(port, more)).unwrap();
    Postgres::redshift(&of, &Hosts::Any).unwrap()
}

async fn query(on: &Postgres, sql: &str) -> Result<Rows, Error> {
    on.stream(&Statement::new(sql, TIME)).await?.collect().await
}

/// The one value of a statement, and its type.
async fn value(sql: &str) -> (Type, Value) {
    let rows = query(&database(), sql).await.unwrap();
    assert_eq!((rows.columns.len(), rows.rows.len()), (1, 1));
    (rows.columns[0].r#type, rows.rows[0][0].clone())
}

async fn fails(on: &Postgres, sql: &str) -> Error {
    query(on, sql).await.unwrap_err()
}

fn column(name: &str, r#type: Type) -> Column {
    let name = name.to_owned();
    Column { name, r#type }
}

#[tokio::test]
async fn every_type_has_its_value() {
    let json = json!({"a": [1, null]});
    let cases: &[(&str, Type, Value)] = &[
        ("true", Type::Boolean, json!(true)),
        ("false", Type::Boolean, json!(false)),
        ("NULL::boolean", Type::Boolean, json!(null)),
        ("(-32768)::int2", Type::Integer, json!(-32768)),
        ("2147483647::int4", Type::Integer, json!(2_147_483_647)),
        (
            "(-9223372036854775808)::int8",
            Type::Integer,
            json!(i64::MIN),
        ),
        ("9223372036854775807", Type::Integer, json!(i64::MAX)),
        ("4294967295::oid", Type::Integer, json!(4_294_967_295_u32)),
        ("0.1::float4", Type::Double, json!(0.1)),
        (
            "1.7976931348623157e308::float8",
            Type::Double,
            json!(f64::MAX),
        ),
        (
            "0.1::float8 + 0.2::float8",
            Type::Double,
            json!(0.1_f64 + 0.2),
        ),
        ("'NaN'::float8", Type::Double, json!("NaN")),
        ("'-infinity'::float4", Type::Double, json!("-Infinity")),
        ("12.50", Type::Decimal, json!("12.50")),
        (
            "-0.000000000000000000001::numeric",
            Type::Decimal,
            json!("-0.000000000000000000001"),
        ),
        (
            "1e30::numeric(40,2)",
            Type::Decimal,
            json!("1000000000000000000000000000000.00"),
        ),
        ("'NaN'::numeric", Type::Decimal, json!("NaN")),
        ("'Infinity'::numeric", Type::Decimal, json!("Infinity")),
        ("'x''y'", Type::Text, json!("x'y")),
        ("''::varchar", Type::Text, json!("")),
        ("'ab'::char(4)", Type::Text, json!("ab  ")),
        ("'n'::name", Type::Text, json!("n")),
        ("'c'::\"char\"", Type::Text, json!("c")),
        ("E'\\u00e9\\U0001F600\\n'", Type::Text, json!("é😀\n")),
        (
            "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid",
            Type::Text,
            json!("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ),
        ("date '2024-02-29'", Type::Date, json!("2024-02-29")),
        ("'infinity'::date", Type::Date, json!("infinity")),
        ("date '5874897-12-31'", Type::Date, json!("5874897-12-31")),
        ("date '0044-03-15 BC'", Type::Date, json!("0044-03-15 BC")),
        (
            "timestamp '2024-02-29 12:00'",
            Type::Timestamp,
            json!("2024-02-29T12:00:00Z"),
        ),
        (
            "timestamp '2024-02-29 12:00:00.50'",
            Type::Timestamp,
            json!("2024-02-29T12:00:00.5Z"),
        ),
        (
            "'-infinity'::timestamp",
            Type::Timestamp,
            json!("-infinity"),
        ),
        (
            "timestamp '294276-12-31 23:59:59'",
            Type::Timestamp,
            json!("294276-12-31T23:59:59Z"),
        ),
        (
            "timestamptz '2024-02-29 12:00:00.000001+05:30'",
            Type::Timestamp,
            json!("2024-02-29T06:30:00.000001Z"),
        ),
        (
            "'infinity'::timestamptz",
            Type::Timestamp,
            json!("infinity"),
        ),
        ("time '24:00'", Type::Text, json!("24:00:00")),
        ("timetz '12:00+02'", Type::Text, json!("12:00:00+02")),
        (
            "interval '1 year -3 days 04:05'",
            Type::Text,
            json!("1 year -3 days +04:05:00"),
        ),
        ("'{\"a\": [1, null]}'::json", Type::Json, json.clone()),
        ("'{\"a\": [1, null]}'::jsonb", Type::Json, json),
        ("'null'::jsonb", Type::Json, json!(null)),
        ("'\\x00ff'::bytea", Type::Text, json!("\\x00ff")),
        ("''::bytea", Type::Text, json!("\\x")),
        ("ARRAY[1, NULL, 3]", Type::Json, json!([1, null, 3])),
        ("'{}'::text[]", Type::Json, json!([])),
        (
            "ARRAY['a,b', '\"', 'NULL', NULL]",
            Type::Json,
            json!(["a,b", "\"", "NULL", null]),
        ),
        ("ARRAY[[1.50], [2]]", Type::Json, json!([["1.50"], ["2"]])),
        ("ARRAY[true, false]", Type::Json, json!([true, false])),
        (
            "ARRAY[timestamptz '2024-01-01 00:00+01']",
            Type::Json,
            json!(["2023-12-31T23:00:00Z"]),
        ),
        (
            "ARRAY['{\"a\": \"}\"}'::jsonb]",
            Type::Json,
            json!([{"a": "}"}]),
        ),
        (
            "ARRAY['(1,2),(0,0)'::box, NULL]",
            Type::Json,
            json!(["(1,2),(0,0)", null]),
        ),
        ("'ok'::mood", Type::Text, json!("ok")),
        ("ARRAY['ok'::mood]", Type::Json, json!(["ok"])),
        ("ROW(1, 'x')::pair", Type::Text, json!("(1,x)")),
        ("ROW(1, 'x')", Type::Text, json!("(1,x)")),
        ("7::positive", Type::Integer, json!(7)),
        ("int4range(1, 5)", Type::Text, json!("[1,5)")),
        ("point(1, 2)", Type::Text, json!("(1,2)")),
        ("inet '10.0.0.1/8'", Type::Text, json!("10.0.0.1/8")),
        ("B'101'", Type::Text, json!("101")),
        ("'1 2'::int2vector", Type::Text, json!("1 2")),
        ("NULL", Type::Text, json!(null)),
        ("NULL::int[]", Type::Json, json!(null)),
    ];
    for (sql, r#type, expected) in cases {
        let found = value(&format!("SELECT {sql}")).await;
        assert_eq!(found, (*r#type, expected.clone()), "{sql}");
    }
}

#[tokio::test]
async fn columns_have_their_names_without_rows_and_numbers_where_they_come_again() {
    let sql = "SELECT 1 AS a, 'x' AS a, 2.0 AS \"A \"\"b\", 3 WHERE false; -- the end";
    let rows = query(&database(), sql).await.unwrap();
    let columns = [
        column("a", Type::Integer),
        column("a_2", Type::Text),
        column("A \"b", Type::Decimal),
        column("?column?", Type::Integer),
    ];
    assert_eq!(rows.columns, columns);
    assert!(rows.rows.is_empty());
    let rows = query(&database(), "SELECT 1 AS a, 'x' AS a").await.unwrap();
    assert_eq!(rows.rows, [vec![json!(1), json!("x")]]);
}

#[tokio::test]
async fn many_rows_come_in_order_and_in_pieces() {
    let sql = "SELECT n, n::text, n * 0.5 FROM generate_series(1, 100000) AS n";
    let mut rows = database().stream(&Statement::new(sql, TIME)).await.unwrap();
    let mut seen = 0_i64;
    while let Some(batch) = rows.next().await {
        let batch: Vec<Row> = batch.unwrap();
        assert!(!batch.is_empty() && batch.len() <= 1000);
        for row in batch {
            seen += 1;
            assert_eq!(row[..2], [json!(seen), json!(seen.to_string())]);
        }
    }
    assert_eq!(seen, 100_000);
}

#[tokio::test]
async fn big_rows_come_one_by_one() {
    let sql = "SELECT repeat('x', 10 * 1024 * 1024) FROM generate_series(1, 3)";
    let mut rows = database().stream(&Statement::new(sql, TIME)).await.unwrap();
    for _ in 0..3 {
        let batch = rows.next().await.unwrap().unwrap();
        assert_eq!(batch.len(), 1);
        assert_eq!(batch[0][0].as_str().unwrap().len(), 10 * 1024 * 1024);
    }
    assert!(rows.next().await.is_none());
}

/// Waits until so many sessions run a statement with this mark; fails after a while.
async fn running(server: &Server, mark: &str, sessions: i64) {
    let client = connect(server.port).await;
    let sql =
        "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE $1";
    for _ in 0..500 {
        let found = client
            .query_one(sql, &[&format!("%{mark}%")])
            .await
            .unwrap();
        if found.get::<_, i64>(0) == sessions {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("there are not {sessions} sessions of {mark}");
}

#[tokio::test]
async fn dropping_the_stream_stops_the_statement() {
    let sql = "SELECT /* dropped stream */ generate_series(1, 1000000000) AS n";
    let mut rows = database().stream(&Statement::new(sql, TIME)).await.unwrap();
    assert_eq!(rows.next().await.unwrap().unwrap()[0], [json!(1)]);
    running(plain(), "dropped stream", 1).await;
    drop(rows);
    running(plain(), "dropped stream", 0).await;
}

#[tokio::test]
async fn dropping_the_future_stops_the_statement_with_tls_too() {
    let tls = json!({"sslmode": "verify-ca", "sslrootcert": with_tls().file("ca.crt")});
    for (server, on) in [
        (plain(), database()),
        (with_tls(), with(with_tls().port, tls)),
    ] {
        let asking =
            tokio::spawn(
                async move { fails(&on, "SELECT /* dropped future */ pg_sleep(100)").await },
            );
        running(server, "dropped future", 1).await;
        asking.abort();
        running(server, "dropped future", 0).await;
    }
}

#[tokio::test]
async fn connections_that_cannot_be_say_why_and_no_secrets() {
    let port = with_tls().port;
    let off = json!({"user": "bob", "password": "wrong-secret", "sslmode": "disable"});
    let right = json!({"user": "bob", "password": "right", "sslmode": "disable"});
    assert_eq!(
        query(&with(port, right), "SELECT 1").await.unwrap().rows,
        [[json!(1)]]
    );
    let unknown =
        json!({"user": "nobody-secret", "password": "wrong-secret", "sslmode": "disable"});
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    for (on, says) in [
        (with(port, off), "user or the password"),
        (with(port, unknown), "does not let this user in"),
        (
            with(plain().port, json!({"dbname": "nowhere"})),
            "no database \"nowhere\"",
        ),
        (with(closed, json!({})), "cannot be reached"),
        (
            with(1, json!({"host": "nowhere.invalid"})),
            "no host \"nowhere.invalid\"",
        ),
        (
            with(plain().port, json!({"role": "no\" role"})),
            "role \"no\" role\"",
        ),
    ] {
        let error = on.test().await.unwrap_err();
        let Error::Connection(why) = error else {
            panic!("{error:?}")
        };
        assert!(why.contains(says) && !why.contains("secret"), "{why}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let on = with(silent.local_addr().unwrap().port(), json!({}));
    let error = on.test().await.unwrap_err();
    assert_eq!(error.to_string(), "the warehouse does not answer in time");
}

#[tokio::test]
async fn addresses_inside_are_refused_where_only_public_ones_are_allowed() {
    let on = Postgres::new(&credentials(plain().port, json!({})), &Hosts::Public).unwrap();
    let error = on.test().await.unwrap_err();
    assert!(
        error.to_string().contains("not a public address"),
        "{error}"
    );
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_given_up() {
    let time = Duration::from_millis(200);
    let statement = Statement::new("SELECT /* too long */ pg_sleep(100)", time);
    // The server's own time may be over first; then the columns come before the error.
    let error = match database().stream(&statement).await {
        Ok(rows) => rows.collect().await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(error, Error::Time(time));
    running(plain(), "too long", 0).await;
    let short = with(plain().port, json!({"timeoutSeconds": 1}));
    let error = fails(&short, "SELECT pg_sleep(100)").await;
    assert_eq!(error, Error::Time(Duration::from_secs(1)));
}

#[tokio::test]
async fn the_time_counts_for_rows_that_come_slowly_too() {
    let time = Duration::from_millis(500);
    let sql = "SELECT repeat('x', 2000000), pg_sleep(0.1) FROM generate_series(1, 1000)";
    let rows = database().stream(&Statement::new(sql, time)).await.unwrap();
    assert_eq!(rows.collect().await.unwrap_err(), Error::Time(time));
}

#[tokio::test]
async fn wrong_statements_say_where() {
    for (sql, message, line, character) in [
        (
            "SELECT 1,\n  'é', nowhere\nFROM pg_class",
            "column \"nowhere\" does not exist",
            2,
            8,
        ),
        (
            "SELECT *\nFROM\n nothing",
            "relation \"nothing\" does not exist",
            3,
            2,
        ),
        ("SELEC 1", "syntax error at or near \"SELEC\"", 1, 1),
        ("SELECT (1", "syntax error at end of input", 1, 10),
        (
            "SELECT 'ok'::mood,\n nowhere",
            "column \"nowhere\" does not exist",
            2,
            2,
        ),
    ] {
        let expected = Error::Query {
            message: message.to_owned(),
            line: Some(line),
            character: Some(character),
        };
        assert_eq!(fails(&database(), sql).await, expected);
    }
    let zero = "SELECT 1 / (n - 5000) FROM generate_series(1, 10000) AS n";
    assert_eq!(
        fails(&database(), zero).await,
        Error::query("division by zero")
    );
    let parameter = fails(&database(), "SELECT $1::int").await;
    assert!(matches!(parameter, Error::Query { .. }), "{parameter:?}");
}

#[tokio::test]
async fn only_one_statement_that_reads_is_run() {
    for sql in [
        "INSERT INTO written VALUES (1)",
        "INSERT INTO written VALUES (1) RETURNING a",
        "WITH w AS (INSERT INTO written VALUES (1) RETURNING a) SELECT * FROM w",
        "EXPLAIN ANALYZE INSERT INTO written VALUES (1)",
        "CREATE TABLE other (a integer)",
        "SELECT 1 AS a INTO other",
        "SELECT a FROM written FOR UPDATE",
        "COMMIT",
        "COPY written TO STDOUT",
        "COPY written FROM STDIN",
        "SET default_transaction_read_only = off",
        "SELECT 1; SELECT 2",
        "SELECT 1; COMMIT; INSERT INTO written VALUES (1)",
        "SELECT * FROM nowhere; INSERT INTO written VALUES (1)",
        "",
        "-- nothing",
        "SELECT '\0'",
    ] {
        let error = fails(&database(), sql).await;
        assert!(matches!(error, Error::Refused(_)), "{sql}: {error:?}");
    }
    let switch = "SELECT set_config('transaction_read_only', 'off', false)";
    assert!(query(&database(), switch).await.is_err());
    let client = connect(plain().port).await;
    let rows = client.query("SELECT a FROM written", &[]).await.unwrap();
    assert!(rows.is_empty());
}

#[tokio::test]
async fn statements_that_are_not_select_may_read() {
    let on = database();
    assert_eq!(
        query(&on, "SHOW TimeZone").await.unwrap().rows,
        [[json!("UTC")]]
    );
    assert_eq!(query(&on, "VALUES (1)").await.unwrap().rows, [[json!(1)]]);
    assert!(
        !query(&on, "EXPLAIN SELECT 1")
            .await
            .unwrap()
            .rows
            .is_empty()
    );
}

#[tokio::test]
async fn a_server_that_ends_the_connection_is_a_connection_that_broke() {
    let sql = "SELECT /* terminated */ generate_series(1, 1000000000) AS n";
    let mut rows = database().stream(&Statement::new(sql, TIME)).await.unwrap();
    assert!(rows.next().await.unwrap().is_ok());
    let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE pid <> pg_backend_pid() AND query LIKE '%/* terminated */%'";
    connect(plain().port)
        .await
        .query(terminate, &[])
        .await
        .unwrap();
    let error = rows.collect().await.unwrap_err();
    assert!(matches!(error, Error::Connection(_)), "{error:?}");
}

#[tokio::test]
async fn tags_stand_in_a_comment_that_values_cannot_end() {
    let mut statement = Statement::new(
        "SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()",
        TIME,
    );
    statement.tags = vec![("query_context", "a\n; SELECT '\"x\r".to_owned())];
    let rows = database()
        .stream(&statement)
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let text = rows.rows[0][0].as_str().unwrap();
    assert!(
        text.ends_with("()\n-- {\"query_context\":\"a\\n; SELECT '\\\"x\\r\"}"),
        "{text}"
    );
}

#[tokio::test]
async fn a_role_and_a_search_path_count() {
    let more = json!({"role": "reader", "searchPath": "\"Odd \"\"Schema\", public"});
    let on = with(plain().port, more);
    let rows = query(&on, "SELECT current_user::text, current_schemas(false)")
        .await
        .unwrap();
    // The reader may not use the odd schema.
    assert_eq!(rows.rows, [vec![json!("reader"), json!(["public"])]]);
    let on = with(
        plain().port,
        json!({"searchPath": "\"Odd \"\"Schema\", public"}),
    );
    let rows = query(&on, "SELECT * FROM \"Odd Table\"").await.unwrap();
    assert_eq!(rows.columns.len(), 5);
}

#[tokio::test]
async fn the_catalogue_has_tables_views_and_materialised_views() {
    let table = |schema: &str, name: &str| Table {
        database: "postgres".to_owned(),
        schema: schema.to_owned(),
        name: name.to_owned(),
        partition: None,
    };
    let tables = database().tables().await.unwrap();
    let expected = [
        table("Odd \"Schema", "Odd Table"),
        table("public", "a_view"),
        table("public", "materialized"),
        table("public", "written"),
    ];
    assert_eq!(tables, expected);
    let reader = with(plain().port, json!({"role": "unused"}));
    assert!(reader.tables().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_catalogue_has_the_columns_of_a_table() {
    let on = database();
    let odd = on
        .fields(Some("postgres"), Some("Odd \"Schema"), "Odd Table")
        .await
        .unwrap();
    let expected = [
        column("Odd \"Column", Type::Integer),
        column("m", Type::Text),
        column("p", Type::Integer),
        column("n", Type::Decimal),
        column("t", Type::Timestamp),
    ];
    assert_eq!(odd, expected);
    let materialized = on.fields(None, None, "materialized").await.unwrap();
    assert_eq!(
        materialized,
        [column("x", Type::Text), column("d", Type::Date)]
    );
    for (database, schema, table) in [
        (None, None, "nothing"),
        (None, Some("nowhere"), "written"),
        (Some("nowhere"), None, "written"),
        (None, None, "written\" LIMIT 0; SELECT 1 --"),
    ] {
        assert!(on.fields(database, schema, table).await.unwrap().is_empty());
    }
    let unused = with(plain().port, json!({"role": "unused"}));
    assert!(
        unused
            .fields(None, None, "written")
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn redshift_reads_where_types_cannot_be_looked_up() {
    let client = connect(plain().port).await;
    client
        .batch_execute("CREATE DATABASE like_redshift")
        .await
        .unwrap();
    let (inside, connection) = tokio_postgres::connect(
        &format!(
            "host=127.0.0.1 port={} user=postgres dbname=like_redshift",
            plain().port
        ),
        tokio_postgres::NoTls,
    )
    .await
    .unwrap();
    tokio::spawn(connection);
    let changes = "CREATE VIEW public.svv_tables AS SELECT * FROM information_schema.tables
            WHERE table_name = 'only_here';
        CREATE TYPE super AS ENUM ('x');
        CREATE TABLE public.only_here (a integer, s super);
        REVOKE SELECT ON pg_catalog.pg_type FROM PUBLIC;
        GRANT SELECT ON public.only_here TO bob";
    inside.batch_execute(changes).await.unwrap();
    let on = redshift(
        plain().port,
        json!({"dbname": "like_redshift", "user": "bob"}),
    );
    let rows = query(&on, "SELECT 'x'::super AS s, 1 AS one")
        .await
        .unwrap();
    assert_eq!(
        rows.columns,
        [column("s", Type::Text), column("one", Type::Text)]
    );
    assert_eq!(rows.rows, [vec![json!("x"), json!("1")]]);
    let rows = query(&on, "SELECT 1 AS one").await.unwrap();
    assert_eq!(rows.rows, [vec![json!(1)]]);
    let wrong = fails(&on, "SELECT 'x'::super,\n nowhere").await;
    assert!(
        matches!(wrong, Error::Query { line: Some(2), .. }),
        "{wrong:?}"
    );
    let several = fails(&on, "SELECT 'x'::super; SELECT 1").await;
    assert!(matches!(several, Error::Refused(_)), "{several:?}");
    let written = fails(&on, "INSERT INTO only_here VALUES (1) RETURNING s").await;
    assert!(
        matches!(written, Error::Refused(_) | Error::Query { .. }),
        "{written:?}"
    );
    let owner = redshift(plain().port, json!({"dbname": "like_redshift"}));
    let written = fails(&owner, "INSERT INTO only_here VALUES (1) RETURNING a").await;
    assert!(matches!(written, Error::Refused(_)), "{written:?}");
    let tables = owner.tables().await.unwrap();
    assert_eq!(tables.len(), 1);
    assert_eq!(tables[0].name, "only_here");
    assert_eq!(on.fields(None, None, "only_here").await.unwrap().len(), 2);
}

/// Whether a session is encrypted.
async fn encrypted(on: &Postgres) -> Result<bool, Error> {
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    Ok(query(on, sql).await?.rows[0][0] == json!(true))
}

#[tokio::test]
async fn ssl_modes_encrypt_and_verify() {
    let port = with_tls().port;
    let trusted = with_tls().file("ca.crt");
    let other = signed_by_itself().file("server.crt");
    let by = |mode: &str, host: &str, root: &str| {
        with(
            port,
            json!({"sslmode": mode, "host": host, "sslrootcert": root}),
        )
    };
    for mode in ["", "allow", "prefer", "require", "verify-ca", "verify-full"] {
        assert!(
            encrypted(&by(mode, "127.0.0.1", &trusted)).await.unwrap(),
            "{mode}"
        );
        for root in ["", &other] {
            let error = encrypted(&by(mode, "127.0.0.1", root)).await.unwrap_err();
            assert!(error.to_string().contains("certificate"), "{mode}: {error}");
        }
        let renamed = encrypted(&by(mode, "127.0.0.2", &trusted)).await;
        assert_eq!(renamed.is_ok(), mode == "verify-ca", "{mode}");
    }
    assert!(
        encrypted(&by("verify-full", "localhost", &trusted))
            .await
            .unwrap()
    );
    assert!(encrypted(&by("no-verify", "127.0.0.2", "")).await.unwrap());
    assert!(!encrypted(&by("disable", "127.0.0.1", "")).await.unwrap());
}

#[tokio::test]
async fn a_server_without_tls_is_for_modes_that_only_prefer_it() {
    for (mode, works) in [
        ("disable", true),
        ("allow", true),
        ("prefer", true),
        ("require", false),
        ("no-verify", false),
        ("verify-ca", false),
        ("verify-full", false),
    ] {
        let on = with(plain().port, json!({"sslmode": mode}));
        assert_eq!(on.test().await.is_ok(), works, "{mode}");
        let on = redshift(plain().port, json!({"sslmode": mode}));
        assert_eq!(on.test().await.is_ok(), works, "{mode} of Redshift");
    }
    let unknown = credentials(1, json!({"sslmode": "sometimes"}));
    let error = Postgres::new(&unknown, &Hosts::Any).err().unwrap();
    assert!(error.to_string().contains("\"sometimes\""), "{error}");
}

#[tokio::test]
async fn a_certificate_that_signs_itself_can_be_trusted() {
    let port = signed_by_itself().port;
    let own = signed_by_itself().file("server.crt");
    let on = with(port, json!({"sslmode": "verify-full", "sslrootcert": own}));
    assert!(encrypted(&on).await.unwrap());
    let renamed = json!({"sslmode": "verify-full", "sslrootcert": own, "host": "127.0.0.2"});
    assert!(encrypted(&with(port, renamed)).await.is_err());
}

#[tokio::test]
async fn a_client_may_have_a_certificate() {
    let server = with_tls();
    let key = server.file("client.key");
    let mut more = json!({
        "user": "certified", "sslmode": "verify-full", "sslrootcert": server.file("ca.crt"),
        "sslcert": server.file("client.crt"), "sslkey": key,
    });
    assert!(encrypted(&with(server.port, more.clone())).await.unwrap());
    more["sslkey"] = json!(server.file("server.key"));
    let error = Postgres::new(&credentials(1, more.clone()), &Hosts::Any)
        .err()
        .unwrap();
    assert!(error.to_string().contains("do not fit"), "{error}");
    for field in ["sslkey", "sslcert", "sslrootcert"] {
        let mut broken = more.clone();
        broken["sslkey"] = json!(key);
        broken[field] = json!("not a secret in PEM");
        let error = Postgres::new(&credentials(1, broken), &Hosts::Any)
            .err()
            .unwrap();
        assert!(error.to_string().contains("not in PEM"), "{field}: {error}");
    }
}

#[tokio::test]
async fn an_ssh_tunnel_leads_to_the_server_and_back() {
    let door = ssh::start().await;
    // The SSH server knows what this name means.
    let mut more = door.tunnel();
    more["host"] = json!("database.inside");
    more["port"] = json!(plain().port);
    let on = with(1, more.clone());
    let rows = query(&on, "SELECT n FROM generate_series(1, 20000) AS n")
        .await
        .unwrap();
    assert_eq!(rows.rows.len(), 20000);
    let asking =
        tokio::spawn(async move { fails(&on, "SELECT /* tunnelled */ pg_sleep(100)").await });
    running(plain(), "tunnelled", 1).await;
    asking.abort();
    running(plain(), "tunnelled", 0).await;

    let mut encrypted_too = more.clone();
    encrypted_too["port"] = json!(with_tls().port);
    encrypted_too["sslmode"] = json!("verify-ca");
    encrypted_too["sslrootcert"] = json!(with_tls().file("ca.crt"));
    assert!(encrypted(&with(1, encrypted_too)).await.unwrap());
}

#[tokio::test]
async fn the_host_key_of_an_ssh_server_has_to_pass() {
    let door = ssh::start().await;
    let mut more = door.tunnel();
    more["host"] = json!("database.inside");
    more["port"] = json!(plain().port);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let through = |passes: bool| {
        let mut of = credentials(1, more.clone());
        let seen = seen.clone();
        of.tunnel.host_keys = Some(HostKeys::new(move |fingerprint| {
            seen.lock().unwrap().push(fingerprint);
            async move {
                let other = Error::Tunnel("this is another one".to_owned());
                if passes { Ok(()) } else { Err(other) }
            }
        }));
        Postgres::new(&of, &Hosts::Any).unwrap()
    };
    through(true).test().await.unwrap();
    let refused = through(false).test().await.unwrap_err();
    assert_eq!(refused, Error::Tunnel("this is another one".to_owned()));
    let seen = seen.lock().unwrap();
    assert!(seen.len() >= 2, "{seen:?}");
    assert!(seen.iter().all(|one| *one == door.host_key), "{seen:?}");
}

#[tokio::test]
async fn tunnels_that_cannot_be_say_why_and_no_secrets() {
    let door = ssh::start().await;
    let right = door.tunnel();
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    for (field, value, says) in [
        (
            "sshTunnelUser",
            json!("somebody"),
            "refuses the user or the key",
        ),
        (
            "sshTunnelPrivateKey",
            json!(ssh::other_key()),
            "refuses the user or the key",
        ),
        ("sshTunnelPort", json!(closed), "failed"),
        ("sshTunnelHost", json!("nowhere.invalid"), "no host"),
        ("host", json!("elsewhere.inside"), "failed"),
    ] {
        let mut wrong = right.clone();
        wrong["host"] = json!("database.inside");
        wrong[field] = value;
        let error = with(plain().port, wrong).test().await.unwrap_err();
        let Error::Tunnel(why) = error else {
            panic!("{error:?}")
        };
        assert!(why.contains(says), "{field}: {why}");
    }
    for (field, value) in [
        ("sshTunnelUser", json!(null)),
        ("sshTunnelHost", json!("")),
        ("sshTunnelPrivateKey", json!(null)),
        ("sshTunnelPrivateKey", json!("secret")),
    ] {
        let mut wrong = right.clone();
        wrong[field] = value;
        let error = Postgres::new(&credentials(1, wrong), &Hosts::Any)
            .err()
            .unwrap();
        assert!(
            matches!(&error, Error::Tunnel(why) if !why.contains("secret")),
            "{error:?}"
        );
    }
    let only_public = Postgres::new(&credentials(1, right), &Hosts::Public).unwrap();
    let error = only_public.test().await.unwrap_err();
    assert!(
        matches!(&error, Error::Tunnel(why) if why.contains("public")),
        "{error:?}"
    );
}
