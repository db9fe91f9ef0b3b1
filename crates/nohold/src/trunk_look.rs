//! Asks the other ends of trunks whether they are there (OPTIONS, RFC 3261 §11), with a server's configuration and without
//! its engine: what is sent here is one small message, and any answer to it will do.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures::future::join_all;
use nohold_core::configuration::{Configuration, Transport, Trunk};
use nohold_server::configuration::{NAME_THE_CARRIER, OwnSip, is_this_server, leads_back};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket, lookup_host};

use crate::machine::Finding;
use crate::secrets;

/// One trunk is waited for this long, name and all; all of them are asked at once.
const PATIENCE: Duration = Duration::from_secs(2);
/// A datagram may be lost: it is sent again after this (T1 of RFC 3261 §17.1.1.1).
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// So many trunks are asked.
const MOST_ASKED: usize = 100;
/// No answer to this is larger.
const MOST_BYTES: usize = 4096;

const WHAT: &str = "trunk";

/// What each trunk of the configuration says; `own` is where this server takes SIP.
pub async fn look(configuration: &Configuration, own: OwnSip) -> Vec<Finding> {
    let asked = configuration.trunks.iter().take(MOST_ASKED);
    join_all(asked.map(|(key, trunk)| async move { one(key.as_str(), trunk, own).await })).await
}

async fn one(key: &str, trunk: &Trunk, own: OwnSip) -> Finding {
    let said = |text: &str| format!("{key}: {text}");
    if let Some(address) = leads_back(&trunk.host, trunk.port, own).await {
        return Finding::bad(WHAT, said(&format!("{}: {NAME_THE_CARRIER}", is_this_server(address))));
    }
    let Ok(asked) = tokio::time::timeout(PATIENCE, reach(trunk)).await else {
        let whom = format!("{}:{}", trunk.host, trunk.port);
        return Finding::doubtful(
            WHAT,
            said(&format!(
                "{whom} does not answer to SIP: see host, port and transport, and that no firewall is between; some carriers answer only after registration"
            )),
        );
    };
    match asked {
        Ok((address, answer)) => Finding::good(WHAT, said(&format!("{address} answers to SIP ({answer})"))),
        Err(problem) => Finding::doubtful(WHAT, said(&problem)),
    }
}

async fn address_of(trunk: &Trunk) -> Result<SocketAddr, String> {
    let host = trunk.host.trim_matches(['[', ']']);
    let found = lookup_host((host, trunk.port)).await;
    let nowhere = || {
        format!(
            "the name {host} has no address: see that it is written rightly, and that this machine can look names up"
        )
    };
    found.map_err(|_| nowhere())?.next().ok_or_else(nowhere)
}

/// Who has answered, and with which first line.
async fn reach(trunk: &Trunk) -> Result<(SocketAddr, String), String> {
    let (host, address) = (trunk.host.trim_matches(['[', ']']), address_of(trunk).await?);
    let refused =
        |problem: std::io::Error| format!("{address} cannot be reached ({problem}): see host, port and transport");
    let answer = match trunk.transport {
        Transport::Udp => by_udp(address, host).await,
        Transport::Tcp => by_tcp(address, host).await,
    };
    let answer = answer.map_err(refused)?;
    let first = status(&answer)
        .ok_or_else(|| format!("{address} answers, but not in SIP: see that the port is the right one"))?;
    Ok((address, first))
}

