//! Experiments on the library, each with a raw peer on the other side and one printed row.

use crate::digest::{self, Algorithm};
use crate::peer::{Peer, first_line, header, reply, status, to_tag};
use crate::stack::{Config, PASSWORD, REALM, Stack, USER};
use crate::{resident, torture::alive, uac_cases};
use anyhow::{Context, Result};
use rsipstack::dialog::authenticate::verify_digest;
use rsipstack::sip::headers::auth;
use rsipstack::sip::headers::untyped::WwwAuthenticate;
use rsipstack::sip::prelude::{HasHeaders, ToTypedHeader};
use rsipstack::sip::typed::Authorization;
use rsipstack::sip::{Method, SipMessage, Transport, Uri};
use rsipstack::transport::SipAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Prints one row.
pub fn row(name: &str, what: &str) {
    println!("{name:46} {what}");
}

/// A word for a fact.
pub fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// A stack on a free port.
pub async fn start(config: Config) -> Result<Arc<Stack>> {
    Stack::start("127.0.0.1:0".parse()?, config).await
}

/// Runs everything.
pub async fn run() -> Result<()> {
    println!("-- memory");
    stream_memory(true).await?;
    stream_memory(false).await?;
    library_digest();
    parser();
    datagrams(false).await?;
    datagrams(true).await?;
    for gate in [false, true] {
        println!("-- TCP, {}", if gate { "gatekeeper in front" } else { "library alone" });
        streams(gate).await?;
        stalled_reader(gate).await?;
        call_over_flow(gate).await?;
    }
    println!("-- dialogs, called side");
    dialogs().await?;
    registers().await?;
    extensions(false).await?;
    extensions(true).await?;
    println!("-- dialogs, calling side");
    uac_cases::run().await?;
    row("panics in all of the above", &crate::panics().to_string());
    Ok(())
}

fn library_digest() {
    println!("-- digest of the library");
    for nc in ["00000001", "00000009", "0000000a", "00000010", "000000ff", "00000100"] {
        let unsigned = format!(
            "Digest username=\"{USER}\", realm=\"{REALM}\", nonce=\"abc\", uri=\"sip:spike\", qop=auth, nc={nc}, cnonce=\"xyz\", algorithm=MD5"
        );
        let p = digest::parameters(&unsigned).expect("well-formed");
        let ha1 = Algorithm::Md5.ha1(USER, REALM, PASSWORD);
        let response = digest::response(&p, &ha1, "REGISTER").expect("complete");
        let value = format!("{unsigned}, response=\"{response}\"");
        let own = digest::verify(&value, USER, |_| ha1.clone(), "REGISTER");
        let library = match Authorization::parse(&value) {
            Ok(typed) => yes(verify_digest(&typed, PASSWORD, &Method::Register, &value)).to_owned(),
            Err(error) => format!("error: {error}"),
        };
        row(&format!("right response with nc={nc} accepted"), &format!("library {library}, own {}", yes(own)));
    }
    let challenge = "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"";
    let typed = WwwAuthenticate::new(challenge).typed();
    row("challenge with algorithm=SHA-256 parsed", &typed.map_or_else(|e| e.to_string(), |_| "yes".into()));
    row("SHA-256 printed as", &auth::Algorithm::Sha256.to_string());
}

fn parser() {
    println!("-- parser");
    let base = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: FROM\r\nTo: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    let latin = base.replace("FROM", "\"M~ller\" <sip:m@h>;tag=1").into_bytes();
    let latin: Vec<u8> = latin.iter().map(|b| if *b == b'~' { 0xfc } else { *b }).collect();
    let kept = match SipMessage::try_from(&latin[..]) {
        Ok(SipMessage::Request(r)) => format!("{} of 6 header fields kept", r.headers().iter().count()),
        _ => "refused".into(),
    };
    row("Latin-1 ü in the From display name", &kept);
    for (name, uri) in [
        ("URI sip:a@b;transport=tcp", "sip:a@b;transport=tcp"),
        ("URI SIP:A@B:5060;LR", "SIP:A@B:5060;LR"),
        ("URI tel:+4930123456", "tel:+4930123456"),
        ("URI sip:a%40b@c?x=y", "sip:a%40b@c?x=y"),
    ] {
        let printed = Uri::try_from(uri).map_or_else(|e| e.to_string(), |u| u.to_string());
        row(&format!("{name} printed again as"), &printed);
    }
    let lower = base.replace("FROM", "<sip:m@h>;tag=1").replace("OPTIONS sip", "options sip");
    row(
        "method in lower case (methods are case-sensitive)",
        if SipMessage::try_from(lower.as_str()).is_ok() { "taken as OPTIONS" } else { "refused" },
    );
    let minus = base.replace("FROM", "<sip:m@h>;tag=1").replace("Length: 0", "Length: abc");
    row("Content-Length: abc", if SipMessage::try_from(minus.as_str()).is_ok() { "taken as 0" } else { "refused" });
}

