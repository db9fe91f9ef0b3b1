//! Outside business hours: the choice of callback or message, and promises of the next opening.

use std::time::Duration;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, ZonedDateTime};
use nohold_e2e::desk::Desk;
use nohold_e2e::ear::{Ear, hears_speech};
use nohold_e2e::house::{CUSTOMER, House, SOON, SUPPORT, Wishes};
use nohold_e2e::people;
use serde_json::json;

/// The words of a whole farewell are spoken within this.
const FAREWELL: Duration = Duration::from_secs(30);
/// "… between nine and eleven tomorrow morning".
const TOMORROW_9_TO_11: [&str; 6] = ["between", "number-9", "and", "number-11", "day-tomorrow", "part-morning"];
/// The whole week, nine to six.
const NINE_TO_SIX: &str = "mon = [\"09:00-18:00\"]\ntue = [\"09:00-18:00\"]\nwed = [\"09:00-18:00\"]\n\
    thu = [\"09:00-18:00\"]\nfri = [\"09:00-18:00\"]\nsat = [\"09:00-18:00\"]\nsun = [\"09:00-18:00\"]\n";

fn now() -> ZonedDateTime {
    Timestamp::now().in_tz("Asia/Shanghai").unwrap()
}

fn today() -> Date {
    now().date()
}

/// Nothing of a test may happen on another day than the one for which it has set up the hours.
async fn stays_today() {
    let left = now().end_of_day().unwrap().timestamp().duration_since(Timestamp::now());
    let left = Duration::try_from(left).unwrap_or_default();
    if left < Duration::from_secs(120) {
        tokio::time::sleep(left + Duration::from_secs(1)).await;
    }
}

/// A number that leads to queue 600, and after the hours of this calendar to the after-hours flow.
fn number(number: &str, calendar: &str) -> String {
    format!(
        "[numbers.\"{number}\"]\nservice = \"support\"\ncalendar = \"{calendar}\"\ntarget = {{ queue = \"600\" }}\n\
         when_closed = {{ flow = \"after-hours\" }}\n"
    )
}

/// The house on a day that is closed, before one with hours from nine to six; the service has those hours.
async fn closed_today() -> Wishes {
    stays_today().await;
    let closed = format!(
        "[calendars.tomorrow]\n[calendars.tomorrow.weekly]\n{NINE_TO_SIX}\n[[calendars.tomorrow.closures]]\n\
         name = \"Stocktaking\"\nfrom = \"{}\"\n",
        today()
    );
    let more = closed + &number("+862161230011", "tomorrow");
    Wishes { service: "calendar = \"tomorrow\"", more, ..Wishes::default() }
}

#[tokio::test]
async fn at_08_after_hours_2_makes_a_request_for_the_next_opening_and_nobody_is_dialled_before() {
    let house = House::open(closed_today().await).await.unwrap();
    let mut agent = people::agent(&house, "2000").await.unwrap();
    let mut caller = people::customer(&house, CUSTOMER, "+862161230011").await.unwrap();
    let mut ear = Ear::new("en");
    ear.hears_begin(&caller, "after-hours-menu", SOON).await.unwrap();
    // There is no key 1: the menu is said again.
    caller.press("1").await.unwrap();
    ear.hears(&caller, "after-hours-menu", SOON).await.unwrap();
    caller.press("2").await.unwrap();
    ear.hears(&caller, "callback-thanks", SOON).await.unwrap();
    ear.hears_all(&caller, &TOMORROW_9_TO_11, SOON).await.unwrap();
    ear.hears(&caller, "callback-hang-up-now", SOON).await.unwrap();
    caller.wait_closed(SOON).await.unwrap();
    assert!(agent.wait_incoming(Duration::from_millis(500)).await.is_err(), "no agent is rung");
    assert!(house.carrier.next_call(Duration::from_millis(500)).await.is_err(), "no customer is dialled");
}

#[tokio::test]
async fn at_08_a_request_just_before_closing_is_promised_the_next_opening() {
    stays_today().await;
    let closing = now().checked_add(10.minutes()).unwrap();
    let closing = if closing.date() == today() { closing.strftime("%H:%M").to_string() } else { "24:00".into() };
    let more = format!(
        "[calendars.short]\n[calendars.short.weekly]\n{NINE_TO_SIX}\n[[calendars.short.make_up_days]]\n\
         date = \"{}\"\nhours = {{ spans = [\"00:00-{closing}\"] }}\n",
        today()
    );
    let queue = "callback_key = { digit = \"2\" }";
    let wishes = Wishes { service: "calendar = \"short\"", queue, more, ..Wishes::default() };
    let house = House::open(wishes).await.unwrap();
    let mut agent = people::agent(&house, "2002").await.unwrap();
    people::star(&mut agent, "*13").await.unwrap();
    let mut caller = people::customer(&house, CUSTOMER, SUPPORT).await.unwrap();
    let mut ear = Ear::new("en");
    hears_speech(&caller, SOON).await.unwrap();
    caller.press("2").await.unwrap();
    ear.hears_begin(&caller, "queue-menu", SOON).await.unwrap();
    caller.press("2").await.unwrap();
    ear.hears(&caller, "callback-thanks", SOON).await.unwrap();
    ear.hears_all(&caller, &TOMORROW_9_TO_11, SOON).await.unwrap();
}