async fn by_udp(address: SocketAddr, host: &str) -> std::io::Result<Vec<u8>> {
    let any: IpAddr = if address.is_ipv4() { [0u8; 4].into() } else { [0u16; 8].into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(address).await?;
    let message = options(address, host, socket.local_addr()?, "UDP")?;
    let mut answer = vec![0; MOST_BYTES];
    loop {
        socket.send(message.as_bytes()).await?;
        if let Ok(received) = tokio::time::timeout(AGAIN_AFTER, socket.recv(&mut answer)).await {
            answer.truncate(received?);
            return Ok(answer);
        }
    }
}

async fn by_tcp(address: SocketAddr, host: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    let message = options(address, host, stream.local_addr()?, "TCP")?;
    stream.write_all(message.as_bytes()).await?;
    let mut answer = Vec::new();
    // The first line is enough, however it is cut.
    while !answer.contains(&b'\n') && answer.len() < MOST_BYTES && stream.read_buf(&mut answer).await? > 0 {}
    Ok(answer)
}

/// The question: whoever is there answers it, if only with a refusal.
fn options(to: SocketAddr, host: &str, own: SocketAddr, transport: &str) -> std::io::Result<String> {
    let drawn = || secrets::draw().map_err(|problem| std::io::Error::other(problem.to_string()));
    let (branch, tag, call) = (drawn()?, drawn()?, drawn()?);
    let host = if host.parse::<IpAddr>().is_ok() { to.to_string() } else { format!("{host}:{}", to.port()) };
    let parameter = if transport == "TCP" { ";transport=tcp" } else { "" };
    Ok(format!(
        "OPTIONS sip:{host}{parameter} SIP/2.0\r\nVia: SIP/2.0/{transport} {own};branch=z9hG4bK{branch};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:check@{own}>;tag={tag}\r\nTo: <sip:{host}>\r\nCall-ID: {call}\r\n\
         CSeq: 1 OPTIONS\r\nAccept: application/sdp\r\nContent-Length: 0\r\n\r\n"
    ))
}

/// Code and reason of an answer of SIP, as far as it can be shown.
fn status(answer: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(answer);
    let line = text.lines().next()?.strip_prefix("SIP/2.0 ")?;
    Some(line.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(60).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Verdict;

    fn trunks(text: &str) -> Configuration {
        let text = format!("[site]\nzone = \"UTC\"\ncountry = \"US\"\n{text}");
        toml::from_str(&text).unwrap()
    }

    const ELSEWHERE: OwnSip =
        OwnSip { at: SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 5_060), public: None };

    #[tokio::test]
    async fn a_trunk_that_leads_back_to_this_server_is_bad_and_is_asked_nothing() {
        let configuration = trunks("[trunks.loop]\nhost = \"127.0.0.1\"\nport = 5060\n");
        for own in ["127.0.0.1:5060", "0.0.0.0:5060"] {
            let findings = look(&configuration, OwnSip { at: own.parse().unwrap(), public: None }).await;
            assert!(
                findings[0].verdict == Verdict::Bad && findings[0].seen.contains("this server itself"),
                "{findings:?}"
            );
        }
    }

    #[tokio::test]
    async fn whoever_answers_is_there_and_the_others_are_named() {
        let carrier = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let by_tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = |address: std::io::Result<SocketAddr>| address.unwrap().port();
        let configuration = trunks(&format!(
            "[trunks.a]\nhost = \"127.0.0.1\"\nport = {}\n[trunks.b]\nhost = \"127.0.0.1\"\nport = {}\n\
             [trunks.c]\nhost = \"127.0.0.1\"\nport = {}\ntransport = \"tcp\"\n\
             [trunks.d]\nhost = \"no-such-carrier.invalid\"\n",
            port(carrier.local_addr()),
            port(silent.local_addr()),
            port(by_tcp.local_addr()),
        ));
        let answers = async {
            let mut heard = vec![0; MOST_BYTES];
            let (length, who) = carrier.recv_from(&mut heard).await.unwrap();
            let asked = String::from_utf8(heard[..length].to_vec()).unwrap();
            assert!(asked.starts_with("OPTIONS sip:127.0.0.1:") && asked.ends_with("\r\n\r\n"), "{asked}");
            carrier.send_to(b"SIP/2.0 403 Forbidden\r\n\r\n", who).await.unwrap();
            let (mut stream, _) = by_tcp.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n").await.unwrap();
            std::future::pending::<()>().await;
        };
        let findings =
            tokio::select! { findings = look(&configuration, ELSEWHERE) => findings, () = answers => unreachable!() };
        let [a, b, c, d] = findings.as_slice() else { panic!("{findings:?}") };
        assert!(a.verdict == Verdict::Good && a.seen.contains("403 Forbidden"), "{a}");
        assert!(b.verdict == Verdict::Doubtful && b.seen.contains("does not answer"), "{b}");
        assert!(c.seen.contains("not in SIP"), "{c}");
        assert!(d.verdict == Verdict::Doubtful && d.seen.starts_with("d: "), "{d}");
    }
}
