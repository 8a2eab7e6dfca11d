//! Servers that send more at once than is read, or announce it; and what else is between TLS and the protocol.

use std::io::{Read, Write};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use warehouse::{Error, Statement, Warehouse as _};

use super::{TIME, database, fails, plain, query, ssh, with, with_tls};

const MB: usize = 1024 * 1024;

/// A message of 2 GB of this kind, instead of the answer to a message of another (0 is the first) with this in it.
#[derive(Clone, Copy, Debug)]
struct Huge {
    kind: u8,
    to: u8,
    with: &'static str,
}

fn huge(kind: u8, to: u8, with: &'static str) -> Huge {
    Huge { kind, to, with }
}

fn too_large() -> Error {
    Error::Connection("the warehouse answered with more than 64 MB at once".to_owned())
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

/// One column `a` of texts.
fn described() -> Vec<u8> {
    message(
        b'T',
        b"\0\x01a\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0",
    )
}

/// A server without TLS, for one connection; at its end it tells how much of its 2 GB it got rid of.
async fn serving(huge: Huge) -> (u16, JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        serve(client, huge).await
    });
    (port, served)
}

async fn serve(mut client: TcpStream, huge: Huge) -> usize {
    let mut kind = 0;
    let mut asked = read_body(&mut client).await;
    if asked == [4, 210, 22, 47] {
        client.write_all(b"N").await.unwrap();
        asked = read_body(&mut client).await;
    }
    while kind != huge.to || !String::from_utf8_lossy(&asked).contains(huge.with) {
        client.write_all(&answer(kind)).await.unwrap();
        kind = client.read_u8().await.unwrap();
        asked = read_body(&mut client).await;
    }
    if huge.kind == b'D' {
        client.write_all(&described()).await.unwrap();
    }
    client.write_u8(huge.kind).await.unwrap();
    client.write_u32(0x7fff_ffff).await.unwrap();
    let mut sent = 0;
    while sent < 256 * MB {
        match client.write(&[0; 65536]).await {
            Ok(bytes) => sent += bytes,
            Err(_) => break,
        }
    }
    sent
}

async fn read_body(client: &mut TcpStream) -> Vec<u8> {
    let length = client.read_u32().await.unwrap();
    let mut body = vec![0; length as usize - 4];
    client.read_exact(&mut body).await.unwrap();
    body
}

/// What a message is answered with: settings and transactions are done, statements have one column.
fn answer(to: u8) -> Vec<u8> {
    let ready = message(b'Z', b"I");
    match to {
        0 => [message(b'R', &[0; 4]), ready].concat(),
        b'Q' => [message(b'C', b"SET\0"), ready].concat(),
        b'P' => message(b'1', b""),
        b'D' => [message(b't', b"\0\0"), described()].concat(),
        b'C' => message(b'3', b""),
        b'S' => ready,
        other => panic!("{} is not asked for", char::from(other)),
    }
}

#[tokio::test]
async fn a_message_of_two_gigabytes_is_refused_before_it_comes() {
    for huge in [
        huge(b'R', 0, "user"),
        huge(b'E', 0, "user"),
        huge(b'S', b'Q', "SET TIME ZONE"),
        huge(b'1', b'P', "set_config"),
        huge(b'T', b'P', "SELECT 1"),
        huge(b'N', b'Q', "BEGIN"),
        huge(b'T', b'Q', "SELECT 1"),
        huge(b'E', b'Q', "SELECT 1"),
        huge(b'D', b'Q', "SELECT 1"),
    ] {
        for mode in ["disable", "prefer"] {
            let (port, served) = serving(huge).await;
            let role = (huge.with == "set_config").then_some("reader");
            let on = with(port, json!({"sslmode": mode, "role": role}));
            assert_eq!(fails(&on, "SELECT 1").await, too_large(), "{huge:?} {mode}");
            // What was on its way is all that was sent.
            let sent = served.await.unwrap();
            assert!(sent < 32 * MB, "{huge:?} {mode}: {sent}");
        }
    }
}

/// How the servers of the tests are reached, with TLS and without, through a tunnel and not.
async fn every_way() -> [(u16, Value); 4] {
    let door = ssh::start().await;
    let tls = json!({"sslmode": "verify-ca", "sslrootcert": with_tls().file("ca.crt")});
    let through = |port: u16, more: &Value| {
        let mut all = door.tunnel();
        all["host"] = json!("database.inside");
        all.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        (port, all)
    };
    [
        (plain().port, json!({})),
        through(plain().port, &json!({})),
        through(with_tls().port, &tls),
        (with_tls().port, tls),
    ]
}

#[tokio::test]
async fn a_row_of_more_than_is_read_is_refused_whichever_way_it_comes() {
    for (port, more) in every_way().await {
        let on = with(port, more);
        let error = fails(&on, "SELECT repeat('x', 64 * 1024 * 1024)").await;
        assert_eq!(error, too_large());
        let rows = query(&on, "SELECT 1").await.unwrap();
        assert_eq!(rows.rows, [[json!(1)]]);
    }
}

#[tokio::test]
async fn the_largest_row_is_read_whole() {
    // Its length, the number of its values, and the length of the value are ten bytes.
    let row = |more: usize| format!("SELECT repeat('x', {})", 64 * MB - 10 + more);
    let rows = query(&database(), &row(0)).await.unwrap();
    assert_eq!(rows.rows[0][0].as_str().unwrap().len(), 64 * MB - 10);
    assert_eq!(fails(&database(), &row(1)).await, too_large());
}

#[tokio::test]
async fn rows_before_one_that_is_too_large_are_answered() {
    let sql = "SELECT repeat('x', CASE WHEN n < 3 THEN 2 ELSE 64 END * 1024 * 1024) \
        FROM generate_series(1, 4) AS n";
    let mut rows = database().stream(&Statement::new(sql, TIME)).await.unwrap();
    for _ in 0..2 {
        let batch = rows.next().await.unwrap().unwrap();
        assert_eq!(batch[0][0].as_str().unwrap().len(), 2 * MB);
    }
    assert_eq!(rows.next().await.unwrap().unwrap_err(), too_large());
}

#[tokio::test]
async fn a_login_is_bound_to_the_encryption() {
    let server = with_tls();
    let of_bob = |port: u16| {
        let bob = json!({
            "user": "bob", "password": "right", "sslmode": "verify-ca",
            "sslrootcert": server.file("ca.crt"),
        });
        with(port, bob)
    };
    of_bob(server.port).test().await.unwrap();

    let certificate = CertificateDer::from_pem_slice(server.file("server.crt").as_bytes());
    let key = PrivateKeyDer::from_pem_slice(server.file("server.key").as_bytes());
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.unwrap()], key.unwrap())
        .unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let chosen = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.read_exact(&mut [0; 8]).unwrap();
        socket.write_all(b"S").unwrap();
        let session = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::StreamOwned::new(session, socket);
        let mut length = [0; 4];
        stream.read_exact(&mut length).unwrap();
        let mut startup = vec![0; u32::from_be_bytes(length) as usize - 4];
        stream.read_exact(&mut startup).unwrap();
        let both = b"\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0";
        stream.write_all(&message(b'R', both)).unwrap();
        stream.flush().unwrap();
        let mut head = [0; 5];
        stream.read_exact(&mut head).unwrap();
        let mut mechanism = [0; 18];
        stream.read_exact(&mut mechanism).unwrap();
        mechanism
    });
    of_bob(port).test().await.unwrap_err();
    assert_eq!(&chosen.join().unwrap(), b"SCRAM-SHA-256-PLUS");
}
