//! Pages of a scripted browser against the exchange and a media plane.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail where it stands")]

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nohold_browser::{Answer, ConnectError, ConnectionId, End, Event, Exchange, Settings, Unusable};
use nohold_media::{MediaEvent, Plane, Remote, Source};
use nohold_model::{IdSource, LegId, Timestamp};
use nohold_phone::{Codec, Page, PageOffer};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Nothing here takes longer. Tones have a whole number of periods in 20 ms: a frame that the jitter buffer leaves out leaves no
/// jump in them.
const SOON: Duration = Duration::from_secs(20);
const SILENT_AFTER: Duration = Duration::from_millis(600);

struct Stage {
    exchange: Exchange,
    events: Receiver<Event>,
    plane: Plane,
    media: Receiver<MediaEvent>,
    ids: IdSource,
    _folder: tempfile::TempDir,
}

impl Stage {
    fn new(change: impl FnOnce(&mut Settings)) -> Stage {
        let mut settings = Settings::new(HERE, 0..=0);
        settings.silent_after = SILENT_AFTER;
        change(&mut settings);
        let (told, events) = channel();
        let exchange = Exchange::start(settings, move |event| {
            // The test may be over.
            let _ = told.send(event);
        })
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let settings = nohold_media::Settings {
            bind: HERE,
            ports: 0..=0,
            threads: 1,
            ..nohold_media::Settings::new(folder.path().to_owned())
        };
        let (told, media) = channel();
        let plane = Plane::start(settings, move |event| drop(told.send(event))).unwrap();
        Stage { exchange, events, plane, media, ids: IdSource::new(7), _folder: folder }
    }

    /// A page that is connected.
    async fn page(&self) -> (Page, Answer) {
        let offer = PageOffer::new(HERE, &[Codec::Pcma, Codec::Pcmu]).await.unwrap();
        let answer = self.exchange.connect(offer.sdp(), &[HERE]).unwrap();
        let page = offer.answered(&answer.sdp).unwrap();
        page.wait_connected(SOON).await.unwrap();
        self.wait(Event::Up(answer.connection));
        (page, answer)
    }

    /// A leg that speaks and hears over a connection.
    fn leg(&mut self, answer: &Answer) -> LegId {
        let leg = self.ids.next(Timestamp::EPOCH);
        self.plane.open_without_port(leg).unwrap();
        self.attach(leg, answer);
        leg
    }

    fn attach(&self, leg: LegId, answer: &Answer) {
        let agreed = answer.agreed;
        self.plane.attach(leg, self.exchange.attach(answer.connection));
        self.plane.connect(
            leg,
            Remote {
                address: None,
                codec: agreed.codec,
                payload_type: agreed.payload_type,
                telephone_event: agreed.telephone_event,
                sends: false,
                receives: true,
                symmetric: false,
                signalling: None,
            },
        );
    }

    fn bridge(&mut self, a: LegId, b: LegId) {
        let bridge = self.ids.next(Timestamp::EPOCH);
        self.plane.bridge(bridge, a, b);
    }

