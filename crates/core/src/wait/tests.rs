use nohold_model::{CalendarKey, Millis, Spoken, Timestamp};

use super::theory::{ErlangA, ErlangC};
use super::*;
use crate::hours::{Calendar, CalendarDefinition, Weekday, WeeklyHours, Zone};

fn line(agents: u32, aht: u64, patience: u64, live_ahead: u32, requests_ahead: u32) -> LineAhead {
    LineAhead { agents, aht: Millis::seconds(aht), patience: Millis::seconds(patience), live_ahead, requests_ahead }
}

fn near(actual: f64, wanted: f64, within: f64, what: &str) {
    assert!((actual - wanted).abs() <= within, "{what}: {actual} is not {wanted} ± {within}");
}

#[test]
fn the_predicted_wait_is_that_of_the_table() {
    for (agents, aht, patience, live, requests, mean, deviation, low, high, promise) in [
        (20, 300, 240, 0, 0, 15.00, 15.00, 0.8, 44.9, 15),
        (20, 300, 240, 5, 0, 78.51, 32.19, 34.0, 137.8, 15),
        (20, 300, 240, 10, 5, 186.93, 47.26, 116.6, 270.8, 15),
        (20, 300, 240, 30, 0, 263.63, 49.76, 187.5, 350.5, 15),
        (20, 300, 900, 20, 10, 401.50, 72.38, 290.3, 527.5, 15),
        (5, 300, 240, 0, 0, 60.00, 60.00, 3.1, 179.7, 15),
        (5, 300, 240, 3, 2, 271.49, 112.90, 116.0, 479.8, 15),
        (3, 300, 240, 2, 1, 297.09, 152.42, 97.8, 583.9, 15),
    ] {
        let ahead = line(agents, aht, patience, live, requests);
        let estimate = ahead.estimate().unwrap();
        let what = format!("{ahead:?}");
        near(estimate.mean_s(), mean, 0.005, &what);
        near(estimate.deviation_s(), deviation, 0.005, &what);
        // The table holds exact gamma quantiles.
        let interval = estimate.interval();
        near(interval.low, low, 0.03 * mean + 0.05, &what);
        near(interval.high, high, 0.03 * mean + 0.05, &what);
        let length = PromisePolicy::default().length(&ahead, Correction::NONE, 0).unwrap();
        assert_eq!(length, Millis::minutes(promise), "{what}");
    }
}

#[test]
fn erlang_c_is_that_of_the_table() {
    for (per_hour, aht, n, seconds, p_wait, asa, level) in [
        (100.0, 180.0, 6, 20.0, 0.587_516, 105.7530, 0.474_267),
        (204.0, 300.0, 20, 60.0, 0.385_056, 38.5056, 0.788_677),
        (228.0, 300.0, 20, 60.0, 0.755_401, 226.6204, 0.381_530),
        (12.0, 300.0, 2, 60.0, 0.333_333, 100.0000, 0.727_090),
        (1000.0, 240.0, 72, 20.0, 0.414_489, 18.6520, 0.734_238),
    ] {
        let queue = ErlangC::new(per_hour / 3_600.0, aht, n).unwrap();
        let what = format!("{per_hour}/h, {n} agents");
        near(queue.p_wait(), p_wait, 1e-6, &what);
        near(queue.asa(), asa, 1e-4, &what);
        near(queue.service_level(seconds), level, 1e-6, &what);
    }
}

#[test]
fn erlang_a_is_that_of_the_table() {
    for (per_hour, aht, n, patience, seconds, p_wait, p_abandon, asa, level) in [
        (204.0, 300.0, 20, 240.0, 60.0, 0.252_276, 0.038_104, 8.2444, 0.918_855),
        (252.0, 300.0, 20, 240.0, 60.0, 0.585_917, 0.116_892, 26.5563, 0.727_108),
        (276.0, 300.0, 20, 240.0, 60.0, 0.728_912, 0.166_858, 39.3408, 0.600_237),
        (100.0, 180.0, 5, 120.0, 20.0, 0.517_074, 0.192_370, 19.0941, 0.579_988),
        (60.0, 300.0, 4, 600.0, 30.0, 0.820_951, 0.259_026, 156.1100, 0.227_470),
        (1200.0, 240.0, 75, 180.0, 20.0, 0.681_824, 0.085_449, 15.1904, 0.613_364),
    ] {
        let queue = ErlangA::new(per_hour / 3_600.0, aht, n, patience).unwrap();
        let what = format!("{per_hour}/h, {n} agents");
        near(queue.p_wait(), p_wait, 1e-6, &what);
        near(queue.p_abandon(), p_abandon, 1e-6, &what);
        near(queue.asa_answered(), asa, 1e-4, &what);
        near(queue.service_level(seconds), level, 1e-6, &what);
    }
}

