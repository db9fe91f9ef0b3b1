//! A switchboard for the tests: an engine, and whoever gives it commands and hears its events.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use nohold_app::ports::{CallerHeaders, Source, Telephony, TelephonyEvent};
use nohold_core::call::{Audio, Command, DialTo, Gone, HangUp, Input, Route, Shown};
use nohold_model::{BridgeId, Country, ExtensionKey, IdSource, LegId, Millis, PlaybackId, Timestamp, TrunkKey};
use nohold_phone::{Phone, PhoneSettings};
use nohold_sip::{
    Account, Addresses, BrowserSettings, CALLS_PER_EXTENSION, EdgeSettings, Engine, LONGEST_REGISTRATION, Lines,
    PageSettings, Settings, Transport, Trunk,
};
use nohold_telephony::prompts::PromptLibrary;

use tokio::sync::mpsc;
use tokio::time::timeout;

/// Nothing here takes longer.
pub const SOON: Duration = Duration::from_secs(5);
/// The realm of all passwords.
pub const REALM: &str = "nohold";

/// An engine under test.
pub struct Board {
    pub engine: Engine,
    pub events: mpsc::UnboundedReceiver<TelephonyEvent>,
    ids: IdSource,
    _recordings: tempfile::TempDir,
}

/// A call that came in.
pub struct NewCall {
    pub leg: LegId,
    pub source: Source,
    pub caller: CallerHeaders,
    pub to: String,
}

impl Board {
    /// An engine with the extensions 1000 to 1003 and no trunk.
    pub async fn new() -> Board {
        Board::with(BTreeMap::new(), Duration::from_secs(2)).await
    }

    /// An engine with these trunks beside.
    pub async fn with(trunks: BTreeMap<TrunkKey, Trunk>, trunk_silent_after: Duration) -> Board {
        Board::set_up(|settings| {
            settings.lines.trunks = trunks;
            settings.trunk_silent_after = trunk_silent_after;
        })
        .await
    }

    /// An engine with other settings.
    pub async fn set_up(change: impl FnOnce(&mut Settings)) -> Board {
        let recordings = tempfile::tempdir().unwrap();
        let here: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let addresses = Addresses { udp: vec![here], tcp: vec![here], ..Addresses::default() };
        let extensions = ["1000", "1001", "1002", "1003"]
            .map(|user| (ExtensionKey::new(user).unwrap(), Account::new(user, REALM, &password(user))));
        let mut settings = Settings {
            edge: EdgeSettings { addresses, ..EdgeSettings::default() },
            media: nohold_media::Settings {
                bind: here.ip(),
                ports: 0..=0,
                threads: 1,
                ..nohold_media::Settings::new(recordings.path().to_owned())
            },
            realm: REALM.into(),
            lines: Lines { extensions: extensions.into(), home: Country::new("CN").ok(), ..Lines::default() },
            shortest_session: 2,
            trunk_silent_after: Duration::from_secs(2),
            longest_registration: LONGEST_REGISTRATION,
            calls_per_extension: CALLS_PER_EXTENSION,
            ledger: None,
            pages: Some(PageSettings {
                exchange: BrowserSettings {
                    silent_after: Duration::from_millis(600),
                    ..BrowserSettings::new(here.ip(), 0..=0)
                },
                waits_for: Duration::from_secs(2),
            }),
        };
        change(&mut settings);
        let (sender, events) = mpsc::unbounded_channel();
        let engine = Engine::start(settings, PromptLibrary::shipped(), sender).await.unwrap();
        Board { engine, events, ids: IdSource::new(rand()), _recordings: recordings }
    }

    /// Where phones reach it.
    pub fn address(&self) -> SocketAddr {
        self.engine.addresses().udp[0]
    }

    /// A phone of an extension, registered.
    pub async fn phone(&self, user: &str) -> Phone {
        let phone = Phone::start(self.settings(user)).await.unwrap();
        phone.register(Duration::from_secs(120)).await.unwrap();
        phone
    }

    /// How a phone of an extension is set up.
    pub fn settings(&self, user: &str) -> PhoneSettings {
        PhoneSettings::new(user).password(&password(user)).server(self.address())
    }

    pub fn leg(&mut self) -> LegId {
        self.ids.next(Timestamp::EPOCH)
    }

