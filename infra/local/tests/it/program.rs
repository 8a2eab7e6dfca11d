//! The program, and who calls it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::{Value, json};

/// Far more than starting or answering takes; what is slower hangs.
pub(crate) const HANGS: Duration = Duration::from_secs(30);

/// A running program, ended with the test whatever happens.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    outputs: Vec<JoinHandle<String>>,
}

/// Reads to the end, and tells each line as it comes.
fn collect(output: impl Read + Send + 'static) -> (JoinHandle<String>, Receiver<String>) {
    let (sender, lines) = channel();
    let reader = thread::spawn(move || {
        let mut all = String::new();
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            all += &line;
            all.push('\n');
            let _ = sender.send(line);
        }
        all
    });
    (reader, lines)
}

impl Server {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::with(folder, &[])
    }

    /// With settings of the environment.
    pub(crate) fn with(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_zerodash"))
            .args(["--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder)
            .env_clear()
            .env("ZERODASH_LOG", "trace")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdout, lines) = collect(child.stdout.take().unwrap());
        let (stderr, _) = collect(child.stderr.take().unwrap());
        let said = lines.recv_timeout(HANGS).expect("it says where it listens");
        let address = said.split_once("http://").expect("an address").1;
        Self {
            address: address.parse().unwrap(),
            child,
            outputs: vec![stdout, stderr],
        }
    }

    /// Asks it to stop; how it did, and everything that it wrote to standard output and error.
    pub(crate) fn stop(mut self) -> (ExitStatus, Vec<String>) {
        let told = Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", self.child.id())])
            .status();
        assert!(told.unwrap().success());
        let status = self.child.wait().unwrap();
        let outputs = std::mem::take(&mut self.outputs);
        (
            status,
            outputs.into_iter().map(|one| one.join().unwrap()).collect(),
        )
    }

    /// Ends it in the middle of whatever it does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) cookie: Option<String>,
    pub(crate) body: Value,
}

/// One request on a connection of its own.
pub(crate) fn send(
    address: SocketAddr,
    headers: &[(&str, &str)],
    method: &str,
    path: &str,
    body: &str,
) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&address, HANGS)?;
    stream.set_read_timeout(Some(HANGS))?;
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    if !body.is_empty() {
        request += "Content-Type: application/json\r\n";
    }
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    stream.write_all(format!("{request}\r\n{body}").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let cut = || std::io::Error::other("the answer is cut off");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(cut)?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let cookie = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let pair = value.split(';').next()?;
        name.eq_ignore_ascii_case("set-cookie")
            .then(|| pair.to_owned())
    });
    Ok(Answer {
        status: status.ok_or_else(cut)?,
        cookie,
        body: serde_json::from_str(body).map_err(|_| cut())?,
    })
}

/// A caller who keeps cookies, and notes what was answered.
pub(crate) struct Browser {
    pub(crate) address: SocketAddr,
    pub(crate) cookie: Option<String>,
    /// Every cookie so far.
    pub(crate) cookies: Vec<String>,
    /// Method, route as it is documented, and status of every request.
    pub(crate) sent: Vec<(String, String, u16)>,
}

impl Browser {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            cookie: None,
            cookies: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// A request; `route` is what the log has to say of it, and in it `{}` stands for `given`.
    pub(crate) fn send(&mut self, method: &str, path: &str, route: &str, body: &str) -> Answer {
        let cookie = self.cookie.clone();
        let headers = cookie.as_deref().map(|cookie| ("Cookie", cookie));
        let headers: Vec<_> = headers.into_iter().collect();
        let answer = send(self.address, &headers, method, path, body).unwrap();
        if let Some(cookie) = &answer.cookie {
            let (_, value) = cookie.split_once('=').unwrap();
            self.cookie = (!value.is_empty()).then(|| cookie.clone());
            if !value.is_empty() {
                self.cookies.push(value.to_owned());
            }
        }
        self.note(method, route, answer.status);
        answer
    }

    pub(crate) fn note(&mut self, method: &str, route: &str, status: u16) {
        self.sent
            .push((method.to_owned(), route.to_owned(), status));
    }

    pub(crate) fn json(&mut self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(method, path, path, &body.to_string())
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, path, "")
    }
}

/// The newest mail of a kind, with its soft line ends undone.
pub(crate) fn mail(folder: &Path, kind: &str) -> String {
    let mut files: Vec<_> = fs::read_dir(folder.join("outbox"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(kind))
        .collect();
    files.sort();
    let raw = fs::read_to_string(files.last().expect("a mail")).unwrap();
    raw.replace("\r\n", "\n")
        .replace("=\n", "")
        .replace("=3D", "=")
}

pub(crate) fn passcode(folder: &Path) -> String {
    let digits = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
    let mail = mail(folder, "-passcode-");
    mail.lines().find(digits).expect("a passcode").to_owned()
}

pub(crate) const ANA: &str = "ana.sol@example.com";
pub(crate) const PASSWORD: &str = "staple-battery-41";

pub(crate) fn sign_up(browser: &mut Browser, email: &str) -> Answer {
    let body =
        json!({ "email": email, "firstName": "Ana", "lastName": "Sol", "password": PASSWORD });
    browser.json("POST", "/api/v1/user", &body)
}

pub(crate) fn login(browser: &mut Browser, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    browser.json("POST", "/api/v1/login", &body)
}

/// Signed up, and the address verified.
pub(crate) fn verify(browser: &mut Browser, code: &str) -> Answer {
    const STATUS: &str = "/api/v1/user/me/email/status";
    browser.send("GET", &format!("{STATUS}?passcode={code}"), STATUS, "")
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}
