//! One outbound call with a tone, and the measure of what comes back.

use crate::stack::{Config, PASSWORD, Stack, USER, sdp};
use crate::{digest, flag, option};
use anyhow::{Context, Result, bail};
use rsipstack::dialog::authenticate::Credential;
use rsipstack::dialog::dialog::DialogState;
use rsipstack::dialog::invitation::InviteOption;
use rsipstack::sip::prelude::HasHeaders;
use rsipstack::sip::{Header, StatusCode, Uri};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::UdpSocket;

const TONE: f64 = 440.0;

fn encode(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = (i32::from(sample).abs().min(32_635)) + 132;
    let exponent = (0..8).rev().find(|e| magnitude & (1 << (e + 7)) != 0).unwrap_or(0);
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    !(u8::try_from((exponent << 4) | mantissa).expect("seven bits") | sign)
}

fn decode(byte: u8) -> f64 {
    let byte = !byte;
    let exponent = i32::from(byte >> 4) & 7;
    let value = (((i32::from(byte) & 0x0f) << 3) + 132) << exponent;
    f64::from(if byte & 0x80 == 0 { value - 132 } else { 132 - value })
}

/// The strongest frequency of 8 kHz samples in steps of 10 Hz, and its share of the energy.
fn strongest(samples: &[f64]) -> (f64, f64) {
    let energy: f64 = samples.iter().map(|s| s * s).sum();
    let power = |frequency: f64| {
        let k = 2.0 * (std::f64::consts::TAU * frequency / 8000.0).cos();
        let (mut a, mut b) = (0.0, 0.0);
        for s in samples {
            (a, b) = (s + k * a - b, a);
        }
        a * a + b * b - k * a * b
    };
    let best = (10..200).map(|n| f64::from(n) * 10.0);
    let best = best.max_by(|a, b| power(*a).total_cmp(&power(*b))).unwrap_or(0.0);
    let length = f64::from(u32::try_from(samples.len().max(1)).unwrap_or(u32::MAX));
    (best, 2.0 * power(best) / (length * energy.max(1.0)))
}

/// Writes ten seconds of the tone as a 16-bit 8 kHz WAV file.
pub fn make_tone(path: &str) -> Result<()> {
    let count = 80_000u32;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + 2 * count).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    for word in [16u32, 0x0001_0001, 8000, 16_000, 0x0010_0002] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(b"data");
    bytes.extend((2 * count).to_le_bytes());
    bytes.extend((0..count).flat_map(|n| sample(n).to_le_bytes()));
    Ok(std::fs::write(path, bytes)?)
}

/// One sample of the tone that we send.
fn sample(n: u32) -> i16 {
    let t = f64::from(n) / 8000.0;
    #[expect(clippy::cast_possible_truncation, reason = "the amplitude fits")]
    let sample = ((std::f64::consts::TAU * TONE * t).sin() * 12_000.0) as i16;
    sample
}

/// Prints the strongest frequency of a 16-bit 8 kHz WAV file.
pub fn tone_of_file(path: &str) -> Result<()> {
    let bytes = std::fs::read(path).context(path.to_owned())?;
    let samples: Vec<f64> =
        bytes[44.min(bytes.len())..].chunks_exact(2).map(|c| f64::from(i16::from_le_bytes([c[0], c[1]]))).collect();
    let loud = samples.iter().position(|s| s.abs() > 500.0).unwrap_or(0);
    let end = (loud + 16_000).min(samples.len());
    let (frequency, share) = strongest(&samples[loud..end]);
    println!("{} samples, {frequency} Hz carries {:.0} % of the energy", samples.len(), share * 100.0);
    Ok(())
}

async fn media(socket: UdpSocket, target: SocketAddr, length: Duration) -> (usize, f64, f64) {
    let mut samples = Vec::new();
    let mut packets = 0;
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let end = tokio::time::Instant::now() + length;
    let mut buffer = [0; 2048];
    for sequence in 0u16.. {
        tick.tick().await;
        if tokio::time::Instant::now() > end {
            break;
        }
        let mut packet = vec![0x80, 0];
        packet.extend(sequence.to_be_bytes());
        packet.extend((u32::from(sequence) * 160).to_be_bytes());
        packet.extend(7u32.to_be_bytes());
        packet.extend((0..160).map(|n| encode(sample(u32::from(sequence) * 160 + n))));
        socket.send_to(&packet, target).await.ok();
        while let Ok((length, _)) = socket.try_recv_from(&mut buffer) {
            if length > 12 {
                packets += 1;
                samples.extend(buffer[12..length].iter().map(|b| decode(*b)));
            }
        }
    }
    let skip = samples.len() / 4;
    let (frequency, share) = strongest(&samples[skip..]);
    (packets, frequency, share)
}

