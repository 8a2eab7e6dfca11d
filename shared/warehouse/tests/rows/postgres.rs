//! A real PostgreSQL with the data in it.

use std::sync::OnceLock;

use serde_json::{Number, Value};
use tokio_postgres::types::Type as PostgresType;
use warehouse::{Column, Rows, Type};

use crate::data;
use crate::support::{Server, Setup, connect, start};

/// The server, with the data in it.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = start(&Setup::default());
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
        Type::Decimal | Type::Date | Type::Json | Type::Text => Value::from(text),
    }
}
