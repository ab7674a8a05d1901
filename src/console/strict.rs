//! The ears of a connection: bytes of a request's head as RFC 9112 wants them, and nothing that two readers could cut differently.
//!
//! The HTTP library takes a bare line feed for an end of line. A proxy may not, and then the two disagree on where a head ends. Here a bare line feed
//! in a head becomes a byte that no head may hold, so that the library refuses the request with the status that is due.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a refused line feed becomes.
const REFUSED: u8 = 0;

/// A stream that carries one request and its answer.
pub(super) struct Strict<S> {
    stream: S,
    head: Head,
}

/// What was read of the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    /// Within a line.
    Line,
    /// After a carriage return.
    Return { empty: bool },
    /// At the beginning of a line.
    Begin,
    /// All of it.
    Whole,
}

impl Head {
    /// The state after a byte, and the byte as it goes on.
    const fn after(self, byte: u8) -> (Self, u8) {
        match (self, byte) {
            (Self::Whole, byte) => (Self::Whole, byte),
            (Self::Return { empty: true }, b'\n') => (Self::Whole, b'\n'),
            (Self::Return { empty: false }, b'\n') => (Self::Begin, b'\n'),
            (Self::Line | Self::Begin, b'\n') => (Self::Line, REFUSED),
            (Self::Begin, b'\r') => (Self::Return { empty: true }, b'\r'),
            (_, b'\r') => (Self::Return { empty: false }, b'\r'),
            (_, byte) => (Self::Line, byte),
        }
    }
}

impl<S> Strict<S> {
    pub(super) const fn new(stream: S) -> Self {
        Self { stream, head: Head::Line }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Strict<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let own = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut own.stream).poll_read(context, buffer))?;
        for byte in buffer.filled_mut().iter_mut().skip(before) {
            (own.head, *byte) = own.head.after(*byte);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Strict<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

/// A stream that writes one piece at a time, which takes fewer calls of the system that the walls would have to allow.
pub(super) struct Narrow<S>(pub(super) S);

impl<S: AsyncRead + Unpin> AsyncRead for Narrow<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Narrow<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> String {
        let mut head = Head::Line;
        let pass = |byte: u8| {
            let (next, byte) = head.after(byte);
            head = next;
            byte
        };
        String::from_utf8(text.bytes().map(pass).collect()).unwrap()
    }

    #[test]
    fn a_bare_line_feed_in_a_head_is_refused_and_one_in_a_body_is_not() {
        let good = "GET / HTTP/1.1\r\nHost: a\r\n\r\na\nb\r\n\n";
        assert_eq!(heard(good), good);
        assert_eq!(heard("GET / HTTP/1.1\nHost: a\r\n\r\n"), "GET / HTTP/1.1\0Host: a\r\n\r\n");
        assert_eq!(heard("GET / HTTP/1.1\r\nHost: a\n\n"), "GET / HTTP/1.1\r\nHost: a\0\0");
        assert_eq!(heard("GET / HTTP/1.1\r\nHost: a\r\n\n"), "GET / HTTP/1.1\r\nHost: a\r\n\0");
    }
}
