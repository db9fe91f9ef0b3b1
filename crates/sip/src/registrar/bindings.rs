//! Where the phones of ours can be reached: the bindings of a registrar (RFC 3261 §10.3), as a pure table.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use nohold_model::ExtensionKey;
use thiserror::Error;

/// A registration lasts this long where the phone asks for nothing, in seconds.
pub const USUAL: u32 = 300;
/// A phone that asks for less is told this (RFC 3261 §10.2.8).
pub const SHORTEST: u32 = 60;
/// More phones than this are not kept for one extension; the oldest gives way.
pub const MOST: usize = 10;

/// One phone. `F` is the way back to it, which the transport knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding<F> {
    /// Its Contact, as it was written: what requests to it carry.
    pub contact: String,
    /// Where they are sent.
    pub flow: F,
    /// When it ends.
    pub until: Instant,
    pub(super) call_id: String,
    pub(super) cseq: u32,
}

/// One Contact of a REGISTER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Its URI.
    pub contact: String,
    /// Its own `expires`, or else that of the request.
    pub expires: Option<u32>,
}

/// What a REGISTER asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing: the phone wants to know its bindings.
    Ask,
    /// `Contact: *` with `Expires: 0`.
    RemoveAll,
    /// These contacts; zero removes one.
    Set(Vec<Wish>),
}

/// Why a REGISTER changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refused {
    /// 423 with `Min-Expires`.
    #[error("a registration of less than {SHORTEST} s is not taken")]
    TooBrief,
    /// An older request of the same phone came late; 500 (RFC 3261 §10.3 step 7).
    #[error("an older request of the same phone")]
    OutOfOrder,
    /// 403.
    #[error("one request registers {MOST} phones at the most")]
    TooMany,
}

/// The bindings of all extensions.
#[derive(Debug)]
pub struct Bindings<F> {
    of: BTreeMap<ExtensionKey, Vec<Binding<F>>>,
    /// No registration lasts longer, in seconds.
    longest: u32,
}

impl<F: Clone + PartialEq> Bindings<F> {
    /// No bindings; none will last longer than this, in seconds.
    #[must_use]
    pub fn new(longest: u32) -> Self {
        Bindings { of: BTreeMap::new(), longest: longest.max(SHORTEST) }
    }

    /// All that is kept of an extension, also what has expired.
    #[must_use]
    pub fn kept(&self, extension: &ExtensionKey) -> Vec<Binding<F>> {
        self.of.get(extension).cloned().unwrap_or_default()
    }

    /// Puts back a binding of the run before this one; nothing happens where the phone has come back by itself, or others
    /// have taken all places.
    pub fn put_back(&mut self, extension: ExtensionKey, binding: Binding<F>) -> bool {
        let bindings = self.of.entry(extension).or_default();
        let room = bindings.len() < MOST && bindings.iter().all(|one| one.contact != binding.contact);
        if room {
            // It is older than all that have come since.
            bindings.insert(0, binding);
        }
        room
    }

    /// Carries out a REGISTER, whole or not at all, and says what then stands.
    ///
    /// # Errors
    /// [`Refused`]; nothing has changed then.
    pub fn register(
        &mut self,
        extension: &ExtensionKey,
        change: &Change,
        (call_id, cseq): (&str, u32),
        flow: &F,
        now: Instant,
    ) -> Result<Vec<Binding<F>>, Refused> {
        let mut bindings = self.live(extension, now);
        let late = |binding: &Binding<F>| binding.call_id == call_id && cseq <= binding.cseq;
        match change {
            Change::Ask => {}
            Change::RemoveAll if bindings.iter().any(late) => return Err(Refused::OutOfOrder),
            Change::RemoveAll => bindings.clear(),
            Change::Set(wishes) => {
                for wish in wishes {
                    let expires = wish.expires.unwrap_or(USUAL).min(self.longest);
                    if expires != 0 && expires < SHORTEST {
                        return Err(Refused::TooBrief);
                    }
                    if bindings.iter().any(|binding| binding.contact == wish.contact && late(binding)) {
                        return Err(Refused::OutOfOrder);
                    }
                    bindings.retain(|binding| binding.contact != wish.contact);
                    if expires > 0 {
                        let until = now + Duration::from_secs(expires.into());
                        let (contact, call_id) = (wish.contact.clone(), call_id.to_owned());
                        bindings.push(Binding { contact, flow: flow.clone(), until, call_id, cseq });
                    }
                }
                if wishes.len() > MOST {
                    return Err(Refused::TooMany);
                }
                // The oldest gives way: a phone that has started anew at another port must not be shut out by its own past.
                bindings.drain(..bindings.len().saturating_sub(MOST));
            }
        }
        if bindings.is_empty() {
            self.of.remove(extension);
        } else {
            self.of.insert(extension.clone(), bindings.clone());
        }
        Ok(bindings)
    }

