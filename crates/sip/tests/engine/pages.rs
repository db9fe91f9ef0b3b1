//! Phones in browsers: what rings there, what is dialled there, and what becomes of a call whose page is lost.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use nohold_app::ports::Telephony as _;
use nohold_app::ports::{NotOnPage, PageCallState, PageConnection, PagePhone, PagePhones as _, PageState, Source};
use nohold_core::call::{Audio, Command, Gone, HangUp, Input, Shown};
use nohold_model::{ExtensionKey, LegId};
use nohold_phone::{Codec, Page, PageOffer};
use tokio::time::timeout;

use crate::board::{Board, SOON};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// A tone is heard clearly within this, also on a machine that has much else to do. Tones have a whole number of periods in 20 ms:
/// a frame that the jitter buffer leaves out leaves no jump in them.
const LONG: Duration = Duration::from_secs(20);

fn extension() -> ExtensionKey {
    ExtensionKey::new("1000").unwrap()
}

impl Board {
    /// A page of the extension 1000, connected.
    async fn page(&self) -> (Page, PageConnection) {
        let offer = PageOffer::new(HERE, &[Codec::Pcmu, Codec::Pcma]).await.unwrap();
        let answer = self.engine.connect(&extension(), offer.sdp(), HERE).unwrap();
        let page = offer.answered(&answer.sdp).unwrap();
        page.wait_connected(SOON).await.unwrap();
        let up = |phone: &PagePhone| phone.connection == Some((answer.connection, PageState::Up));
        self.until(up).await;
        (page, answer.connection)
    }

    /// Waits until the phone is like that.
    async fn until(&self, wanted: impl Fn(&PagePhone) -> bool) -> PagePhone {
        let mut changes = self.engine.changes();
        let waited = timeout(SOON, async {
            loop {
                changes.borrow_and_update();
                let phone = self.engine.phone(&extension());
                if wanted(&phone) {
                    return phone;
                }
                changes.changed().await.unwrap();
            }
        });
        match waited.await {
            Ok(phone) => phone,
            Err(_) => panic!("the phone stays {:?}", self.engine.phone(&extension())),
        }
    }

    /// A call to the page that is answered there.
    async fn talk(&mut self) -> LegId {
        let leg = self.ring("1000");
        self.wait(Input::Ringing(leg)).await;
        self.engine.answer(&extension(), leg).unwrap();
        self.wait(Input::Answered(leg)).await;
        leg
    }
}

