//! A disk that stands still or fails: calls go on, nobody is thanked for what might be lost, and everybody is accounted for.

use std::time::Duration;

use nohold_e2e::baresip::Baresip;
use nohold_e2e::desk::Desk;
use nohold_e2e::disk::StandStill;
use nohold_e2e::ear::{Ear, Hears, hears_speech, hears_tone, length_of_tone};
use nohold_e2e::house::{CLOSED, CUSTOMER, House, SOON, SUPPORT, Wishes};
use nohold_e2e::people::{self, AGENTS_TONE, CUSTOMERS_TONE};
use nohold_e2e::server::Place;
use nohold_e2e::{Sound, sound_of};
use nohold_phone::{Call, End, Party, Phone};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

/// How long the disk stands still.
const STALL: Duration = Duration::from_secs(5);
/// What the stall may take away of a tone that lasts as long: two windows, for a busy machine.
const NEARLY: Duration = Duration::from_millis(4_600);
/// Media and hang-ups never wait for the store.
const AT_ONCE: Duration = Duration::from_secs(1);
/// The words of a whole farewell are spoken within this.
const FAREWELL: Duration = Duration::from_secs(30);

/// The customers, in the order in which they ring.
const TALKS: &str = "+8613800138001";
const HANGS_UP: &str = "+8613800138002";
const WAITS: &str = "+8613800138003";
const GOES_BACK: &str = "+8613800138004";
const TOO_LATE: &str = "+8613800138005";
const RINGS_IN: &str = "+8613800138006";

/// Somebody's recording of the stall alone.
struct Meanwhile(usize);

impl Meanwhile {
    fn from_here(who: &impl Hears) -> Self {
        Meanwhile(who.heard_so_far().unwrap().len())
    }

    fn heard(&self, who: &impl Hears) -> Vec<i16> {
        let samples = usize::try_from(STALL.as_millis() * 8).unwrap();
        who.heard_so_far().unwrap().into_iter().skip(self.0).take(samples).collect()
    }

    /// For how long this tone was heard.
    fn tone(&self, who: &impl Hears, frequency: f64) -> Duration {
        length_of_tone(&self.heard(who), frequency)
    }

    /// For how long speech or music was heard.
    fn music(&self, who: &impl Hears) -> Duration {
        let heard = self.heard(who);
        let windows = heard.chunks_exact(1_600).filter(|window| sound_of(window) == Sound::Other);
        Duration::from_millis(200) * u32::try_from(windows.count()).unwrap()
    }
}

/// A customer and the agent of this phone, who talk, on scripted phones.
async fn a_pair(house: &House, agent: &Phone, number: &str) -> (Call, Call) {
    let caller = house.calls(number, SUPPORT).await.unwrap();
    let at_work = agent.next_call(SOON).await.unwrap().answer().await.unwrap();
    at_work.play_tone(AGENTS_TONE);
    caller.play_tone(CUSTOMERS_TONE);
    caller.wait_tone(AGENTS_TONE, FAREWELL).await.unwrap();
    at_work.wait_tone(CUSTOMERS_TONE, FAREWELL).await.unwrap();
    (caller, at_work)
}

/// The same with telephones of another maker.
async fn a_pair_of_baresips(house: &House, agent: &mut Baresip, number: &str) -> Baresip {
    let caller = people::customer(house, number, SUPPORT).await.unwrap();
    agent.wait_incoming(SOON).await.unwrap();
    agent.answer().await.unwrap();
    hears_tone(&caller, AGENTS_TONE, FAREWELL).await.unwrap();
    hears_tone(agent, CUSTOMERS_TONE, FAREWELL).await.unwrap();
    caller
}

/// A caller on a scripted phone who waits with music.
async fn waiting(house: &House, number: &str) -> Call {
    let caller = house.calls(number, SUPPORT).await.unwrap();
    caller.wait_answered(SOON).await.unwrap();
    caller.wait_speech(SOON).await.unwrap();
    caller
}

/// The same, who has pressed the callback key and hears the menu.
async fn at_the_menu(house: &House, number: &str) -> (Call, Ear) {
    let (caller, mut ear) = (waiting(house, number).await, Ear::new("en"));
    caller.press("2").await.unwrap();
    ear.hears_begin(&caller, "queue-menu", SOON).await.unwrap();
    (caller, ear)
}

/// How the store is, as an administrator is told.
async fn store(house: &House) -> Value {
    house.server.administrator().unwrap().get("/api/status").await.unwrap()["store"].take()
}

