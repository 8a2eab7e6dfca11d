//! The processes that are measured.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tempfile::TempDir;

use crate::http::{Connection, Request};

/// Where the binaries are.
pub(crate) struct Binaries {
    /// The functions, as they are deployed.
    functions: PathBuf,
    /// The local stack, as it is built for a laptop.
    local: PathBuf,
}

/// The program that is the local stack.
const LOCAL: &str = "zerodash";

impl Binaries {
    /// Those that are optimized, or those that are not, in the target folder of this very program.
    pub(crate) fn find(optimized: bool) -> Result<Self> {
        let exe = std::env::current_exe()?;
        let target = exe.ancestors().nth(2).context("no target folder")?;
        let (functions, local) = if optimized {
            ("release", "local")
        } else {
            ("debug", "debug")
        };
        Ok(Self {
            functions: target.join(functions),
            local: target.join(local),
        })
    }

    /// Builds them. The local stack goes by itself: built together with it, the functions would have its features.
    pub(crate) fn build(&self) -> Result<()> {
        let target = self.functions.parent().context("no target folder")?;
        let functions: Vec<_> = crate::cold::functions()
            .flat_map(|name| ["-p", name])
            .collect();
        for (profile, packages) in [
            ("local", &["-p", "local"][..]),
            ("release", functions.as_slice()),
        ] {
            let built = Command::new("cargo")
                .args(["build", "--profile", profile, "--target-dir"])
                .arg(target)
                .args(packages)
                .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
                .stdout(Stdio::null())
                .status()?;
            ensure!(built.success(), "cargo build failed");
        }
        Ok(())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        let folder = if name == LOCAL {
            &self.local
        } else {
            &self.functions
        };
        folder.join(name)
    }

    /// Bytes of a binary.
    pub(crate) fn size(&self, name: &str) -> Result<u64> {
        let path = self.path(name);
        let found = fs::metadata(&path).with_context(|| format!("no {}", path.display()))?;
        Ok(found.len())
    }
}

/// A process that ends with its value.
pub(crate) struct Process {
    child: Child,
    pub(crate) started: Instant,
}

impl Process {
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        let started = Instant::now();
        let child = command.spawn();
        let child = child.with_context(|| format!("starting {:?}", command.get_program()))?;
        Ok(Self { child, started })
    }

    /// Bytes of memory that are resident.
    pub(crate) fn memory(&self) -> Result<u64> {
        status(&self.child.id().to_string(), "VmRSS:")
    }

    /// Bytes of memory that were resident at most.
    pub(crate) fn peak(&self) -> Result<u64> {
        status(&self.child.id().to_string(), "VmHWM:")
    }

    /// How long its threads have been on a core: what is left of a time when nobody else uses the machine.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let mut whole = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = fs::read_to_string(thread?.path().join("schedstat"))?;
            whole += text
                .split(' ')
                .next()
                .unwrap_or_default()
                .parse::<u64>()
                .context("no schedstat")?;
        }
        Ok(Duration::from_nanos(whole))
    }
}

/// A number of bytes in what the kernel says of a process.
fn status(process: &str, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kib.context("no such number")?.parse::<u64>()? * 1024)
}

/// Bytes of memory that were resident in this process at most, since this was begun anew.
pub(crate) fn own_peak() -> Result<u64> {
    status("self", "VmHWM:")
}

/// Begins anew to look for the most memory of this process. Where the kernel does not allow it, what was before counts too.
pub(crate) fn reset_own_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A local stack on ports and in a folder of its own.
pub(crate) struct Stack {
    pub(crate) process: Process,
    pub(crate) gateway: SocketAddr,
    /// Where it serves its table.
    pub(crate) table: SocketAddr,
    /// From the start to the first answer.
    pub(crate) ready: Duration,
}

impl Stack {
    /// Starts one and waits for its first answer.
    pub(crate) fn start(binaries: &Binaries, data: &Path) -> Result<Self> {
        let table = free_port()?;
        let mut process = Process::spawn(
            Command::new(binaries.path(LOCAL))
                .env_clear()
                .env("ZERODASH_LIMIT_FACTOR", "100000")
                .args(["--listen", "127.0.0.1:0", "--table-listen"])
                .arg(table.to_string())
                .arg("--data-dir")
                .arg(data)
                .stdout(Stdio::piped()),
        )?;
        let out = process.child.stdout.take().context("no output")?;
        let mut out = BufReader::new(out);
        let mut line = String::new();
        out.read_line(&mut line)?;
        let address = line.trim().rsplit_once("http://");
        let (_, address) = address.context("the local stack does not start")?;
        let gateway = address.parse()?;
        // The rest of what it prints finds a reader, too.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));

        Connection::open(gateway)?.ask(&Request::get("/api/v1/livez", ""))?;
        let ready = process.started.elapsed();
        Ok(Self {
            process,
            gateway,
            table,
            ready,
        })
    }

    /// Signs somebody up: the session's cookie.
    pub(crate) fn register(&self, email: &str) -> Result<String> {
        let body =
            json!({ "email": email, "firstName": "Ana", "lastName": "Sol", "password": PASSWORD });
        self.session(&Request::new("POST", "/api/v1/user", "", Some(&body)))
    }

    /// Signs somebody up and gives them an organisation: the session's cookie.
    pub(crate) fn register_with_organization(&self, email: &str) -> Result<String> {
        let cookie = self.register(email)?;
        let body = json!({ "name": "Bench" });
        self.session(&Request::new("PUT", "/api/v1/org", &cookie, Some(&body)))
    }

    fn session(&self, request: &Request) -> Result<String> {
        let answer = Connection::open(self.gateway)?.ask(request)?;
        let cookie = answer.header("set-cookie").context("no session came")?;
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    }
}

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct-horse-1";

/// A folder that ends with its value.
pub(crate) fn folder() -> Result<TempDir> {
    Ok(tempfile::Builder::new()
        .prefix("zerodash-bench")
        .tempdir()?)
}

fn free_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