fn states(phone: &PagePhone) -> Vec<PageCallState> {
    phone.calls.iter().map(|call| call.state).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_rings_answers_and_hears_a_phone_which_hears_it() {
    let mut board = Board::new().await;
    let (page, _) = board.page().await;
    let phone = board.phone("1001").await;
    let leg = board.ring("1000");
    board.wait(Input::Ringing(leg)).await;
    assert_eq!(states(&board.engine.phone(&extension())), [PageCallState::Ringing]);
    board.engine.answer(&extension(), leg).unwrap();
    board.wait(Input::Answered(leg)).await;
    let other = board.ring("1001");
    let call = phone.next_call(SOON).await.unwrap().answer().await.unwrap();
    board.wait(Input::Answered(other)).await;
    board.bridge(leg, other);
    page.play_tone(450.0);
    call.play_tone(600.0);
    page.wait_tone(600.0, LONG).await.unwrap();
    call.wait_tone(450.0, LONG).await.unwrap();
    page.press("5").unwrap();
    board.wait(Input::Digit(leg, nohold_model::Digit::new('5').unwrap())).await;
    board.engine.hang_up(&extension(), leg).unwrap();
    assert_eq!(board.gone(leg).await, Gone::HungUp);
    let shown = board.until(|phone| phone.calls.is_empty()).await;
    assert_eq!(shown.ended.map(|end| (end.leg, end.why)), Some((leg, Gone::HungUp)));
    board.hang_up(other, HangUp::Normal);
    call.wait_ended(SOON).await.unwrap();
    board.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_answers_first_has_the_call_and_the_other_stops_ringing() {
    let mut board = Board::new().await;
    let (page, _) = board.page().await;
    let phone = board.phone("1000").await;
    // The phone on the desk.
    let leg = board.ring("1000");
    let call = phone.next_call(SOON).await.unwrap().answer().await.unwrap();
    board.wait(Input::Answered(leg)).await;
    board.until(|phone| phone.calls.is_empty()).await;
    assert_eq!(board.engine.answer(&extension(), leg), Err(NotOnPage::NoCall));
    board.hang_up(leg, HangUp::Normal);
    call.wait_ended(SOON).await.unwrap();
    assert_eq!(board.gone(leg).await, Gone::HungUp);
    // The page.
    let leg = board.ring("1000");
    let incoming = phone.next_call(SOON).await.unwrap();
    board.engine.answer(&extension(), leg).unwrap();
    board.wait(Input::Answered(leg)).await;
    incoming.wait_ended(SOON).await.unwrap();
    page.play_tone(450.0);
    board.play(leg, Audio::Echo);
    page.wait_tone(450.0, LONG).await.unwrap();
    board.hang_up(leg, HangUp::Normal);
    assert_eq!(board.gone(leg).await, Gone::HungUp);
    board.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn declining_at_the_page_declines_for_all_phones() {
    let mut board = Board::new().await;
    let (_page, _) = board.page().await;
    let phone = board.phone("1000").await;
    let leg = board.ring("1000");
    let incoming = phone.next_call(SOON).await.unwrap();
    board.engine.hang_up(&extension(), leg).unwrap();
    assert_eq!(board.gone(leg).await, Gone::Refused);
    incoming.wait_ended(SOON).await.unwrap();
    board.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_asked_to_answers_by_itself_and_is_busy_for_others() {
    let mut board = Board::new().await;
    let (_page, _) = board.page().await;
    let leg = board.ring_showing("1000", Shown::Nothing, true);
    board.wait(Input::Answered(leg)).await;
    let second = board.ring("1000");
    assert_eq!(board.gone(second).await, Gone::Busy);
    board.hang_up(leg, HangUp::Normal);
    assert_eq!(board.gone(leg).await, Gone::HungUp);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tone_of_a_busy_line_keeps_no_call_away_from_the_page_and_ends_by_the_next() {
    let mut board = Board::new().await;
    let (page, _) = board.page().await;
    for (by_itself, hz) in [(false, 450.0), (true, 600.0)] {
        let busy = board.talk().await;
        board.hang_up(busy, HangUp::Busy);
        board.until(|phone| states(phone) == [PageCallState::Busy]).await;
        let next = board.ring_showing("1000", Shown::Nothing, by_itself);
        if !by_itself {
            assert_eq!(board.gone(busy).await, Gone::HungUp);
            board.engine.answer(&extension(), next).unwrap();
        }
        board.wait(Input::Answered(next)).await;
        board.until(|phone| states(phone) == [PageCallState::Talking]).await;
        page.play_tone(hz);
        board.play(next, Audio::Echo);
        page.wait_tone(hz, LONG).await.unwrap();
        board.hang_up(next, HangUp::Normal);
        assert_eq!(board.gone(next).await, Gone::HungUp);
    }
    // With nothing after it, it ends by itself.
    let busy = board.talk().await;
    board.hang_up(busy, HangUp::Busy);
    page.wait_tone(425.0, LONG).await.unwrap();
    assert_eq!(board.gone(busy).await, Gone::HungUp);
    board.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dialled_at_the_page_comes_in_as_a_call_of_its_extension() {
    let mut board = Board::new().await;
    assert_eq!(board.engine.dial(&extension(), "600"), Err(NotOnPage::NotConnected));
    let (page, _) = board.page().await;
    assert_eq!(board.engine.dial(&extension(), " \u{7} "), Err(NotOnPage::Dialled(64)));
    let leg = board.engine.dial(&extension(), " *43 ").unwrap();
    let call = board.new_call().await;
    assert_eq!((call.leg, call.to.as_str()), (leg, "*43"));
    assert_eq!(call.source, Source::Extension(extension()));
    assert_eq!(board.engine.dial(&extension(), "600"), Err(NotOnPage::InCall));
    board.engine.execute(Command::Ring { leg });
    board.until(|phone| states(phone) == [PageCallState::RingingThere]).await;
    board.answer(leg);
    board.until(|phone| states(phone) == [PageCallState::Talking]).await;
    page.play_tone(450.0);
    board.play(leg, Audio::Echo);
    page.wait_tone(450.0, LONG).await.unwrap();
    board.engine.hang_up(&extension(), leg).unwrap();
    assert_eq!(board.gone(leg).await, Gone::HungUp);
    let refused = board.engine.dial(&extension(), "999").unwrap();
    board.new_call().await;
    board.hang_up(refused, HangUp::Unknown);
    assert_eq!(board.gone(refused).await, Gone::HungUp);
    let shown = board.until(|phone| phone.calls.is_empty()).await;
    assert_eq!(shown.ended.and_then(|end| end.refused), Some(HangUp::Unknown));
    board.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_at_the_page_that_was_loaded_anew() {
    let mut board = Board::new().await;
    let (before, _) = board.page().await;
    let leg = board.talk().await;
    board.play(leg, Audio::Echo);
    before.play_tone(450.0);
    before.wait_tone(450.0, LONG).await.unwrap();
    before.close();
    board.until(|phone| phone.connection.is_none()).await;
    let (after, _) = board.page().await;
    after.play_tone(600.0);
    after.wait_tone(600.0, LONG).await.unwrap();
    // Another tab takes it over from one that is still there.
    let (other, _) = board.page().await;
    after.wait_closed(SOON).await.unwrap();
    other.play_tone(500.0);
    other.wait_tone(500.0, LONG).await.unwrap();
    board.hang_up(leg, HangUp::Normal);
    assert_eq!(board.gone(leg).await, Gone::HungUp);
    board.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_network_breaks_for_a_moment_keeps_its_call() {
    let mut board = Board::new().await;
    let (page, _) = board.page().await;
    let leg = board.talk().await;
    board.play(leg, Audio::Echo);
    page.play_tone(450.0);
    page.wait_tone(450.0, LONG).await.unwrap();
    page.cut(true);
    board.until(|phone| matches!(phone.connection, Some((_, PageState::Lost)))).await;
    page.cut(false);
    board.until(|phone| matches!(phone.connection, Some((_, PageState::Up)))).await;
    page.play_tone(600.0);
    page.wait_tone(600.0, LONG).await.unwrap();
    board.hang_up(leg, HangUp::Normal);
    assert_eq!(board.gone(leg).await, Gone::HungUp);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_does_not_come_back_is_told_to_be_lost() {
    let mut board = Board::new().await;
    let (page, _) = board.page().await;
    let leg = board.talk().await;
    drop(page);
    board.until(|phone| matches!(phone.connection, Some((_, PageState::Lost)))).await;
    board.wait(Input::PhoneAway(leg, true)).await;
    assert_eq!(board.gone(leg).await, Gone::PhoneLost);
    board.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_audio_breaks_off_is_away_before_it_is_lost() {
    let mut board = Board::set_up(|settings| {
        let Some(pages) = &mut settings.pages else { return };
        (pages.exchange.quiet_after, pages.exchange.silent_after) =
            (Duration::from_millis(600), Duration::from_secs(3));
    })
    .await;
    let (page, _) = board.page().await;
    let leg = board.talk().await;
    board.play(leg, Audio::Echo);
    page.play_tone(450.0);
    page.wait_tone(450.0, LONG).await.unwrap();
    page.cut(true);
    board.wait(Input::PhoneAway(leg, true)).await;
    let up = |phone: &PagePhone| matches!(phone.connection, Some((_, PageState::Up)));
    assert!(up(&board.engine.phone(&extension())), "it may be a moment of the network");
    page.cut(false);
    board.wait(Input::PhoneAway(leg, false)).await;
    page.cut(true);
    board.wait(Input::PhoneAway(leg, true)).await;
    assert_eq!(board.gone(leg).await, Gone::PhoneLost, "told once");
    board.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_put_away_hangs_up_and_is_not_rung_any_more() {
    let mut board = Board::new().await;
    let (page, connection) = board.page().await;
    let leg = board.talk().await;
    assert!(!board.engine.disconnect(&extension(), PageConnection(99)));
    assert!(board.engine.disconnect(&extension(), connection));
    assert_eq!(board.gone(leg).await, Gone::HungUp);
    page.wait_closed(SOON).await.unwrap();
    let leg = board.ring("1000");
    assert_eq!(board.gone(leg).await, Gone::Unreachable);
    board.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_sign_in_ends_waits_for_the_agent_to_sign_in_again() {
    let mut board = Board::new().await;
    let (page, connection) = board.page().await;
    let leg = board.talk().await;
    board.play(leg, Audio::Echo);
    assert!(!board.engine.let_go(&extension(), PageConnection(99), true));
    assert!(board.engine.let_go(&extension(), connection, true));
    // Who is not signed in hears nothing any more.
    page.wait_closed(SOON).await.unwrap();
    let (again, connection) = board.page().await;
    again.play_tone(600.0);
    again.wait_tone(600.0, LONG).await.unwrap();
    assert!(board.engine.let_go(&extension(), connection, true));
    board.wait(Input::PhoneAway(leg, true)).await;
    assert_eq!(board.gone(leg).await, Gone::PhoneLost, "nobody came back");
    board.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_who_cannot_sign_in_again_is_lost_at_once_and_not_hung_up() {
    let mut board = Board::set_up(|settings| {
        if let Some(pages) = &mut settings.pages {
            pages.waits_for = Duration::from_secs(60);
        }
    })
    .await;
    let (page, connection) = board.page().await;
    let leg = board.talk().await;
    assert!(board.engine.let_go(&extension(), connection, false));
    page.wait_closed(SOON).await.unwrap();
    assert_eq!(board.gone(leg).await, Gone::PhoneLost);
    board.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rings_where_a_sign_in_ends_goes_to_somebody_else_at_once() {
    let mut board = Board::new().await;
    let (_page, connection) = board.page().await;
    let leg = board.ring("1000");
    board.wait(Input::Ringing(leg)).await;
    assert!(board.engine.let_go(&extension(), connection, true));
    assert_eq!(board.gone(leg).await, Gone::Unreachable, "nobody has declined");
    board.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_whose_page_stays_away_is_without_one_unless_another_phone_is_there() {
    let board = Board::new().await;
    assert!(board.engine.without_a_page().is_empty(), "who never had a page misses none");
    assert!(board.engine.pages_away().is_empty());
    let (page, _) = board.page().await;
    assert!(board.engine.pages_away().is_empty());
    drop(page);
    board.until(|phone| matches!(phone.connection, Some((_, PageState::Lost)))).await;
    assert!(board.engine.without_a_page().is_empty(), "it may come back");
    assert_eq!(board.engine.pages_away(), [extension()].into(), "nothing rings there until then");
    let missed = timeout(SOON, async {
        while !board.engine.without_a_page().contains(&extension()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    missed.await.unwrap();
    let (page, connection) = board.page().await;
    assert!(board.engine.without_a_page().is_empty());
    assert!(board.engine.pages_away().is_empty());
    let phone = board.phone("1000").await;
    assert!(board.engine.disconnect(&extension(), connection));
    page.wait_closed(SOON).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(board.engine.without_a_page().is_empty());
    assert!(board.engine.pages_away().is_empty(), "the phone on the desk rings");
    phone.unregister().await.unwrap();
    assert!(board.engine.without_a_page().is_empty(), "who works by another phone is missed by no page");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_echo_test_tells_how_loud_it_is_and_gives_way_to_a_call() {
    let mut board = Board::new().await;
    assert_eq!(board.engine.echo(&extension(), true), Err(NotOnPage::NotConnected));
    let (page, _) = board.page().await;
    page.play_tone(450.0);
    board.engine.echo(&extension(), true).unwrap();
    page.wait_tone(450.0, LONG).await.unwrap();
    // The tone has a third of full scale: -9 dB, and its mean power is 3 dB below that.
    let loud = timeout(LONG, async {
        while !board.engine.level(&extension()).is_some_and(|level| (-13..=-11).contains(&level)) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(loud.await.is_ok(), "{:?}", board.engine.level(&extension()));
    let leg = board.talk().await;
    assert!(!board.engine.phone(&extension()).echo);
    assert_eq!(board.engine.level(&extension()), None);
    assert_eq!(board.engine.echo(&extension(), true), Err(NotOnPage::InCall));
    board.hang_up(leg, HangUp::Normal);
    assert_eq!(board.gone(leg).await, Gone::HungUp);
    board.engine.echo(&extension(), true).unwrap();
    board.engine.echo(&extension(), false).unwrap();
    board.engine.echo(&extension(), false).unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    board.empty().await;
}
