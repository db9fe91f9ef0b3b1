use std::fmt::Write as _;

use expect_test::expect;
use nohold_model::{CallResult, DispositionKey, GroupKey, Millis, Timestamp};

use super::*;
use crate::directory::Directory;
use crate::fixture::{
    agent, at, attempt, by, call, customer, entry, message, queue_600, renewals, request, site, supervisor,
};

fn moment(seconds: i64) -> crate::hours::Moment {
    crate::hours::Moment::new(at(seconds), &site().zone)
}

fn missed() -> Entry {
    let mut entry = Entry::new(entry(1), Some(customer(1)), queue_600(), at(0));
    entry.missed.add(LeftAt::Menu, Millis::seconds(20), false);
    entry
}

fn requested(now: Timestamp) -> Entry {
    let made = request(1, &customer(1), queue_600(), now);
    let mut entry = missed();
    entry.ask(Request {
        call: made.call,
        asked: now,
        promise: made.promise,
        consent: made.consent,
        called: made.called,
        queue: made.queue,
        path: made.path,
        language: made.language,
        agreed_in: None,
        agreed_by: None,
    });
    entry
}

fn done(entry: &Entry, now: Timestamp, what: &Change) -> Entry {
    change(entry, &site(), now, &Actor::System, what).unwrap_or_else(|refusal| panic!("{what:?}: {refusal}"))
}

fn refused(entry: &Entry, now: Timestamp, by: &Actor, what: &Change) -> Refusal {
    change(entry, &site(), now, by, what).map(|entry| entry.state).unwrap_err()
}

fn claim() -> Change {
    Change::Claim { agent: agent("2000") }
}

fn call_began(n: u32) -> Change {
    Change::CallBegan { agent: agent("2000"), call: call(n), beyond_window: false }
}

fn close() -> Change {
    Change::Outcome(Outcome::Close { reason: CloseReason::Done, disposition: None, note: String::new() })
}

fn keep() -> Change {
    Change::Outcome(Outcome::Keep { disposition: None, note: String::new() })
}

fn postpone(from: Timestamp, to: Timestamp) -> Change {
    Change::Outcome(Outcome::Postpone { window: Window { from, to }, disposition: None, note: String::new() })
}

/// The n-th attempt, begun at `now`.
fn attempting(entry: &Entry, n: u32, now: Timestamp) -> Entry {
    let called = done(entry, now, &call_began(n));
    done(&called, now, &Change::AttemptBegan { attempt: attempt(n), call: call(n) })
}

fn failed(entry: &Entry, n: u32, now: Timestamp, result: CallResult, sent: bool) -> Entry {
    done(&attempting(entry, n, now), now, &Change::AttemptEnded { attempt: attempt(n), result, sent })
}

fn talked(entry: &Entry, n: u32, now: Timestamp, broken: bool) -> Entry {
    let talking = done(&attempting(entry, n, now), now, &Change::Answered { attempt: attempt(n) });
    done(&talking, now, &Change::TalkEnded { attempt: attempt(n), talked: Millis::seconds(25), broken })
}

fn word(state: &State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Claimed { call: None, .. } => "claimed",
        State::Claimed { call: Some(_), .. } => "calling",
        State::Attempting { .. } => "attempting",
        State::Talking { .. } => "talking",
        State::Noting { broken: false, .. } => "noting",
        State::Noting { broken: true, .. } => "broken",
        State::Closed { reason, .. } => match reason {
            CloseReason::Done => "done",
            CloseReason::Served => "served",
            CloseReason::Cancelled => "cancelled",
            CloseReason::Unreachable => "unreachable",
            CloseReason::Expired => "expired",
            CloseReason::Refused => "refused",
        },
    }
}

/// One entry in each state, all since the morning.
fn in_every_state() -> Vec<Entry> {
    let waiting = requested(at(0));
    let called = done(&waiting, at(0), &call_began(1));
    let trying = attempting(&waiting, 1, at(0));
    vec![
        waiting.clone(),
        done(&waiting, at(0), &claim()),
        called,
        trying.clone(),
        done(&trying, at(0), &Change::Answered { attempt: attempt(1) }),
        talked(&waiting, 1, at(0), false),
        talked(&waiting, 1, at(0), true),
        done(&waiting, at(0), &close()),
    ]
}