#[tokio::test]
async fn at_08_week_closure_make_up_day_and_time_zone_decide() {
    stays_today().await;
    // Some hours around now in Shanghai, which is night or evening in New York and the other way round.
    let (now, today) = (now(), today());
    let hours = format!("{:02}:00-{:02}:00", (now.hour() - 1).max(0), (now.hour() + 2).min(24));
    let week: String =
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map(|day| format!("{day} = [\"{hours}\"]\n")).concat();
    let closure = format!("from = \"{today}\"\n");
    let make_up = format!("date = \"{today}\"\nhours = {{ spans = [\"{hours}\"] }}\n");
    let more = format!(
        "[calendars.open]\n[calendars.open.weekly]\n{week}\n\
         [calendars.away]\nzone = \"America/New_York\"\n[calendars.away.weekly]\n{week}\n\
         [calendars.closed]\n[calendars.closed.weekly]\n{week}\n[[calendars.closed.closures]]\n{closure}\n\
         [calendars.made-up]\n[calendars.made-up.weekly]\n[[calendars.made-up.closures]]\n{closure}\n\
         [[calendars.made-up.make_up_days]]\n{make_up}\n"
    );
    let calendars =
        [("open", true), ("away", false), ("closed", false), ("made-up", true), ("office", false)].into_iter();
    let calendars: Vec<(String, &str, bool)> =
        calendars.enumerate().map(|(n, (calendar, open))| (format!("+86216123002{n}"), calendar, open)).collect();
    let numbers: String = calendars.iter().map(|(to, calendar, _)| number(to, calendar)).collect();
    let house = House::open(Wishes { more: more + &numbers, ..Wishes::default() }).await.unwrap();
    for (to, calendar, open) in calendars {
        let mut caller = people::customer(&house, CUSTOMER, &to).await.unwrap();
        let mut ear = Ear::new("en");
        hears_speech(&caller, SOON).await.unwrap();
        if open {
            // The menu would have begun at once: that it does not within this time is what is looked at.
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(!ear.has_heard(&caller, "after-hours-menu").unwrap(), "{calendar} is open at {now}");
        } else {
            ear.hears_begin(&caller, "after-hours-menu", SOON).await.unwrap_or_else(|_| panic!("{calendar}, {now}"));
        }
        caller.hang_up().await.unwrap();
    }
}

#[tokio::test]
async fn at_18_without_an_agent_the_promise_comes_from_the_calendar_and_not_from_the_line() {
    let queue = "callback_key = { digit = \"2\" }";
    let house = House::open(Wishes { queue, ..Wishes::default() }).await.unwrap();
    let mut caller = people::customer(&house, CUSTOMER, SUPPORT).await.unwrap();
    let mut ear = Ear::new("en");
    hears_speech(&caller, SOON).await.unwrap();
    caller.press("2").await.unwrap();
    ear.hears_begin(&caller, "queue-menu", SOON).await.unwrap();
    caller.press("2").await.unwrap();
    ear.hears_all(&caller, &["callback-thanks", "between", "and", "callback-hang-up-now"], FAREWELL).await.unwrap();
    for word in ["soon", "within"] {
        assert!(ear.heard_of(&caller, word).unwrap().is_none(), "the promise says {word}");
    }
    // The request waits, and rings nobody by itself when an agent signs in.
    let mut agent = people::agent(&house, "2000").await.unwrap();
    assert!(agent.wait_incoming(Duration::from_millis(500)).await.is_err());
}

#[tokio::test]
async fn at_24_who_hangs_up_in_the_after_hours_menu_is_one_missed_call_and_not_called() {
    let house = House::open(closed_today().await).await.unwrap();
    let mut desk = Desk::agent_at_work(&house, "2000").await.unwrap();
    let mut caller = people::customer(&house, CUSTOMER, "+862161230011").await.unwrap();
    let mut ear = Ear::new("en");
    ear.hears_begin(&caller, "after-hours-menu", SOON).await.unwrap();
    caller.hang_up().await.unwrap();
    let missed = desk.sees("the missed call", |entry| entry["number"] == CUSTOMER).await.unwrap();
    assert_eq!((&missed["section"], &missed["count"]), (&json!("missed"), &json!(1)), "{missed:#}");
    assert_eq!((&missed["missed"]["left_at"], &missed["request"]), (&json!("after_hours"), &json!(null)), "{missed:#}");
    desk.is_left_alone().await.unwrap();
    let list = desk.list().await.unwrap();
    assert_eq!(list.len(), 1, "one line: {list:#?}");
    // No request was made: the next one is thanked, and not told that there is one.
    let mut again = people::customer(&house, CUSTOMER, "+862161230011").await.unwrap();
    let mut ear = Ear::new("en");
    ear.hears_begin(&again, "after-hours-menu", SOON).await.unwrap();
    again.press("2").await.unwrap();
    ear.hears(&again, "callback-thanks", SOON).await.unwrap();
}
