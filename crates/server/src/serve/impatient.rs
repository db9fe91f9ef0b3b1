//! A stream that is given up where its other end does not read.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Whoever is sent something must read on within this; a WebSocket has a shorter limit of its own.
pub(super) const READ_WITHIN: Duration = Duration::from_secs(30);
/// So much of it at least, in bytes: 4 kbit/s.
pub(super) const LEAST_READ: usize = 16 * 1024;

/// A stream whose other end must read what is written: else writing fails, and the connection is given up with all that it
/// holds.
pub(super) struct Impatient<S> {
    stream: S,
    /// Runs while something waits to be read.
    limit: Option<Pin<Box<Sleep>>>,
    /// What was taken since it runs.
    taken: usize,
}

impl<S> Impatient<S> {
    pub(super) fn new(stream: S) -> Self {
        Impatient { stream, limit: None, taken: 0 }
    }

    /// What has come of a write.
    fn judge(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = written {
            self.taken = self.taken.saturating_add(written.as_ref().map_or(0, |written| *written));
            return Poll::Ready(written);
        }
        let taken = &mut self.taken;
        let limit = self.limit.get_or_insert_with(|| {
            *taken = 0;
            Box::pin(tokio::time::sleep(READ_WITHIN))
        });
        loop {
            ready!(limit.as_mut().poll(cx));
            if *taken < LEAST_READ {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            *taken = 0;
            limit.set(tokio::time::sleep(READ_WITHIN));
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.judge(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // All that there was to write is written: whoever has nothing to read need not read.
        self.limit = None;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