/// Whether somebody who rings in is refused, and how long that took.
async fn is_refused(house: &House, number: &str) -> (End, Duration) {
    let begun = Instant::now();
    let end = house.calls(number, SUPPORT).await.unwrap().wait_ended(SOON).await.unwrap();
    (end, begun.elapsed())
}

/// Those who are there when the disk stops.
struct Cast {
    agent: Baresip,
    talks: Baresip,
    second_agent: Phone,
    hangs_up: Call,
    left: Call,
    waits: Call,
    goes_back: (Call, Ear),
    too_late: (Baresip, Ear),
    asks: (Baresip, Ear),
}

impl Cast {
    async fn of(house: &House) -> Self {
        let mut agent = people::agent(house, "2002").await.unwrap();
        let talks = a_pair_of_baresips(house, &mut agent, TALKS).await;
        let second_agent = house.agent("2003").await.unwrap();
        let (hangs_up, left) = a_pair(house, &second_agent, HANGS_UP).await;
        let waits = waiting(house, WAITS).await;
        let goes_back = at_the_menu(house, GOES_BACK).await;
        let too_late = people::customer_at_the_menu(house, TOO_LATE).await.unwrap();
        let asks = people::customer_at_the_menu(house, CUSTOMER).await.unwrap();
        Cast { agent, talks, second_agent, hangs_up, left, waits, goes_back, too_late, asks }
    }

    /// What people do while the disk stands still, all of them at once.
    async fn live_through(&mut self, house: &House, desk: &Desk, begun: Instant) {
        let Cast { hangs_up, left, goes_back, too_late, asks, .. } = self;
        let key_2 = async {
            // It comes after what hangs, so it is certain that it was not done.
            too_late.0.press("2").await.unwrap();
            too_late.1.hears_begin(&too_late.0, "callback-not-noted", STALL).await.unwrap();
        };
        let key_1 = async {
            goes_back.0.press("1").await.unwrap();
            let menu = goes_back.1.heard_of(&goes_back.0, "queue-menu").unwrap();
            assert!(!menu.is_some_and(|menu| menu.whole), "the menu was over before the key");
        };
        let hang_up = async {
            let begun = Instant::now();
            hangs_up.hang_up().await.unwrap();
            assert!(begun.elapsed() < AT_ONCE, "the BYE was answered after {:?}", begun.elapsed());
            let end = left.wait_ended(AT_ONCE).await.unwrap();
            assert_eq!(end.by, Party::Them, "{end}");
        };
        let word = async {
            asks.1.hears_begin(&asks.0, "one-moment", STALL).await.unwrap();
            begun.elapsed()
        };
        let list = async {
            let begun = Instant::now();
            assert_eq!(desk.list().await.unwrap(), [] as [Value; 0], "nobody sees what is not certain");
            assert!(begun.elapsed() < AT_ONCE, "the list took {:?}", begun.elapsed());
        };
        let (refused, word, ..) = tokio::join!(is_refused(house, RINGS_IN), word, key_2, key_1, hang_up, list);
        assert_eq!((refused.0.by, refused.0.status), (Party::Them, Some(503)), "{}", refused.0);
        assert!(refused.1 < Duration::from_secs(4), "a new call was refused after {:?}", refused.1);
        assert!((3_000..4_500).contains(&word.as_millis()), "the caller heard a word after {word:?}");
    }

    /// The disk answers: what hung is done, once, and is thanked for now; everybody is accounted for.
    async fn come_to_an_end(self, desk: &Desk) {
        let Cast { talks, second_agent, waits, goes_back, too_late, asks: (mut asks, mut ear), .. } = self;
        ear.hears(&asks, "callback-thanks", SOON).await.unwrap();
        ear.hears(&asks, "callback-hang-up-now", FAREWELL).await.unwrap();
        asks.wait_closed(SOON).await.unwrap();
        let request = desk.sees("the request", |entry| entry["number"] == CUSTOMER).await.unwrap();
        assert_eq!((&request["section"], &request["state"]["name"]), (&json!("requests"), &json!("waiting")));
        // The agent whose customer has hung up is free, and who has waited longest is served.
        let mut served = second_agent.next_call(SOON).await.unwrap().answer().await.unwrap();
        waits.play_tone(CUSTOMERS_TONE);
        served.wait_tone(CUSTOMERS_TONE, FAREWELL).await.unwrap();
        // The others have kept their places, and are missed calls when they give up.
        drop(goes_back);
        let (mut too_late, _) = too_late;
        too_late.hang_up().await.unwrap();
        for number in [GOES_BACK, TOO_LATE] {
            let entry = desk.sees("who gave up", |entry| entry["number"] == number).await.unwrap();
            assert_eq!(entry["section"], "missed", "{entry:#}");
        }
        served.hang_up().await.unwrap();
        // Nobody else is there: who has talked is served, and who was refused is not ours.
        let numbers = desk.list().await.unwrap();
        let of = |number: &str| numbers.iter().filter(|entry| entry["number"] == number).count();
        let all = [CUSTOMER, GOES_BACK, TOO_LATE, TALKS, HANGS_UP, WAITS, RINGS_IN].map(of);
        assert_eq!(all, [1, 1, 1, 0, 0, 0, 0], "{numbers:#?}");
        hears_tone(&talks, AGENTS_TONE, SOON).await.unwrap();
    }
}

