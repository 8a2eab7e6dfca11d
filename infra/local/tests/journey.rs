//! The real program, over real HTTP: what it writes to its log and to the disk while somebody goes through everything
//! that has secrets, and what is left when it is stopped.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot set itself up has to fail"
)]

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
const HANGS: Duration = Duration::from_secs(30);

/// A running program, ended with the test whatever happens.
struct Server {
    child: Child,
    address: SocketAddr,
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
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_zerodash"))
            .args(["--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder)
            .env_clear()
            .env("ZERODASH_LOG", "trace")
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
    fn stop(mut self) -> (ExitStatus, Vec<String>) {
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
    fn kill(mut self) {
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

struct Answer {
    status: u16,
    cookie: Option<String>,
    body: Value,
}

/// One request on a connection of its own.
fn send(
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
struct Browser {
    address: SocketAddr,
    cookie: Option<String>,
    /// Every cookie so far.
    cookies: Vec<String>,
    /// Method, route as it is documented, and status of every request.
    sent: Vec<(String, String, u16)>,
}

impl Browser {
    fn new(address: SocketAddr) -> Self {
        Self {
            address,
            cookie: None,
            cookies: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// A request; `route` is what the log has to say of it, and in it `{}` stands for `given`.
    fn send(&mut self, method: &str, path: &str, route: &str, body: &str) -> Answer {
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

    fn note(&mut self, method: &str, route: &str, status: u16) {
        self.sent
            .push((method.to_owned(), route.to_owned(), status));
    }

    fn json(&mut self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(method, path, path, &body.to_string())
    }

    fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, path, "")
    }
}

/// The newest mail of a kind, with its soft line ends undone.
fn mail(folder: &Path, kind: &str) -> String {
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

fn passcode(folder: &Path) -> String {
    let digits = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
    let mail = mail(folder, "-passcode-");
    mail.lines().find(digits).expect("a passcode").to_owned()
}

const ANA: &str = "ana.sol@example.com";
const PASSWORD: &str = "staple-battery-41";

fn sign_up(browser: &mut Browser, email: &str) -> Answer {
    let body =
        json!({ "email": email, "firstName": "Ana", "lastName": "Sol", "password": PASSWORD });
    browser.json("POST", "/api/v1/user", &body)
}

fn login(browser: &mut Browser, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    browser.json("POST", "/api/v1/login", &body)
}

/// Signed up, and the address verified.
fn verify(browser: &mut Browser, code: &str) -> Answer {
    const STATUS: &str = "/api/v1/user/me/email/status";
    browser.send("GET", &format!("{STATUS}?passcode={code}"), STATUS, "")
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// What must not be told, by what it is. Passcodes are six digits, which other numbers may have by chance, so they are
/// looked for where they stand alone.
#[derive(Default)]
struct Secrets {
    long: Vec<(String, String)>,
    passcodes: Vec<String>,
}

impl Secrets {
    fn add(&mut self, what: &str, secret: &str) {
        assert!(secret.len() >= 8, "{what} is too short to look for");
        self.long.push((what.to_owned(), secret.to_owned()));
    }

    fn found_in(&self, text: &[u8]) -> Option<String> {
        let has = |needle: &[u8]| text.windows(needle.len()).any(|part| part == needle);
        let long = self.long.iter().find(|(_, secret)| has(secret.as_bytes()));
        let alone = |code: &&String| {
            text.windows(code.len()).enumerate().any(|(at, part)| {
                let around = [at.checked_sub(1), Some(at + code.len())];
                let around = around.into_iter().flatten().filter_map(|at| text.get(at));
                part == code.as_bytes() && !around.clone().any(|b| b.is_ascii_alphanumeric())
            })
        };
        let code = self.passcodes.iter().find(alone);
        long.map(|(what, _)| what.clone())
            .or_else(|| code.map(|_| "a passcode".to_owned()))
    }
}

/// A line of the log without its time and duration, whose digits are chance.
fn without_numbers(line: &str) -> Value {
    let mut line: Value = serde_json::from_str(line).expect("a line of JSON");
    let fields = line.as_object_mut().unwrap();
    fields.remove("timestamp");
    fields.remove("ms");
    line
}

#[test]
fn nothing_secret_is_logged_or_stored_in_clear_and_every_request_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Server::start(folder);
    let mut ana = Browser::new(server.address);
    let mut secrets = Secrets::default();
    let new_password = "wrong-horse-battery-2";
    let third_password = "right-horse-battery-3";

    assert_eq!(ana.get("/api/v1/health").status, 200);
    assert_eq!(sign_up(&mut ana, ANA).status, 200);
    let code = passcode(folder);
    let wrong = format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);
    for _ in 0..2 {
        assert_eq!(
            verify(&mut ana, &wrong).body["results"]["isVerified"],
            false
        );
    }
    assert_eq!(verify(&mut ana, &code).body["results"]["isVerified"], true);
    secrets.passcodes.extend([code, wrong]);
    assert_eq!(login(&mut ana, ANA, "never-the-password-9").status, 401);
    assert_eq!(login(&mut ana, "no.such@example.org", PASSWORD).status, 401);
    assert_eq!(login(&mut ana, ANA, PASSWORD).status, 200);
    assert_eq!(sign_up(&mut Browser::new(server.address), ANA).status, 409);
    ana.note("POST", "/api/v1/user", 409);
    let body = json!({ "name": "Acme" });
    assert_eq!(ana.json("PUT", "/api/v1/org", &body).status, 200);

    // Tokens: made, used, rotated.
    let tokens = "/api/v1/user/me/personal-access-tokens";
    let body = json!({ "description": "ci", "expiresAt": "2999-01-01T00:00:00.000Z", "autoGenerated": false });
    let made = ana.json("POST", tokens, &body);
    let token = text(&made.body["results"]["token"]);
    let by_token = |token: &str| {
        let header = format!("ApiKey {token}");
        let headers = [("Authorization", header.as_str())];
        send(server.address, &headers, "GET", "/api/v1/user", "")
            .unwrap()
            .status
    };
    assert_eq!(by_token(&token), 200);
    ana.note("GET", "/api/v1/user", 200);
    let path = format!("{tokens}/{}/rotate", text(&made.body["results"]["uuid"]));
    let route = format!("{tokens}/{{personalAccessTokenUuid}}/rotate");
    let body = json!({ "expiresAt": "2999-02-01T00:00:00.000Z" }).to_string();
    let rotated = ana.send("PATCH", &path, &route, &body);
    let rotated = text(&rotated.body["results"]["token"]);
    assert_eq!((by_token(&token), by_token(&rotated)), (401, 200));
    ana.note("GET", "/api/v1/user", 401);
    ana.note("GET", "/api/v1/user", 200);
    secrets.add("a token", &token);
    secrets.add("a rotated token", &rotated);
    secrets.add(
        "a token without its prefix",
        token.trim_start_matches("ldpat_"),
    );

    // Warehouse logins, right and with a hole.
    let logins = "/api/v1/user/warehouseCredentials";
    let postgres =
        json!({ "type": "postgres", "user": "reader", "password": "s3cret-of-postgres" });
    let snowflake = json!({ "type": "snowflake", "user": "loader", "password": "s3cret-of-snowflake", "token": "s3cret-token-of-snowflake" });
    for credentials in [postgres, snowflake] {
        let body = json!({ "name": "dwh", "credentials": credentials });
        let answer = ana.json("POST", logins, &body);
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let holed = json!({ "name": "dwh", "credentials": { "type": "snowflake", "password": "s3cret-of-a-refused-login" } });
    assert_eq!(ana.json("POST", logins, &holed).status, 422);
    secrets.add("a warehouse password", "s3cret-of-postgres");
    secrets.add("another warehouse password", "s3cret-of-snowflake");
    secrets.add("a warehouse token", "s3cret-token-of-snowflake");
    secrets.add("a refused warehouse password", "s3cret-of-a-refused-login");

    // Bodies that are no JSON, or not what is asked for.
    let malformed = format!("{{\"email\":\"{ANA}\",\"password\":\"s3cret-in-a-torn-body");
    assert_eq!(
        ana.send("POST", "/api/v1/login", "/api/v1/login", &malformed)
            .status,
        400
    );
    let no_text = json!({ "newPassword": ["s3cret-in-a-list"] });
    assert_eq!(
        ana.json("POST", "/api/v1/user/password", &no_text).status,
        422
    );
    let weak = json!({ "password": PASSWORD, "newPassword": "onlyletters" });
    assert_eq!(ana.json("POST", "/api/v1/user/password", &weak).status, 400);
    secrets.add("a torn body", "s3cret-in-a-torn-body");
    secrets.add("a list for a password", "s3cret-in-a-list");
    secrets.add("a weak password", "onlyletters");

    // A reset, then a change.
    let body = json!({ "email": ANA });
    assert_eq!(
        ana.json("POST", "/api/v1/password-reset", &body).status,
        200
    );
    let reset = mail(folder, "-reset-");
    let link = reset
        .lines()
        .find_map(|line| line.split_once("/reset-password/"));
    let code = link.expect("a reset link").1.to_owned();
    let path = format!("/api/v1/password-reset/{code}");
    assert_eq!(
        ana.send("GET", &path, "/api/v1/password-reset/{code}", "")
            .status,
        200
    );
    let body = json!({ "code": code, "newPassword": new_password });
    assert_eq!(
        ana.json("POST", "/api/v1/user/password/reset", &body)
            .status,
        200
    );
    assert_eq!(ana.get("/api/v1/user").status, 401);
    assert_eq!(
        ana.json("POST", "/api/v1/user/password/reset", &body)
            .status,
        404
    );
    assert_eq!(login(&mut ana, ANA, new_password).status, 200);
    let body = json!({ "password": new_password, "newPassword": third_password });
    assert_eq!(ana.json("POST", "/api/v1/user/password", &body).status, 200);
    assert_eq!(login(&mut ana, ANA, third_password).status, 200);
    assert_eq!(
        ana.send(
            "GET",
            "/api/v1/no/such?token=s3cret-in-a-query",
            "unknown",
            ""
        )
        .status,
        404
    );
    secrets.add("a query string", "s3cret-in-a-query");
    secrets.add("a reset code", &code);
    for password in [
        PASSWORD,
        new_password,
        third_password,
        "never-the-password-9",
    ] {
        secrets.add("a password", password);
    }
    for cookie in &ana.cookies {
        let id = cookie.trim_start_matches("s%3A");
        secrets.add("a session", id);
        // The stored key is another one than any part of the cookie behind the user's id.
        secrets.add("the random part of a session", &id[32..64]);
    }
    assert_eq!(ana.cookies.len(), 5);

    // Where they belong they are found, so that the search is known to work.
    let mails = mail(folder, "-passcode-") + &reset;
    assert!(secrets.found_in(mails.as_bytes()).is_some());

    let (status, outputs) = server.stop();
    assert!(status.success(), "it ended with {status}");
    for file in fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        if file
            .file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("table.sqlite")
        {
            assert_eq!(
                secrets.found_in(&fs::read(&file).unwrap()),
                None,
                "in {}",
                file.display()
            );
        }
    }

    // In the log nobody is named either.
    secrets.add("an address", ANA);
    secrets.add("an address that nobody has", "no.such@example.org");
    let [stdout, stderr] = outputs.as_slice() else {
        panic!("two outputs")
    };
    assert_eq!(secrets.found_in(stdout.as_bytes()), None);
    let mut logged = Vec::new();
    for line in stderr.lines() {
        let line = without_numbers(line);
        assert_eq!(
            secrets.found_in(line.to_string().as_bytes()),
            None,
            "in {line}"
        );
        if let (Some(method), Some(route)) = (line["method"].as_str(), line["route"].as_str()) {
            let status = line["status"].as_u64().unwrap();
            logged.push((method.to_owned(), route.to_owned(), status as u16));
        }
    }
    assert_eq!(logged, ana.sent);
}

#[test]
fn a_restart_finds_everything_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let mut ana = Browser::new(server.address);
    sign_up(&mut ana, ANA);
    verify(&mut ana, &passcode(folder.path()));
    ana.json("PUT", "/api/v1/org", &json!({ "name": "Acme" }));
    let before = ana.get("/api/v1/user").body;
    assert!(server.stop().0.success());

    let server = Server::start(folder.path());
    ana.address = server.address;
    assert_eq!(ana.get("/api/v1/user").body, before);
    assert_eq!(ana.get("/api/v1/org").body["results"]["name"], "Acme");
    // The key of the passcodes is the same: one that was mailed before the restart works after it.
    ana.json("PUT", "/api/v1/user/me/email/otp", &json!({}));
    let code = passcode(folder.path());
    assert!(server.stop().0.success());
    let server = Server::start(folder.path());
    ana.address = server.address;
    let status = verify(&mut ana, &code).body;
    assert_eq!(status["results"]["otp"], Value::Null, "{status}");
}

#[test]
fn a_process_that_is_killed_while_it_writes_loses_nothing_that_it_answered() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let mut ana = Browser::new(server.address);
    sign_up(&mut ana, ANA);
    let code = passcode(folder.path());
    assert_eq!(verify(&mut ana, &code).body["results"]["isVerified"], true);

    // Writes without a pause until the process is gone; each sets both names to one number.
    let (answered, answers) = channel();
    let (address, cookie) = (server.address, ana.cookie.clone().unwrap());
    let writer = thread::spawn(move || {
        for number in 1u32.. {
            let body = json!({ "firstName": number.to_string(), "lastName": number.to_string() });
            let headers = [("Cookie", cookie.as_str())];
            match send(
                address,
                &headers,
                "PATCH",
                "/api/v1/user/me",
                &body.to_string(),
            ) {
                Ok(answer) => assert_eq!(answer.status, 200),
                Err(_) => return number - 1,
            }
            let _ = answered.send(number);
        }
        0
    });
    for _ in 0..20 {
        answers.recv_timeout(HANGS).unwrap();
    }
    server.kill();
    let last = writer.join().unwrap();

    let server = Server::start(folder.path());
    ana.address = server.address;
    assert_eq!(login(&mut ana, ANA, PASSWORD).status, 200);
    let user = ana.get("/api/v1/user").body["results"].take();
    let number = text(&user["firstName"]).parse::<u32>().unwrap();
    assert_eq!(user["firstName"], user["lastName"]);
    assert!(
        number == last || number == last + 1,
        "{last} was answered, {number} is there"
    );
    let status = ana.get("/api/v1/user/me/email/status").body;
    assert_eq!(status["results"]["isVerified"], true);
}