#[test]
fn theory_answers_nothing_where_there_is_no_answer() {
    assert_eq!(ErlangC::new(1.0, 300.0, 20), None, "more work than the agents can do");
    assert_eq!(ErlangC::new(f64::NAN, 300.0, 20), None);
    assert_eq!(ErlangA::new(0.1, 300.0, 0, 240.0), None);
    assert_eq!(ErlangA::new(0.1, 0.0, 20, 240.0), None);
    let overload = ErlangA::new(50.0, 300.0, 20, 3_600.0).unwrap();
    near(overload.p_abandon(), 1.0 - 20.0 / 300.0 / 50.0, 1e-6, "all agents are always busy");
}

#[test]
fn without_agents_or_figures_there_is_no_estimate() {
    assert_eq!(line(0, 300, 240, 3, 0).estimate(), None);
    assert_eq!(line(5, 0, 240, 3, 0).estimate(), None);
    // Nobody gives up: the steps are all alike.
    near(line(5, 300, 0, 3, 1).estimate().unwrap().mean_s(), 300.0, 1e-9, "patience without end");
}

#[test]
fn the_wait_is_said_as_a_range_rounded_outwards() {
    for (low, high, want) in [
        (3.0, 119.9, Spoken::WaitUnder { minutes: 2 }),
        (59.0, 120.0, Spoken::WaitUnder { minutes: 2 }),
        (34.0, 137.8, Spoken::WaitUnder { minutes: 3 }),
        (116.6, 270.8, Spoken::WaitBetween { from_minutes: 1, to_minutes: 5 }),
        (290.3, 527.5, Spoken::WaitBetween { from_minutes: 4, to_minutes: 9 }),
        (180.0, 180.0, Spoken::WaitBetween { from_minutes: 3, to_minutes: 4 }),
    ] {
        assert_eq!(Interval { low, high }.spoken(), want, "{low} {high}");
    }
}

#[test]
fn what_was_learned_is_kept_within_bounds() {
    for (actual, predicted, want) in [(110, 100, 1.1), (500, 100, 1.3), (1, 100, 0.7), (5, 0, 1.0), (0, 0, 1.0)] {
        let factor = Correction::learned(Millis::seconds(actual), Millis::seconds(predicted)).factor();
        near(factor, want, 1e-12, "factor");
    }
    let plain = line(20, 300, 240, 5, 0).estimate().unwrap();
    let longer = plain.corrected(Correction::learned(Millis::seconds(120), Millis::seconds(100)));
    near(longer.mean_s() / plain.mean_s(), 1.2, 1e-12, "mean");
    near(longer.deviation_s() / plain.deviation_s(), 1.2, 1e-12, "deviation");
}

fn at(text: &str) -> Timestamp {
    let instant: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_millis(instant.as_millisecond())
}

fn show(promise: Option<Promise>) -> String {
    promise.map_or_else(
        || "none".to_owned(),
        |promise| {
            let text = |at: Timestamp| jiff::Timestamp::from_millisecond(at.as_millis()).unwrap().to_string();
            format!("{:?} {} {}", promise.basis, text(promise.from), text(promise.to))
        },
    )
}

fn office() -> Calendar {
    let days = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
    let weekly: WeeklyHours = days.into_iter().map(|day| (day, vec!["09:00-18:00".parse().unwrap()])).collect();
    Calendar::new(CalendarDefinition {
        key: CalendarKey::new("office").unwrap(),
        name: "Office".into(),
        zone: "Asia/Shanghai".into(),
        weekly,
        closures: Vec::new(),
        make_up_days: Vec::new(),
    })
    .unwrap()
}