    fn wait(&self, wanted: Event) {
        let mut seen = Vec::new();
        loop {
            match self.events.recv_timeout(SOON) {
                Ok(event) if event == wanted => return,
                Ok(event) => seen.push(event),
                Err(_) => panic!("{wanted:?} has not happened, but {seen:?}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_hear_each_other_without_a_jump() {
    let mut stage = Stage::new(|_| {});
    let ((one, first), (other, second)) = (stage.page().await, stage.page().await);
    assert_eq!(first.agreed.payload_type, 8, "the first codec of the offer");
    let (a, b) = (stage.leg(&first), stage.leg(&second));
    stage.bridge(a, b);
    one.play_tone(450.0);
    other.play_tone(600.0);
    one.wait_tone(600.0, SOON).await.unwrap();
    let heard = other.wait_tone(450.0, SOON).await.unwrap();
    assert_eq!((heard.sequence_gaps, heard.ssrc_changes, heard.foreign), (0, 0, 0), "{heard}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_carries_one_leg_after_the_other_in_one_stream() {
    let mut stage = Stage::new(|_| {});
    let (page, answer) = stage.page().await;
    page.play_tone(450.0);
    for _ in 0..3 {
        let leg = stage.leg(&answer);
        let playback = stage.ids.next(Timestamp::EPOCH);
        stage.plane.play(leg, playback, Source::Echo);
        page.wait_tone(450.0, SOON).await.unwrap();
        stage.plane.close(leg);
        stage.exchange.detach(answer.connection);
        let before = page.heard().packets;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(page.heard().packets <= before + 2, "somebody still speaks");
    }
    let heard = page.heard();
    assert_eq!((heard.sequence_gaps, heard.reordered, heard.ssrc_changes), (0, 0, 0), "{heard}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_is_heard_once() {
    let mut stage = Stage::new(|_| {});
    let (page, answer) = stage.page().await;
    let leg = stage.leg(&answer);
    page.press("12#").unwrap();
    let mut keys = String::new();
    while keys.len() < 3 {
        match stage.media.recv_timeout(SOON).expect("a key is missing") {
            MediaEvent::Digit { leg: on, digit } if on == leg => keys.push(digit.as_char()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(keys, "12#");
    assert!(stage.media.recv_timeout(Duration::from_millis(300)).is_err(), "a key came twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leg_goes_over_to_the_page_that_was_loaded_anew() {
    let mut stage = Stage::new(|_| {});
    let (before, answer) = stage.page().await;
    let leg = stage.leg(&answer);
    let playback = stage.ids.next(Timestamp::EPOCH);
    stage.plane.play(leg, playback, Source::Echo);
    before.play_tone(450.0);
    before.wait_tone(450.0, SOON).await.unwrap();
    before.close();
    stage.wait(Event::Gone(answer.connection, End::Theirs));
    let (after, answer) = stage.page().await;
    stage.attach(leg, &answer);
    after.play_tone(600.0);
    let heard = after.wait_tone(600.0, SOON).await.unwrap();
    assert_eq!(heard.sequence_gaps, 0, "{heard}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_falls_silent_is_lost_comes_back_and_is_forgotten() {
    let stage = Stage::new(|settings| settings.forgotten_after = Duration::from_secs(2));
    let (page, Answer { connection, .. }) = stage.page().await;
    page.cut(true);
    stage.wait(Event::Lost(connection));
    page.cut(false);
    stage.wait(Event::Back(connection));
    page.cut(true);
    stage.wait(Event::Lost(connection));
    stage.wait(Event::Gone(connection, End::Lost));
    assert_eq!(stage.exchange.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_audio_breaks_off_is_quiet_before_it_is_lost() {
    let stage = Stage::new(|settings| {
        settings.quiet_after = Duration::from_millis(600);
        settings.silent_after = Duration::from_secs(3);
    });
    let (page, Answer { connection, .. }) = stage.page().await;
    // As long as it takes to be heard.
    tokio::time::sleep(Duration::from_millis(300)).await;
    page.cut(true);
    stage.wait(Event::Quiet(connection));
    page.cut(false);
    stage.wait(Event::Back(connection));
    page.cut(true);
    stage.wait(Event::Quiet(connection));
    stage.wait(Event::Lost(connection));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_never_comes_is_forgotten_and_one_that_is_closed_is_told() {
    let stage = Stage::new(|settings| settings.forgotten_after = Duration::from_millis(500));
    let (page, answer) = stage.page().await;
    stage.exchange.close(answer.connection);
    page.wait_closed(SOON).await.unwrap();
    let offer = PageOffer::new(HERE, &[Codec::Pcmu]).await.unwrap();
    let never = stage.exchange.connect(offer.sdp(), &[HERE]).unwrap().connection;
    stage.wait(Event::Gone(never, End::NeverCame));
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_counted_and_change_nothing() {
    let mut stage = Stage::new(|_| {});
    let (page, answer) = stage.page().await;
    let leg = stage.leg(&answer);
    let playback = stage.ids.next(Timestamp::EPOCH);
    stage.plane.play(leg, playback, Source::Echo);
    page.play_tone(450.0);
    let stranger = UdpSocket::bind((HERE, 0)).unwrap();
    let to = (HERE, stage.exchange.port());
    // Audio, reports, a handshake, checks for nobody and for this page with a wrong password, and nonsense.
    let ufrag = answer.sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).unwrap();
    let mut check = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    check.extend([5; 12]);
    let name = format!("{ufrag}:mine");
    let mut named = check.clone();
    named.extend([0, 6, 0, u8::try_from(name.len()).unwrap()]);
    named.extend(name.as_bytes());
    named.resize(named.len().next_multiple_of(4), 0);
    // A password that is wrong.
    named.extend([0, 8, 0, 20]);
    named.extend([9; 20]);
    let length = u16::try_from(named.len() - 20).unwrap();
    named[2..4].copy_from_slice(&length.to_be_bytes());
    let audio = [&[0x80, 8, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1][..], &[0xd5; 160]].concat();
    for datagram in [&audio[..], &[0x81, 201, 0, 1, 0, 0, 0, 1], &[22, 254, 253, 0, 0], &check, &named, b"hello", &[]] {
        for _ in 0..20 {
            stranger.send_to(datagram, to).unwrap();
        }
    }
    page.wait_tone(450.0, SOON).await.unwrap();
    stranger.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(stranger.recv_from(&mut [0; 64]).is_err(), "a stranger got an answer");
    let counters = stage.exchange.counters();
    assert_eq!(counters.strangers, 6 * 20, "{counters:?}");
    assert_eq!(page.heard().foreign, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_room_for_so_many_and_no_more() {
    let stage = Stage::new(|settings| settings.most_connections = 1);
    let offer = PageOffer::new(HERE, &[Codec::Pcmu]).await.unwrap();
    let first = stage.exchange.connect(offer.sdp(), &[HERE]).unwrap().connection;
    assert_eq!(first, ConnectionId(1));
    let refused = stage.exchange.connect(offer.sdp(), &[HERE]);
    assert!(matches!(refused, Err(ConnectError::TooMany { most: 1 })), "{refused:?}");
    stage.exchange.close(first);
    stage.wait(Event::Gone(first, End::Ours));
    stage.exchange.connect(offer.sdp(), &[HERE]).unwrap();
}

#[test]
fn offers_that_are_none_are_refused() {
    let stage = Stage::new(|_| {});
    let of = |offer: &str| match stage.exchange.connect(offer, &[HERE]) {
        Err(ConnectError::Offer(unusable)) => unusable,
        other => panic!("{other:?}"),
    };
    assert_eq!(of(&"v=0\r\n".repeat(10_000)), Unusable::TooLong);
    assert_eq!(of("hello"), Unusable::NotSdp);
    let start = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
    assert_eq!(of(&format!("{start}m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n")), Unusable::NoCodec);
    assert_eq!(of(&format!("{start}m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n")), Unusable::NotSdp, "no fingerprint, no name");
    assert_eq!(stage.exchange.connections(), 0);
}
