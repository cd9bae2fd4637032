//! Serving connections. An event stream is open for hours and says little, so from its first bytes on it is taken out of the
//! HTTP machinery, whose buffers for further requests (16 kB) nobody would ever use; what is kept of it is the socket
//! and the stream itself.
//!
//! Everything else is left to hyper, and what is answered to the router.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::{HeaderValue, Method, Request, Version, header};
use axum::response::Response;
use axum::serve::Listener;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, Result};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// Who is at the other end of the connection: a client, or the proxy before us.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Serves until it is cancelled, and then until the last connection has ended: requests are answered to their end, and the
/// router ends its streams itself. When a connection can't be accepted (too many files are open, say), the listener waits.
pub async fn serve<L: Listener<Addr = SocketAddr>>(mut listener: L, router: Router, closing: CancellationToken) {
    let connections = TaskTracker::new();
    while let Some((io, peer)) = closing.run_until_cancelled(listener.accept()).await {
        connections.spawn(connection(io, Peer(peer.ip()), router.clone(), closing.clone()));
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// One connection, from its first request to its end.
async fn connection<T>(io: T, peer: Peer, router: Router, closing: CancellationToken)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // In a box of its own, so that nothing of it is kept for the stream.
    let Some((io, body)) = Box::pin(requests(io, peer, router, closing)).await else { return };
    if let Err(error) = stream(io, body).await {
        tracing::trace!(%error, "an event stream ends with its connection");
    }
}

/// Answers requests. Ends with the connection, or with an event stream whose head has been sent.
async fn requests<T>(io: T, peer: Peer, router: Router, closing: CancellationToken) -> Option<(T, Body)>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let held = Arc::new(Held::default());
    let service = {
        let held = held.clone();
        service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            answer(router.clone(), held.clone(), request)
        })
    };
    let io = TokioIo::new(Watched { io, held: held.clone() });
    let mut connection = http1::Builder::new().serve_connection(io, service);
    let mut closing = pin!(closing.cancelled_owned());
    let mut told = false;
    let ended = poll_fn(|cx| {
        if !told && closing.as_mut().poll(cx).is_ready() {
            told = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        match Pin::new(&mut connection).poll(cx) {
            Poll::Pending if held.is_out() => Poll::Ready(None),
            polled => polled.map(Some),
        }
    });
    match ended.await {
        Some(result) => {
            if let Err(error) = result {
                tracing::trace!(%error, "a connection ends");
            }
            None
        }
        None => Some((connection.into_parts().io.into_inner().io, held.take()?)),
    }
}

/// The router's answer; of an event stream only the head, while its body is held for us.
async fn answer(router: Router, held: Arc<Held>, request: Request<Incoming>) -> std::result::Result<Response, Infallible> {
    // Older clients don't know chunks, and a question about the head alone has no body.
    let can_stream = request.version() == Version::HTTP_11 && request.method() != Method::HEAD;
    let response = router.oneshot(request.map(Body::new)).await?;
    let is_stream = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
    if !(can_stream && is_stream) {
        return Ok(response);
    }
    let (mut head, body) = response.into_parts();
    // The connection ends with the stream; without a length, the body is one of chunks.
    head.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    *held.body.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
    Ok(Response::from_parts(head, Body::new(Placeholder(held))))
}

/// Sends the body in chunks, until it ends or the other side goes away.
async fn stream<T: AsyncRead + AsyncWrite + Unpin>(mut io: T, body: Body) -> Result<()> {
    let mut body = body.into_data_stream();
    loop {
        let part = tokio::select! {
            part = body.next() => part,
            ended = gone(&mut io) => return ended,
        };
        match part {
            Some(Ok(bytes)) if bytes.is_empty() => {}
            Some(Ok(bytes)) => {
                io.write_all(&chunk(&bytes)).await?;
                io.flush().await?;
            }
            // The missing last chunk tells the client that it is not all.
            Some(Err(error)) => return Err(std::io::Error::other(error)),
            None => {
                io.write_all(b"0\r\n\r\n").await?;
                return io.shutdown().await;
            }
        }
    }
}

fn chunk(bytes: &Bytes) -> BytesMut {
    let mut chunk = BytesMut::with_capacity(bytes.len() + 16);
    chunk.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

/// Returns when the other side has closed. What it sends meanwhile would be requests after the last one.
async fn gone<T: AsyncRead + Unpin>(io: &mut T) -> Result<()> {
    let mut ignored = [0; 64];
    while io.read(&mut ignored).await? > 0 {}
    Ok(())
}

/// An event stream on its way out of the HTTP machinery.
#[derive(Default)]
struct Held {
    body: Mutex<Option<Body>>,
    /// The head is written, as far as the machinery is concerned.
    begun: AtomicBool,
    /// The machinery still has bytes that the other side did not take.
    stuck: AtomicBool,
}

impl Held {
    /// Whether the head has been sent and everything before it.
    fn is_out(&self) -> bool {
        self.begun.load(Ordering::Relaxed) && !self.stuck.load(Ordering::Relaxed)
    }

    fn take(&self) -> Option<Body> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Stands for the held body: it is asked for only after the head has been written, and never says anything.
struct Placeholder(Arc<Held>);

impl HttpBody for Placeholder {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<std::result::Result<Frame<Bytes>, Infallible>>> {
        self.0.begun.store(true, Ordering::Relaxed);
        Poll::Pending
    }
}

/// The socket, of which is known whether the last write went through.
struct Watched<T> {
    io: T,
    held: Arc<Held>,
}

impl<T> Watched<T> {
    fn note<R>(&self, tried: Poll<R>) -> Poll<R> {
        self.held.stuck.store(tried.is_pending(), Ordering::Relaxed);
        tried
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let tried = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.note(tried)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[std::io::IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let tried = Pin::new(&mut self.io).poll_write_vectored(cx, parts);
        self.note(tried)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let tried = Pin::new(&mut self.io).poll_flush(cx);
        self.note(tried)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
