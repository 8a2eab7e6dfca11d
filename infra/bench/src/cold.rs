//! Cold starts: a function's process from its start to its first reply.

use std::{path::Path, process::Command};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::{
    figures::{Samples, megabytes, row, table as markdown},
    process::{Binaries, Process, Stack, folder},
    runtime_api::RuntimeApi,
};

/// How often each function is started.
const STARTS: usize = 20;
/// What every function gets at least: 128 MB would show as a slow core in Lambda, not here.
const MEMORY_MB: &str = "256";

/// What one start showed: init, first reply and time on a core in milliseconds, memory in megabytes.
struct Start {
    init: f64,
    reply: f64,
    cpu: f64,
    memory: f64,
}

/// A thing that is not there: looking for it reads the table all the same.
const NOTHING: &str = "00000000-0000-4000-8000-000000000000";

/// Every function, with a request (none for the worker, which takes jobs) and the status of its answer.
const FUNCTIONS: [(&str, &str, &str, u16); 18] = [
    ("auth", "GET", "/api/v1/health", 200),
    ("my-account", "GET", "/api/v1/user", 200),
    (
        "notifications",
        "PATCH",
        "/api/v1/notifications/{nothing}",
        404,
    ),
    ("organizations", "GET", "/api/v1/org", 200),
    (
        "explores",
        "GET",
        "/api/v1/projects/{nothing}/explores",
        404,
    ),
    (
        "catalog",
        "GET",
        "/api/v1/projects/{nothing}/spotlight/table/config",
        404,
    ),
    ("charts", "GET", "/api/v1/saved/{nothing}", 404),
    ("content", "GET", "/api/v2/content", 200),
    ("dashboards", "GET", "/api/v1/dashboards/{nothing}", 404),
    ("exports", "GET", "/api/v1/csv/{nothing}", 404),
    (
        "metrics-explorer",
        "POST",
        "/api/v1/projects/{nothing}/metricsExplorer/orders/revenue/runMetricTotal",
        404,
    ),
    ("projects", "GET", "/api/v1/projects/{nothing}", 404),
    (
        "roles-permissions",
        "GET",
        "/api/v1/projects/{nothing}/spaces",
        404,
    ),
    (
        "schedulers",
        "GET",
        "/api/v1/schedulers/job/{nothing}/status",
        404,
    ),
    ("share-links", "GET", "/api/v1/share/{nothing}", 404),
    ("ssh-keypairs", "POST", "/api/v1/ssh/key-pairs", 201),
    ("user-groups", "GET", "/api/v1/groups/{nothing}", 404),
    ("worker", "", "", 0),
];

/// The names of the functions' crates.
pub(crate) fn functions() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(name, ..)| *name)
}

/// Starts every function again and again.
pub(crate) fn table(binaries: &Binaries) -> Result<String> {
    let data = folder()?;
    let stack = Stack::start(binaries, data.path())?;
    let cookie = stack.register_with_organization("cold@example.com")?;
    let mut rows = vec![
        row([
            "Function",
            "Init p50",
            "max",
            "First reply p50",
            "max",
            "CPU until then",
            "Memory p50",
            "max",
            "Binary",
        ]),
        row([
            "*aim*",
            "≤ 15 ms",
            "",
            "< 10 ms",
            "",
            "",
            "< 25 MB",
            "",
            "< 12 MB",
        ]),
    ];
    for (name, method, path, status) in FUNCTIONS {
        let event = match method {
            "" => json!({ "job": NOTHING }),
            method => event(method, &path.replace("{nothing}", NOTHING), &cookie),
        };
        let expected = (status > 0).then_some(status);
        // The first start reads the binary from the disk and is not counted.
        start(binaries, name, &stack, data.path(), (&event, expected))?;
        let starts = (0..STARTS)
            .map(|_| start(binaries, name, &stack, data.path(), (&event, expected)))
            .collect::<Result<Vec<_>>>()?;
        let samples = |of: fn(&Start) -> f64| Samples::new(starts.iter().map(of).collect());
        let [init, reply, cpu, memory] = [
            samples(|start| start.init),
            samples(|start| start.reply),
            samples(|start| start.cpu),
            samples(|start| start.memory),
        ];
        rows.push(row([
            name,
            &format!("{:.1} ms", init.p50()),
            &format!("{:.1} ms", init.max()),
            &format!("{:.1} ms", reply.p50()),
            &format!("{:.1} ms", reply.max()),
            &format!("{:.1} ms", cpu.p50()),
            &format!("{:.1} MB", memory.p50()),
            &format!("{:.1} MB", memory.max()),
            &format!("{:.1} MB", megabytes(binaries.size(name)?)),
        ]));
    }
    let title = format!("Cold start ({STARTS} starts each, {MEMORY_MB} MB, the table over HTTP)");
    Ok(markdown(&title, &rows))
}

