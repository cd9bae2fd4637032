//! Whole connections, byte for byte: what the server makes of HTTP when a stream begins.

use std::convert::Infallible;
use std::io::Result;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use axum::Router;
use axum::response::sse::{Event, Sse};
use axum::routing::{get, post};
use axum::serve::Listener;
use futures::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const HERE: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 4711));

/// A listener whose connections come from the test.
struct Line(mpsc::Receiver<DuplexStream>);

impl Listener for Line {
    type Io = DuplexStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (DuplexStream, SocketAddr) {
        match self.0.recv().await {
            Some(io) => (io, HERE),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        Ok(HERE)
    }
}

struct Server {
    line: mpsc::Sender<DuplexStream>,
    /// What the stream says next; it ends with the sender.
    say: mpsc::Sender<&'static str>,
    closing: CancellationToken,
    running: JoinHandle<()>,
}

impl Server {
    /// Serves one stream at `/stream`, and other things.
    fn start() -> Self {
        let (line, connections) = mpsc::channel(4);
        let (say, words) = mpsc::channel::<&'static str>(4);
        let closing = CancellationToken::new();
        let words = std::sync::Arc::new(std::sync::Mutex::new(Some(words)));
        let ends = closing.clone();
        let stream = move || {
            let words = words.lock().expect("no panic holds it").take().expect("the stream is asked for once");
            let words = futures::stream::unfold(words, |mut words| async { Some((words.recv().await?, words)) });
            let events = words.map(|word| Ok::<_, Infallible>(Event::default().data(word)));
            let sse = Sse::new(events.take_until(ends.clone().cancelled_owned()));
            async move { sse }
        };
        let app = Router::new()
            .route("/stream", get(stream))
            .route("/plain", get(|| async { "plain" }))
            .route("/length", post(|body: axum::body::Bytes| async move { body.len().to_string() }));
        let running = tokio::spawn(api::serve(Line(connections), app, closing.clone()));
        Self { line, say, closing, running }
    }

    /// A connection that holds so many bytes which the other side has not taken.
    async fn connect(&self, holds: usize) -> DuplexStream {
        let (near, far) = duplex(holds);
        self.line.send(far).await.expect("the server listens");
        near
    }
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it happens in time")
}

async fn read_until(io: &mut DuplexStream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        text.push(char::from(within(io.read_u8()).await.unwrap_or_else(|error| panic!("{error} after {text:?}"))));
    }
    text
}

async fn read_to_end(io: &mut DuplexStream) -> String {
    let mut text = String::new();
    within(io.read_to_string(&mut text)).await.expect("text");
    text
}

/// The whole conversation of one connection that holds so many bytes.
async fn check_stream(holds: usize) {
    let server = Server::start();
    let mut io = server.connect(holds).await;
    io.write_all(b"GET /plain HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    assert!(read_until(&mut io, "\r\n\r\nplain").await.starts_with("HTTP/1.1 200 OK\r\n"));
    io.write_all(b"GET /stream HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    let head = read_until(&mut io, "\r\n\r\n").await;
    for line in ["HTTP/1.1 200 OK", "content-type: text/event-stream", "transfer-encoding: chunked", "connection: close"] {
        assert_eq!(head.lines().filter(|found| *found == line).count(), 1, "{line}: {head}");
    }
    for word in ["one", "two, which is longer than sixteen"] {
        server.say.send(word).await.expect("the stream listens");
        let event = format!("data: {word}\n\n");
        assert_eq!(read_until(&mut io, "\n\n\r\n").await, format!("{:x}\r\n{event}\r\n", event.len()));
    }
    server.closing.cancel();
    assert_eq!(read_to_end(&mut io).await, "0\r\n\r\n");
    within(server.running).await.expect("the server ends");
}

#[tokio::test]
async fn a_stream_goes_on_where_its_head_ended() {
    for holds in [1, 7, 64, 100_000] {
        check_stream(holds).await;
    }
}

#[tokio::test]
async fn a_stream_ends_when_its_client_goes_away() {
    let server = Server::start();
    let mut io = server.connect(1024).await;
    io.write_all(b"GET /stream HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    read_until(&mut io, "\r\n\r\n").await;
    drop(io);
    within(server.say.closed()).await;
}

#[tokio::test]
async fn who_knows_no_chunks_gets_none() {
    let server = Server::start();
    let mut io = server.connect(1024).await;
    io.write_all(b"HEAD /plain HTTP/1.1\r\nhost: a\r\n\r\nGET /stream HTTP/1.0\r\nhost: a\r\n\r\n").await.expect("sent");
    read_until(&mut io, "\r\n\r\n").await;
    server.say.send("one").await.expect("the stream listens");
    let (head, body) =
        read_until(&mut io, "\n\n").await.split_once("\r\n\r\n").map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a head");
    assert!(!head.contains("chunked"), "{head}");
    assert_eq!(body, "data: one\n\n");
    server.closing.cancel();
    assert_eq!(read_to_end(&mut io).await, "");

    let server = Server::start();
    let mut io = server.connect(1024).await;
    io.write_all(b"HEAD /stream HTTP/1.1\r\nhost: a\r\n\r\nGET /plain HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    read_until(&mut io, "\r\n\r\n").await;
    assert!(read_until(&mut io, "\r\n\r\nplain").await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_stop_waits_for_answers_and_takes_no_more_requests() {
    let server = Server::start();
    let mut io = server.connect(1 << 20).await;
    let mut idle = server.connect(1024).await;
    idle.write_all(b"GET /plain HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    read_until(&mut idle, "\r\n\r\nplain").await;
    io.write_all(b"POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 500000\r\nexpect: 100-continue\r\n\r\n")
        .await
        .expect("sent");
    read_until(&mut io, "100 Continue\r\n\r\n").await;
    server.closing.cancel();
    assert_eq!(read_to_end(&mut idle).await, "", "nobody waits for a connection without a request");
    assert!(!server.running.is_finished());
    io.write_all(&vec![b'x'; 500_000]).await.expect("sent");
    assert!(read_to_end(&mut io).await.ends_with("\r\n\r\n500000"));
    within(server.running).await.expect("the server ends");
}