#[tokio::test]
async fn at_03_while_the_disk_stands_still_for_5_s_audio_keys_and_hang_ups_go_on_and_nobody_is_thanked() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let desk = Desk::agent(&house, "2002").await.unwrap();
    let mut cast = Cast::of(&house).await;
    let disk = StandStill::begin(&house.server).await.unwrap();
    cast.asks.0.press("2").await.unwrap();
    // From here on the disk keeps silent: what was asked has been handed to it, and whether it arrives nobody knows.
    let begun = disk.holds(SOON).await.unwrap();
    let before = cast.waits.hears(AT_ONCE).await;
    let listening = Instant::now();
    let (to_talks, to_agent) = (Meanwhile::from_here(&cast.talks), Meanwhile::from_here(&cast.agent));
    let (to_waits, to_goes_back) = (Meanwhile::from_here(&cast.waits), Meanwhile::from_here(&cast.goes_back.0));
    cast.live_through(&house, &desk, begun).await;
    // The length of the stall is what this test is about.
    sleep_until(listening + STALL).await;
    let heard = cast.waits.hears(AT_ONCE).await;
    assert_eq!(store(&house).await, "standing");
    for (caller, ear) in [&cast.asks, &cast.too_late] {
        assert!(!ear.has_heard(caller, "callback-thanks").unwrap(), "somebody was thanked for what is not certain");
    }
    let (asks, ear) = &mut cast.asks;
    ear.skip(asks).unwrap();
    disk.end().await.unwrap();
    for (heard, who) in [
        (to_talks.tone(&cast.talks, AGENTS_TONE), "the customer heard the agent"),
        (to_agent.tone(&cast.agent, CUSTOMERS_TONE), "the agent heard the customer"),
        (to_waits.music(&cast.waits), "who waits heard music"),
    ] {
        assert!(heard >= NEARLY, "{who} for {heard:?} of {STALL:?}");
    }
    let packets = heard.packets - before.packets;
    assert!((240..=270).contains(&packets), "who waits was sent {packets} packets\n{before}\n{heard}");
    assert_eq!((heard.sequence_gaps, heard.timestamp_jumps), (before.sequence_gaps, before.timestamp_jumps));
    // The menu was cut by the key, and music has followed it.
    let (goes_back, ear) = &cast.goes_back;
    assert!(!ear.heard_of(goes_back, "queue-menu").unwrap().unwrap().whole, "key 1 was not heard");
    assert!(to_goes_back.music(goes_back) >= NEARLY - AT_ONCE);
    cast.come_to_an_end(&desk).await;
}

/// The database is taken away while this lives, as a disk does that drops off the bus: the store fails, and says so at once.
struct Gone {
    from: std::path::PathBuf,
    to: std::path::PathBuf,
}

impl Gone {
    fn from(house: &House) -> Self {
        let from = house.server.data().join("nohold.db");
        let to = from.with_extension("away");
        std::fs::rename(&from, &to).unwrap();
        Gone { from, to }
    }

    fn comes_back(self) {
        std::fs::rename(self.to, self.from).unwrap();
    }
}

#[tokio::test]
async fn at_03_where_the_store_fails_2_could_not_be_noted_and_the_place_in_the_line_is_kept() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let mut agent = people::colleague(&house, "2002").await.unwrap();
    let desk = Desk::agent(&house, "2002").await.unwrap();
    let (mut first, mut ear) = people::customer_at_the_menu(&house, CUSTOMER).await.unwrap();
    let second = waiting(&house, WAITS).await;
    second.play_tone(520.0);
    let gone = Gone::from(&house);
    first.press("2").await.unwrap();
    ear.hears(&first, "callback-not-noted", SOON).await.unwrap();
    // Back in the line, where music plays and nobody is thanked.
    hears_speech(&first, SOON).await.unwrap();
    assert!(ear.heard_of(&first, "callback-thanks").unwrap().is_none(), "thanked for nothing");
    let (end, waited) = is_refused(&house, RINGS_IN).await;
    assert_eq!((end.by, end.status), (Party::Them, Some(503)), "{end}");
    assert!(waited < AT_ONCE, "a new call was refused after {waited:?}");
    gone.comes_back();
    // Who came first is first.
    desk.does("sign_in").await.unwrap();
    agent.wait_incoming(SOON).await.unwrap();
    agent.answer().await.unwrap();
    hears_tone(&agent, CUSTOMERS_TONE, FAREWELL).await.unwrap();
    hears_tone(&first, AGENTS_TONE, FAREWELL).await.unwrap();
    assert_eq!(desk.list().await.unwrap(), [] as [Value; 0], "there is no request");
}

