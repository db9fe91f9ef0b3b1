//! The messages of RFC 4475, one by one, over UDP (what a stream would frame is in `cases`).

use crate::peer::{Peer, status};
use crate::stack::{Config, Stack};
use anyhow::{Context, Result};
use rsipstack::sip::SipMessage;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What RFC 4475 asks of a user agent server.
#[derive(Clone, Copy)]
enum Ask {
    /// Well-formed and ours to serve: the application must see it.
    Serve,
    /// To be refused with one of these.
    Refuse(&'static [u16]),
    /// To be refused with one of these, or served by a lenient element.
    Either(&'static [u16]),
    /// A response to nothing we sent: no answer, no harm.
    Ignore,
}
use Ask::{Either, Ignore, Refuse, Serve};

const MESSAGES: [(&str, &str, Ask); 49] = [
    ("3.1.1.1", "wsinv", Serve),
    ("3.1.1.2", "intmeth", Refuse(&[405, 501])),
    ("3.1.1.3", "esc01", Serve),
    ("3.1.1.4", "escnull", Serve),
    ("3.1.1.5", "esc02", Refuse(&[405, 501])),
    ("3.1.1.6", "lwsdisp", Serve),
    ("3.1.1.7", "longreq", Serve),
    ("3.1.1.8", "dblreq", Serve),
    ("3.1.1.9", "semiuri", Serve),
    ("3.1.1.10", "transports", Serve),
    ("3.1.1.11", "mpart01", Serve),
    ("3.1.1.12", "unreason", Ignore),
    ("3.1.1.13", "noreason", Ignore),
    ("3.1.2.1", "badinv01", Refuse(&[400])),
    ("3.1.2.2", "clerr", Refuse(&[400])),
    ("3.1.2.3", "ncl", Refuse(&[400])),
    ("3.1.2.4", "scalar02", Refuse(&[400])),
    ("3.1.2.5", "scalarlg", Ignore),
    ("3.1.2.6", "quotbal", Refuse(&[400])),
    ("3.1.2.7", "ltgtruri", Either(&[400])),
    ("3.1.2.8", "lwsruri", Refuse(&[400])),
    ("3.1.2.9", "lwsstart", Either(&[400])),
    ("3.1.2.10", "trws", Either(&[400])),
    ("3.1.2.11", "escruri", Either(&[400])),
    ("3.1.2.12", "baddate", Either(&[400])),
    ("3.1.2.13", "regbadct", Refuse(&[400])),
    ("3.1.2.14", "badaspec", Either(&[400])),
    ("3.1.2.15", "baddn", Either(&[400])),
    ("3.1.2.16", "badvers", Refuse(&[505])),
    ("3.1.2.17", "mismatch01", Refuse(&[400])),
    ("3.1.2.18", "mismatch02", Refuse(&[400, 405, 501])),
    ("3.1.2.19", "bigcode", Ignore),
    ("3.2.1", "badbranch", Serve),
    ("3.3.1", "insuf", Refuse(&[400])),
    ("3.3.2", "unkscm", Refuse(&[416])),
    ("3.3.3", "novelsc", Refuse(&[416])),
    ("3.3.4", "unksm2", Refuse(&[400, 404, 416])),
    ("3.3.5", "bext01", Refuse(&[420])),
    ("3.3.6", "invut", Refuse(&[415])),
    ("3.3.7", "regaut01", Refuse(&[401])),
    ("3.3.8", "multi01", Refuse(&[400])),
    ("3.3.9", "mcl01", Refuse(&[400])),
    ("3.3.10", "bcast", Ignore),
    ("3.3.11", "zeromf", Either(&[483])),
    ("3.3.12", "cparam01", Serve),
    ("3.3.13", "cparam02", Serve),
    ("3.3.14", "regescrt", Serve),
    ("3.3.15", "sdp01", Refuse(&[406])),
    ("3.4.1", "inv2543", Serve),
];

/// Drives all messages and prints a row each; `gate` puts the gatekeeper in front.
pub async fn run(folder: &Path, gate: bool) -> Result<()> {
    println!("RFC 4475 over UDP, {}", if gate { "gatekeeper in front" } else { "library alone" });
    println!("{:9} {:11} {:10} {:12} {:22} verdict", "section", "message", "parser", "application", "answers");
    let config = Config { gate, ..Default::default() };
    let stack = Stack::start("127.0.0.1:0".parse()?, config).await?;
    let mut totals = std::collections::BTreeMap::new();
    for (section, name, ask) in MESSAGES {
        let verdict = one(&stack, folder, section, name, ask).await?;
        *totals.entry(verdict).or_insert(0) += 1;
    }
    println!("totals: {totals:?}; panics: {}", crate::panics());
    Ok(())
}

async fn one(stack: &Arc<Stack>, folder: &Path, section: &str, name: &str, ask: Ask) -> Result<&'static str> {
    let bytes = std::fs::read(folder.join(format!("{name}.dat"))).context(name.to_owned())?;
    let parser = match SipMessage::try_from(&bytes[..]) {
        Ok(SipMessage::Request(_)) => "request",
        Ok(SipMessage::Response(_)) => "response",
        Err(_) => "error",
    };
    let before = stack.seen.count.load(Ordering::Relaxed);
    let mut peer = Peer::new(stack.address).await;
    peer.send(&bytes).await;
    let answers: Vec<u16> = peer.collect(300).await.iter().map(|a| status(a)).collect();
    let reached = stack.seen.count.load(Ordering::Relaxed) - before;
    let last = answers.last().copied().unwrap_or(0);
    let verdict = match ask {
        Serve if reached > 0 => "served",
        Serve if last == 0 => "VALID, DROPPED IN SILENCE",
        Serve => "VALID, REFUSED",
        Ignore if reached == 0 && last == 0 => "ignored",
        Ignore => "ANSWERED",
        Refuse(codes) | Either(codes) if codes.contains(&last) => "refused",
        Either(_) if reached > 0 => "served leniently",
        Refuse(_) if reached > 0 => "PASSED ON UNCHECKED",
        _ => "INVALID, DROPPED IN SILENCE",
    };
    let application = if reached > 0 { "reached" } else { "-" };
    let answers = format!("{answers:?}");
    println!("{section:9} {name:11} {parser:10} {application:12} {answers:22} {verdict}");
    alive(stack).await.context(format!("after {name}"))?;
    Ok(verdict)
}

/// Fails unless an OPTIONS is answered within a second.
pub async fn alive(stack: &Stack) -> Result<()> {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
    let n = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let mut peer = Peer::new(stack.address).await;
    peer.send(peer.request("OPTIONS", &format!("alive{n}"), 1, "", "")).await;
    let answered = peer.expect(" 200 ", 1000).await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    answered.map(|_| ()).context("no answer to OPTIONS any more")
}
