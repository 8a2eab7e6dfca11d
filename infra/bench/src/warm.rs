//! Warm latency through the local gateway, over kept-alive connections.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use app::{
    domain::{
        password::{HashMemory, Password},
        secret::Secret,
    },
    random::Random,
};
use serde_json::json;

use crate::{
    figures::{Samples, row, table as markdown},
    http::{Connection, Request},
    process::{Binaries, PASSWORD, Stack, folder},
};

/// How many connections at once; a user each.
const CONNECTIONS: [usize; 2] = [1, 16];
/// How long one row takes, and how much of that is not counted.
const ROW: Duration = Duration::from_secs(3);
const UNCOUNTED: Duration = Duration::from_millis(300);
/// How often a password is hashed.
const HASHES: usize = 40;

/// What is asked, and the aims at one connection and at many.
const RUNS: [(&str, &str, [&str; 2]); 4] = [
    ("GET", "/api/v1/user", ["p50 ≤ 0.6 ms", "≥ 4000/s"]),
    ("PUT", "/api/v1/user/me/email/otp", ["p50 ≤ 2 ms", ""]),
    (
        "GET",
        "/api/v1/user/me/email/status",
        ["p50 ≤ 0.6 ms", "≥ 4000/s"],
    ),
    ("POST", "/api/v1/login", ["", ""]),
];

/// Asks as fast as answers come.
pub(crate) fn table(binaries: &Binaries) -> Result<String> {
    let data = folder()?;
    let stack = Stack::start(binaries, data.path())?;
    let most = CONNECTIONS.into_iter().max().unwrap_or(1);
    let users = (0..most)
        .map(|n| {
            let email = format!("warm{n}@example.com");
            Ok((stack.register(&email)?, email))
        })
        .collect::<Result<Vec<_>>>()?;

    let mut rows = vec![row([
        "Request",
        "Connections",
        "p50",
        "p99",
        "Per second",
        "Aim",
    ])];
    for (method, path, aims) in RUNS {
        for (connections, aim) in CONNECTIONS.into_iter().zip(aims) {
            let requests: Vec<_> = users
                .iter()
                .take(connections)
                .map(|(cookie, email)| request(method, path, cookie, email))
                .collect();
            let (times, rate) = run(&stack, &requests)?;
            rows.push(row([
                &format!("`{method} {path}`"),
                &connections.to_string(),
                &format!("{:.2} ms", times.p50()),
                &format!("{:.2} ms", times.quantile(0.99)),
                &format!("{rate:.0}"),
                aim,
            ]));
        }
    }
    let hashes = hashing()?;
    rows.push(row([
        "a password's hash alone",
        "",
        &format!("{:.2} ms", hashes.p50()),
        &format!("{:.2} ms", hashes.quantile(0.99)),
        "",
        "",
    ]));
    Ok(markdown("Warm, through the local gateway", &rows))
}

/// Signing in is for those who are not signed in yet.
fn request(method: &str, path: &str, cookie: &str, email: &str) -> Request {
    if method == "POST" {
        let body = json!({ "email": email, "password": PASSWORD });
        return Request::new(method, path, "", Some(&body));
    }
    Request::new(method, path, cookie, None)
}

/// One connection per request, each sending it again and again: times, and answers per second.
pub(crate) fn run(stack: &Stack, requests: &[Request]) -> Result<(Samples, f64)> {
    let begin = Instant::now() + UNCOUNTED;
    let end = begin + (ROW - UNCOUNTED);
    let times = thread::scope(|scope| {
        let busy: Vec<_> = requests
            .iter()
            .map(|request| scope.spawn(move || again(stack, request, begin, end)))
            .collect();
        busy.into_iter()
            .map(|busy| busy.join().ok().context("a connection panicked")?)
            .collect::<Result<Vec<_>>>()
    })?
    .concat();
    let rate = times.len() as f64 / (end - begin).as_secs_f64();
    Ok((Samples::of_times(&times), rate))
}

fn again(stack: &Stack, request: &Request, begin: Instant, end: Instant) -> Result<Vec<Duration>> {
    let mut connection = Connection::open(stack.gateway)?;
    let mut times = Vec::new();
    loop {
        let sent = Instant::now();
        if sent >= end {
            return Ok(times);
        }
        connection.ask(request)?;
        if sent >= begin {
            times.push(sent.elapsed());
        }
    }
}

/// A password's hash without anything around it, in this process.
fn hashing() -> Result<Samples> {
    let password = Password::new(Secret::new(PASSWORD.to_owned()))?;
    let mut memory = HashMemory::default();
    let times = (0..HASHES)
        .map(|_| {
            let begun = Instant::now();
            std::hint::black_box(password.hash(&Random::System, &mut memory)?);
            Ok(begun.elapsed())
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Samples::of_times(&times))
}