async fn datagrams(gate: bool) -> Result<()> {
    println!("-- UDP, {}", if gate { "gatekeeper in front" } else { "library alone" });
    let stack = start(Config { gate, ..Default::default() }).await?;
    let mut peer = Peer::new(stack.address).await;
    for size in [8000, 8300, 20_000, 60_000] {
        let id = format!("size{size}");
        let text = peer.request("MESSAGE", &id, 1, "Content-Type: text/plain\r\n", &"x".repeat(size - 400));
        peer.send(&text).await;
        let answer = peer.receive(500).await.map_or(0, |a| status(&a));
        let latest = stack.seen.latest.lock().expect("not poisoned").clone();
        let seen = (latest.0 == id).then_some(latest.1);
        row(
            &format!("datagram of {} bytes", text.len()),
            &format!("body {} bytes, application got {seen:?}, answer {answer}", size - 400),
        );
    }
    let plain = peer.request("OPTIONS", "latin", 1, "", "").replace("From: <", "From: \"M~ller\" <").into_bytes();
    let latin: Vec<u8> = plain.iter().map(|b| if *b == b'~' { 0xfc } else { *b }).collect();
    peer.send(&latin).await;
    row("OPTIONS with a Latin-1 ü in From", &format!("answer {}", peer.receive(300).await.map_or(0, |a| status(&a))));
    peer.send("\r\n\r\n").await;
    row("keep-alive CRLFCRLF", &format!("answer {:?}", peer.receive(300).await));
    peer.send("\r\n").await;
    peer.send("\0").await;
    let mut state = 1u64;
    for n in 0..2000usize {
        let noise: Vec<u8> = (0..n % 600)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state.to_be_bytes()[0]
            })
            .collect();
        peer.send(&noise).await;
        let mut text = peer.invite("noise", "").into_bytes();
        let at = usize::try_from(state % 400)?.min(text.len() - 1);
        text[at] = state.to_be_bytes()[1];
        text.truncate(text.len() - n % 300);
        peer.send(&text[..]).await;
        if n % 100 == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let up = alive(&stack).await.is_ok();
    row("2,000 noise and 2,000 damaged datagrams", &format!("alive {}, panics {}", yes(up), crate::panics()));
    Ok(())
}

struct Stream(TcpStream);

impl Stream {
    async fn new(stack: &Stack) -> Result<Self> {
        Ok(Self(TcpStream::connect(stack.address).await?))
    }

