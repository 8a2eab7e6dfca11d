//! A PostgreSQL of the test binary's own, from Debian's package: on a free port of 127.0.0.1, in a temporary folder,
//! without waiting for the disk. It is started with the first test that needs it.
//!
//! A shell watches over it: when the test binary ends, however it ends, its end of a pipe closes, and the shell stops the
//! server and removes the folder.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};

use tokio_postgres::{Client, NoTls};

const MISSING: &str = "PostgreSQL's server is not installed; `apt-get install postgresql` does it \
    (or set ZERODASH_POSTGRES_BIN to the folder with initdb and postgres)";

pub(crate) struct Server {
    pub(crate) port: u16,
    #[allow(dead_code, reason = "not every test binary looks into it")]
    pub(crate) folder: PathBuf,
    /// The shell's standard input: open for as long as this process lives.
    _watched: ChildStdin,
}

/// What a server is to be beyond the usual: a script that runs in its folder, where its data is in `data`, before it
/// starts, and more arguments.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) script: &'static str,
    pub(crate) arguments: &'static str,
}

/// Starts a server that trusts everyone who connects, unless the script says otherwise.
pub(crate) fn start(setup: &Setup) -> Server {
    let bin = binaries().expect(MISSING);
    let folder = tempfile::Builder::new()
        .prefix("postgres-")
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
        if ! $DROP sh -ec "$SETUP" >>"$FOLDER/log" 2>&1; then
          cat "$FOLDER/log" >&2; rm -rf "$FOLDER"; echo failed; exit 1
        fi
        $DROP "$BIN/postgres" -D "$FOLDER/data" -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
            -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c timezone=UTC -c max_connections=50 $ARGUMENTS \
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
        .env("SETUP", setup.script)
        .env("ARGUMENTS", setup.arguments)
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
        folder,
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

/// A connection as the server's owner.
pub(crate) async fn connect(port: u16) -> Client {
    let address = format!("host=127.0.0.1 port={port} user=postgres dbname=postgres");
    let (client, connection) = tokio_postgres::connect(&address, NoTls)
        .await
        .expect("PostgreSQL accepts connections");
    tokio::spawn(connection);
    client
}