fn ask<'a>(
    now: &str,
    line: LineAhead,
    calendar: Option<&'a Calendar>,
    promised: &'a [Timestamp],
) -> PromiseRequest<'a> {
    PromiseRequest { at: at(now), line, correction: Correction::NONE, pending: 0, calendar, usual_agents: 2, promised }
}

#[test]
fn a_promise_ends_on_the_next_five_minutes_of_the_clock() {
    let policy = PromisePolicy::default();
    let quiet = line(20, 300, 240, 5, 0);
    let promise = policy.promise(&ask("2026-09-16T02:01:07Z", quiet, None, &[])).unwrap();
    assert_eq!(show(Some(promise)), "Line 2026-09-16T02:01:07Z 2026-09-16T02:20:00Z");
    assert_eq!(promise.spoken(&Zone::utc()), Spoken::SoonBy { minutes: 19 });
    // Fifty requests before this one, at 0.3 of 5 agents' time: 51 · 330 / 1.5 = 11,220 s.
    let busy = PromiseRequest { pending: 50, ..ask("2026-09-16T02:00:00Z", line(5, 300, 240, 3, 2), None, &[]) };
    assert_eq!(show(policy.promise(&busy)), "Line 2026-09-16T02:00:00Z 2026-09-16T05:10:00Z");
    // A long line: 1.5 times the wait.
    let length = policy.length(&line(3, 300, 240, 10, 5), Correction::NONE, 0).unwrap();
    near(length.as_secs_f64(), 1.5 * line(3, 300, 240, 10, 5).estimate().unwrap().mean_s(), 0.001, "length");
}

#[test]
fn nothing_is_promised_for_after_closing_but_a_window_of_the_next_opening() {
    let (policy, office) = (PromisePolicy::default(), office());
    let quiet = line(2, 300, 240, 0, 0);
    // 17:30 in Shanghai: soon enough. 17:50: tomorrow between nine and eleven. Friday: on Monday.
    for (now, want) in [
        ("2026-09-16T09:30:00Z", "Line 2026-09-16T09:30:00Z 2026-09-16T09:45:00Z"),
        ("2026-09-16T09:45:00Z", "Line 2026-09-16T09:45:00Z 2026-09-16T10:00:00Z"),
        ("2026-09-16T09:46:00Z", "Calendar 2026-09-17T01:00:00Z 2026-09-17T03:00:00Z"),
        ("2026-09-16T14:00:00Z", "Calendar 2026-09-17T01:00:00Z 2026-09-17T03:00:00Z"),
        ("2026-09-18T12:00:00Z", "Calendar 2026-09-21T01:00:00Z 2026-09-21T03:00:00Z"),
    ] {
        assert_eq!(show(policy.promise(&ask(now, quiet, Some(&office), &[]))), want, "{now}");
    }
    let promise = policy.promise(&ask("2026-09-16T14:00:00Z", quiet, Some(&office), &[])).unwrap();
    assert_eq!(
        promise.spoken(office.zone()),
        Spoken::Window { from: promise.from, to: promise.to, zone: "Asia/Shanghai".into() }
    );
}

#[test]
fn earlier_promises_fill_the_windows_of_an_opening_first() {
    let (policy, office) = (PromisePolicy::default(), office());
    // Two usual agents: 0.3 · 2 · 7200 / 330 = 13 callbacks in two hours, 26 in four.
    let ends = |count: usize, time: &str| vec![at(time); count];
    for (promised, want) in [
        (ends(12, "2026-09-17T03:00:00Z"), "2026-09-17T01:00:00Z 2026-09-17T03:00:00Z"),
        (ends(13, "2026-09-17T03:00:00Z"), "2026-09-17T03:00:00Z 2026-09-17T05:00:00Z"),
        (ends(26, "2026-09-17T03:00:00Z"), "2026-09-17T05:00:00Z 2026-09-17T07:00:00Z"),
        // Full to the evening, whose last window takes the hour that is left: on to the next day.
        (ends(58, "2026-09-17T03:00:00Z"), "2026-09-18T01:00:00Z 2026-09-18T03:00:00Z"),
        // What was promised for today takes nothing of tomorrow.
        (ends(13, "2026-09-16T09:00:00Z"), "2026-09-17T01:00:00Z 2026-09-17T03:00:00Z"),
    ] {
        let request = ask("2026-09-16T14:00:00Z", line(0, 300, 240, 0, 0), Some(&office), &promised);
        assert_eq!(show(policy.promise(&request)), format!("Calendar {want}"), "{}", promised.len());
    }
}