    /// The phones of an extension that are registered now, the latest last.
    #[must_use]
    pub fn live(&self, extension: &ExtensionKey, now: Instant) -> Vec<Binding<F>> {
        let all = self.of.get(extension).into_iter().flatten();
        all.filter(|binding| binding.until > now).cloned().collect()
    }

    /// Whether a phone is registered that is reached by this way.
    #[must_use]
    pub fn has(&self, flow: &F, now: Instant) -> bool {
        self.of.values().flatten().any(|binding| binding.until > now && binding.flow == *flow)
    }

    /// All phones that are registered now, for keep-alives.
    #[must_use]
    pub fn all(&self, now: Instant) -> Vec<(ExtensionKey, Binding<F>)> {
        let all = self.of.iter().flat_map(|(key, bindings)| bindings.iter().map(move |binding| (key, binding)));
        all.filter(|(_, binding)| binding.until > now).map(|(key, binding)| (key.clone(), binding.clone())).collect()
    }

    /// Forgets the phones of extensions that are not there any more, and what has expired; says which those are.
    pub fn retain(&mut self, now: Instant, known: impl Fn(&ExtensionKey) -> bool) -> Vec<(ExtensionKey, String)> {
        let mut gone = Vec::new();
        self.of.retain(|extension, bindings| {
            let known = known(extension);
            for binding in bindings.extract_if(.., |binding| !known || binding.until <= now) {
                gone.push((extension.clone(), binding.contact));
            }
            !bindings.is_empty()
        });
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: &str = "sip:2001@192.0.2.1:5062";
    const OTHER: &str = "sip:2001@192.0.2.2:5062;transport=tcp";

    const LONGEST: u32 = 600;

    struct Phones {
        bindings: Bindings<&'static str>,
        now: Instant,
    }

    impl Phones {
        fn new() -> Self {
            Phones { bindings: Bindings::new(LONGEST), now: Instant::now() }
        }

        fn register(&mut self, change: &Change, of: (&str, u32)) -> Result<Vec<String>, Refused> {
            let key = ExtensionKey::new("2001").unwrap();
            let stand = self.bindings.register(&key, change, of, &"flow", self.now)?;
            Ok(stand.into_iter().map(|binding| binding.contact).collect())
        }

        fn live(&self) -> usize {
            self.bindings.live(&ExtensionKey::new("2001").unwrap(), self.now).len()
        }
    }

    fn set(wishes: &[(&str, Option<u32>)]) -> Change {
        let wish = |(contact, expires): &(&str, Option<u32>)| Wish { contact: (*contact).into(), expires: *expires };
        Change::Set(wishes.iter().map(wish).collect())
    }

    #[test]
    fn phones_come_and_go() {
        let mut phones = Phones::new();
        assert_eq!(phones.register(&set(&[(PHONE, None)]), ("a", 1)).unwrap(), [PHONE]);
        assert_eq!(phones.register(&set(&[(OTHER, Some(600))]), ("b", 1)).unwrap(), [PHONE, OTHER]);
        assert_eq!(phones.register(&Change::Ask, ("c", 1)).unwrap(), [PHONE, OTHER]);
        assert_eq!(phones.register(&set(&[(PHONE, Some(0))]), ("a", 2)).unwrap(), [OTHER]);
        assert_eq!(phones.register(&Change::RemoveAll, ("b", 2)).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_binding_ends_by_itself_and_a_refresh_prolongs_it() {
        let mut phones = Phones::new();
        phones.register(&set(&[(PHONE, Some(100))]), ("a", 1)).unwrap();
        phones.now += Duration::from_secs(60);
        assert_eq!(phones.register(&set(&[(PHONE, Some(100))]), ("a", 2)).unwrap(), [PHONE]);
        phones.now += Duration::from_secs(99);
        assert_eq!(phones.live(), 1);
        phones.now += Duration::from_secs(1);
        assert_eq!(phones.live(), 0);
    }

    #[test]
    fn an_older_request_does_not_undo_a_newer_one() {
        let mut phones = Phones::new();
        phones.register(&set(&[(PHONE, None)]), ("a", 5)).unwrap();
        assert_eq!(phones.register(&set(&[(PHONE, Some(0))]), ("a", 4)), Err(Refused::OutOfOrder));
        assert_eq!(phones.register(&Change::RemoveAll, ("a", 5)), Err(Refused::OutOfOrder));
        assert_eq!(phones.live(), 1);
        // A phone that has started anew has a new Call-ID.
        assert_eq!(phones.register(&set(&[(PHONE, None)]), ("z", 1)).unwrap(), [PHONE]);
    }

    #[test]
    fn a_request_is_carried_out_whole_or_not_at_all() {
        let mut phones = Phones::new();
        let change = set(&[(PHONE, None), (OTHER, Some(59))]);
        assert_eq!(phones.register(&change, ("a", 1)), Err(Refused::TooBrief));
        assert_eq!(phones.live(), 0);
        let many: Vec<String> = (0..=MOST).map(|n| format!("sip:2001@192.0.2.{n}")).collect();
        let many: Vec<(&str, Option<u32>)> = many.iter().map(|contact| (contact.as_str(), None)).collect();
        assert_eq!(phones.register(&set(&many), ("a", 1)), Err(Refused::TooMany));
        assert_eq!(phones.live(), 0);
        for (n, (contact, _)) in many.iter().enumerate() {
            phones.register(&set(&[(contact, None)]), (&n.to_string(), 1)).unwrap();
        }
        assert_eq!(phones.live(), MOST, "the oldest has given way");
    }

    #[test]
    fn no_registration_lasts_longer_than_we_allow() {
        let mut phones = Phones::new();
        phones.register(&set(&[(PHONE, Some(u32::MAX))]), ("a", 1)).unwrap();
        phones.now += Duration::from_secs(u64::from(LONGEST) + 1);
        assert_eq!(phones.live(), 0);
    }

    #[test]
    fn a_phone_that_has_come_back_by_itself_is_not_put_back() {
        let mut phones = Phones::new();
        let key = ExtensionKey::new("2001").unwrap();
        phones.register(&set(&[(PHONE, None)]), ("a", 1)).unwrap();
        let [binding] = &phones.bindings.kept(&key)[..] else { panic!() };
        let (same, other) = (binding.clone(), Binding { contact: OTHER.into(), ..binding.clone() });
        assert!(!phones.bindings.put_back(key.clone(), same));
        assert!(phones.bindings.put_back(key, other));
        assert_eq!(phones.live(), 2);
        assert_eq!(phones.register(&set(&[(OTHER, None)]), ("a", 1)), Err(Refused::OutOfOrder), "its numbers go on");
    }

    #[test]
    fn the_phones_of_a_deleted_extension_are_forgotten() {
        let mut phones = Phones::new();
        phones.register(&set(&[(PHONE, None)]), ("a", 1)).unwrap();
        let gone = phones.bindings.retain(phones.now, |_| false);
        assert_eq!(gone, [(ExtensionKey::new("2001").unwrap(), PHONE.to_owned())]);
        assert_eq!(phones.live(), 0);
    }
}
