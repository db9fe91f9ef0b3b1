//! Experiments where the library calls and a raw peer answers.

use crate::cases::{row, start};
use crate::peer::{Peer, first_line, reply};
use crate::stack::{Config, PASSWORD, Stack, USER, sdp};
use anyhow::{Context, Result};
use rsipstack::dialog::authenticate::Credential;
use rsipstack::dialog::dialog::Dialog;
use rsipstack::dialog::invitation::InviteOption;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Auth, Response, Uri};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

type Called = JoinHandle<rsipstack::Result<(InviteDialog, Option<Response>)>>;

/// Runs all of them.
pub async fn run() -> Result<()> {
    no_contact().await?;
    other_2xx(false).await?;
    other_2xx(true).await?;
    cancel_crosses().await?;
    dropped_dialog().await?;
    forked().await?;
    challenges(false).await?;
    challenges(true).await?;
    challenged_bye().await?;
    remote_targets().await?;
    hang_up_fails().await?;
    Ok(())
}

async fn peer() -> Peer {
    Peer::new("127.0.0.1:9".parse().expect("an address")).await
}

fn option(stack: &Stack, peer: &Peer) -> InviteOption {
    let uri = |text: String| Uri::try_from(text.as_str()).expect("a URI");
    InviteOption {
        caller: uri(format!("sip:{USER}@{}", stack.address)),
        callee: uri(format!("sip:peer@{}", peer.address())),
        contact: stack.contact(),
        offer: Some(sdp(stack.address)),
        credential: Some(Credential { username: USER.into(), password: PASSWORD.into(), ..Default::default() }),
        ..Default::default()
    }
}

fn dial(stack: &Arc<Stack>, peer: &Peer) -> Called {
    let (dialogs, option) = (stack.dialogs.clone(), option(stack, peer));
    tokio::spawn(async move {
        let (sender, receiver) = dialogs.new_dialog_state_channel();
        let result = dialogs.do_invite(option, sender).await;
        drop(receiver);
        result
    })
}

fn contact(peer: &Peer) -> String {
    let me = peer.address();
    format!("Contact: <sip:peer@{me}>\r\nContent-Type: application/sdp\r\n")
}

fn body(peer: &Peer) -> String {
    String::from_utf8(sdp(peer.address())).expect("text")
}

/// The methods and status lines that come within a time, shortened and counted.
async fn heard(peer: &mut Peer, milliseconds: u64) -> String {
    let mut words: Vec<String> = Vec::new();
    for text in peer.collect(milliseconds).await {
        let line = first_line(&text);
        if line.starts_with("BYE") || line.starts_with("CANCEL") {
            let ok = reply(&text, "200 OK", "", "");
            peer.send(ok).await;
        }
        words.push(line.split(' ').next().unwrap_or_default().to_owned());
    }
    words.dedup();
    if words.is_empty() { "nothing".into() } else { words.join(" ") }
}

async fn no_contact() -> Result<()> {
    for cured in [false, true] {
        let stack = start(Config { shim: cured, ..Default::default() }).await?;
        let mut peer = peer().await;
        let called = dial(&stack, &peer);
        let invite = peer.expect("INVITE", 2000).await.context("INVITE")?;
        let body = body(&peer);
        peer.send(reply(&invite, "200 OK", "Content-Type: application/sdp\r\n", &body)).await;
        let first = heard(&mut peer, 800).await;
        let result = match called.await? {
            Ok((dialog, _)) => {
                let (bye, then) = tokio::join!(dialog.hangup(), heard(&mut peer, 500));
                format!("do_invite Ok, hangup {}, peer heard {then}", if bye.is_ok() { "ok" } else { "failed" })
            }
            Err(error) => format!("do_invite Err({error})"),
        };
        let name = if cured { "200 without Contact, shim" } else { "200 without Contact" };
        row(name, &format!("peer heard {first}; {result}; dialogs {}", stack.dialogs.len()));
    }
    Ok(())
}

async fn other_2xx(shim: bool) -> Result<()> {
    let stack = start(Config { shim, ..Default::default() }).await?;
    let mut peer = peer().await;
    let called = dial(&stack, &peer);
    let invite = peer.expect("INVITE", 2000).await.context("INVITE")?;
    let (more, body) = (contact(&peer), body(&peer));
    peer.send(reply(&invite, "202 Accepted", &more, &body)).await;
    let first = heard(&mut peer, 800).await;
    let (dialog, _) = called.await??;
    let state = dialog.state().to_string();
    let (_, then) = tokio::join!(dialog.hangup(), heard(&mut peer, 500));
    row(
        &format!("202 to INVITE, shim {shim}"),
        &format!("peer heard {first}; {}; hangup: {then}", state.rsplit(' ').next().unwrap_or_default()),
    );
    Ok(())
}