/// Every change, by those who may wish it.
fn changes() -> Vec<(&'static str, Actor, Change)> {
    let other = Actor::Agent(agent("2001"));
    let ended = |sent| Change::AttemptEnded { attempt: attempt(1), result: CallResult::Busy, sent };
    vec![
        ("claim", by("2000"), claim()),
        ("claim by another", other.clone(), Change::Claim { agent: agent("2001") }),
        ("claim for another", other.clone(), claim()),
        ("release", by("2000"), Change::Release),
        ("release by another", other.clone(), Change::Release),
        ("tick", Actor::System, Change::Tick),
        ("call began", by("2000"), call_began(2)),
        ("call dropped", Actor::System, Change::CallDropped { call: call(1), why: None }),
        ("attempt began", Actor::System, Change::AttemptBegan { attempt: attempt(2), call: call(1) }),
        ("attempt ended", Actor::System, ended(true)),
        ("attempt not sent", Actor::System, ended(false)),
        ("answered", Actor::System, Change::Answered { attempt: attempt(1) }),
        ("talk ended", Actor::System, Change::TalkEnded { attempt: attempt(1), talked: Millis::ZERO, broken: false }),
        ("close", by("2000"), close()),
        ("close by another", other.clone(), close()),
        ("keep", by("2000"), keep()),
        ("postpone", by("2000"), postpone(at(7200), at(9000))),
        ("served", Actor::System, Change::Served),
        ("cancel", Actor::Customer, Change::Cancel),
        ("prioritise", supervisor(), Change::Prioritise { priority: 3 }),
        ("prioritise by agent", other.clone(), Change::Prioritise { priority: 3 }),
        ("reassign", supervisor(), Change::Reassign { target: None, agent: Some(agent("2002")) }),
        ("reassign by agent", other, Change::Reassign { target: None, agent: None }),
        ("reopen", by("2000"), Change::Reopen),
        ("allow more", supervisor(), Change::AllowMoreAttempts),
        ("allow more by agent", by("2000"), Change::AllowMoreAttempts),
    ]
}

