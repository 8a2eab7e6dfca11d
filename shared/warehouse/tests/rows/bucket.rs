//! Files of projects in S3.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_config::{Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use datafusion::parquet::arrow::ArrowWriter;
use serde_json::json;
use warehouse::embedded::arrow::array::{Int64Array, StringArray};
use warehouse::embedded::arrow::datatypes::{DataType, Field, Schema};
use warehouse::embedded::arrow::record_batch::RecordBatch;
use warehouse::embedded::{bucket_with, projects};
use warehouse::{Embedded, Error, Result, Rows, Statement};

use crate::s3::{BUCKET, KEY, S3, SECRET};

fn settings(key: &str) -> SdkConfig {
    let credentials = Credentials::new(key, SECRET, None, None, "test");
    SdkConfig::builder()
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// Engines over what is below `data/` in the bucket.
fn engines(endpoint: &str) -> Embedded {
    bucket_with(
        &format!("s3://{BUCKET}/data/"),
        Some(endpoint),
        &settings(KEY),
    )
    .unwrap()
}

async fn ask(engines: &Embedded, project: &str, sql: &str) -> Result<Rows> {
    let statement = Statement::new(sql, Duration::from_secs(20));
    engines(project)?.stream(&statement).await?.collect().await
}

fn parquet(path: &Path) {
    let schema = Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("name", DataType::Utf8, true),
    ]));
    let ids = Int64Array::from_iter_values(1..=3_000);
    let names: StringArray = (1..=3_000)
        .map(|id| (id % 7 != 0).then(|| format!("name {id}")))
        .collect();
    let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(ids), Arc::new(names)]);
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, schema, None).unwrap();
    writer.write(&batch.unwrap()).unwrap();
    writer.close().unwrap();
}

/// The files of three projects.
fn files() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = root.path().join("data").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let orders: String = (1..=3_000)
        .map(|id| format!("{id},{},2024-02-{:02}\n", id * 7 % 100, id % 28 + 1))
        .collect();
    write("project-1/orders.csv", &format!("id,amount,day\n{orders}"));
    let items: Vec<_> = (1..=3_000_i32)
        .map(|id| json!({"id": id, "tags": ["a", format!("{id}")], "price": f64::from(id) / 4.0}))
        .collect();
    write(
        "project-1/items.json",
        &serde_json::to_string_pretty(&items).unwrap(),
    );
    write(
        "project-1/events.ndjson",
        "{\"id\": 1, \"at\": \"2024-02-29T12:00:00Z\"}\n{\"id\": 2}\n",
    );
    write("project-1/a b.csv", "x\n1\n");
    write("project-1/broken.parquet", "not Parquet");
    write("project-1/broken.json", "{\"a\": ");
    write("project-1/notes.txt", "not a table");
    write("project-1/more/inner.csv", "x\n1\n");
    write("project-2/secrets.csv", "x\n1\n");
    write("project-10/secrets.csv", "x\n1\n");
    parquet(&root.path().join("data/project-1/names.parquet"));
    root
}