    pub fn bridge(&mut self, a: LegId, b: LegId) -> BridgeId {
        let bridge = self.ids.next(Timestamp::EPOCH);
        self.engine.execute(Command::Bridge { bridge, a, b });
        bridge
    }

    pub fn play(&mut self, leg: LegId, audio: Audio) -> PlaybackId {
        let playback = self.ids.next(Timestamp::EPOCH);
        self.engine.execute(Command::Play { leg, playback, audio });
        playback
    }

    pub fn answer(&self, leg: LegId) {
        self.engine.execute(Command::Answer { leg });
    }

    pub fn hang_up(&self, leg: LegId, how: HangUp) {
        self.engine.execute(Command::HangUp { leg, how });
    }

    /// Dials an extension that shows nothing.
    pub fn ring(&mut self, extension: &str) -> LegId {
        self.ring_showing(extension, Shown::Nothing, false)
    }

    pub fn ring_showing(&mut self, extension: &str, shows: Shown, auto_answer: bool) -> LegId {
        let leg = self.leg();
        let extension = ExtensionKey::new(extension).unwrap();
        let to = DialTo::Extension { extension, shows, auto_answer };
        self.engine.execute(Command::Dial { leg, to, ring_for: Millis::seconds(20) });
        leg
    }

    /// Dials a number by these trunks, showing what each owns.
    pub fn dial(&mut self, number: &str, by: &[(&str, &str)]) -> LegId {
        let leg = self.leg();
        let routes = by.iter().map(|(trunk, shows)| Route {
            trunk: TrunkKey::new(trunk).unwrap(),
            dial: number.to_owned(),
            shows: Some((*shows).to_owned()),
        });
        let to = DialTo::Outside { number: None, routes: routes.collect() };
        self.engine.execute(Command::Dial { leg, to, ring_for: Millis::seconds(20) });
        leg
    }

    /// Waits until no leg and no dialog is left.
    pub async fn empty(&self) {
        let empty = async {
            while self.engine.load() != (0, 0, 0) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if timeout(SOON, empty).await.is_err() {
            panic!("legs and dialogs are left: {:?}", self.engine.load());
        }
    }

    /// The next call that comes in.
    pub async fn new_call(&mut self) -> NewCall {
        loop {
            match self.next().await {
                TelephonyEvent::NewCall { leg, source, caller, to } => return NewCall { leg, source, caller, to },
                TelephonyEvent::OnLeg(..) => {}
            }
        }
    }

    /// The next thing that happens on this leg.
    pub async fn on(&mut self, leg: LegId) -> Input {
        loop {
            match self.next().await {
                TelephonyEvent::OnLeg(on, input) if on == leg => return input,
                TelephonyEvent::OnLeg(..) | TelephonyEvent::NewCall { .. } => {}
            }
        }
    }

    /// Waits until this happens on its leg.
    pub async fn wait(&mut self, wanted: Input) {
        let mut seen = Vec::new();
        loop {
            match timeout(SOON, self.events.recv()).await {
                Ok(Some(TelephonyEvent::OnLeg(_, input))) if input == wanted => return,
                Ok(Some(other)) => seen.push(other),
                Ok(None) | Err(_) => panic!("{wanted:?} has not happened, but {seen:?}"),
            }
        }
    }

    /// Waits until the leg is gone; says why.
    pub async fn gone(&mut self, leg: LegId) -> Gone {
        loop {
            if let Input::Gone(_, why) = self.on(leg).await {
                return why;
            }
        }
    }

    async fn next(&mut self) -> TelephonyEvent {
        timeout(SOON, self.events.recv()).await.expect("nothing happens").expect("the engine is there")
    }
}

/// The password of an extension.
pub fn password(user: &str) -> String {
    format!("secret of {user}")
}

/// A trunk whose host is this phone.
pub fn trunk(phone: &Phone) -> Trunk {
    trunk_at(phone.address())
}

/// A trunk whose host is at this address.
pub fn trunk_at(address: SocketAddr) -> Trunk {
    Trunk {
        host: address.ip().to_string(),
        port: Some(address.port()),
        transport: Transport::Udp,
        credentials: None,
        register: None,
        from: Vec::new(),
        from_host: true,
        inbound: None,
        trusted_identity: true,
        assert_identity: false,
        ask_every: None,
        most_calls: None,
    }
}

fn rand() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}
