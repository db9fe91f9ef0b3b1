use expect_test::expect;
use nohold_model::{CalendarKey, PhoneNumber};

use super::*;

fn at(text: &str) -> nohold_model::Timestamp {
    let instant: jiff::Timestamp = text.parse().unwrap();
    nohold_model::Timestamp::from_millis(instant.as_millisecond())
}

fn show(at: Option<nohold_model::Timestamp>) -> String {
    at.map_or_else(|| "never".to_owned(), |at| jiff::Timestamp::from_millisecond(at.as_millis()).unwrap().to_string())
}

fn calendar(zone: &str, weekly: &[(&[Weekday], &str)], closures: &str, make_up_days: &str) -> Calendar {
    let mut week = WeeklyHours::new();
    for (days, spans) in weekly {
        for day in *days {
            week.insert(*day, spans.split_whitespace().map(|span| span.parse().unwrap()).collect());
        }
    }
    Calendar::new(CalendarDefinition {
        key: CalendarKey::new("office").unwrap(),
        name: "Office".into(),
        zone: zone.into(),
        weekly: week,
        closures: serde_json::from_str(closures).unwrap(),
        make_up_days: serde_json::from_str(make_up_days).unwrap(),
    })
    .unwrap()
}

const WORKDAYS: &[Weekday] = &[Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

fn office(zone: &str) -> Calendar {
    calendar(zone, &[(WORKDAYS, "09:00-12:00 13:00-18:00")], "[]", "[]")
}

#[test]
fn an_office_is_open_in_its_hours_and_tells_the_next_change() {
    let office = office("Asia/Shanghai");
    // Wednesday, 10:00 in Shanghai.
    let morning = at("2026-09-16T02:00:00Z");
    assert!(office.is_open(morning));
    assert_eq!(office.next_opening(morning), Some(morning));
    assert_eq!(show(office.next_closing(morning)), "2026-09-16T04:00:00Z");
    // The minute of closing is closed, that of opening is open.
    assert!(!office.is_open(at("2026-09-16T04:00:00Z")));
    assert!(office.is_open(at("2026-09-16T05:00:00Z")));
    // Friday evening: Monday.
    assert_eq!(show(office.next_opening(at("2026-09-18T10:00:00Z"))), "2026-09-21T01:00:00Z");
}

#[test]
fn chinas_make_up_days_are_worked_and_its_holidays_are_not() {
    // National Day 2026: seven days off, and two weekend days worked for it.
    let office = calendar(
        "Asia/Shanghai",
        &[(WORKDAYS, "09:00-18:00")],
        r#"[{"name": "国庆节", "from": "2026-10-01", "to": "2026-10-07"}]"#,
        r#"[{"date": "2026-09-20", "hours": {"like": "thu"}}, {"date": "2026-10-10", "hours": {"spans": ["10:00-16:00"]}}]"#,
    );
    let noon = |day: &str| office.is_open(at(&format!("{day}T04:00:00Z")));
    assert!(noon("2026-09-20"), "a Sunday that is worked like a Thursday");
    assert!(noon("2026-09-30") && noon("2026-10-08"));
    assert!(!noon("2026-10-01") && !noon("2026-10-07"));
    assert!(noon("2026-10-10"), "a Saturday with hours of its own");
    assert!(!office.is_open(at("2026-10-10T01:30:00Z")), "which begin at ten");
    assert!(!noon("2026-10-11"));
    assert_eq!(show(office.next_opening(at("2026-09-30T10:00:00Z"))), "2026-10-08T01:00:00Z");
}

#[test]
fn a_make_up_day_wins_over_a_closure_and_a_closure_over_the_week() {
    let office = calendar(
        "UTC",
        &[(WORKDAYS, "09:00-17:00")],
        r#"[{"from": "2026-05-04", "to": "2026-05-08"}]"#,
        r#"[{"date": "2026-05-06", "hours": {"like": "mon"}}]"#,
    );
    let days: Vec<bool> = (4..=8).map(|day| office.is_open(at(&format!("2026-05-0{day}T12:00:00Z")))).collect();
    assert_eq!(days, [false, false, true, false, false]);
}

#[test]
fn yearly_closures_come_back_and_may_run_over_new_year() {
    let office = calendar(
        "Europe/Berlin",
        &[(&Weekday::ALL, "00:00-24:00")],
        r#"[{"from": "2020-12-24", "to": "2021-01-01", "yearly": true}, {"from": "2020-10-03", "yearly": true, "hours": "12:00-14:00"}]"#,
        "[]",
    );
    assert!(office.is_open(at("2031-12-23T22:59:59Z")));
    assert!(!office.is_open(at("2031-12-23T23:00:00Z")));
    assert_eq!(show(office.next_opening(at("2031-12-25T00:00:00Z"))), "2032-01-01T23:00:00Z");
    // A part of a day.
    assert_eq!(show(office.next_closing(at("2031-10-03T00:00:00Z"))), "2031-10-03T10:00:00Z");
    assert_eq!(show(office.next_opening(at("2031-10-03T11:00:00Z"))), "2031-10-03T12:00:00Z");
}

#[test]
fn a_night_shift_ends_at_the_midnight_that_begins_a_closed_day() {
    let night = calendar(
        "UTC",
        &[(&Weekday::ALL, "22:00-06:00")],
        r#"[{"from": "2026-03-10"}]"#,
        r#"[{"date": "2026-03-20", "hours": {"spans": ["08:00-09:00"]}}]"#,
    );
    assert!(night.is_open(at("2026-03-08T03:00:00Z")));
    assert_eq!(show(night.next_closing(at("2026-03-09T23:00:00Z"))), "2026-03-10T00:00:00Z");
    assert_eq!(show(night.next_opening(at("2026-03-10T00:00:00Z"))), "2026-03-11T22:00:00Z");
    // The make-up day changes its own hours, not the night that began before it.
    assert!(night.is_open(at("2026-03-20T05:59:00Z")));
    assert!(!night.is_open(at("2026-03-20T22:30:00Z")));
}

#[test]
fn clocks_put_forward_leave_out_what_they_skip() {
    // Berlin 2026-03-29: 02:00 becomes 03:00, at 01:00 UTC.
    let early = calendar("Europe/Berlin", &[(&Weekday::ALL, "02:00-02:30 02:45-04:00")], "[]", "[]");
    let spans = early.open_spans(at("2026-03-29T00:00:00Z"), at("2026-03-29T06:00:00Z"));
    let shown: Vec<String> = spans.iter().map(|s| format!("{} {}", show(Some(s.from)), show(Some(s.to)))).collect();
    assert_eq!(shown, ["2026-03-29T01:00:00Z 2026-03-29T02:00:00Z"]);
    // New York 2026-03-08, at 07:00 UTC; the business day keeps its hours on the wall.
    let office = calendar("America/New_York", &[(&Weekday::ALL, "09:00-17:00")], "[]", "[]");
    assert_eq!(show(office.next_opening(at("2026-03-07T23:00:00Z"))), "2026-03-08T13:00:00Z");
    assert_eq!(show(office.next_opening(at("2026-03-06T23:00:00Z"))), "2026-03-07T14:00:00Z");
}

#[test]
fn clocks_put_back_keep_open_until_they_show_the_end_for_the_last_time() {
    // Berlin 2026-10-25: 03:00 becomes 02:00, at 01:00 UTC; the clock shows 02:30 at 00:30 and at 01:30 UTC.
    let night = calendar("Europe/Berlin", &[(&Weekday::ALL, "22:00-02:30")], "[]", "[]");
    assert_eq!(show(night.next_closing(at("2026-10-24T21:00:00Z"))), "2026-10-25T01:30:00Z");
    let early = calendar("Europe/Berlin", &[(&Weekday::ALL, "02:30-05:00")], "[]", "[]");
    assert_eq!(show(early.next_opening(at("2026-10-25T00:00:00Z"))), "2026-10-25T00:30:00Z");
    assert!(early.is_open(at("2026-10-25T01:15:00Z")), "no hole where the clock shows 02:15 again");
}

#[test]
fn lord_howe_moves_its_clocks_by_half_an_hour() {
    let zone = "Australia/Lord_Howe";
    let all = calendar(zone, &[(&Weekday::ALL, "00:00-24:00")], "[]", "[]");
    let night = calendar(zone, &[(&Weekday::ALL, "01:00-03:00")], "[]", "[]");
    // 2026-04-05: 02:00 (+11) becomes 01:30 (+10:30), at 15:00 UTC of the 4th.
    let (from, to) = (at("2026-04-04T12:00:00Z"), at("2026-04-05T12:00:00Z"));
    assert_eq!(night.open_time_between(from, to), nohold_model::Millis::minutes(150));
    assert_eq!(all.open_time_between(from, to), nohold_model::Millis::hours(24));
    // 2026-10-04: 02:00 becomes 02:30.
    let (from, to) = (at("2026-10-03T12:00:00Z"), at("2026-10-04T12:00:00Z"));
    assert_eq!(night.open_time_between(from, to), nohold_model::Millis::minutes(90));
}

#[test]
fn a_moment_is_written_as_clocks_show_it() {
    let written = |zone: &str, millis| Zone::new(zone).unwrap().written(nohold_model::Timestamp::from_millis(millis));
    assert_eq!(written("Asia/Shanghai", 1_772_416_800_000), "2026-03-02 10:00:00+08:00");
    assert_eq!(written("America/St_Johns", 1_772_416_800_999), "2026-03-01 22:30:00-03:30");
    assert_eq!(written("UTC", 0), "1970-01-01 00:00:00+00:00");
}

#[test]
fn a_zone_may_skip_midnight_or_a_whole_day() {
    // Beirut puts its clocks forward at midnight, Samoa left out 2011-12-30.
    let beirut = calendar("Asia/Beirut", &[(&Weekday::ALL, "00:00-24:00")], "[]", "[]");
    assert_eq!(beirut.next_closing(at("2026-03-28T12:00:00Z")), None);
    let apia = calendar("Pacific/Apia", &[(&[Weekday::Fri], "09:00-17:00")], "[]", "[]");
    assert_eq!(show(apia.next_opening(at("2011-12-28T00:00:00Z"))), "2012-01-05T19:00:00Z");
}

#[test]
fn calendars_without_an_end_are_answered_all_the_same() {
    let never = calendar("UTC", &[], "[]", "[]");
    let always = Calendar::always_open(CalendarKey::new("always").unwrap(), Zone::utc());
    let now = at("2026-01-01T00:00:00Z");
    assert_eq!((never.next_opening(now), never.next_closing(now)), (None, Some(now)));
    assert_eq!((always.next_opening(now), always.next_closing(now)), (Some(now), None));
    assert_eq!(always.open_spans(now, now + nohold_model::Millis::hours(1_000)).len(), 1);
    for extreme in [nohold_model::Timestamp::NEVER, nohold_model::Timestamp::from_millis(i64::MIN)] {
        let _ = (never.is_open(extreme), always.next_opening(extreme), always.next_closing(extreme));
        let _ = always.open_spans(extreme, extreme);
    }
}

#[test]
fn a_calendar_that_cannot_be_understood_is_refused_with_day_and_mend() {
    let definition: CalendarDefinition = serde_json::from_str(
        r#"{"key": "office", "name": "Office", "zone": "Asia/Beijing",
            "weekly": {"mon": ["09:00-12:00", "11:00-18:00"], "sun": ["22:00-02:00"]},
            "closures": [{"from": "2026-10-07", "to": "2026-10-01"}, {"from": "2026-05-01", "hours": "22:00-02:00"}],
            "make_up_days": [{"date": "2026-10-10", "hours": {"like": "sat"}},
                             {"date": "2026-10-10", "hours": {"spans": ["09:00-12:00", "10:00-11:00"]}}]}"#,
    )
    .unwrap();
    let problems = Calendar::new(definition).unwrap_err().0;
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    expect![[r#"
        `Asia/Beijing` is not a time zone: use a name of the IANA list, for example `Asia/Shanghai` or `Europe/Berlin`
        Monday: 09:00-12:00 and 11:00-18:00 overlap: join them or move one
        closure from 2026-10-07 to 2026-10-01 ends before it begins: exchange the dates
        closure of 2026-05-01: 22:00-02:00 runs over midnight: write one closure for each day
        make-up day 2026-10-10 has no hours: give it some, or make it a closure
        make-up day 2026-10-10 is there twice: remove one
        make-up day 2026-10-10: 09:00-12:00 and 10:00-11:00 overlap: join them or move one"#]]
    .assert_eq(&shown.join("\n"));
}

#[test]
fn a_calendar_survives_json_and_bad_json_is_refused() {
    let office = office("Asia/Shanghai");
    let text = serde_json::to_string(&office).unwrap();
    assert_eq!(serde_json::from_str::<Calendar>(&text).unwrap(), office);
    for bad in ["9-17", "09:00-09:00", "24:00-09:00", "09:60-10:00", "+9:00-10:00", "09:00-24:01"] {
        assert!(bad.parse::<DaySpan>().is_err(), "{bad}");
    }
    for bad in ["2026-2-01", "2026-02-30", "+026-02-01", "20260201", "2026-02-01T00"] {
        assert!(bad.parse::<Date>().is_err(), "{bad}");
    }
}

fn number(text: &str) -> PhoneNumber {
    text.parse().unwrap()
}

#[test]
fn the_place_is_that_of_the_area_code_or_the_country_or_the_site() {
    let site = Zone::new("Asia/Shanghai").unwrap();
    let places: Vec<String> = [
        "+8613800138000",
        "+862112345678",
        "+12125550123",
        "+14155550123",
        "+18085550123",
        "+14165550123",
        "+18005550123",
        "+442079460958",
        "+447400123456",
        "+4915112345678",
        "+61891234567",
        "+61412345678",
        "+79161234567",
        "+5511987654321",
        "+34612345678",
        "+870773111632",
        "+999123456789",
    ]
    .into_iter()
    .map(|text| {
        let place = Place::of(&number(text), &site);
        format!("{text} {:?}: {place}", place.known_by())
    })
    .collect();
    expect![[r#"
        +8613800138000 Area: Asia/Shanghai
        +862112345678 Area: Asia/Shanghai
        +12125550123 Area: America/New_York
        +14155550123 Area: America/Los_Angeles
        +18085550123 Area: Pacific/Honolulu
        +14165550123 Area: America/Toronto
        +18005550123 Country: America/Adak, America/Anchorage, America/Boise and 26 more
        +442079460958 Area: Europe/London
        +447400123456 Country: Europe/London
        +4915112345678 Country: Europe/Berlin, Europe/Busingen
        +61891234567 Area: Australia/Adelaide, Australia/Perth
        +61412345678 Country: Antarctica/Macquarie, Australia/Adelaide, Australia/Brisbane and 9 more
        +79161234567 Country: Asia/Anadyr, Asia/Barnaul, Asia/Chita and 23 more
        +5511987654321 Area: America/Sao_Paulo
        +34612345678 Country: Africa/Ceuta, Atlantic/Canary, Europe/Madrid
        +870773111632 Site: Asia/Shanghai
        +999123456789 Site: Asia/Shanghai"#]]
    .assert_eq(&places.join("\n"));
}

#[test]
fn a_customer_is_dialled_in_the_window_of_the_customers_place() {
    let site = Zone::new("Asia/Shanghai").unwrap();
    let window = DiallingWindow::MANUAL;
    let shanghai = number("+8613800138000");
    let new_york = number("+12125550123");
    // 20:59 in Shanghai, 08:59 in New York.
    let evening = at("2026-07-01T12:59:00Z");
    assert_eq!(window.may_dial(evening, &shanghai, None, &site), Ok(()));
    assert_eq!(window.may_dial(evening, &new_york, None, &site), Ok(()));
    let refused = window.may_dial(at("2026-07-01T13:00:00Z"), &shanghai, None, &site).unwrap_err();
    assert_eq!(show(refused.until.as_ref().map(|until| until.at)), "2026-07-02T00:00:00Z");
    assert_eq!(
        refused.to_string(),
        "it is outside 08:00-21:00 at the customer's place (Asia/Shanghai): dial from 2026-07-02 08:00 (Asia/Shanghai) on, or let a supervisor override it"
    );
    assert!(DiallingWindow::AUTOMATIC.may_dial(evening, &shanghai, None, &site).is_err());
    // 07:59 in New York.
    let refused = window.may_dial(at("2026-07-01T11:59:00Z"), &new_york, None, &site).unwrap_err();
    assert_eq!(show(refused.until.as_ref().map(|until| until.at)), "2026-07-01T12:00:00Z");
}

#[test]
fn the_window_is_cut_by_the_hours_of_the_service() {
    let site = Zone::new("Asia/Shanghai").unwrap();
    let office = office("Asia/Shanghai");
    let customer = number("+12125550123");
    // Friday 20:00 in Shanghai, 08:00 in New York.
    let refused =
        DiallingWindow::MANUAL.may_dial(at("2026-07-03T12:00:00Z"), &customer, Some(&office), &site).unwrap_err();
    assert_eq!(refused.because, RefusedBecause::ServiceClosed);
    // Opening at 09:00 is 21:00 in New York, until its clocks are put back: then there is one common hour a day.
    assert_eq!(show(refused.until.as_ref().map(|until| until.at)), "2026-11-02T01:00:00Z");
    let long = calendar("Asia/Shanghai", &[(WORKDAYS, "09:00-21:00")], "[]", "[]");
    let refused =
        DiallingWindow::MANUAL.may_dial(at("2026-07-03T13:00:00Z"), &customer, Some(&long), &site).unwrap_err();
    assert_eq!(show(refused.until.as_ref().map(|until| until.at)), "2026-07-06T12:00:00Z");
}

#[test]
fn a_mobile_that_may_be_anywhere_in_its_country_is_dialled_when_it_is_day_in_all_of_it() {
    let site = Zone::new("Australia/Sydney").unwrap();
    let mobile = number("+61412345678");
    // 08:30 in Sydney, 06:30 in Perth (southern winter).
    let refused = DiallingWindow::MANUAL.may_dial(at("2026-06-30T22:30:00Z"), &mobile, None, &site).unwrap_err();
    assert_eq!(show(refused.until.as_ref().map(|until| until.at)), "2026-07-01T00:00:00Z");
}

mod laws {
    use proptest::prelude::*;

    use super::*;
    use nohold_model::{Millis, Timestamp};

    fn span() -> impl Strategy<Value = DaySpan> {
        (0_u16..96, 0_u16..=96).prop_filter_map("a span", |(from, to)| {
            let minute = |quarters: u16| MinuteOfDay::new(quarters / 4, quarters % 4 * 15).unwrap();
            DaySpan::new(minute(from), minute(to))
        })
    }

    fn any_calendar() -> impl Strategy<Value = Calendar> {
        let zone = prop::sample::select(vec![
            "UTC",
            "Asia/Shanghai",
            "Europe/Berlin",
            "America/New_York",
            "Australia/Lord_Howe",
            "Asia/Beirut",
            "Asia/Kathmandu",
        ]);
        let week = prop::collection::btree_map(prop::sample::select(Weekday::ALL.to_vec()), span(), 0..=7);
        let date = (0_i64..40).prop_map(|offset| {
            Zone::utc().date(at("2026-03-01T00:00:00Z") + Millis::hours(24 * offset.unsigned_abs()))
        });
        let closures = prop::collection::vec((date.clone(), date.clone(), prop::option::of(span())), 0..3);
        let make_up = prop::option::of((date, span()));
        (zone, week, closures, make_up).prop_map(|(zone, week, closures, make_up)| {
            let definition = CalendarDefinition {
                key: CalendarKey::new("any").unwrap(),
                name: String::new(),
                zone: zone.into(),
                weekly: week.into_iter().map(|(day, span)| (day, vec![span])).collect(),
                closures: closures
                    .into_iter()
                    .map(|(a, b, hours)| Closure {
                        name: String::new(),
                        from: a.min(b),
                        to: Some(a.max(b)),
                        yearly: false,
                        hours: hours.filter(|hours| !hours.crosses_midnight()),
                    })
                    .collect(),
                make_up_days: make_up
                    .into_iter()
                    .map(|(date, span)| MakeUpDay { date, hours: MakeUpHours::Spans(vec![span]) })
                    .collect(),
            };
            Calendar::new(definition).unwrap()
        })
    }

    fn moment() -> impl Strategy<Value = Timestamp> {
        // Around the changes of the clocks in spring and autumn 2026.
        prop_oneof![0_u64..60 * 24 * 60, 220 * 24 * 60_u64..260 * 24 * 60]
            .prop_map(|minutes| at("2026-02-20T00:00:00Z") + Millis::minutes(minutes))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn is_open_agrees_with_the_open_spans(calendar in any_calendar(), now in moment()) {
            let spans = calendar.open_spans(now - Millis::hours(1), now + Millis::hours(1));
            let within = spans.iter().any(|span| span.from <= now && now < span.to);
            prop_assert_eq!(calendar.is_open(now), within);
            prop_assert!(spans.windows(2).all(|pair| pair[0].to < pair[1].from), "{:?}", spans);
        }

        #[test]
        fn the_next_opening_is_open_and_nothing_before_it_is(calendar in any_calendar(), now in moment()) {
            if let Some(opening) = calendar.next_opening(now) {
                prop_assert!(calendar.is_open(opening));
                prop_assert_eq!(calendar.open_time_between(now, opening), Millis::ZERO);
            } else {
                prop_assert_eq!(calendar.open_time_between(now, now + Millis::hours(24 * 399)), Millis::ZERO);
            }
        }

        #[test]
        fn the_next_closing_is_closed_and_nothing_before_it_is(calendar in any_calendar(), now in moment()) {
            if let Some(closing) = calendar.next_closing(now) {
                prop_assert!(!calendar.is_open(closing));
                prop_assert_eq!(calendar.open_time_between(now, closing), closing.since(now));
            }
        }

        #[test]
        fn open_time_adds_up(calendar in any_calendar(), now in moment(), a in 0_u64..5000, b in 0_u64..5000) {
            let (middle, end) = (now + Millis::minutes(a), now + Millis::minutes(a + b));
            let parts = calendar.open_time_between(now, middle) + calendar.open_time_between(middle, end);
            prop_assert_eq!(calendar.open_time_between(now, end), parts);
        }

        #[test]
        fn a_refused_dial_is_allowed_at_the_moment_named(now in moment(), calendar in any_calendar()) {
            let site = Zone::new("Asia/Shanghai").unwrap();
            for text in ["+8613800138000", "+14155550123", "+61412345678"] {
                let place = Place::of(&number(text), &site);
                let refused = DiallingWindow::MANUAL.may_dial_at_place(now, &place, Some(&calendar)).err();
                if let Some(until) = refused.and_then(|refused| Some(refused.until?.at)) {
                    prop_assert!(until > now);
                    prop_assert!(DiallingWindow::MANUAL.may_dial_at_place(until, &place, Some(&calendar)).is_ok());
                }
            }
        }
    }
}
