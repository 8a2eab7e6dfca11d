//! A PostgreSQL of the test binary's own, from Debian's package: on a free port of 127.0.0.1, in a temporary folder,
//! without a password and without waiting for the disk. It is started with the first test that needs it.
//!
//! A shell watches over it: when the test binary ends, however it ends, its end of a pipe closes, and the shell stops the
//! server and removes the folder.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Number, Value};
use tokio_postgres::types::Type as PostgresType;
use tokio_postgres::{Client, NoTls};
use warehouse::{Column, Rows, Type};

use crate::data;

const MISSING: &str = "PostgreSQL's server is not installed; `apt-get install postgresql` does it \
    (or set ZERODASH_POSTGRES_BIN to the folder with initdb and postgres)";

pub(crate) struct Server {
    port: u16,
    /// The shell's standard input: open for as long as this process lives.
    _watched: ChildStdin,
}

/// The server, with the data in it.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = start();
        // A runtime of its own: this is called from within others.
        std::thread::spawn({
            let port = server.port;
            move || {
                runtime()
                    .block_on(async { connect(port).await.batch_execute(&data::as_sql()).await })
            }
        })
        .join()
        .expect("the data can be loaded")
        .expect("the data can be loaded");
        server
    })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn start() -> Server {
    let bin = binaries().expect(MISSING);
    let folder = tempfile::Builder::new()
        .prefix("rows-postgres-")
        .tempdir()
        .expect("a folder")
        .keep();
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a free port")
        .port();
    // PostgreSQL refuses to run as root.
    let drop = if is_root() {
        "setpriv --reuid=postgres --regid=postgres --clear-groups --"
    } else {
        ""
    };
    let script = format!(
        r#"
        trap '' INT TERM HUP
        cd "$FOLDER" || exit 1
        if [ -n "$DROP" ]; then chown postgres "$FOLDER"; fi
        if ! $DROP "$BIN/initdb" --pgdata="$FOLDER/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
            --no-sync >"$FOLDER/log" 2>&1; then
          cat "$FOLDER/log" >&2; rm -rf "$FOLDER"; echo failed; exit 1
        fi
        $DROP "$BIN/postgres" -D "$FOLDER/data" -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
            -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c timezone=UTC -c max_connections=50 \
            >>"$FOLDER/log" 2>&1 </dev/null &
        for _ in $(seq 300); do
          if "$BIN/pg_isready" --quiet --host=127.0.0.1 --port={port}; then echo ready; break; fi
          if ! kill -0 $! 2>/dev/null; then cat "$FOLDER/log" >&2; echo failed; break; fi
          sleep 0.1
        done
        cat >/dev/null
        kill -QUIT $! 2>/dev/null
        wait
        rm -rf "$FOLDER"
        "#
    );
    let mut shell = Command::new("sh")
        .args(["-c", &script])
        .env("BIN", &bin)
        .env("FOLDER", &folder)
        .env("DROP", drop)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let watched = shell.stdin.take().expect("the shell reads");
    let mut said = String::new();
    BufReader::new(shell.stdout.take().expect("the shell writes"))
        .read_line(&mut said)
        .expect("the shell says something");
    assert_eq!(
        said.trim(),
        "ready",
        "PostgreSQL did not start; what it said stands above"
    );
    Server {
        port,
        _watched: watched,
    }
}

/// The newest version that is installed.
fn binaries() -> Option<PathBuf> {
    let complete =
        |folder: &Path| folder.join("postgres").exists() && folder.join("initdb").exists();
    #[expect(
        clippy::disallowed_methods,
        reason = "a test is told where the server is"
    )]
    if let Some(folder) = std::env::var_os("ZERODASH_POSTGRES_BIN") {
        return Some(PathBuf::from(folder)).filter(|folder| complete(folder));
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    let version =
        |folder: &PathBuf| -> Option<u32> { folder.parent()?.file_name()?.to_str()?.parse().ok() };
    folders
        .filter(|folder| complete(folder))
        .max_by_key(version)
}

fn is_root() -> bool {
    let answer = Command::new("id")
        .arg("-u")
        .output()
        .expect("id can be run");
    answer.stdout.trim_ascii() == b"0"
}

async fn connect(port: u16) -> Client {
    let address = format!("host=127.0.0.1 port={port} user=postgres dbname=postgres");
    let (client, connection) = tokio_postgres::connect(&address, NoTls)
        .await
        .expect("PostgreSQL accepts connections");
    tokio::spawn(connection);
    client
}

/// Runs a query and answers as the embedded engine does. The types come from preparing it; the values are selected as text,
/// which loses nothing of any type.
pub(crate) async fn query(sql: &str) -> Result<Rows, String> {
    let client = connect(server().port).await;
    let said = |error: tokio_postgres::Error| match error.as_db_error() {
        Some(error) => error.message().to_owned(),
        None => error.to_string(),
    };
    let statement = client.prepare(sql).await.map_err(said)?;
    let columns: Vec<_> = statement
        .columns()
        .iter()
        .map(|column| Column {
            name: column.name().to_owned(),
            r#type: type_of(column.type_()),
        })
        .collect();
    let names: Vec<_> = (0..columns.len())
        .map(|number| format!("c{number}"))
        .collect();
    let texts: Vec<_> = names.iter().map(|name| format!("{name}::text")).collect();
    let wrapped = format!(
        "SELECT {} FROM (\n{sql}\n) AS q({})",
        texts.join(", "),
        names.join(", ")
    );
    let rows = client.query(&wrapped, &[]).await.map_err(said)?;
    let rows = rows
        .iter()
        .map(|row| {
            (0..columns.len())
                .map(|number| value(columns[number].r#type, row.get(number)))
                .collect()
        })
        .collect();
    Ok(Rows { columns, rows })
}

fn type_of(r#type: &PostgresType) -> Type {
    match *r#type {
        PostgresType::BOOL => Type::Boolean,
        PostgresType::INT2 | PostgresType::INT4 | PostgresType::INT8 => Type::Integer,
        PostgresType::FLOAT4 | PostgresType::FLOAT8 => Type::Double,
        PostgresType::NUMERIC => Type::Decimal,
        PostgresType::DATE => Type::Date,
        PostgresType::TIMESTAMP | PostgresType::TIMESTAMPTZ => Type::Timestamp,
        _ => Type::Text,
    }
}

fn value(r#type: Type, text: Option<&str>) -> Value {
    let Some(text) = text else { return Value::Null };
    match r#type {
        Type::Boolean => Value::Bool(text == "true"),
        Type::Integer => Value::from(text.parse::<i64>().expect("an integer")),
        Type::Double => {
            let number: f64 = text.parse().expect("a double");
            Number::from_f64(number).map_or_else(|| Value::from(text), Value::Number)
        }
        Type::Timestamp => Value::from(text.trim_end_matches("+00").replacen(' ', "T", 1) + "Z"),
        Type::Decimal | Type::Date | Type::Text => Value::from(text),
    }
}