async fn cancel_crosses() -> Result<()> {
    let stack = start(Config::default()).await?;
    let mut peer = peer().await;
    let (sender, _receiver) = stack.dialogs.new_dialog_state_channel();
    let (dialog, handle) = stack.dialogs.do_invite_async(option(&stack, &peer), sender)?;
    let invite = peer.expect("INVITE", 2000).await.context("INVITE")?;
    peer.send(reply(&invite, "180 Ringing", "", "")).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    tokio::spawn(async move { dialog.cancel().await });
    let cancel = peer.expect("CANCEL", 1000).await.context("CANCEL")?;
    let (more, body) = (contact(&peer), body(&peer));
    peer.send(reply(&invite, "200 OK", &more, &body)).await;
    peer.send(reply(&cancel, "200 OK", "", "")).await;
    let first = heard(&mut peer, 1000).await;
    handle.abort();
    row("our CANCEL crosses the peer's 200", &format!("peer heard {first}; dialogs {}", stack.dialogs.len()));

    let mut peer = self::peer().await;
    let called = dial(&stack, &peer);
    let invite = peer.expect("INVITE", 2000).await.context("INVITE")?;
    peer.send(reply(&invite, "180 Ringing", "", "")).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    called.abort();
    row("future of do_invite dropped while ringing", &format!("peer heard {}", heard(&mut peer, 800).await));
    Ok(())
}

async fn dropped_dialog() -> Result<()> {
    let stack = start(Config::default()).await?;
    let mut peer = peer().await;
    let called = dial(&stack, &peer);
    let invite = peer.expect("INVITE", 2000).await.context("INVITE")?;
    let (more, body) = (contact(&peer), body(&peer));
    peer.send(reply(&invite, "200 OK", &more, &body)).await;
    let first = heard(&mut peer, 300).await;
    drop(called.await??);
    let then = heard(&mut peer, 1000).await;
    row("confirmed dialog dropped", &format!("peer heard {first}, then {then}; dialogs {}", stack.dialogs.len()));
    Ok(())
}

async fn forked() -> Result<()> {
    let stack = start(Config::default()).await?;
    let mut peer = peer().await;
    let called = dial(&stack, &peer);
    let invite = peer.expect("INVITE", 2000).await.context("INVITE")?;
    let (more, body) = (contact(&peer), body(&peer));
    let ok = reply(&invite, "200 OK", &more, &body);
    peer.send(&ok).await;
    let first = heard(&mut peer, 300).await;
    peer.send(&ok).await;
    let again = heard(&mut peer, 300).await;
    peer.send(ok.replace(";tag=peer", ";tag=fork")).await;
    let fork = heard(&mut peer, 600).await;
    row("200; the same again; a 200 of another fork", &format!("{first}; {again}; {fork}"));
    drop(called.await??);
    Ok(())
}

async fn challenges(shim: bool) -> Result<()> {
    let md5 = "Digest realm=\"x\", nonce=\"n1\", qop=\"auth\", algorithm=MD5";
    let sha = "Digest realm=\"x\", nonce=\"n2\", qop=\"auth\", algorithm=SHA-256";
    let list = "Digest realm=\"x\", nonce=\"n1\", qop=\"auth,auth-int\", algorithm=MD5";
    let plain = "Digest realm=\"x\", nonce=\"n1\"";
    for (name, status, headers) in [
        ("401 MD5", "401 Unauthorized", vec![md5]),
        ("407 MD5", "407 Proxy Authentication Required", vec![md5]),
        ("401 without qop and algorithm", "401 Unauthorized", vec![plain]),
        ("401 qop=\"auth,auth-int\"", "401 Unauthorized", vec![list]),
        ("401 SHA-256", "401 Unauthorized", vec![sha]),
        ("401 SHA-256 and then MD5 offered", "401 Unauthorized", vec![sha, md5]),
    ] {
        let stack = start(Config { shim, ..Default::default() }).await?;
        let mut peer = peer().await;
        let called = dial(&stack, &peer);
        let invite = peer.expect("INVITE", 2000).await.context("INVITE")?;
        let field = if status.starts_with("407") { "Proxy-Authenticate" } else { "WWW-Authenticate" };
        let more: String = headers.iter().map(|h| format!("{field}: {h}\r\n")).collect();
        peer.send(reply(&invite, status, &more, "")).await;
        let again = peer.expect("INVITE", 700).await;
        let sent = again.as_ref().and_then(|t| t.lines().find(|l| l.contains("uthorization:")).map(str::to_owned));
        let tail = sent.map(|l| l.split("response").nth(1).unwrap_or_default().to_owned());
        let result = if again.is_some() {
            called.abort();
            "answered".to_owned()
        } else {
            match called.await? {
                Ok((_, r)) => format!("final {:?}", r.map(|r| r.status_code.to_string())),
                Err(e) => format!("do_invite Err({e})"),
            }
        };
        row(&format!("challenge {name}, shim {shim}"), &format!("{result}; response{}", tail.unwrap_or_default()));
    }
    Ok(())
}

