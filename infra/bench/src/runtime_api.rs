//! An emulator of Lambda's runtime interface for one process and its first event.

use std::{
    io::{BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::http::Message;

/// The prefix of every path.
const PREFIX: &str = "/2018-06-01/runtime/";
/// A function that takes longer for anything hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a function has done.
enum Seen {
    /// It asked for its next event.
    Asked(Instant),
    /// It answered, so long after the event was handed out.
    Answered(Duration, Vec<u8>),
    /// It reported an error.
    Failed(Vec<u8>),
}

/// The interface, listening.
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    seen: Receiver<Seen>,
    events: Sender<Vec<u8>>,
    stop: Arc<AtomicBool>,
}

/// What the connections of one function share.
#[derive(Clone)]
struct Shared {
    seen: Sender<Seen>,
    events: Arc<Mutex<Receiver<Vec<u8>>>>,
    handed: Arc<Mutex<Option<Instant>>>,
}

impl RuntimeApi {
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (to_seen, seen) = channel();
        let (events, from_events) = channel();
        let shared = Shared {
            seen: to_seen,
            events: Arc::new(Mutex::new(from_events)),
            handed: Arc::default(),
        };
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let shared = shared.clone();
                // A connection ends with its function, which is nothing to tell.
                thread::spawn(move || shared.serve(&stream));
            }
        });
        Ok(Self {
            address,
            seen,
            events,
            stop,
        })
    }

    /// When the function asked for its first event.
    pub(crate) fn asked(&self) -> Result<Instant> {
        match self.next()? {
            Seen::Asked(at) => Ok(at),
            Seen::Answered(..) => bail!("the function answered before it asked"),
            Seen::Failed(body) => bail!("init failed: {}", String::from_utf8_lossy(&body)),
        }
    }

    /// Hands out an event; how long the answer took, and the answer.
    pub(crate) fn invoke(&self, event: &Value) -> Result<(Duration, Value)> {
        self.events.send(event.to_string().into_bytes())?;
        match self.next()? {
            Seen::Answered(took, body) => Ok((took, serde_json::from_slice(&body)?)),
            Seen::Asked(_) => bail!("the function asked again and did not answer"),
            Seen::Failed(body) => bail!("the event failed: {}", String::from_utf8_lossy(&body)),
        }
    }

    fn next(&self) -> Result<Seen> {
        let seen = self.seen.recv_timeout(PATIENCE);
        seen.context("the function does nothing")
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn serve(&self, stream: &TcpStream) -> Result<()> {
        stream.set_nodelay(true)?;
        let mut from = BufReader::new(stream);
        while let Some(request) = Message::read(&mut from)? {
            let now = Instant::now();
            match request.target().strip_prefix(PREFIX) {
                Some("invocation/next") => {
                    self.seen.send(Seen::Asked(now))?;
                    let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
                    self.hand_out(stream, &events.recv()?)?;
                }
                Some(path) if path.ends_with("/response") => {
                    let handed = *self.handed.lock().unwrap_or_else(PoisonError::into_inner);
                    let took = now - handed.context("nothing was handed out")?;
                    self.seen.send(Seen::Answered(took, request.body))?;
                    accept(stream)?;
                }
                Some(path) if path.ends_with("/error") => {
                    self.seen.send(Seen::Failed(request.body))?;
                    accept(stream)?;
                }
                _ => bail!("{} is not of the runtime interface", request.start),
            }
        }
        Ok(())
    }

    fn hand_out(&self, mut stream: &TcpStream, event: &[u8]) -> Result<()> {
        let mut wire = format!(
            "HTTP/1.1 200 OK\r\n\
             Content-Type: application/json\r\n\
             Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
             Lambda-Runtime-Deadline-Ms: 4102444800000\r\n\
             Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:123456789012:function:bench\r\n\
             Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0\r\n\
             Content-Length: {}\r\n\r\n",
            event.len()
        )
        .into_bytes();
        wire.extend_from_slice(event);
        let mut handed = self.handed.lock().unwrap_or_else(PoisonError::into_inner);
        *handed = Some(Instant::now());
        drop(handed);
        Ok(stream.write_all(&wire)?)
    }
}

fn accept(mut stream: &TcpStream) -> Result<()> {
    let body = r#"{"status":"OK"}"#;
    let head = "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length";
    Ok(write!(stream, "{head}: {}\r\n\r\n{body}", body.len())?)
}