#[tokio::test]
async fn files_in_s3_are_the_tables_that_they_are_in_a_folder() {
    let root = files();
    let s3 = S3::start(root.path()).await;
    let (bucket, folder) = (engines(&s3.endpoint), projects(root.path().join("data")));
    for sql in [
        "SELECT * FROM jaffle.orders ORDER BY id",
        "SELECT day, SUM(amount), COUNT(*) FROM jaffle.orders GROUP BY 1 ORDER BY 1",
        "SELECT * FROM jaffle.items ORDER BY id",
        "SELECT COUNT(*) FROM jaffle.items",
        "SELECT * FROM jaffle.events ORDER BY id",
        "SELECT * FROM jaffle.names ORDER BY id",
        "SELECT COUNT(name) FROM jaffle.names WHERE id > 2990",
        "SELECT * FROM jaffle.\"a b\"",
        "SELECT o.id, n.name, i.tags FROM jaffle.orders o JOIN jaffle.names n ON n.id = o.id \
         JOIN jaffle.items i ON i.id = n.id WHERE o.amount = 7 ORDER BY 1",
    ] {
        let there = ask(&bucket, "project-1", sql).await.unwrap();
        assert!(!there.rows.is_empty(), "{sql}");
        assert_eq!(
            there,
            ask(&folder, "project-1", sql).await.unwrap(),
            "{sql}"
        );
    }
    let (there, here) = (bucket("project-1").unwrap(), folder("project-1").unwrap());
    let tables = there.tables().await.unwrap();
    assert_eq!(tables, here.tables().await.unwrap());
    let names: Vec<_> = tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["a b", "events", "items", "names", "orders"]);
    assert_eq!(
        there.fields(None, Some("jaffle"), "names").await.unwrap(),
        here.fields(None, Some("jaffle"), "names").await.unwrap()
    );
    for broken in [
        "SELECT * FROM jaffle.broken",
        "SELECT nothing FROM jaffle.orders",
    ] {
        let said = ask(&bucket, "project-1", broken).await.unwrap_err();
        assert!(matches!(said, Error::Query { .. }), "{said:?}");
        assert!(!said.to_string().contains("data/"), "{said}");
    }
    let heads = s3
        .asked()
        .iter()
        .filter(|line| line.starts_with("HEAD "))
        .count();
    assert!(heads > 0);

    // What comes is seen when the list of files has grown old.
    std::fs::write(root.path().join("data/project-1/orders.csv"), "id\n7\n").unwrap();
    std::fs::write(root.path().join("data/project-1/new.csv"), "x\n8\n").unwrap();
    later(Duration::from_secs(3)).await;
    let sql = "SELECT id, x FROM jaffle.orders, jaffle.new";
    let rows = ask(&bucket, "project-1", sql).await.unwrap().rows;
    assert_eq!(json!(rows), json!([[7, 8]]));
    let empty = ask(&bucket, "project-3", "SELECT 1").await.unwrap().rows;
    assert_eq!(json!(empty), json!([[1]]));
}