#[test]
fn without_agents_the_promise_comes_from_the_calendar() {
    let (policy, office) = (PromisePolicy::default(), office());
    let nobody = line(0, 300, 240, 0, 0);
    for (now, want) in [
        // 10:10 in Shanghai: an afternoon window, two hours for somebody to sign in.
        ("2026-09-16T02:10:00Z", "Calendar 2026-09-16T04:30:00Z 2026-09-16T06:30:00Z"),
        // 16:50: the day is over before.
        ("2026-09-16T08:50:00Z", "Calendar 2026-09-17T01:00:00Z 2026-09-17T03:00:00Z"),
        // 15:40: the last window takes what is left of the day.
        ("2026-09-16T07:25:00Z", "Calendar 2026-09-16T09:30:00Z 2026-09-16T10:00:00Z"),
    ] {
        assert_eq!(show(policy.promise(&ask(now, nobody, Some(&office), &[]))), want, "{now}");
    }
    let open = policy.promise(&ask("2026-09-16T02:10:00Z", nobody, None, &[]));
    assert_eq!(show(open), "Calendar 2026-09-16T04:30:00Z 2026-09-16T06:30:00Z");
    let never: Calendar = serde_json::from_str(r#"{"key": "never", "name": "", "zone": "UTC", "weekly": {}}"#).unwrap();
    assert_eq!(policy.promise(&ask("2026-09-16T02:10:00Z", nobody, Some(&never), &[])), None);
}

#[test]
fn the_margin_grows_with_the_window_and_shrinks_with_the_agents() {
    let policy = PromisePolicy::default();
    let fifteen = Millis::minutes(15);
    for (agents, want) in [(20, 60 + 225), (5, 180 + 225), (0, 900 + 225)] {
        assert_eq!(policy.margin(fifteen, &line(agents, 300, 240, 0, 0)), Millis::seconds(want), "{agents}");
    }
    let retry = policy.retry(at("2026-09-16T02:03:00Z"));
    assert_eq!(retry.window(), Millis::minutes(10));
}

mod laws {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_interval_is_ordered_around_the_mean(
            agents in 1_u32..500, aht in 1_u64..7_200, patience in 0_u64..7_200, live in 0_u32..300, requests in 0_u32..300,
        ) {
            let estimate = line(agents, aht, patience, live, requests).estimate().unwrap();
            let interval = estimate.interval();
            prop_assert!(0.0 <= interval.low && interval.low < estimate.mean_s() && estimate.mean_s() < interval.high);
        }

        #[test]
        fn who_has_more_people_ahead_waits_longer(agents in 1_u32..50, live in 0_u32..50, requests in 0_u32..50) {
            let mean = |live, requests| line(agents, 300, 240, live, requests).estimate().unwrap().mean_s();
            // Not so for a live caller behind requests: the formula spreads the patience of few over all.
            prop_assert!(mean(live + 1, 0) > mean(live, 0));
            prop_assert!(mean(live, requests + 1) > mean(live, requests));
        }

        #[test]
        fn a_promise_lies_in_the_hours_and_ends_later_than_it_begins(
            minutes in 0_u64..20_000, agents in 0_u32..30, pending in 0_u32..200, promised in 0_usize..200, aht in 0_u64..900,
        ) {
            let office = office();
            let now = at("2026-09-14T00:00:00Z") + Millis::minutes(minutes);
            let promised = vec![now + Millis::hours(24); promised];
            let request = PromiseRequest {
                at: now,
                line: line(agents, aht, 240, 2, 2),
                correction: Correction::NONE,
                pending,
                calendar: Some(&office),
                usual_agents: agents,
                promised: &promised,
            };
            let promise = PromisePolicy::default().promise(&request).unwrap();
            prop_assert!(now <= promise.from && promise.from < promise.to);
            let open = office.open_time_between(promise.from, promise.to);
            prop_assert_eq!(open, promise.window());
        }
    }
}