fn start(
    binaries: &Binaries,
    name: &str,
    stack: &Stack,
    data: &Path,
    (event, expected): (&Value, Option<u16>),
) -> Result<Start> {
    let runtime = RuntimeApi::start()?;
    let process = Process::spawn(
        Command::new(binaries.path(name))
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", runtime.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MEMORY_MB)
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "bench")
            .env("AWS_SECRET_ACCESS_KEY", "bench")
            .env("AWS_SESSION_TOKEN", "bench")
            .env("ZERODASH_TABLE", "zerodash")
            .env(
                "ZERODASH_DYNAMODB_ENDPOINT",
                format!("http://{}", stack.table),
            )
            .env("ZERODASH_OUTBOX", data.join("outbox"))
            .env("ZERODASH_KEY_FILE", data.join("key"))
            .env("ZERODASH_LIMIT_FACTOR", "100000")
            .env("ZERODASH_SCHEDULE_GROUP", "bench")
            .env("ZERODASH_SCHEDULE_ROLE", "bench")
            .env("ZERODASH_WORKER", "bench")
            .stdout(std::process::Stdio::null()),
    )?;
    let init = runtime.asked()? - process.started;
    let (reply, answer) = runtime.invoke(event)?;
    let status = answer["statusCode"].as_u64();
    ensure!(
        status == expected.map(u64::from),
        "{name} answered {answer}"
    );
    Ok(Start {
        init: crate::figures::milliseconds(init),
        reply: crate::figures::milliseconds(reply),
        cpu: crate::figures::milliseconds(process.cpu()?),
        memory: megabytes(process.memory()?),
    })
}

/// What an HTTP API hands over for a browser's request (payload format 2.0).
fn event(method: &str, path: &str, cookie: &str) -> Value {
    let domain = "d111111abcdef8.execute-api.eu-west-1.amazonaws.com";
    let mut event = json!({
        "version": "2.0",
        "routeKey": format!("{method} {path}"),
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "application/json",
            "accept-encoding": "gzip, deflate, br",
            "accept-language": "en-GB,en;q=0.9",
            "content-length": "0",
            "host": domain,
            "sec-fetch-mode": "cors",
            "sec-fetch-site": "same-origin",
            "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
            "x-amzn-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
            "x-forwarded-for": "192.0.2.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "d111111abcdef8",
            "domainName": domain,
            "domainPrefix": "d111111abcdef8",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.7",
                "userAgent": "Mozilla/5.0",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": format!("{method} {path}"),
            "stage": "$default",
            "time": "10/Mar/2026:05:16:23 +0000",
            "timeEpoch": 1_773_119_783_220_u64,
        },
        "isBase64Encoded": false,
    });
    if method == "PATCH" {
        event["headers"]["content-type"] = json!("application/json");
        event["body"] = json!(r#"{"viewed":true}"#);
    }
    if !cookie.is_empty() {
        event["cookies"] = json!([cookie]);
    }
    event
}
