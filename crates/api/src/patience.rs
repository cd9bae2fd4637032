//! Patience with slow clients has an end: a connection that takes nothing for a while, though there is something for it, is
//! closed. What a stream has for a client is read from the database when the client takes it, so a slow one costs a
//! connection and nothing else, but it must not keep that for ever.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A listener whose connections must take what is sent within that time.
pub struct Patient<L>(pub L, pub Duration);

impl<L: Listener> Listener for Patient<L> {
    type Io = Connection<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (io, address) = self.0.accept().await;
        (Connection { io, patience: self.1, stuck: None }, address)
    }

    fn local_addr(&self) -> Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// A connection that is given up when the other side takes nothing for too long.
pub struct Connection<T> {
    io: T,
    patience: Duration,
    /// Runs while there is something that the other side does not take.
    stuck: Option<Pin<Box<Sleep>>>,
}

impl<T> Connection<T> {
    /// The outcome of a try to write, unless it has been tried for too long.
    fn in_time<R>(&mut self, cx: &mut Context<'_>, tried: Poll<Result<R>>) -> Poll<Result<R>> {
        if tried.is_ready() {
            self.stuck = None;
            return tried;
        }
        let patience = self.patience;
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(stuck.as_mut().poll(cx));
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the client takes nothing")))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Connection<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Connection<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let tried = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.in_time(cx, tried)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<Result<usize>> {
        let tried = Pin::new(&mut self.io).poll_write_vectored(cx, parts);
        self.in_time(cx, tried)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let tried = Pin::new(&mut self.io).poll_flush(cx);
        self.in_time(cx, tried)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn only_who_takes_nothing_is_given_up() {
        let (near, mut far) = duplex(4);
        let mut connection = Connection { io: near, patience: Duration::ZERO, stuck: None };
        connection.write_all(b"four").await.expect("there is room");
        let error = connection.write_all(b"more").await.expect_err("nobody reads");
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        far.read_exact(&mut [0; 4]).await.expect("what came");
        connection.write_all(b"more").await.expect("there is room again");
    }
}