#[test]
fn every_change_in_every_state_is_allowed_or_refused_as_here() {
    let mut table = String::new();
    for (name, by, what) in &changes() {
        write!(table, "{name}:").unwrap();
        for entry in &in_every_state() {
            match change(entry, &site(), at(300), by, what) {
                Ok(after) => {
                    assert_eq!((after.version, after.place), (entry.version + 1, entry.place), "{name}");
                    write!(table, " {}→{}", word(&entry.state), word(&after.state)).unwrap();
                }
                Err(Refusal::Stale) => {}
                Err(refusal) => {
                    let text = format!("{refusal:?}");
                    write!(table, " {}×{}", word(&entry.state), text.split(' ').next().unwrap()).unwrap();
                }
            }
        }
        table.push('\n');
    }
    expect![[r#"
        claim: waiting→claimed claimed→claimed calling×InCall attempting×InCall talking×InCall noting×NoOutcomeYet broken×NoOutcomeYet done×Closed
        claim by another: waiting→claimed claimed×HeldBy(2000) calling×HeldBy(2000) attempting×HeldBy(2000) talking×HeldBy(2000) noting×HeldBy(2000) broken×HeldBy(2000) done×Closed
        claim for another: waiting×NotAllowed claimed×NotAllowed calling×NotAllowed attempting×NotAllowed talking×NotAllowed noting×NotAllowed broken×NotAllowed done×NotAllowed
        release: waiting×NotClaimed claimed→waiting calling×InCall attempting×InCall talking×InCall noting→waiting broken→waiting done×Closed
        release by another: waiting×NotClaimed claimed×HeldBy(2000) calling×InCall attempting×InCall talking×InCall noting×HeldBy(2000) broken×HeldBy(2000) done×Closed
        tick: claimed→waiting noting→done broken→waiting
        call began: waiting→calling claimed→calling calling×InCall attempting×InCall talking×InCall noting×NoOutcomeYet broken→calling done×Closed
        call dropped: calling→waiting attempting→waiting
        attempt began: calling→attempting
        attempt ended: attempting→waiting
        attempt not sent: attempting→waiting
        answered: attempting→talking
        talk ended: talking→noting
        close: waiting→done claimed→done calling×InCall attempting×InCall talking×InCall noting→done broken→done done×Closed
        close by another: waiting→done claimed×HeldBy(2000) calling×InCall attempting×InCall talking×InCall noting×HeldBy(2000) broken×HeldBy(2000) done×Closed
        keep: waiting→waiting claimed→waiting calling×InCall attempting×InCall talking×InCall noting→waiting broken→waiting done×Closed
        postpone: waiting→waiting claimed→waiting calling×InCall attempting×InCall talking×InCall noting→waiting broken→waiting done×Closed
        served: waiting→served claimed→served calling×InCall attempting×InCall talking×InCall noting→served broken→served done×Closed
        cancel: waiting→cancelled claimed→cancelled calling×InCall attempting×InCall talking×InCall noting→cancelled broken→cancelled done×Closed
        prioritise: waiting→waiting claimed→claimed calling→calling attempting→attempting talking→talking noting→noting broken→broken done×Closed
        prioritise by agent: waiting×NotAllowed claimed×NotAllowed calling×NotAllowed attempting×NotAllowed talking×NotAllowed noting×NotAllowed broken×NotAllowed done×NotAllowed
        reassign: waiting→waiting claimed→waiting calling×InCall attempting×InCall talking×InCall noting×HeldBy(2000) broken×HeldBy(2000) done×Closed
        reassign by agent: waiting×NotAllowed claimed×NotAllowed calling×NotAllowed attempting×NotAllowed talking×NotAllowed noting×NotAllowed broken×NotAllowed done×NotAllowed
        reopen: waiting×Open claimed×Open calling×Open attempting×Open talking×Open noting×Open broken×Open done→waiting
        allow more: waiting→waiting claimed→claimed calling→calling attempting→attempting talking→talking noting→noting broken→broken done×Closed
        allow more by agent: waiting×NotAllowed claimed×NotAllowed calling×NotAllowed attempting×NotAllowed talking×NotAllowed noting×NotAllowed broken×NotAllowed done×NotAllowed
    "#]].assert_eq(&table);
}

#[test]
fn the_gap_after_an_attempt_is_that_of_its_result() {
    let gap = |result, sent| {
        let after = failed(&requested(at(0)), 1, at(100), result, sent);
        assert_eq!(after.due, after.not_before);
        after.not_before.since(at(100)).as_millis() / 60_000
    };
    assert_eq!(gap(CallResult::NoAnswer, true), 10);
    assert_eq!(gap(CallResult::Busy, true), 10);
    assert_eq!(gap(CallResult::Machine, true), 15);
    // Certainly not sent: at once, and nothing is counted.
    assert_eq!(gap(CallResult::Interrupted, false), 0);
    assert_eq!(failed(&missed(), 1, at(100), CallResult::Interrupted, false).counted_attempts(), 0);
    // It may have been sent: its ring time and 30 s.
    let interrupted = failed(&missed(), 1, at(100), CallResult::Interrupted, true);
    assert_eq!((interrupted.not_before, interrupted.counted_attempts()), (at(100 + 40 + 30), 1));
}

#[test]
fn a_retry_is_refused_before_its_time_and_promises_a_fresh_window_of_ten_minutes() {
    let waits = failed(&requested(at(0)), 1, at(0), CallResult::NoAnswer, true);
    assert_eq!(refused(&waits, at(599), &by("2000"), &call_began(2)), Refusal::TooSoon { until: moment(600) });
    assert_eq!(done(&waits, at(600), &call_began(2)).call(), Some(call(2)));
    assert_eq!(waits.request.as_ref().unwrap().promise, Window { from: at(600), to: at(1200) });
    assert_eq!(waits.place, missed().place);
}

#[test]
fn after_the_last_attempt_it_is_unreachable_and_a_number_that_is_not_in_use_at_once() {
    let mut entry = missed();
    for (n, now) in [(1, 0), (2, 600), (3, 1200)] {
        assert!(entry.is_open());
        entry = failed(&entry, n, at(now), CallResult::NoAnswer, true);
    }
    assert_eq!(word(&entry.state), "unreachable");
    assert_eq!(word(&failed(&missed(), 1, at(0), CallResult::Unallocated, true).state), "unreachable");
    // Attempts that were not sent do not bring it there.
    let unsent = (1..6).fold(missed(), |entry, n| failed(&entry, n, at(0), CallResult::Interrupted, false));
    assert_eq!(word(&unsent.state), "waiting");
}

#[test]
fn a_reopened_entry_is_tried_anew_but_not_sooner_after_the_last_attempt() {
    let mut entry = missed();
    for (n, now) in [(1, 0), (2, 600), (3, 1200)] {
        entry = failed(&entry, n, at(now), CallResult::NoAnswer, true);
    }
    let open = done(&entry, at(1260), &Change::Reopen);
    assert_eq!((open.counted_attempts(), open.attempts.len(), open.due), (0, 3, at(1800)));
    assert_eq!(refused(&open, at(1260), &by("2000"), &call_began(4)), Refusal::TooSoon { until: moment(1800) });
    let once_more = failed(&open, 4, at(1800), CallResult::Busy, true);
    assert_eq!((word(&once_more.state), once_more.counted_attempts()), ("waiting", 1));
}

#[test]
fn a_broken_line_leaves_it_open_and_may_be_called_at_once() {
    let broken = talked(&requested(at(0)), 1, at(100), true);
    assert_eq!((broken.due, broken.not_before), (at(100), at(100)));
    // The same agent goes on at once; another one once the claim is over.
    assert_eq!(done(&broken, at(101), &call_began(2)).holder(), Some(&agent("2000")));
    let another = Change::CallBegan { agent: agent("2001"), call: call(2), beyond_window: false };
    assert_eq!(refused(&broken, at(101), &by("2001"), &another), Refusal::HeldBy(agent("2000")));
    let waits = done(&broken, at(400), &Change::Tick);
    assert_eq!(done(&waits, at(400), &another).holder(), Some(&agent("2001")));
}

#[test]
fn a_line_that_breaks_in_the_last_attempt_is_worth_another_round() {
    let mut entry = requested(at(0));
    for (n, now) in [(1, 0), (2, 600)] {
        entry = failed(&entry, n, at(now), CallResult::NoAnswer, true);
    }
    let broken = talked(&entry, 3, at(1200), true);
    let waits = done(&broken, at(1500), &Change::Tick);
    assert_eq!(word(&waits.state), "waiting");
    assert_eq!(done(&waits, at(1500), &call_began(4)).call(), Some(call(4)));
    // Whoever was cut short may do so without waiting; whether the number may be tried is a question beside this one.
    assert_eq!(done(&broken, at(1201), &call_began(4)).call(), Some(call(4)));
}

#[test]
fn without_a_word_a_claim_runs_out_and_a_conversation_is_taken_as_its_answer() {
    let claimed = done(&missed(), at(0), &claim());
    assert_eq!(claimed.ticks_at(&site()), Some(at(300)));
    assert_eq!(refused(&claimed, at(299), &Actor::System, &Change::Tick), Refusal::Stale);
    assert_eq!(word(&done(&claimed, at(300), &Change::Tick).state), "waiting");
    // Claiming again makes it last.
    assert_eq!(done(&claimed, at(200), &claim()).ticks_at(&site()), Some(at(500)));
    assert_eq!(word(&done(&talked(&missed(), 1, at(0), false), at(300), &Change::Tick).state), "done");
    // While the phone rings no claim runs out.
    assert_eq!(done(&missed(), at(0), &call_began(1)).ticks_at(&site()), None);
}

#[test]
fn a_customer_who_calls_again_while_the_outcome_is_written_is_not_closed_with_it() {
    for what in [close(), Change::Tick] {
        let mut noting = talked(&requested(at(0)), 1, at(0), false);
        assert!(!noting.awaits_callback());
        noting.gather(at(290), at(295));
        let after = done(&noting, at(300), &what);
        assert_eq!((word(&after.state), after.counted_attempts()), ("waiting", 0), "{what:?}");
    }
}

#[test]
fn an_entry_on_which_nobody_works_expires_after_the_time_of_the_site() {
    let hours = |n: i64| at(n * 3600);
    assert_eq!(word(&done(&missed(), hours(48), &Change::Tick).state), "expired");
    assert_eq!(refused(&missed(), hours(47), &Actor::System, &Change::Tick), Refusal::Stale);
    let later = done(&missed(), at(0), &postpone(hours(100), hours(101)));
    assert_eq!(later.ticks_at(&site()), Some(hours(148)));
    let never = Site { expire_after: None, ..site() };
    assert_eq!(missed().ticks_at(&never), None);
}

#[test]
fn an_entry_is_moved_to_the_future_only() {
    let waits = requested(at(0));
    assert_eq!(refused(&waits, at(100), &by("2000"), &postpone(at(0), at(100))), Refusal::NotInTheFuture);
    assert_eq!(refused(&waits, at(100), &by("2000"), &postpone(at(300), at(200))), Refusal::NotInTheFuture);
    let next_millennium = postpone(at(0), at(1_000 * 366 * 86_400));
    assert_eq!(refused(&waits, at(100), &by("2000"), &next_millennium), Refusal::TooFarAhead { days: 366 });
    let moved = done(&waits, at(100), &postpone(at(3600), at(7200)));
    assert_eq!((moved.due, moved.request.unwrap().promise.to), (at(3600), at(7200)));
}

#[test]
fn an_outcome_keeps_its_disposition_and_note_and_an_empty_one_takes_nothing_away() {
    let solved = DispositionKey::new("solved").unwrap();
    let outcome = Outcome::Close { reason: CloseReason::Done, disposition: Some(solved.clone()), note: "sent".into() };
    let closed = done(&talked(&missed(), 1, at(0), false), at(10), &Change::Outcome(outcome));
    let kept = done(&done(&closed, at(20), &Change::Reopen), at(20), &keep());
    assert_eq!((kept.disposition, kept.note.as_str()), (Some(solved), "sent"));
}

#[test]
fn a_call_of_another_time_changes_nothing() {
    let trying = attempting(&missed(), 1, at(0));
    let stale = |what: &Change| refused(&trying, at(1), &Actor::System, what);
    assert_eq!(stale(&Change::CallDropped { call: call(9), why: None }), Refusal::Stale);
    assert_eq!(stale(&Change::Answered { attempt: attempt(9) }), Refusal::Stale);
    let ended = Change::AttemptEnded { attempt: attempt(9), result: CallResult::Busy, sent: true };
    assert_eq!(stale(&ended), Refusal::Stale);
}

#[test]
fn requests_stand_on_top_by_priority_and_due_time_then_the_cut_off_then_the_rest_by_time() {
    let named = |name: &str, last: i64, make: &dyn Fn(&mut Entry)| {
        let mut entry = Entry::new(crate::fixture::entry(1), None, queue_600(), at(0));
        entry.last = at(last);
        make(&mut entry);
        (name.to_owned(), entry)
    };
    let asks = |due: i64, priority: u8| {
        move |entry: &mut Entry| {
            entry.request = requested(at(due)).request;
            entry.due = at(due);
            entry.priority = priority;
        }
    };
    let mut list = [
        named("missed, old", 10, &|entry| entry.missed.count = 1),
        named("message", 20, &|entry| entry.messages.push(message(1))),
        named("missed, new", 30, &|entry| entry.missed.count = 1),
        named("cut off", 5, &|entry| entry.cut_off = 1),
        named("cut off and message, later", 6, &|entry| {
            entry.cut_off = 1;
            entry.messages.push(message(1));
        }),
        named("request, due late", 1, &asks(50, 0)),
        named("request, due early", 2, &asks(40, 0)),
        named("request of priority", 3, &asks(60, 1)),
    ];
    list.sort_by_key(|(_, entry)| order(entry));
    let names: Vec<&str> = list.iter().map(|(name, _)| name.as_str()).collect();
    expect![[r#"
        request of priority
        request, due early
        request, due late
        cut off and message, later
        cut off
        missed, new
        message
        missed, old"#]]
    .assert_eq(&names.join("\n"));
}

#[test]
fn a_line_counts_the_calls_behind_it_and_is_short_only_when_all_of_them_are() {
    let mut entry = Entry::new(entry(1), Some(customer(1)), queue_600(), at(0));
    entry.missed.add(LeftAt::Menu, Millis::seconds(2), true);
    assert!(entry.is_short());
    entry.missed.add(LeftAt::Menu, Millis::seconds(20), false);
    assert!(!entry.is_short());
    assert_eq!(entry.count(), 2);
    entry.messages.push(message(1));
    assert_eq!((entry.count(), entry.section()), (3, Section::Messages));
}

#[test]
fn a_target_means_the_agents_of_its_groups_each_once() {
    let mut directory = crate::fixture::directory();
    let keys = |target: Target, directory: &Directory| {
        target.agents(directory).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(keys(queue_600(), &directory), "2000 2001 2002");
    assert_eq!(keys(crate::fixture::group_b(), &directory), "2002");
    assert_eq!(keys(renewals(), &directory), "2003");
    let both = directory.groups.get_mut(&GroupKey::new("support-b").unwrap()).unwrap();
    both.agents.insert(agent("2000"));
    assert_eq!(keys(queue_600(), &directory), "2000 2001 2002");
}