#[tokio::test]
async fn at_03_after_hours_who_could_not_be_noted_may_leave_a_message() {
    let house = House::open(Wishes::default()).await.unwrap();
    let mut caller = people::customer(&house, CUSTOMER, CLOSED).await.unwrap();
    let mut ear = Ear::new("en");
    ear.hears_begin(&caller, "after-hours-menu", SOON).await.unwrap();
    let gone = Gone::from(&house);
    caller.press("2").await.unwrap();
    ear.hears_all(&caller, &["callback-not-noted", "message-greeting"], FAREWELL).await.unwrap();
    assert!(ear.heard_of(&caller, "callback-thanks").unwrap().is_none(), "thanked for nothing");
    gone.comes_back();
    caller.hang_up().await.unwrap();
    let desk = Desk::agent(&house, "2002").await.unwrap();
    let missed = desk.sees("the missed call", |entry| entry["number"] == CUSTOMER).await.unwrap();
    assert_eq!(missed["section"], "missed", "{missed:#}");
}

#[tokio::test]
async fn at_03_on_a_full_disk_calls_go_on_new_ones_get_503_and_what_was_thanked_for_is_there() {
    let place = Place { disk: Some(32 << 20), ..Place::default() };
    let mut house = House::open(Wishes { place, ..Wishes::with_callback_key() }).await.unwrap();
    let mut agent = people::agent(&house, "2002").await.unwrap();
    let mut desk = Desk::agent(&house, "2002").await.unwrap();
    let talks = a_pair_of_baresips(&house, &mut agent, TALKS).await;
    people::asks_to_be_called(&house, CUSTOMER).await.unwrap();
    desk.sees("the request", |entry| entry["number"] == CUSTOMER).await.unwrap();
    let (mut late, mut ear) = people::customer_at_the_menu(&house, TOO_LATE).await.unwrap();
    house.server.disk().unwrap().fill().unwrap();
    // The first who meets it is refused like all that follow.
    late.press("2").await.unwrap();
    ear.hears(&late, "callback-not-noted", SOON).await.unwrap();
    assert_eq!(store(&house).await, "full");
    for _ in 0..3 {
        let (end, waited) = is_refused(&house, RINGS_IN).await;
        assert_eq!((end.by, end.status), (Party::Them, Some(503)), "{end}");
        assert!(waited < Duration::from_secs(4), "a new call was refused after {waited:?}");
    }
    assert!(ear.heard_of(&late, "callback-thanks").unwrap().is_none(), "thanked for nothing");
    // Who talks goes on, and is heard.
    let (to_talks, to_agent) = (Meanwhile::from_here(&talks), Meanwhile::from_here(&agent));
    // The length of what they are to hear.
    tokio::time::sleep(AT_ONCE).await;
    assert!(to_talks.tone(&talks, AGENTS_TONE) >= AT_ONCE / 2 && to_agent.tone(&agent, CUSTOMERS_TONE) >= AT_ONCE / 2);
    house.server.disk().unwrap().make_room().unwrap();
    // The menu comes again at the key, and this time it is noted.
    hears_speech(&late, SOON).await.unwrap();
    late.press("2").await.unwrap();
    ear.hears_begin(&late, "queue-menu", SOON).await.unwrap();
    late.press("2").await.unwrap();
    ear.hears_begin(&late, "callback-thanks", SOON).await.unwrap();
    house.server.kill().await.unwrap();
    house.server.start_again().await.unwrap();
    desk.look_again().await.unwrap();
    for number in [CUSTOMER, TOO_LATE] {
        let entry = desk.sees("who was thanked", |entry| entry["number"] == number).await.unwrap();
        assert_eq!(entry["section"], "requests", "{entry:#}");
    }
    let listed = desk.list().await.unwrap();
    assert!(!listed.iter().any(|entry| entry["number"] == RINGS_IN), "{listed:#?}");
}
