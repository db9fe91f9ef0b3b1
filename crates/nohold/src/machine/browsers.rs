//! Whether browsers can be served.

use std::net::UdpSocket;

use super::Finding;
use crate::settings::Settings;

/// The port of browsers; nothing where the address itself cannot be had.
pub(super) fn port(settings: &Settings) -> Option<Finding> {
    const WHAT: &str = "browsers";
    let ip = settings.sip.ip();
    UdpSocket::bind((ip, 0)).ok()?;
    let free = |port: &u16| UdpSocket::bind((ip, *port)).is_ok();
    Some(match settings.browser_port {
        Some(port) if free(&port) => Finding::good(WHAT, format!("UDP {port} for their audio")),
        Some(port) => {
            let mend = "stop the program that has it, or choose another with --browser-port";
            Finding::bad(WHAT, format!("UDP port {port} is busy: {mend}"))
        }
        None => match settings.rtp_ports.clone().filter(|port| port % 2 == 1).find(free) {
            Some(port) => Finding::good(WHAT, format!("UDP {port} for their audio")),
            None => {
                let seen = "no odd one of the audio ports is free for their audio: choose one with --browser-port";
                Finding::doubtful(WHAT, seen)
            }
        },
    })
}
