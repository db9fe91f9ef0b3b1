//! Answers the routes on a socket.
//!
//! Whoever connects costs a file and some memory, and files are what calls need, too: so connections are few, and one that
//! does not come to the point is closed.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use nohold_core::configuration::Network;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Sleep;
use tower::ServiceExt as _;

use crate::came::is_one;

/// The head of a request must have come within this; between two requests a connection may be idle as long.
const HEAD_WITHIN: Duration = Duration::from_secs(20);
/// The whole answer must be under way within this, the body of the request included.
const ANSWER_WITHIN: Duration = Duration::from_secs(90);
/// Whoever is sent something must read on within this; a WebSocket has a shorter limit of its own.
const READ_WITHIN: Duration = Duration::from_secs(30);
/// So much of it at least, in bytes: 4 kbit/s.
const LEAST_READ: usize = 16 * 1024;
/// After an error of the system (no files left) nothing is taken for so long.
const BREATHER: Duration = Duration::from_millis(200);

/// How many connections are served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connections {
    /// So many at once; one more waits in the system's queue.
    pub most: usize,
    /// So many of them from one address: an office behind a NAT. This machine and proxies may have all of them.
    pub most_from_one: usize,
    /// Proxies, behind which there are many.
    pub proxies: Vec<Network>,
}

impl Default for Connections {
    fn default() -> Self {
        Connections { most: 3_000, most_from_one: 300, proxies: Vec::new() }
    }
}

/// Answers until `shutdown` is done; what was asked before is answered still.
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    connections: Connections,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let most = connections.most;
    let door = Door::new(connections);
    let (stopping, stops) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        while connections.try_join_next().is_some() {}
        let full = connections.len() >= most;
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            _ = connections.join_next(), if full => {}
            accepted = listener.accept(), if !full => match accepted {
                Ok((stream, peer)) => {
                    if let Some(place) = door.enter(peer.ip()) {
                        connect(stream, peer, place, &router, stops.clone(), &mut connections);
                    }
                }
                Err(problem) => {
                    tracing::warn!(%problem, "a connection to the API could not be taken");
                    tokio::time::sleep(BREATHER).await;
                }
            },
        }
    }
    drop(listener);
    drop(stopping);
    while connections.join_next().await.is_some() {}
    Ok(())
}

fn connect(
    stream: TcpStream,
    peer: SocketAddr,
    place: Place,
    router: &Router,
    mut stops: watch::Receiver<()>,
    connections: &mut JoinSet<()>,
) {
    let routes = router.clone();
    let service = tower::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = routes.clone().oneshot(request);
        async move {
            match tokio::time::timeout(ANSWER_WITHIN, answer).await {
                Ok(answer) => answer.map_err(|never| match never {}),
                Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut)),
            }
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .serve_connection(TokioIo::new(Impatient::new(stream)), TowerToHyperService::new(service))
        .with_upgrades();
    connections.spawn(async move {
        let _place = place;
        let mut connection = std::pin::pin!(connection);
        let done = tokio::select! {
            done = &mut connection => done,
            // Its sender is gone: the end has come.
            _ = stops.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(problem) = done {
            tracing::debug!(%problem, "a connection to the API broke");
        }
    });
}

/// A stream whose other end must read what is written: else writing fails, and the connection is given up with all that it
/// holds.
struct Impatient<S> {
    stream: S,
    /// Runs while something waits to be read.
    limit: Option<Pin<Box<Sleep>>>,
    /// What was taken since it runs.
    taken: usize,
}

impl<S> Impatient<S> {
    fn new(stream: S) -> Self {
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

/// Counts who is in.
#[derive(Clone)]
struct Door {
    inside: Arc<Mutex<HashMap<IpAddr, usize>>>,
    rules: Arc<Connections>,
}

/// The place of a connection, which is free again when this is dropped.
struct Place {
    door: Door,
    peer: IpAddr,
}

impl Door {
    fn new(rules: Connections) -> Self {
        Door { inside: Arc::default(), rules: Arc::new(rules) }
    }

    /// A place for this peer, unless it has enough.
    fn enter(&self, peer: IpAddr) -> Option<Place> {
        let Connections { most, most_from_one, proxies } = self.rules.as_ref();
        let for_many = peer.to_canonical().is_loopback() || is_one(peer, proxies);
        let most = if for_many { *most } else { *most_from_one };
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let count = inside.entry(peer).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { door: self.clone(), peer })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.door.inside.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = inside.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                inside.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[test]
    fn one_address_gets_so_many_places_and_its_neighbours_are_served() {
        let door = Door::new(Connections { proxies: vec!["192.0.2.9".parse().unwrap()], ..Connections::default() });
        let most_from_one = door.rules.most_from_one;
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let places: Vec<Place> = (0..most_from_one).map_while(|_| door.enter(one)).collect();
        assert_eq!(places.len(), most_from_one);
        assert!(door.enter(one).is_none() && door.enter(other).is_some());
        let proxy = "192.0.2.9".parse().unwrap();
        let many: Vec<Place> = (0..most_from_one + 9).map_while(|_| door.enter(proxy)).collect();
        assert_eq!(many.len(), most_from_one + 9, "behind a proxy there are many");
        drop(many);
        drop(places);
        assert!(door.enter(one).is_some(), "places that are left are free");
        assert!(door.inside.lock().unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_does_not_come_to_the_point_is_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, Router::new(), Connections::default(), std::future::pending()));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /api/health HTTP/1.1\r\nHo").await.unwrap();
        let mut said = Vec::new();
        tokio::time::timeout(HEAD_WITHIN * 2, stream.read_to_end(&mut said)).await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_read_is_given_up_and_who_reads_slowly_is_not() {
        let (mut peer, ours) = tokio::io::duplex(LEAST_READ);
        let mut ours = Impatient::new(ours);
        let slow = async {
            let mut part = vec![0; LEAST_READ];
            for _ in 0..5 {
                tokio::time::sleep(READ_WITHIN - Duration::from_secs(1)).await;
                peer.read_exact(&mut part).await.unwrap();
            }
        };
        let whole = vec![0; LEAST_READ * 5];
        let (sent, ()) = tokio::join!(ours.write_all(&whole), slow);
        sent.unwrap();
        ours.flush().await.unwrap();
        tokio::time::sleep(READ_WITHIN * 5).await;
        ours.write_all(&[0; LEAST_READ]).await.expect("there was nothing to read");
        // One byte now and then is no reading.
        let trickle = async {
            while peer.read_u8().await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let problem = tokio::select! {
            sent = ours.write_all(&whole) => sent.unwrap_err(),
            () = trickle => panic!("it ends on our side first"),
        };
        assert_eq!(problem.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_reads_is_given_up_with_all_that_it_holds() {
        let held = Arc::new(());
        let of_the_body = held.clone();
        let endless = move || {
            let held = of_the_body.clone();
            async move {
                let piece = move |()| {
                    let _held = &held;
                    Some((Ok::<_, io::Error>(vec![0u8; 64 * 1024]), ()))
                };
                axum::body::Body::from_stream(futures::stream::unfold((), move |last| std::future::ready(piece(last))))
            }
        };
        let router = Router::new().route("/", axum::routing::get(endless));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, router, Connections::default(), std::future::pending()));
        let mut stream = TcpStream::connect(address).await.unwrap();
        let before = Arc::strong_count(&held);
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        stream.readable().await.unwrap();
        assert!(Arc::strong_count(&held) > before, "it is being sent");
        tokio::time::sleep(READ_WITHIN * 3).await;
        assert_eq!(Arc::strong_count(&held), before, "it is sent no more");
    }
}