async fn hang_up_fails() -> Result<()> {
    let stack = start(Config { short_timers: true, ..Default::default() }).await?;
    let mut peer = peer().await;
    let called = dial(&stack, &peer);
    let invite = peer.expect("INVITE", 2000).await.context("INVITE")?;
    let (more, body) = (contact(&peer), body(&peer));
    peer.send(reply(&invite, "200 OK", &more, &body)).await;
    heard(&mut peer, 300).await;
    let (dialog, _) = called.await??;
    let started = std::time::Instant::now();
    let collect = async { peer.collect(4000).await.iter().filter(|t| t.starts_with("BYE")).count() };
    let (result, sent) = tokio::join!(dialog.hangup(), collect);
    row(
        "BYE never answered (64*T1 set to 2 s)",
        &format!(
            "sent {sent} times, hangup {} after {} ms",
            if result.is_ok() { "Ok" } else { "Err" },
            started.elapsed().as_millis().min(4000)
        ),
    );
    Ok(())
}

/// A call set up by us whose far end gives this Contact.
async fn connected(stack: &Arc<Stack>, peer: &mut Peer, contact: &str) -> Result<InviteDialog> {
    let called = dial(stack, peer);
    let invite = peer.expect("INVITE", 2000).await.context("INVITE")?;
    let more = format!("Contact: <{contact}>\r\nContent-Type: application/sdp\r\n");
    let body = body(peer);
    peer.send(reply(&invite, "200 OK", &more, &body)).await;
    heard(peer, 200).await;
    Ok(called.await??.0)
}

async fn challenged_bye() -> Result<()> {
    let stack = start(Config::default()).await?;
    let mut peer = peer().await;
    let contact = format!("sip:peer@{}", peer.address());
    let dialog = connected(&stack, &mut peer, &contact).await?;
    let hang_up = tokio::spawn(async move { dialog.hangup().await });
    let bye = peer.expect("BYE", 1000).await.context("BYE")?;
    let more = "Proxy-Authenticate: Digest realm=\"x\", nonce=\"n1\", qop=\"auth\", algorithm=MD5\r\n";
    peer.send(reply(&bye, "407 Proxy Authentication Required", more, "")).await;
    let again = peer.expect("BYE", 1000).await;
    let credentials = again.as_ref().is_some_and(|t| t.contains("Proxy-Authorization"));
    hang_up.abort();
    row("BYE challenged with 407", &format!("sent again {}, with credentials {credentials}", again.is_some()));
    Ok(())
}

async fn remote_targets() -> Result<()> {
    for user in ["peer", "%2B4930123", "a%40b", "+4930;tgrp=x;trunk-context=y"] {
        for own in [false, true] {
            let stack = start(Config { short_timers: true, ..Default::default() }).await?;
            let mut peer = peer().await;
            let contact = format!("sip:{user}@{};line=1;ob", peer.address());
            let dialog = connected(&stack, &mut peer, &contact).await?;
            if own {
                let mut uri = Uri::try_from(format!("sip:x@{};line=1;ob", peer.address()).as_str())?;
                let decoded = user.replace("%2B", "+").replace("%40", "@");
                uri.auth = Some(Auth { user: decoded, password: None });
                Dialog::Invite(dialog.clone()).set_remote_target(uri, None);
            }
            let hang_up = tokio::spawn(async move { dialog.hangup().await });
            let bye = peer.expect("BYE", 1500).await;
            let line = bye.map_or("no BYE came".to_owned(), |b| first_line(&b).to_owned());
            let at = format!("{}", peer.address());
            let how = if own { "set_remote_target" } else { "library" };
            row(&format!("Contact sip:{user}@h;line=1;ob, {how}"), &line.replace(&at, "h"));
            hang_up.abort();
        }
    }
    Ok(())
}
