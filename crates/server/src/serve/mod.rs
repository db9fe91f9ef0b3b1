//! Answers the routes on a socket.
//!
//! Whoever connects costs a file and some memory, and files are what calls need, too: so connections are few, and one that
//! does not come to the point is closed.
//!
//! Where there is a certificate, the one socket speaks HTTPS and plain HTTP, told apart by the first byte of a connection:
//! programs of this machine and proxies may speak plain HTTP, and whoever else does is sent to HTTPS.

mod impatient;
mod places;
mod secure;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use nohold_core::configuration::Network;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::came::{ByTls, is_one};
use crate::tls::{Origin, Tls};
use impatient::Impatient;
use places::Door;
use secure::{Spoken, elsewhere, handshake, spoken};

/// The head of a request must have come within this; between two requests a connection may be idle as long.
const HEAD_WITHIN: Duration = Duration::from_secs(20);
/// The whole answer must be under way within this, the body of the request included.
const ANSWER_WITHIN: Duration = Duration::from_secs(90);
/// After an error of the system (no files left) nothing is taken for so long.
const BREATHER: Duration = Duration::from_millis(200);

/// How many connections are served, and how.
#[derive(Debug, Clone)]
pub struct Connections {
    /// So many at once; one more waits in the system's queue. Those that have not come to the point yet count, too.
    pub most: usize,
    /// So many of them from one address: an office behind a NAT. This machine and proxies may have all of them.
    pub most_from_one: usize,
    /// Proxies, behind which there are many.
    pub proxies: Vec<Network>,
    /// What HTTPS is answered with; without it nothing but plain HTTP is spoken, with everybody.
    pub tls: Option<Tls>,
    /// Who may speak plain HTTP although there is HTTPS, beside proxies: this machine.
    pub plain: Vec<Network>,
}

impl Default for Connections {
    fn default() -> Self {
        Connections {
            most: 3_000,
            most_from_one: 300,
            proxies: Vec::new(),
            tls: None,
            plain: ["127.0.0.0/8", "::1"].iter().filter_map(|network| network.parse().ok()).collect(),
        }
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
    let (tls, plain) = (connections.tls.clone(), connections.plain.clone());
    let proxies = connections.proxies.clone();
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
                    let Some(place) = door.enter(peer.ip()) else { continue };
                    // Whoever comes from the very address that we have is this machine, too.
                    let ours = stream.local_addr().is_ok_and(|own| own.ip().to_canonical() == peer.ip().to_canonical());
                    let may_be_plain = ours || is_one(peer.ip(), &plain) || is_one(peer.ip(), &proxies);
                    let connection = Connection { peer, may_be_plain, router: router.clone(), stops: stops.clone() };
                    let tls = tls.clone();
                    connections.spawn(async move {
                        let _place = place;
                        if let Err(problem) = connection.answer(stream, tls).await {
                            tracing::debug!(%problem, "a connection to the API broke");
                        }
                    });
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

/// One connection.
struct Connection {
    peer: SocketAddr,
    /// Whether it is answered where it speaks plain HTTP although there is HTTPS.
    may_be_plain: bool,
    router: Router,
    /// The end comes when its other side is gone.
    stops: watch::Receiver<()>,
}

impl Connection {
    async fn answer(mut self, stream: TcpStream, tls: Option<Tls>) -> io::Result<()> {
        let Some(tls) = tls else { return self.http(Impatient::new(stream), None).await };
        let begun = tokio::select! {
            begun = spoken(&stream) => begun?,
            // Nothing was asked yet.
            _ = self.stops.changed() => return Ok(()),
        };
        match begun {
            Spoken::Nothing => Ok(()),
            Spoken::Plain if self.may_be_plain => self.http(Impatient::new(stream), None).await,
            Spoken::Plain => elsewhere(Impatient::new(stream)).await,
            Spoken::Tls => {
                let own_certificate = tls.origin() == Origin::Own;
                let stream = tokio::select! {
                    stream = handshake(&tls, Impatient::new(stream)) => stream?,
                    _ = self.stops.changed() => return Ok(()),
                };
                self.http(stream, Some(ByTls { own_certificate })).await
            }
        }
    }

    async fn http<S>(self, stream: S, by_tls: Option<ByTls>) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Connection { peer, router, mut stops, may_be_plain: _ } = self;
        let service = tower::service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            if let Some(by_tls) = by_tls {
                request.extensions_mut().insert(by_tls);
            }
            let answer = router.clone().oneshot(request);
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
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let done = tokio::select! {
            done = &mut connection => done,
            // Its sender is gone: the end has come.
            _ = stops.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        done.map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests;
