//! The local stack: how soon it answers, and how much memory it keeps.

use std::{thread, time::Duration};

use anyhow::{Context, Result};
use serde_json::json;

use crate::{
    figures::{Samples, megabytes, row, table as markdown},
    http::{Connection, Request},
    process::{Binaries, PASSWORD, Stack, folder},
};

/// How often it is started.
const STARTS: usize = 10;
/// How many requests it answers before its memory is looked at again.
const REQUESTS: usize = 10_000;
const CONNECTIONS: usize = 4;
/// Whatever still goes on after a start or a burst is over by then.
const REST: Duration = Duration::from_millis(300);

/// Starts it again and again, then keeps it busy.
pub(crate) fn table(binaries: &Binaries) -> Result<String> {
    let mut fresh = Vec::new();
    let mut again = Vec::new();
    for _ in 0..STARTS {
        let data = folder()?;
        fresh.push(Stack::start(binaries, data.path())?.ready);
        again.push(Stack::start(binaries, data.path())?.ready);
    }

    let data = folder()?;
    let stack = Stack::start(binaries, data.path())?;
    thread::sleep(REST);
    let idle = megabytes(stack.process.memory()?);
    burst(&stack)?;
    thread::sleep(REST);
    let after = megabytes(stack.process.memory()?);

    let times = |what: &str, times: &[Duration]| {
        let samples = Samples::of_times(times);
        let [p50, max] = [samples.p50(), samples.max()].map(|ms| format!("{ms:.0} ms"));
        row([what, &p50, &max, "< 300 ms"])
    };
    let rows = [
        row(["What", "p50", "max", "Aim"]),
        times("start to first answer, empty folder", &fresh),
        times("start to first answer, folder with a table", &again),
        row(["memory, idle", &format!("{idle:.1} MB"), "", "< 30 MB"]),
        row([
            &format!("memory, after {REQUESTS} requests of every kind"),
            &format!("{after:.1} MB"),
            "",
            "",
        ]),
        row([
            "binary",
            &format!("{:.1} MB", megabytes(binaries.size("zerodash")?)),
            "",
            "",
        ]),
    ];
    Ok(markdown(&format!("Local stack ({STARTS} starts)"), &rows))
}

/// Of a hundred requests one signs in and nine mail a passcode; the rest read.
fn burst(stack: &Stack) -> Result<()> {
    let cookies = (0..CONNECTIONS)
        .map(|n| stack.register(&format!("burst{n}@example.com")))
        .collect::<Result<Vec<_>>>()?;
    thread::scope(|scope| {
        let busy: Vec<_> = cookies
            .iter()
            .enumerate()
            .map(|(n, cookie)| scope.spawn(move || mixed(stack, n, cookie)))
            .collect();
        busy.into_iter()
            .try_for_each(|busy| busy.join().ok().context("a connection panicked")?)
    })
}

fn mixed(stack: &Stack, n: usize, cookie: &str) -> Result<()> {
    let login = json!({ "email": format!("burst{n}@example.com"), "password": PASSWORD });
    let login = Request::new("POST", "/api/v1/login", "", Some(&login));
    let passcode = Request::new("PUT", "/api/v1/user/me/email/otp", cookie, None);
    let reads = [
        "/api/v1/user",
        "/api/v1/user/me/email/status",
        "/api/v1/health",
        "/api/v1/user/login-options",
        "/api/v1/user/identities",
    ]
    .map(|path| Request::get(path, cookie));
    let mut connection = Connection::open(stack.gateway)?;
    for at in 0..REQUESTS / CONNECTIONS {
        let request = match at % 100 {
            0 => &login,
            1..10 => &passcode,
            _ => reads.get(at % reads.len()).context("no read")?,
        };
        connection.ask(request)?;
    }
    Ok(())
}
