use std::fmt::Write as _;

use expect_test::expect;
use nohold_model::{Millis, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::fixture::{agent, at, available, call, entry, offer};

const PAUSE: AfterOffer = AfterOffer { pause: Millis::seconds(10), forgiving: false };
const FORGIVING: AfterOffer = AfterOffer { pause: Millis::seconds(10), forgiving: true };

/// What the agent is after these inputs, one second apart; each must mean something.
fn after(inputs: &[Input]) -> Agent {
    inputs.iter().zip(1..).fold(Agent::new(agent("2000")), |agent, (input, second)| {
        next(&agent, at(second), input).unwrap_or_else(|| panic!("{input:?} refused by {agent:?}"))
    })
}

fn offered() -> Vec<Input> {
    vec![Input::SignIn, Input::Offer(offer(1), call(1))]
}

fn talking() -> Vec<Input> {
    [offered(), vec![Input::OfferEnded(offer(1), OfferEnd::Accepted, PAUSE)]].concat()
}

/// One agent in each state.
fn agents() -> Vec<Agent> {
    let plus = |before: Vec<Input>, input| [before, vec![input]].concat();
    vec![
        after(&[]),
        after(&[Input::SignIn]),
        after(&[Input::SignIn, Input::Choose(Mode::NotReady)]),
        after(&[Input::SignIn, Input::Choose(Mode::Break("lunch".into()))]),
        after(&offered()),
        after(&plus(offered(), Input::Ringing(offer(1)))),
        after(&talking()),
        after(&plus(talking(), Input::Hold(call(1), true))),
        after(&plus(talking(), Input::Free(call(1), Follows::timed(Millis::seconds(30))))),
        after(&plus(offered(), Input::OfferEnded(offer(1), OfferEnd::NoAnswer, PAUSE))),
        after(&[Input::SignIn, Input::Dial(call(1), entry(1))]),
    ]
}

fn inputs() -> Vec<(&'static str, Input)> {
    let ended = |end, after| Input::OfferEnded(offer(1), end, after);
    vec![
        ("sign in", Input::SignIn),
        ("sign out", Input::SignOut),
        ("page lost", Input::PageLost),
        ("not ready", Input::Choose(Mode::NotReady)),
        ("available", Input::Choose(Mode::Available)),
        ("no answer by choice", Input::Choose(Mode::NoAnswer)),
        ("clear", Input::Clear),
        ("end wrap-up", Input::EndWrapUp),
        ("tick", Input::Tick),
        ("offer", Input::Offer(offer(2), call(2))),
        ("ringing", Input::Ringing(offer(1))),
        ("another's ringing", Input::Ringing(offer(9))),
        ("accepted", ended(OfferEnd::Accepted, PAUSE)),
        ("no answer", ended(OfferEnd::NoAnswer, PAUSE)),
        ("no answer of ring all", ended(OfferEnd::NoAnswer, FORGIVING)),
        ("declined", ended(OfferEnd::Declined, PAUSE)),
        ("unreachable", ended(OfferEnd::Unreachable, FORGIVING)),
        ("withdrawn", ended(OfferEnd::Withdrawn, PAUSE)),
        ("dial", Input::Dial(call(2), entry(2))),
        ("connected", Input::Connected(call(1))),
        ("hold", Input::Hold(call(1), true)),
        ("take back", Input::Hold(call(1), false)),
        ("free", Input::Free(call(1), Follows::NOTHING)),
        ("free, wrap-up", Input::Free(call(1), Follows::timed(Millis::seconds(30)))),
        ("another's free", Input::Free(call(9), Follows::NOTHING)),
    ]
}

#[test]
fn every_input_in_every_state_is_allowed_or_refused_as_here() {
    let mut table = String::new();
    for (name, input) in inputs() {
        write!(table, "{name}:").unwrap();
        for before in agents() {
            if let Some(after) = next(&before, at(60), &input) {
                write!(table, " {:?}→{:?}", before.state(), after.state()).unwrap();
                if let Some(mode) = after.after.filter(|mode| before.after.as_ref() != Some(mode)) {
                    write!(table, "(then {mode:?})").unwrap();
                }
            }
        }
        table.push('\n');
    }
    expect![[r#"
        sign in: NotSignedIn→Available
        sign out: Available→NotSignedIn NotReady→NotSignedIn Break→NotSignedIn Reserved→Reserved(then SignedOut) Ringing→Ringing(then SignedOut) Talking→Talking(then SignedOut) Held→Held(then SignedOut) WrapUp→WrapUp(then SignedOut) NoAnswer→NotSignedIn Reserved→Reserved(then SignedOut)
        page lost: Available→NotSignedIn NotReady→NotSignedIn Break→NotSignedIn Reserved→Reserved(then SignedOut) Ringing→Ringing(then SignedOut) Talking→Talking(then SignedOut) Held→Held(then SignedOut) WrapUp→WrapUp(then SignedOut) NoAnswer→NotSignedIn Reserved→Reserved(then SignedOut)
        not ready: Available→NotReady Break→NotReady Reserved→Reserved(then NotReady) Ringing→Ringing(then NotReady) Talking→Talking(then NotReady) Held→Held(then NotReady) WrapUp→WrapUp(then NotReady) NoAnswer→NotReady Reserved→Reserved(then NotReady)
        available: NotReady→Available Break→Available Reserved→Reserved(then Available) Ringing→Ringing(then Available) Talking→Talking(then Available) Held→Held(then Available) WrapUp→WrapUp(then Available) NoAnswer→Available Reserved→Reserved(then Available)
        no answer by choice:
        clear: NoAnswer→Available
        end wrap-up: WrapUp→Available
        tick: WrapUp→Available
        offer: Available→Reserved
        ringing: Reserved→Ringing
        another's ringing:
        accepted: Reserved→Talking Ringing→Talking
        no answer: Reserved→NoAnswer Ringing→NoAnswer
        no answer of ring all: Reserved→Available Ringing→Available
        declined: Reserved→Available Ringing→Available
        unreachable: Reserved→NoAnswer Ringing→NoAnswer
        withdrawn: Reserved→Available Ringing→Available
        dial: Available→Reserved NotReady→Reserved Break→Reserved WrapUp→Reserved NoAnswer→Reserved
        connected: Reserved→Talking
        hold: Talking→Held
        take back: Held→Talking
        free: Talking→Available Held→Available Reserved→Available
        free, wrap-up: Talking→WrapUp Held→WrapUp Reserved→WrapUp
        another's free:
    "#]].assert_eq(&table);
}

#[test]
fn an_unanswered_ring_takes_the_agent_out_of_rotation_until_cleared() {
    let silent = after(&[offered(), vec![Input::OfferEnded(offer(1), OfferEnd::NoAnswer, PAUSE)]].concat());
    assert!(!silent.may_be_offered(at(100_000)));
    assert!(next(&silent, at(60), &Input::Clear).unwrap().may_be_offered(at(60)));
    // The next answered call clears it too.
    let dialling = next(&silent, at(60), &Input::Dial(call(2), entry(2))).unwrap();
    let talking = next(&dialling, at(70), &Input::Connected(call(2))).unwrap();
    let free = next(&talking, at(80), &Input::Free(call(2), Follows::NOTHING)).unwrap();
    assert_eq!(free.state(), AgentState::Available);
}

#[test]
fn one_unanswered_ring_of_ring_all_only_pauses_the_agent() {
    let paused = after(&[offered(), vec![Input::OfferEnded(offer(1), OfferEnd::NoAnswer, FORGIVING)]].concat());
    assert_eq!(paused.state(), AgentState::Available);
    // The ring ended in the third second.
    assert!(!paused.may_be_offered(at(12)));
    assert!(paused.may_be_offered(at(13)));
}

#[test]
fn choosing_to_be_available_while_the_phone_rings_is_no_answer_to_it() {
    let chosen = |mode| {
        let ended = Input::OfferEnded(offer(1), OfferEnd::NoAnswer, PAUSE);
        after(&[offered(), vec![Input::Choose(mode), ended]].concat()).state()
    };
    assert_eq!(chosen(Mode::Available), AgentState::NoAnswer);
    assert_eq!(chosen(Mode::NotReady), AgentState::NotReady);
    assert_eq!(chosen(Mode::SignedOut), AgentState::NotSignedIn);
}

#[test]
fn why_somebody_is_signed_out_is_known_until_they_choose_again() {
    let lost = |before: &[Input]| after(&[&[Input::SignIn], before, &[Input::PageLost]].concat());
    let is_why = |agent: &Agent| (agent.mode == Mode::SignedOut, agent.page_lost);
    assert_eq!(is_why(&lost(&[])), (true, true));
    assert_eq!(next(&lost(&[]), at(70), &Input::PageLost), None, "it is lost already");
    let ended = after(&[Input::SignIn, Input::SignOut]);
    assert_eq!(next(&ended, at(70), &Input::PageLost), None, "who had ended work is not told of a page");
    assert_eq!(is_why(&next(&lost(&[]), at(70), &Input::SignIn).unwrap()), (false, false));
    assert_eq!(is_why(&next(&lost(&[]), at(70), &Input::SignOut).unwrap()), (true, false));
    let in_call = after(&[offered(), vec![Input::PageLost]].concat());
    assert!(in_call.page_lost && in_call.after == Some(Mode::SignedOut));
    assert!(!next(&in_call, at(70), &Input::Choose(Mode::Available)).unwrap().page_lost);
}

#[test]
fn an_offer_that_came_to_nothing_keeps_the_row_of_idle_agents() {
    let rung = || [offered(), vec![Input::Ringing(offer(1))]].concat();
    for end in [OfferEnd::Withdrawn, OfferEnd::Declined, OfferEnd::Interrupted] {
        let ended = Input::OfferEnded(offer(1), end, PAUSE);
        assert_eq!(after(&[rung(), vec![ended.clone()]].concat()).idle_since, at(1), "{end:?} after ringing");
        assert_eq!(after(&[offered(), vec![ended]].concat()).idle_since, at(1), "{end:?} before ringing");
    }
    let served =
        [talking(), vec![Input::Free(call(1), Follows::timed(Millis::seconds(30))), Input::EndWrapUp]].concat();
    assert_eq!(after(&served).idle_since, at(5));
}

#[test]
fn who_needs_longer_stays_in_a_wrap_up_that_time_would_end_and_not_for_ever() {
    let wrapping = after(&[talking(), vec![Input::Free(call(1), Follows::timed(Millis::seconds(30)))]].concat());
    let longer = next(&wrapping, at(5), &Input::StayInWrapUp).unwrap();
    assert_eq!(next(&longer, at(34), &Input::Tick), None, "the time of the queue is over");
    assert_eq!(longer.wrap_up, Some(at(4) + LONGEST_TYPING));
    assert_eq!(next(&longer, at(4 + 900), &Input::Tick).unwrap().state(), AgentState::Available);
    assert_eq!(next(&longer, at(6), &Input::EndWrapUp).unwrap().state(), AgentState::Available);
    assert_eq!(next(&Agent::new(agent("2000")), at(5), &Input::StayInWrapUp), None, "there is none");
}

#[test]
fn a_wrap_up_ends_by_time_by_the_agent_or_by_a_callback_of_the_agents_own() {
    let wrapping = after(&[talking(), vec![Input::Free(call(1), Follows::timed(Millis::seconds(30)))]].concat());
    assert_eq!(next(&wrapping, at(33), &Input::Tick), None);
    assert_eq!(next(&wrapping, at(34), &Input::Tick).unwrap().state(), AgentState::Available);
    assert_eq!(next(&wrapping, at(5), &Input::EndWrapUp).unwrap().state(), AgentState::Available);
    let dialling = next(&wrapping, at(5), &Input::Dial(call(2), entry(2))).unwrap();
    assert_eq!((dialling.state(), dialling.wrap_up), (AgentState::Reserved, None));
}

#[test]
fn a_sign_out_during_a_call_comes_after_its_wrap_up_and_is_taken_back_by_signing_in() {
    let leaving = after(&[talking(), vec![Input::SignOut]].concat());
    assert_eq!(leaving.state(), AgentState::Talking);
    let wrapping = next(&leaving, at(10), &Input::Free(call(1), Follows::timed(Millis::seconds(30)))).unwrap();
    assert_eq!(next(&wrapping, at(40), &Input::Tick).unwrap().state(), AgentState::NotSignedIn);
    let staying = next(&wrapping, at(20), &Input::SignIn).unwrap();
    assert_eq!(next(&staying, at(40), &Input::Tick).unwrap().state(), AgentState::Available);
}

#[test]
fn an_offer_is_freed_by_its_own_end_only() {
    let reserved = after(&offered());
    assert_eq!(next(&reserved, at(9), &Input::Free(call(1), Follows::NOTHING)), None);
}

fn any_input() -> impl Strategy<Value = Input> {
    let mode = prop_oneof![
        Just(Mode::Available),
        Just(Mode::NotReady),
        Just(Mode::Break("lunch".into())),
        Just(Mode::SignedOut),
        Just(Mode::NoAnswer),
    ];
    let end = prop_oneof![
        Just(OfferEnd::Accepted),
        Just(OfferEnd::NoAnswer),
        Just(OfferEnd::Declined),
        Just(OfferEnd::Unreachable),
        Just(OfferEnd::Withdrawn),
        Just(OfferEnd::Interrupted),
    ];
    let (n, wrap_up) = (0_u32..3, 0_u64..3);
    prop_oneof![
        Just(Input::SignIn),
        Just(Input::SignOut),
        mode.prop_map(Input::Choose),
        Just(Input::Clear),
        Just(Input::PageLost),
        Just(Input::EndWrapUp),
        Just(Input::StayInWrapUp),
        Just(Input::Tick),
        (n.clone(), n.clone()).prop_map(|(o, c)| Input::Offer(offer(o), call(c))),
        n.clone().prop_map(|o| Input::Ringing(offer(o))),
        (n.clone(), end, any::<bool>()).prop_map(|(o, end, forgiving)| {
            Input::OfferEnded(offer(o), end, AfterOffer { pause: Millis::seconds(2), forgiving })
        }),
        (n.clone(), n.clone()).prop_map(|(c, e)| Input::Dial(call(c), entry(e))),
        n.clone().prop_map(|c| Input::Connected(call(c))),
        n.clone().prop_map(|c| Input::Rung(call(c))),
        n.clone().prop_map(|c| Input::Calls(call(c))),
        (n.clone(), any::<bool>()).prop_map(|(c, hold)| Input::Hold(call(c), hold)),
        (n, wrap_up).prop_map(|(c, wrap_up)| Input::Free(call(c), Follows::timed(Millis::seconds(wrap_up)))),
    ]
}

proptest! {
    #[test]
    fn nothing_takes_an_agent_who_is_held_by_something_else(inputs in prop::collection::vec(any_input(), 1..60)) {
        let mut agent = available("2000", at(0));
        for (input, second) in inputs.into_iter().zip(1..) {
            let now: Timestamp = at(second);
            let Some(after) = next(&agent, now, &input) else { continue };
            prop_assert_eq!(after.version, agent.version + 1);
            prop_assert!(after.since >= agent.since && after.since <= now);
            // Held by one thing: a new one only comes once the old one has let go.
            if let (Some(before), Some(call)) = (agent.call(), after.call()) {
                prop_assert_eq!(before, call, "{:?} took an agent who was held", input);
            }
            // A wrap-up is no time for work, only for direct calls, and no choice is left over when nothing holds the
            // agent.
            let works = matches!(after.engagement, Some(Engagement::Offered { .. } | Engagement::Dialling { .. }));
            prop_assert!(!works || after.wrap_up.is_none());
            prop_assert!(after.engagement.is_some() || after.wrap_up.is_some() || after.after.is_none());
            // Nobody is given a call who did not want one.
            if agent.offer().is_none() && after.offer().is_some() {
                prop_assert!(agent.may_be_offered(now));
            }
            agent = after;
        }
    }
}