    fn options(&self, id: &str) -> String {
        let me = self.0.local_addr().expect("connected");
        format!(
            "OPTIONS sip:spike@h SIP/2.0\r\nVia: SIP/2.0/TCP {me};branch=z9hG4bK{id}\r\nMax-Forwards: 70\r\nFrom: <sip:p@{me}>;tag=1\r\nTo: <sip:spike@h>\r\nCall-ID: {id}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        )
    }

    /// What comes within so many milliseconds.
    async fn text(&mut self, milliseconds: u64) -> String {
        let mut text = Vec::new();
        let read = async { while let Ok(1..) = self.0.read_buf(&mut text).await {} };
        tokio::time::timeout(Duration::from_millis(milliseconds), read).await.ok();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// How many responses come within 400 ms, and whether the connection was closed.
    async fn outcome(&mut self) -> (usize, bool) {
        let mut text = Vec::new();
        let read = async { while let Ok(1..) = self.0.read_buf(&mut text).await {} };
        let closed = tokio::time::timeout(Duration::from_millis(400), read).await.is_ok();
        (String::from_utf8_lossy(&text).matches("SIP/2.0 ").count(), closed)
    }
}

async fn streams(gate: bool) -> Result<()> {
    let stack = start(Config { gate, ..Default::default() }).await?;
    let mut s = Stream::new(&stack).await?;
    for byte in s.options("bytewise").into_bytes() {
        s.0.write_all(&[byte]).await?;
        s.0.flush().await?;
        tokio::task::yield_now().await;
    }
    row("one request, byte by byte", &format!("{:?} (responses, closed)", s.outcome().await));
    let text: String = (0..5).map(|n| s.options(&format!("joined{n}"))).collect();
    s.0.write_all(text.as_bytes()).await?;
    row("five requests in one segment", &format!("{:?}", s.outcome().await));
    s.0.write_all(b"\r\n\r\n").await?;
    let mut pong = [0; 2];
    let answered = tokio::time::timeout(Duration::from_millis(300), s.0.read_exact(&mut pong)).await;
    row("keep-alive CRLFCRLF", if matches!(answered, Ok(Ok(_))) { "answered with CRLF" } else { "no answer" });
    let overflow = (usize::MAX - 100).to_string();
    let cases: [(&str, &str, &str); 8] = [
        (
            "Content-Length with a blank before the colon",
            "Content-Length: 0\r\n\r\n",
            "Content-Length : 5\r\n\r\nhello",
        ),
        ("no Content-Length", "Content-Length: 0\r\n", ""),
        ("Content-Length: -999", "Length: 0", "Length: -999"),
        ("Content-Length: abc", "Length: 0", "Length: abc"),
        ("Content-Length: 4000000000, then nothing", "Length: 0", "Length: 4000000000"),
        ("Content-Length near 2^64", "Length: 0", &format!("Length: {overflow}")),
        ("unknown method", "OPTIONS", "NEWMETHOD"),
        ("SIP/7.0", "h SIP/2.0", "h SIP/7.0"),
    ];
    for (name, from, to) in cases {
        let mut s = Stream::new(&stack).await?;
        let bad = s.options("odd").replace(from, to);
        s.0.write_all((bad + &s.options("after")).as_bytes()).await?;
        let (responses, closed) = s.outcome().await;
        row(
            &format!("{name}, then a good request"),
            &format!("{responses} responses, connection closed {}", yes(closed)),
        );
    }
    let mut s = Stream::new(&stack).await?;
    let tortuous = std::fs::read("../../crates/sip/tests/messages/wsinv.dat").context("../../crates/sip/tests/messages/wsinv.dat")?;
    s.0.write_all(&tortuous).await?;
    s.0.write_all(s.options("afterwsinv").as_bytes()).await?;
    let outcome = s.outcome().await;
    row("wsinv of RFC 4475, then a good request", &format!("{outcome:?}"));
    alive(&stack).await
}

/// A peer that sends but never reads must not stop the others.
async fn stalled_reader(gate: bool) -> Result<()> {
    let stack = start(Config { gate, ..Default::default() }).await?;
    let stream = Stream::new(&stack).await?;
    let (reader, writer) = {
        let cancel = stream.options("stall").replace("OPTIONS", "CANCEL");
        let (r, mut w) = stream.0.into_split();
        tokio::time::timeout(Duration::from_secs(5), async {
            for _ in 0..40_000 {
                if w.write_all(cancel.as_bytes()).await.is_err() {
                    break;
                }
            }
        })
        .await
        .ok();
        (r, w)
    };
    let up = alive(&stack).await.is_ok();
    drop((reader, writer));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let after = alive(&stack).await.is_ok();
    row(
        "one TCP peer sends CANCELs and never reads",
        &format!("others still served: {}; after it has gone: {}", yes(up), yes(after)),
    );
    Ok(())
}

/// A phone behind NAT can be reached over its own TCP connection only.
async fn call_over_flow(gate: bool) -> Result<()> {
    let stack = start(Config { gate, ..Default::default() }).await?;
    let mut phone = Stream::new(&stack).await?;
    let register = phone.options("flow").replace("OPTIONS", "REGISTER");
    phone.0.write_all(register.as_bytes()).await?;
    phone.outcome().await;
    let peer = phone.0.local_addr()?;
    let option = rsipstack::dialog::invitation::InviteOption {
        caller: stack.contact(),
        callee: Uri::try_from("sip:phone@192.0.2.1;transport=tcp")?,
        contact: stack.contact(),
        destination: Some(SipAddr { r#type: Some(Transport::Tcp), addr: peer.into() }),
        offer: Some(crate::stack::sdp(stack.address)),
        ..Default::default()
    };
    let (sender, mut states) = stack.dialogs.new_dialog_state_channel();
    let dialogs = stack.dialogs.clone();
    let called = tokio::spawn(async move { dialogs.do_invite(option, sender).await });
    let invite = phone.text(400).await;
    let via = header(&invite, "Via").unwrap_or_default().split(';').next().unwrap_or_default().to_owned();
    let ok = reply(&invite, "200 OK", "Contact: <sip:phone@192.0.2.1;transport=tcp>\r\n", "");
    phone.0.write_all(ok.as_bytes()).await?;
    let ack = phone.text(400).await;
    let (from, to) = (header(&invite, "From").unwrap_or_default(), header(&invite, "To").unwrap_or_default());
    let bye = phone
        .options("x")
        .replace("OPTIONS", "BYE")
        .replace("Call-ID: x", &format!("Call-ID: {}", header(&invite, "Call-ID").unwrap_or_default()));
    let lines: String = bye
        .lines()
        .map(|l| match l.split(':').next() {
            Some("From") => format!("From: {to};tag=peer\r\n"),
            Some("To") => format!("To: {from}\r\n"),
            _ => format!("{l}\r\n"),
        })
        .collect();
    phone.0.write_all(lines.as_bytes()).await?;
    let answer = phone.text(400).await;
    let mut last = String::new();
    while let Ok(state) = states.try_recv() {
        last = format!("{state}").rsplit('(').next().unwrap_or_default().to_owned();
    }
    let result = called.await?.map_or_else(|e| e.to_string(), |_| "Ok".into());
    row(
        "call to a phone over its own TCP connection",
        &format!(
            "{} with {}; {}; do_invite {result}; its BYE {}; last state {last}",
            first_line(&invite).split(' ').next().unwrap_or_default(),
            via.replace(&stack.address.to_string(), "(us)").replace(&peer.to_string(), "(the phone)"),
            first_line(&ack).split(' ').next().unwrap_or_default(),
            status(&answer)
        ),
    );
    Ok(())
}

async fn stream_memory(gate: bool) -> Result<()> {
    let stack = start(Config { gate, ..Default::default() }).await?;
    let before = resident();
    let mut held = Vec::new();
    for n in 0..400 {
        let mut s = Stream::new(&stack).await?;
        let text = s.options(&format!("idle{n}"));
        s.0.write_all(text.as_bytes()).await?;
        held.push(s);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    row(
        &format!("memory of an idle TCP connection, gatekeeper {}", yes(gate)),
        &format!("{} kB (of 400)", (resident() - before) / 400),
    );
    Ok(())
}

/// Sets a call up as the calling side; gives back the 200 and the ACK's text.
async fn establish(peer: &mut Peer, id: &str, more: &str) -> Result<String> {
    peer.send(peer.invite(id, more)).await;
    let ok = peer.expect(" 200 ", 2000).await.context("no 200")?;
    let ack = peer.request("ACK", id, 1, &to_tag(&ok), "");
    peer.send(ack).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    Ok(ok)
}

async fn dialogs() -> Result<()> {
    let stack = start(Config { short_timers: true, ..Default::default() }).await?;
    let mut peer = Peer::new(stack.address).await;
    let ok = establish(&mut peer, "basic", "").await?;
    row(
        "200 to INVITE has Contact, Allow, Supported",
        &format!(
            "{} {} {}",
            yes(header(&ok, "Contact").is_some()),
            yes(header(&ok, "Allow").is_some()),
            yes(header(&ok, "Supported").is_some())
        ),
    );
    peer.send(peer.request("INFO", "basic", 5, &to_tag(&ok), "")).await;
    let info = peer.receive(500).await.map_or(0, |t| status(&t));
    peer.send(peer.request("INFO", "basic", 3, &to_tag(&ok), "")).await;
    let old = peer.receive(500).await.map_or(0, |t| status(&t));
    row("INFO in the dialog; one with an older CSeq", &format!("{info}; {old} (RFC 3261: 500; 0 is silence)"));
    peer.send(peer.request("SUBSCRIBE", "basic", 6, &to_tag(&ok), "")).await;
    row("SUBSCRIBE in the dialog", &peer.receive(500).await.map_or(0, |t| status(&t)).to_string());
    let cancel = peer.request("CANCEL", "basic", 1, "", "").replace("basic1CANCEL", "basic1INVITE");
    peer.send(cancel).await;
    let crossed = peer.receive(500).await.map_or(0, |t| status(&t));
    peer.send(peer.request("BYE", "basic", 7, &to_tag(&ok), "")).await;
    let bye = peer.receive(500).await.map_or(0, |t| status(&t));
    row("CANCEL that crossed our 200, then BYE", &format!("{crossed}, {bye}"));
    row("dialogs left when the application removes them", &stack.dialogs.len().to_string());
    peer.send(peer.request("BYE", "nobody", 1, ";tag=zz\r\n", "")).await;
    row(
        "BYE for no dialog (answer is the application's)",
        &peer.receive(500).await.map_or(0, |t| status(&t)).to_string(),
    );
    peer.send(peer.invite("noack", "")).await;
    let all = peer.collect(3500).await;
    let count = |mark: &str| all.iter().filter(|t| t.starts_with(mark)).count();
    row(
        "200 never acknowledged (64*T1 set to 2 s)",
        &format!("{} times 200, then {} BYE", count("SIP/2.0 200"), count("BYE")),
    );

    let stack = start(Config { drop_handles: true, ..Default::default() }).await?;
    let mut peer = Peer::new(stack.address).await;
    let ok = establish(&mut peer, "drop", "").await?;
    peer.send(peer.request("INFO", "drop", 2, &to_tag(&ok), "")).await;
    let info = peer.receive(500).await.map_or(0, |t| status(&t));
    let sdp = String::from_utf8(crate::stack::sdp(peer.address()))?;
    let more = to_tag(&ok) + "Content-Type: application/sdp\r\n";
    peer.send(peer.request("INVITE", "drop", 3, &more, &sdp)).await;
    let all = peer.collect(500).await;
    let reinvite = all.iter().map(|t| status(t)).find(|s| *s >= 200).unwrap_or(0);
    row("handle of INFO, of re-INVITE dropped", &format!("{info}, {reinvite}"));

    let ring = Duration::from_secs(3);
    let stack = start(Config { ring, ..Default::default() }).await?;
    let mut peer = Peer::new(stack.address).await;
    peer.send(peer.invite("cancel", "")).await;
    peer.expect(" 180 ", 1000).await.context("180")?;
    let cancel = peer.request("CANCEL", "cancel", 1, "", "").replace("cancel1CANCEL", "cancel1INVITE");
    peer.send(cancel).await;
    let codes: Vec<u16> = peer.collect(700).await.iter().map(|t| status(t)).collect();
    row("CANCEL while ringing", &format!("{codes:?}, dialogs left {}", stack.dialogs.len()));
    Ok(())
}

async fn registers() -> Result<()> {
    let stack = start(Config::default()).await?;
    let mut peer = Peer::new(stack.address).await;
    for (name, contacts) in [
        (
            "two in one line, one more below",
            "Contact: <sip:a@1.2.3.4;transport=tcp>;expires=60, \"B, C\" <sip:b@1.2.3.4>;q=0.5\r\nContact: sip:c@1.2.3.4;expires=9\r\n",
        ),
        ("a single *", "Contact: *\r\nExpires: 0\r\n"),
    ] {
        let text = peer.request("REGISTER", &format!("reg{}", contacts.len()), 1, contacts, "");
        let own = format!("Contact: <sip:peer@{}>\r\n", peer.address());
        peer.send(text.replace(&own, "")).await;
        let answer = peer.receive(500).await.map_or(0, |t| status(&t));
        let seen = stack.seen.contacts.lock().expect("not poisoned").clone();
        row(&format!("REGISTER contacts: {name}"), &format!("{answer}, {seen:?}"));
    }
    Ok(())
}

async fn extensions(gate: bool) -> Result<()> {
    let stack = start(Config { short_timers: true, gate, ..Default::default() }).await?;
    let mut peer = Peer::new(stack.address).await;
    let timer = "Supported: timer\r\nRequire: timer\r\nSession-Expires: 90;refresher=uas\r\n";
    peer.send(peer.invite("timer", timer)).await;
    let all = peer.collect(400).await;
    let last = all.iter().find(|t| status(t) >= 200).cloned().unwrap_or_default();
    let found = (status(&last), header(&last, "Session-Expires"), header(&last, "Unsupported"));
    row(
        &format!("INVITE with Require: timer, gatekeeper {}", yes(gate)),
        &format!("(code, Session-Expires, Unsupported) {found:?}"),
    );
    peer.send(peer.invite("rel", "Require: 100rel\r\n")).await;
    let all = peer.collect(400).await;
    let ringing = all.iter().find(|t| status(t) == 180);
    let rseq = ringing.and_then(|t| header(t, "RSeq"));
    row(
        &format!("INVITE with Require: 100rel, gatekeeper {}", yes(gate)),
        &format!("codes {:?}, RSeq {rseq:?}", all.iter().map(|t| status(t)).collect::<Vec<_>>()),
    );
    Ok(())
}
