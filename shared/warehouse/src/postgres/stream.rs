//! The stream that tokio-postgres reads: encrypted or not, and without messages that are too large.
//!
//! tokio-postgres holds a message whole before it hands it on, and a server may announce one of 2 GB. What it reads is
//! therefore followed on the way: five bytes tell how long a message is, before the rest of it comes.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_postgres::{
    config::SslMode,
    tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Error, MOST};

/// `SSLRequest` (<https://www.postgresql.org/docs/current/protocol-message-formats.html>).
const ASK_FOR_TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// A message's kind, and its length with these four bytes.
const HEAD: u8 = 5;

/// Turns an open stream into one of [`Limited`] messages, with TLS if the mode wants it or the server has it.
///
/// To tokio-postgres this is TLS without a question before it (`SslNegotiation::Direct`), so that it hands over the stream as
/// it is. The question is asked here: what is read afterwards is limited either way.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) host: String,
    pub(super) mode: SslMode,
    pub(super) tls: MakeRustlsConnect,
    pub(super) excess: Excess,
}

/// Whether the server announced a message that is too large. tokio-postgres says of it only that the connection is closed.
#[derive(Clone, Default)]
pub(super) struct Excess(Arc<AtomicBool>);

impl Excess {
    /// What to say of it, if there was one.
    pub(super) fn error(&self) -> Option<Error> {
        let most = MOST / (1024 * 1024);
        self.0.load(Ordering::Relaxed).then(|| {
            Error::Connection(format!(
                "the warehouse answered with more than {most} MB at once"
            ))
        })
    }

    fn set(&self, to: bool) {
        self.0.store(to, Ordering::Relaxed);
    }
}

type Encrypted<S> = <MakeRustlsConnect as MakeTlsConnect<S>>::Stream;

impl<S> MakeTlsConnect<S> for Connector
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Limited<S, Encrypted<S>>;
    type TlsConnect = Self;
    type Error = io::Error;

    fn make_tls_connect(&mut self, _: &str) -> io::Result<Self> {
        Ok(self.clone())
    }
}

impl<S> TlsConnect<S> for Connector
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Limited<S, Encrypted<S>>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Limited<S, Encrypted<S>>>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(self.open(stream))
    }
}

impl Connector {
    async fn open<S>(mut self, mut stream: S) -> io::Result<Limited<S, Encrypted<S>>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // A host may have several addresses: what the one before said does not count.
        self.excess.set(false);
        let layer = if encrypts(self.mode, &mut stream).await? {
            let tls = MakeTlsConnect::<S>::make_tls_connect(&mut self.tls, &self.host);
            let tls = tls.map_err(io::Error::other)?;
            Layer::Encrypted(tls.connect(stream).await?)
        } else {
            Layer::Plain(stream)
        };
        Ok(Limited {
            layer,
            messages: Messages::default(),
            excess: self.excess,
        })
    }
}

/// Whether a stream is to be encrypted. A server that is asked answers with one byte.
async fn encrypts<S>(mode: SslMode, stream: &mut S) -> io::Result<bool>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if mode == SslMode::Disable {
        return Ok(false);
    }
    stream.write_all(&ASK_FOR_TLS).await?;
    stream.flush().await?;
    let has_it = stream.read_u8().await? == b'S';
    if !has_it && mode == SslMode::Require {
        return Err(io::Error::other("server does not support TLS"));
    }
    Ok(has_it)
}

/// A stream that ends with an error before a message that is too large.
pub(super) struct Limited<S, T> {
    layer: Layer<S, T>,
    messages: Messages,
    excess: Excess,
}

enum Layer<S, T> {
    Plain(S),
    Encrypted(T),
}

impl<S, T> Layer<S, T>
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    fn reader(&mut self) -> &mut (dyn AsyncRead + Unpin) {
        match self {
            Self::Plain(stream) => stream,
            Self::Encrypted(stream) => stream,
        }
    }

    fn writer(&mut self) -> &mut (dyn AsyncWrite + Unpin) {
        match self {
            Self::Plain(stream) => stream,
            Self::Encrypted(stream) => stream,
        }
    }
}

impl<S, T> AsyncRead for Limited<S, T>
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.messages.too_large {
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(this.layer.reader()).poll_read(context, buffer))?;
        this.messages
            .follow(buffer.filled().get(before..).unwrap_or_default());
        // What came before it is still handed on; the next read fails.
        if this.messages.too_large {
            this.excess.set(true);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S, T> AsyncWrite for Limited<S, T>
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.get_mut().layer.writer()).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().layer.writer()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().layer.writer()).poll_shutdown(context)
    }
}

impl<S, T> TlsStream for Limited<S, T>
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: TlsStream + Unpin,
{
    fn channel_binding(&self) -> ChannelBinding {
        match &self.layer {
            Layer::Plain(_) => ChannelBinding::none(),
            Layer::Encrypted(stream) => stream.channel_binding(),
        }
    }
}

