//! The table inside the process: requests of the SDK go to an embedded DynamoDB without a socket. For the local
//! gateway and for tests; no deployed function has it.

use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Error, Result};

/// What a fault does to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The table refuses: too many requests.
    Throttled,
    /// The table fails.
    Failed,
    /// Nothing arrives, and no answer comes.
    TimedOut,
    /// The call happens, and its answer is lost.
    AnswerLost,
}

/// Decides, call by call, what goes wrong; gets the operation's name (`GetItem`, …).
pub type Faults = Arc<dyn Fn(&str) -> Option<Fault> + Send + Sync>;

/// What calls cost, as DynamoDB counts it: for benchmarks.
#[derive(Debug, Default)]
pub struct Meter {
    /// Requests.
    pub calls: AtomicU64,
    /// Items that were read.
    pub items: AtomicU64,
    /// Capacity units, in thousandths.
    pub milliunits: AtomicU64,
}

/// An embedded table.
#[derive(Clone)]
pub struct Embedded {
    database: Database,
    faults: Option<Faults>,
    meter: Option<Arc<Meter>>,
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedded")
    }
}

impl Embedded {
    /// A database in a file, made where there is none.
    ///
    /// # Errors
    /// `Internal` when the file cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        let database = Database::new(&path.to_string_lossy()).map_err(broken)?;
        Ok(Self {
            database,
            faults: None,
            meter: None,
        })
    }

    /// A database that is gone with the process.
    ///
    /// # Errors
    /// `Internal` when there is no memory for it.
    pub fn in_memory() -> Result<Self> {
        Ok(Self {
            database: Database::memory().map_err(broken)?,
            faults: None,
            meter: None,
        })
    }

    /// The same database, behind faults.
    #[must_use]
    pub fn with_faults(&self, faults: Faults) -> Self {
        Self {
            faults: Some(faults),
            ..self.clone()
        }
    }

    /// The same database, with its calls counted.
    #[must_use]
    pub fn metered(&self, meter: Arc<Meter>) -> Self {
        Self {
            meter: Some(meter),
            ..self.clone()
        }
    }

    /// The database itself, to serve on a port or to look into.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// A client that talks to it.
    #[expect(
        clippy::disallowed_methods,
        reason = "the in-process form of the client"
    )]
    pub fn client(&self) -> aws_sdk_dynamodb::Client {
        // A retry need not wait for a table in the same process to recover.
        let retries =
            RetryConfig::standard().with_initial_backoff(std::time::Duration::from_millis(1));
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .credentials_provider(Credentials::new("local", "local", None, None, "embedded"))
            .endpoint_url("http://embedded.invalid")
            .retry_config(retries)
            .http_client(self.clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// Answers with the capacity that it took counted.
    fn measure(&self, meter: &Meter, operation: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut request: Value = serde_json::from_slice(body).unwrap_or_default();
        if let Some(request) = request.as_object_mut() {
            request.insert("ReturnConsumedCapacity".into(), "TOTAL".into());
        }
        let (status, body) = self.answer(operation, request.to_string().as_bytes());
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        let consumed = match &answer["ConsumedCapacity"] {
            Value::Array(tables) => tables.iter().collect(),
            one => vec![one],
        };
        let units = |one: &&Value| one["CapacityUnits"].as_f64();
        let units: f64 = consumed.iter().filter_map(units).sum();
        let batch = answer["Responses"].as_object().into_iter().flatten();
        let items = batch
            .filter_map(|(_, items)| items.as_array())
            .map(|items| items.len() as u64)
            .sum::<u64>()
            + answer["ScannedCount"].as_u64().unwrap_or(0)
            + u64::from(answer["Item"].is_object());
        meter.calls.fetch_add(1, Ordering::Relaxed);
        meter.items.fetch_add(items, Ordering::Relaxed);
        let milliunits = (units * 1000.0).round() as u64;
        meter.milliunits.fetch_add(milliunits, Ordering::Relaxed);
        (status, body)
    }

    fn answer(&self, operation: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let db = &self.database;
        let answered = match operation {
            "BatchGetItem" => call(body, |request| db.batch_get_item(request)),
            "BatchWriteItem" => call(body, |request| db.batch_write_item(request)),
            "CreateTable" => call(body, |request| db.create_table(request)),
            "DeleteItem" => call(body, |request| db.delete_item(request)),
            "GetItem" => call(body, |request| db.get_item(request)),
            "PutItem" => call(body, |request| db.put_item(request)),
            "Query" => call(body, |request| db.query(request)),
            "TransactWriteItems" => call(body, |request| db.transact_write_items(request)),
            "UpdateItem" => call(body, |request| db.update_item(request)),
            "UpdateTimeToLive" => call(body, |request| db.update_time_to_live(request)),
            other => Err(DynoxideError::ValidationException(format!(
                "{other} is not used by this product"
            ))),
        };
        match answered {
            Ok(body) => (200, body),
            Err(error) => (error.status_code(), error.to_json().into_bytes()),
        }
    }
}

fn broken(error: DynoxideError) -> Error {
    Error::Internal(anyhow::anyhow!("opening the embedded table: {error}"))
}

fn call<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    run: impl FnOnce(Q) -> dynoxide::Result<A>,
) -> dynoxide::Result<Vec<u8>> {
    let unreadable =
        |error: serde_json::Error| DynoxideError::SerializationException(error.to_string());
    let answer = run(serde_json::from_slice(body).map_err(unreadable)?)?;
    serde_json::to_vec(&answer).map_err(unreadable)
}

impl HttpConnector for Embedded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let fault = self.faults.as_ref().and_then(|faults| faults(&operation));
        if fault == Some(Fault::TimedOut) {
            return HttpConnectorFuture::ready(Err(ConnectorError::timeout(
                "no answer in time".into(),
            )));
        }
        let (status, body) = match fault {
            Some(Fault::Throttled) => (400, br#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"injected"}"#.to_vec()),
            Some(Fault::Failed) => (500, br#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"injected"}"#.to_vec()),
            _ => {
                let body = request.body().bytes().unwrap_or_default();
                match &self.meter {
                    Some(meter) => self.measure(meter, &operation, body),
                    None => self.answer(&operation, body),
                }
            }
        };
        if fault == Some(Fault::AnswerLost) {
            return HttpConnectorFuture::ready(Err(ConnectorError::timeout(
                "the answer was lost".into(),
            )));
        }
        let answer = StatusCode::try_from(status)
            .map(|status| HttpResponse::new(status, SdkBody::from(body)))
            .map_err(|error| ConnectorError::other(Box::new(error), None));
        HttpConnectorFuture::ready(answer)
    }
}

impl HttpClient for Embedded {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