/// `call --to URI [--user U --password P] [--own-digest | --shim] [--seconds N] [--listen ADDRESS]`
pub async fn run() -> Result<()> {
    let listen = option("--listen").unwrap_or_else(|| "127.0.0.1:0".into());
    let stack =
        Stack::start(listen.parse()?, Config { shim: flag("--shim"), gate: flag("--gate"), ..Default::default() })
            .await?;
    let to = option("--to").context("--to URI")?;
    let (user, password) =
        (option("--user").unwrap_or_else(|| USER.into()), option("--password").unwrap_or_else(|| PASSWORD.into()));
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    let offer = sdp(socket.local_addr()?);
    let mut invite = InviteOption {
        caller: Uri::try_from(format!("sip:{user}@127.0.0.1").as_str())?,
        callee: Uri::try_from(to.as_str())?,
        contact: stack.contact(),
        offer: Some(offer.clone()),
        credential: (!flag("--own-digest")).then(|| Credential {
            username: user.clone(),
            password: password.clone(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let (sender, mut states) = stack.dialogs.new_dialog_state_channel();
    let (mut dialog, mut response) = stack.dialogs.do_invite(invite.clone(), sender.clone()).await?;
    if let Some(r) = response.as_ref().filter(|r| r.status_code == StatusCode::Unauthorized)
        && flag("--own-digest")
    {
        let challenges: Vec<&str> = r
            .headers()
            .iter()
            .filter_map(|h| match h {
                Header::WwwAuthenticate(h) => Some(h.value()),
                _ => None,
            })
            .collect();
        println!("challenges: {challenges:?}");
        let value = digest::answer(&challenges, &user, &password, "INVITE", &invite.callee.to_string())
            .context("no challenge that we understand")?;
        invite.headers = Some(vec![Header::Authorization(value.into())]);
        // A channel of its own: the challenged attempt reports its end on the first one.
        let (sender, receiver) = stack.dialogs.new_dialog_state_channel();
        states = receiver;
        (dialog, response) = stack.dialogs.do_invite(invite, sender).await?;
    }
    let response = response.context("no final response")?;
    println!("final response: {}", response.status_code);
    if response.status_code != StatusCode::OK {
        bail!("not answered");
    }
    let body = String::from_utf8(response.body.clone())?;
    let value = |mark: &str| body.lines().find_map(|l| l.strip_prefix(mark)).map(str::trim);
    let port = value("m=audio ").and_then(|l| l.split(' ').next()).context("port")?;
    let ip = value("c=IN IP4 ").context("address")?;
    let seconds = option("--seconds").and_then(|s| s.parse().ok()).unwrap_or(3);
    let target = format!("{ip}:{port}").parse()?;
    let media = tokio::spawn(media(socket, target, Duration::from_secs(seconds)));
    let mut ended = false;
    while !media.is_finished() {
        tokio::select! {
            state = states.recv() => match state {
                Some(DialogState::Terminated(_, why)) => { println!("the other side hung up: {why:?}"); ended = true; break; }
                Some(DialogState::Updated(_, _, handle)) => {
                    println!("re-INVITE");
                    let headers = vec![Header::ContentType("application/sdp".into())];
                    handle.respond(StatusCode::OK, Some(headers), Some(offer.clone())).await.ok();
                }
                Some(DialogState::Options(_, _, handle) | DialogState::Info(_, _, handle)) => { handle.reply(StatusCode::OK).await.ok(); }
                _ => {}
            },
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
        }
    }
    let (packets, frequency, share) = media.await?;
    println!("received {packets} packets, {frequency} Hz carries {:.0} % of the energy", share * 100.0);
    if !ended {
        dialog.hangup().await?;
    }
    stack.dialogs.remove_dialog(&dialog.id());
    println!("ended, panics {}", crate::panics());
    Ok(())
}