/// Where in a server's messages a stream is, whatever pieces it comes in.
#[derive(Default)]
struct Messages {
    /// How many bytes of a head were read.
    head: u8,
    /// The last four of them.
    length: u32,
    /// How many bytes of the message are still to come.
    rest: usize,
    too_large: bool,
}

impl Messages {
    fn follow(&mut self, mut bytes: &[u8]) {
        while let Some((byte, after)) = bytes.split_first() {
            if self.rest > 0 {
                let here = self.rest.min(bytes.len());
                self.rest -= here;
                bytes = bytes.get(here..).unwrap_or_default();
                continue;
            }
            bytes = after;
            self.head += 1;
            self.length = (self.length << 8) | u32::from(*byte);
            if self.head < HEAD {
                continue;
            }
            self.head = 0;
            let length = usize::try_from(self.length).unwrap_or(usize::MAX);
            if length > MOST {
                self.too_large = true;
                return;
            }
            // What is shorter than its own length is for the protocol to refuse.
            self.rest = length.saturating_sub(4);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use tokio::io::{DuplexStream, duplex};

    use super::*;

    const LARGEST: u32 = 64 * 1024 * 1024;

    fn message(body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap();
        [&b"D"[..], &length.to_be_bytes(), body].concat()
    }

    fn head(length: u32) -> Vec<u8> {
        [&b"D"[..], &length.to_be_bytes()].concat()
    }

    fn limited(stream: DuplexStream) -> Limited<DuplexStream, DuplexStream> {
        Limited {
            layer: Layer::Plain(stream),
            messages: Messages::default(),
            excess: Excess::default(),
        }
    }

    proptest! {
        #[test]
        fn a_length_is_known_with_its_last_byte_wherever_the_stream_is_cut(
            bodies in vec(vec(any::<u8>(), 0..40), 0..8),
            announced in prop_oneof![Just(4_u32), Just(LARGEST), Just(LARGEST + 1), Just(u32::MAX), any::<u32>()],
            cuts in vec(1..30_usize, 1..20),
        ) {
            let mut bytes: Vec<u8> = bodies.iter().flat_map(|body| message(body)).collect();
            bytes.extend(head(announced));
            let last = bytes.pop().unwrap();
            let mut messages = Messages::default();
            let (mut rest, mut cuts) = (bytes.as_slice(), cuts.iter().cycle());
            while !rest.is_empty() {
                let (piece, after) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
                messages.follow(piece);
                rest = after;
            }
            prop_assert!(!messages.too_large);
            messages.follow(&[last]);
            prop_assert_eq!(messages.too_large, announced > LARGEST);
        }
    }

    #[test]
    fn a_body_is_not_read_as_a_head() {
        let mut messages = Messages::default();
        messages.follow(&message(&[0xff; 5000]));
        messages.follow(&message(&[]));
        messages.follow(&head(LARGEST));
        for _ in 0..64 {
            messages.follow(&[0xff; 1024 * 1024 - 1]);
        }
        assert!(!messages.too_large);
        assert_eq!(messages.rest, 60);
        messages.follow(&[0xff; 60]);
        messages.follow(&head(LARGEST + 1));
        assert!(messages.too_large);
    }

    #[tokio::test]
    async fn what_is_before_a_message_that_is_too_large_is_still_read() {
        let (mut server, client) = duplex(1024);
        let mut client = limited(client);
        let sent = [message(b"a row"), head(LARGEST + 1)].concat();
        server.write_all(&sent).await.unwrap();
        let mut read = vec![0; sent.len()];
        client.read_exact(&mut read).await.unwrap();
        assert_eq!(read, sent);
        // The server sends nothing more, and is not waited for.
        let error = client.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        let said = client.excess.error().unwrap();
        assert_eq!(
            said.to_string(),
            "the warehouse answered with more than 64 MB at once"
        );
    }

    #[tokio::test]
    async fn messages_that_are_not_too_large_pass_in_both_directions() {
        let (mut server, client) = duplex(1024);
        let mut client = limited(client);
        let sent = [message(b""), message(&[0xff; 600])].concat();
        server.write_all(&sent).await.unwrap();
        let mut read = vec![0; sent.len()];
        client.read_exact(&mut read).await.unwrap();
        assert_eq!(read, sent);
        // What is sent to the server has no limit, nor has it such a head.
        client.write_all(&[0xff; 100]).await.unwrap();
        client.shutdown().await.unwrap();
        let mut asked = Vec::new();
        server.read_to_end(&mut asked).await.unwrap();
        assert_eq!(asked, [0xff; 100]);
        drop(server);
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
        assert_eq!(client.excess.error(), None);
    }
}