/// Lets time pass.
async fn later(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_list_of_files_is_used_again_for_some_seconds() {
    let root = files();
    let s3 = S3::start(root.path()).await;
    let bucket = engines(&s3.endpoint);
    let lists = || {
        let asked = s3.asked();
        asked
            .iter()
            .filter(|line| line.contains("list-type"))
            .count()
    };
    let sql = "SELECT COUNT(*) FROM jaffle.orders";
    ask(&bucket, "project-1", sql).await.unwrap();
    later(Duration::from_secs(3)).await;
    let begun = lists();
    ask(&bucket, "project-1", sql).await.unwrap();
    let once = lists() - begun;
    assert!(once > 0);
    ask(&bucket, "project-1", sql).await.unwrap();
    assert_eq!(lists(), begun + once);
    // Each project has its own list.
    ask(&bucket, "project-2", "SELECT * FROM jaffle.secrets")
        .await
        .unwrap();
    assert!(lists() > begun + once);
    let before = lists();
    later(Duration::from_secs(3)).await;
    ask(&bucket, "project-1", sql).await.unwrap();
    assert_eq!(lists(), before + once);
}

#[tokio::test]
async fn a_file_that_changed_or_went_since_it_was_listed_is_not_read_as_it_was() {
    let root = files();
    let s3 = S3::start(root.path()).await;
    let bucket = engines(&s3.endpoint);
    let path = root.path().join("data/project-1/orders.csv");
    std::fs::write(&path, "id,amount\n1,20\n").unwrap();
    let sql = "SELECT id, amount FROM jaffle.orders";
    let rows = ask(&bucket, "project-1", sql).await.unwrap().rows;
    assert_eq!(json!(rows), json!([[1, 20]]));

    // The columns are in another order, and would be taken for each other.
    std::fs::write(&path, "amount,id\n300,2\n").unwrap();
    let rows = ask(&bucket, "project-1", sql).await.unwrap().rows;
    assert_eq!(json!(rows), json!([[2, 300]]));

    // One that is gone is no table without rows.
    std::fs::remove_file(&path).unwrap();
    let gone = ask(&bucket, "project-1", sql).await;
    assert!(matches!(gone, Err(Error::Query { .. })), "{gone:?}");
}

#[tokio::test]
async fn another_projects_files_are_not_reached() {
    let root = files();
    let s3 = S3::start(root.path()).await;
    let bucket = engines(&s3.endpoint);
    for sql in [
        "SELECT * FROM jaffle.secrets",
        "SELECT * FROM jaffle.inner",
        "SELECT * FROM \"project-2\".secrets",
        "SELECT * FROM 's3://lake/data/project-2/secrets.csv'",
        "SELECT * FROM \"s3://lake/data/project-2/secrets.csv\"",
        "SELECT * FROM \"project://files/../project-2/secrets.csv\"",
        "SELECT * FROM jaffle.\"../project-2/secrets\"",
        "SELECT * FROM read_csv('s3://lake/data/project-2/secrets.csv')",
        "SELECT * FROM read_csv('project://files/../project-2/secrets.csv')",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 's3://lake/data/project-2/secrets.csv'",
        "COPY jaffle.orders TO 's3://lake/data/project-2/orders.csv'",
        "COPY (SELECT 1) TO 'project://files/orders.csv' STORED AS CSV",
    ] {
        let answer = ask(&bucket, "project-1", sql).await;
        let refused = matches!(answer, Err(Error::Refused(_) | Error::Query { .. }));
        assert!(refused, "{sql}: {answer:?}");
    }
    ask(&bucket, "project-1", "SELECT * FROM jaffle.orders")
        .await
        .unwrap();
    for line in s3.asked() {
        let own =
            line.contains("/lake/data/project-1/") || line.contains("prefix=data%2Fproject-1%2F");
        assert!(own, "{line}");
        assert!(
            line.starts_with("GET ") || line.starts_with("HEAD "),
            "{line}"
        );
    }
    for project in ["", "..", "project-1/more", "project-2/", "a%2Fb", "*"] {
        let answer = ask(&bucket, project, "SELECT 1").await;
        assert!(
            matches!(answer, Err(Error::Connection(_))),
            "{project}: {answer:?}"
        );
    }
}

/// An error of connection, and that it tells nothing of keys and addresses.
fn is_quiet(answer: Result<Rows>, reason: &str) {
    let Err(Error::Connection(said)) = &answer else {
        panic!("{answer:?}");
    };
    assert!(said.contains(reason), "{said}");
    for secret in [
        KEY,
        SECRET,
        "OTHERKEY",
        "127.0.0.1",
        "Authorization",
        "data/",
    ] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[tokio::test]
async fn a_bucket_that_does_not_answer_is_an_error_of_connection() {
    let root = files();
    let s3 = S3::start(root.path()).await;

    let unused = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", unused.local_addr().unwrap());
    drop(unused);
    let begun = Instant::now();
    let closed = ask(&engines(&endpoint), "project-1", "SELECT 1").await;
    is_quiet(closed, "does not answer");
    assert!(begun.elapsed() < Duration::from_secs(15));

    let location = format!("s3://{BUCKET}/data");
    let other = bucket_with(&location, Some(&s3.endpoint), &settings("OTHERKEY")).unwrap();
    is_quiet(
        ask(&other, "project-1", "SELECT 1").await,
        "refuses the credentials",
    );
    let unfit = bucket_with(&location, Some(&s3.endpoint), &settings("OTHERKEY\n")).unwrap();
    is_quiet(ask(&unfit, "project-1", "SELECT 1").await, "credentials");
    let missing = bucket_with("s3://nothing/data", Some(&s3.endpoint), &settings(KEY)).unwrap();
    is_quiet(
        ask(&missing, "project-1", "SELECT 1").await,
        "there is no bucket",
    );

    // One that answers what there is, and then no more.
    let bucket = engines(&s3.endpoint);
    ask(&bucket, "project-1", "SELECT * FROM jaffle.orders")
        .await
        .unwrap();
    s3.fail();
    let answer = ask(&bucket, "project-1", "SELECT * FROM jaffle.names").await;
    is_quiet(answer, "does not answer");
    let fresh = ask(&engines(&s3.endpoint), "project-1", "SELECT 1").await;
    is_quiet(fresh, "does not answer");
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_silent_is_not_waited_for_longer_than_ten_seconds() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let begun = tokio::time::Instant::now();
    let answer = ask(&engines(&endpoint), "project-1", "SELECT 1").await;
    is_quiet(answer, "answer");
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn what_is_no_place_is_refused() {
    for (location, endpoint) in [
        ("lake/data", None),
        ("s3://Lake/data", None),
        ("s3://lake/../data", None),
        ("/srv/data", None),
        ("s3://lake/data", Some("s3.example.com")),
        ("s3://lake/data", Some("https://key:secret@example.com")),
    ] {
        let Err(Error::Connection(said)) = bucket_with(location, endpoint, &settings(KEY)) else {
            panic!("{location} {endpoint:?}");
        };
        assert!(said.contains("like") && !said.contains("secret"), "{said}");
    }
}
