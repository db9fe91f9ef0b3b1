//! Bindings on paper: a phone that registered before a restart is reached after it.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use nohold_model::{ExtensionKey, Timestamp};

use super::bindings::Binding;
use crate::addresses::Transport;
use crate::book::{BINDINGS, Fields};
use crate::engine::{Engine, now};
use crate::flow::Flow;
use crate::uri::Uri;

/// The engine waits so long for the store when it starts; phones that it has not named by then come back by themselves.
const PATIENCE: Duration = Duration::from_secs(5);

/// The name of a binding's line.
pub(super) fn name(extension: &ExtensionKey, contact: &str) -> String {
    format!("{extension} {contact}")
}

/// A binding, with the time of its end by the wall clock.
pub(super) fn line(extension: &ExtensionKey, binding: &Binding<Flow>) -> String {
    let left = binding.until.saturating_duration_since(Instant::now());
    let until = now().as_millis() + i64::try_from(left.as_millis()).unwrap_or(i64::MAX / 2);
    let mut line = format!("extension {extension}\ncontact {}\nflow {}\n", binding.contact, binding.flow);
    // Writing into a text cannot fail.
    let _ = write!(line, "until {until}\ncall-id {}\ncseq {}\n", binding.call_id, binding.cseq);
    line
}

/// Reads a line; nothing where it cannot be used or the time is over.
fn read(text: &str, at: Timestamp) -> Option<(ExtensionKey, Binding<Flow>)> {
    let fields = Fields::read(text);
    let left = fields.parsed::<i64>("until")?.checked_sub(at.as_millis())?;
    let left = Duration::from_millis(u64::try_from(left).ok()?);
    let binding = Binding {
        contact: fields.first("contact")?.to_owned(),
        flow: fields.parsed("flow")?,
        until: Instant::now().checked_add(left)?,
        call_id: fields.first("call-id")?.to_owned(),
        cseq: fields.parsed("cseq")?,
    };
    Some((ExtensionKey::new(fields.first("extension")?).ok()?, binding))
}

/// Puts back the phones that were registered when the engine ended. Their streams are gone: a phone behind one is back
/// once a new one could be opened to where its Contact leads.
pub(crate) async fn restore(engine: &Engine) {
    let lines = match tokio::time::timeout(PATIENCE, engine.book().page(BINDINGS)).await {
        Ok(Ok(lines)) => lines,
        Ok(Err(_)) | Err(_) => {
            tracing::warn!("the store does not say which phones were registered: they come back by themselves");
            return;
        }
    };
    let had = lines.iter().filter_map(|(_, text)| ExtensionKey::new(Fields::read(text).first("extension")?).ok());
    engine.registrar().had_phones(had.collect());
    let known = engine.lines();
    for (name, text) in lines {
        match read(&text, now()).filter(|(extension, _)| known.extensions.contains_key(extension)) {
            None => engine.book().strike(BINDINGS, &name),
            Some((extension, binding)) if binding.flow.transport == Transport::Udp => {
                engine.registrar().put_back(extension, binding);
            }
            Some((extension, binding)) => {
                let engine = engine.clone();
                engine.tasks().spawn("stream of a phone", async move {
                    if !engine.reopen(extension, binding).await {
                        engine.book().strike(BINDINGS, &name);
                    }
                });
            }
        }
    }
}

impl Engine {
    /// Opens a stream to a phone that had one; whether it is back, or has come back by itself.
    async fn reopen(&self, extension: ExtensionKey, mut binding: Binding<Flow>) -> bool {
        let Some(peer) = listener(&binding) else { return false };
        if self.edge().reach(peer, Transport::Tcp).await.is_err() {
            let back = self.registrar().phones(&extension);
            return back.iter().any(|one| one.contact == binding.contact);
        }
        binding.flow.peer = peer;
        if self.lines().extensions.contains_key(&extension) {
            self.registrar().put_back(extension, binding);
        }
        true
    }
}

/// Where a phone says that it takes streams, where that is the host whose stream we had.
fn listener(binding: &Binding<Flow>) -> Option<SocketAddr> {
    let uri = binding.contact.parse::<Uri>().ok()?;
    let host = uri.host().parse::<IpAddr>().ok().filter(|host| *host == binding.flow.peer.ip())?;
    Some(SocketAddr::new(host, uri.port().unwrap_or(5_060)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_is_read_as_it_was_written_until_its_time_is_over() {
        let key = ExtensionKey::new("2001").unwrap();
        let binding = Binding {
            contact: "sip:2001@192.0.2.1:5062;x=a%20b".into(),
            flow: "UDP 192.0.2.9:5062".parse().unwrap(),
            until: Instant::now() + Duration::from_secs(100),
            call_id: "a b@c".into(),
            cseq: 7,
        };
        let text = line(&key, &binding);
        let (read_key, back) = read(&text, now()).unwrap();
        assert!(back.until.abs_diff(binding.until) < Duration::from_secs(2));
        assert_eq!((read_key, Binding { until: binding.until, ..back }), (key, binding));
        assert!(read(&text, Timestamp::from_millis(now().as_millis() + 101_000)).is_none());
        assert!(read("contact x", now()).is_none());
    }

    trait Difference {
        fn abs_diff(self, other: Self) -> Duration;
    }

    impl Difference for Instant {
        fn abs_diff(self, other: Self) -> Duration {
            self.saturating_duration_since(other).max(other.saturating_duration_since(self))
        }
    }
}
