use nohold_model::{CallResult, GroupKey, Millis, Timestamp};

use super::*;
use crate::agent::{Engagement, Input, Mode};
use crate::entry::{Actor, Change, CloseReason, LeftAt, State, Target, change};
use crate::fixture::{
    Works, a_queue, agent, at, attempt, available, call, customer, entry, group_b, offer, queue_600, renewals,
    supervisor,
};

fn viewer(role: Role, agent: Option<&str>, groups: Option<&[&str]>) -> Viewer {
    let groups = groups.map(|groups| groups.iter().map(|key| GroupKey::new(key).unwrap()).collect());
    Viewer { role, agent: agent.map(crate::fixture::agent), groups, may: Permission::of_role(role) }
}

/// Everybody who looks: a name for the tables, and who it is.
fn everybody() -> Vec<(&'static str, Viewer)> {
    vec![
        ("a", viewer(Role::Agent, Some("2000"), None)),
        ("b", viewer(Role::Agent, Some("2002"), None)),
        ("r", viewer(Role::Agent, Some("2003"), None)),
        ("nobody", viewer(Role::Agent, None, None)),
        ("A", viewer(Role::Supervisor, None, Some(&["support-a"]))),
        ("B", viewer(Role::Supervisor, None, Some(&["support-b"]))),
        ("Rb", viewer(Role::Supervisor, Some("2002"), Some(&["renewals"]))),
        ("all", viewer(Role::Supervisor, None, None)),
        ("none", viewer(Role::Supervisor, None, Some(&[]))),
        ("admin", viewer(Role::Administrator, None, None)),
    ]
}

/// The names of those for whom it is so.
fn who(works: &Works, is_so: impl Fn(&Sight) -> bool) -> String {
    let named = everybody().into_iter().filter(|(_, viewer)| is_so(&Sight::new(viewer, &works.directory)));
    named.map(|(name, _)| name).collect::<Vec<_>>().join(" ")
}

fn of(target: Target) -> Entry {
    Entry::new(entry(1), Some(customer(1)), target, at(0))
}

fn whole_service() -> Target {
    Target::WholeService(nohold_model::ServiceKey::new("support").unwrap())
}

#[test]
fn an_entry_is_seen_by_the_groups_that_are_meant_and_by_those_who_have_it() {
    let works = Works::new();
    let claimed = |key: &str| State::Claimed { agent: agent(key), until: at(9), call: None };
    let gone = Target::Campaign(nohold_model::CampaignKey::new("gone").unwrap());
    for (what, target, assigned, state, seen_by) in [
        ("both groups of the queue", queue_600(), None, State::Waiting, "a b A B Rb all admin"),
        ("both groups of the service", whole_service(), None, State::Waiting, "a b A B Rb all admin"),
        ("group B", group_b(), None, State::Waiting, "b B Rb all admin"),
        ("the campaign", renewals(), None, State::Waiting, "r Rb all admin"),
        ("given to an agent of another group", renewals(), Some("2000"), State::Waiting, "a r A Rb all admin"),
        ("given to a colleague", renewals(), Some("2001"), State::Waiting, "r A Rb all admin"),
        ("in hand after the groups changed", renewals(), None, claimed("2000"), "a r A Rb all admin"),
        ("of a campaign that is no more", gone, None, State::Waiting, "all admin"),
    ] {
        let row = Entry { assigned: assigned.map(agent), state, ..of(target) };
        assert_eq!(who(&works, |sight| sight.sees_entry(&row, &works.directory)), seen_by, "{what}");
    }
}

#[test]
fn an_agent_and_a_queue_are_seen_by_their_groups() {
    let works = Works::new();
    for (key, seen_by) in
        [("2000", "a A all admin"), ("2001", "a A all admin"), ("2002", "b B Rb all admin"), ("2003", "r Rb all admin")]
    {
        assert_eq!(who(&works, |sight| sight.sees_agent(&agent(key))), seen_by, "{key}");
    }
    for (groups, seen_by) in [
        (&["support-a", "support-b"][..], "a b A B Rb all admin"),
        (&["renewals"], "r Rb all admin"),
        (&[], "all admin"),
    ] {
        assert_eq!(who(&works, |sight| sight.sees_queue(&a_queue("x", groups))), seen_by, "{groups:?}");
    }
}

#[test]
fn an_agent_sees_the_own_calls_and_a_supervisor_those_of_the_groups() {
    let mut works = Works::new();
    works.arrive(1, Some(customer(1)));
    works.wait(2, &customer(2));
    let in_menu = works.tables.calls[&call(1)].clone();
    let in_queue = works.tables.calls[&call(2)].clone();
    let elsewhere = CallRow { service: None, ..in_menu.clone() };
    for (what, row, agents, seen_by) in [
        ("in a menu of the service", &in_menu, &[][..], "A B Rb all admin"),
        ("in the queue, rings an agent", &in_queue, &["2000"], "a A B Rb all admin"),
        ("of a campaign's agent", &elsewhere, &["2003"], "r Rb all admin"),
        ("nobody's", &elsewhere, &[], "all admin"),
    ] {
        let agents: Vec<AgentKey> = agents.iter().map(|key| agent(key)).collect();
        let seen = who(&works, |sight| sight.sees_call(row, agents.iter(), &works.directory));
        assert_eq!(seen, seen_by, "{what}");
    }
}

#[test]
fn agents_act_for_themselves_and_supervisors_for_those_they_see() {
    let works = Works::new();
    for (key, acting) in [("2000", "a A all admin"), ("2002", "b B Rb all admin")] {
        assert_eq!(who(&works, |sight| sight.acts_for(&agent(key))), acting, "{key}");
        let named = |sight: &Sight| sight.may_act_for().is_none_or(|agents| agents.contains(&agent(key)));
        assert_eq!(who(&works, named), acting, "{key}");
    }
    assert_eq!(who(&works, Sight::oversees), "A B Rb all none admin");
}

#[test]
fn signed_in_agents_of_the_group_and_its_supervisors_are_reminded_and_nobody_else() {
    let works = Works::new();
    let signed_in = |sight: &Sight| sight.agent().map(|key| available(key.as_str(), at(0)));
    let away = |sight: &Sight| sight.agent().map(|key| Agent::new(key.clone()));
    for (what, target, assigned, here, not_here) in [
        ("the queue (AT-25)", queue_600(), None, "a b A B Rb all", "A B Rb all"),
        ("the campaign (AT-9)", renewals(), None, "r Rb all", "Rb all"),
        ("group B (AT-10)", group_b(), None, "b B Rb all", "B Rb all"),
        ("given to an agent of another group", renewals(), Some("2000"), "a r A Rb all", "A Rb all"),
    ] {
        let row = Entry { assigned: assigned.map(agent), ..of(target) };
        let told = who(&works, |sight| sight.is_reminded(&row, signed_in(sight).as_ref(), &works.directory));
        assert_eq!(told, here, "{what}");
        let told = who(&works, |sight| sight.is_reminded(&row, away(sight).as_ref(), &works.directory));
        assert_eq!(told, not_here, "{what}, nobody signed in (AT-18)");
    }
}

/// What an entry reminds of at `seconds`: the kind, and where it ends by itself.
fn reminds(entry: &Entry, seconds: i64) -> Option<(ReminderKind, Option<Timestamp>)> {
    reminder(entry, at(seconds)).map(|reminder| (reminder.kind, reminder.until))
}

#[test]
fn requests_and_calls_that_we_cut_off_remind_while_nobody_works_on_them() {
    let mut works = Works::new();
    let (now, later) = (works.now, at(90_000));
    works.wait(1, &customer(1));
    works.ask(1, &customer(1), queue_600());
    let asked = works.entry(1).clone();
    let mut cut_off = of(queue_600());
    cut_off.cut_off = 1;
    let mut missed = of(queue_600());
    missed.missed.add(LeftAt::Menu, Millis::seconds(9), false);
    let message = Entry { messages: vec![crate::fixture::message(1)], ..missed.clone() };
    let at_work = |state| Entry { state, ..asked.clone() };
    let key = || agent("2000");
    for (what, row, expected) in [
        ("a request", asked.clone(), Some(ReminderKind::Request)),
        ("a request that is due tomorrow", Entry { due: later, ..asked.clone() }, Some(ReminderKind::Request)),
        ("cut off", cut_off.clone(), Some(ReminderKind::CutOff)),
        ("a request of one we cut off", Entry { cut_off: 1, ..asked.clone() }, Some(ReminderKind::Request)),
        ("a missed call (AT-5)", missed, None),
        ("a message (AT-6)", message, None),
        ("claimed", at_work(State::Claimed { agent: key(), until: later, call: None }), None),
        ("tried", at_work(State::Attempting { agent: key(), call: call(9) }), None),
        ("talking", at_work(State::Talking { agent: key(), call: call(9) }), None),
        ("noting", at_work(State::Noting { agent: key(), until: later, broken: false, called_again: false }), None),
        ("closed", at_work(State::Closed { reason: CloseReason::Done, at: now }), None),
    ] {
        assert_eq!(reminds(&row, 1), expected.map(|kind| (kind, None)), "{what}");
    }
}

#[test]
fn a_claim_withdraws_a_reminder_a_release_brings_back_the_same_and_a_new_request_is_a_new_one() {
    let mut works = Works::new();
    let id = |works: &Works| reminder(works.entry(1), works.now).map(|reminder| reminder.id);
    works.wait(1, &customer(1));
    works.ask(1, &customer(1), queue_600());
    let first = id(&works).unwrap();
    works.change(1, Change::Claim { agent: agent("2000") }, supervisor());
    assert_eq!(id(&works), None);
    works.pass(Millis::minutes(1));
    works.change(1, Change::Release, supervisor());
    assert_eq!(id(&works), Some(first));
    let text = format!("{}.request.{}", entry(1), at(0).as_millis());
    assert_eq!(first.to_string(), text);
    // After the conversation, a wish is a new one.
    let row = works.tables.entries.get_mut(&entry(1)).unwrap();
    row.state = State::Noting { agent: agent("2000"), until: at(900), broken: false, called_again: false };
    works.wait(2, &customer(1));
    works.ask(2, &customer(1), queue_600());
    works.change(1, Change::Release, supervisor());
    let second = id(&works).unwrap();
    assert_ne!(first, second);
}

#[test]
fn a_request_nobody_claims_is_told_again_then_to_the_supervisors_and_a_claim_begins_the_time_anew() {
    let mut works = Works::new();
    works.wait(1, &customer(1));
    works.ask(1, &customer(1), queue_600());
    works.pass(Millis::minutes(5));
    works.change(1, Change::Claim { agent: agent("2000") }, supervisor());
    works.change(1, Change::Release, supervisor());
    let released = works.now;
    let agents = Sight::new(&viewer(Role::Agent, Some("2000"), None), &works.directory);
    let over = Sight::new(&viewer(Role::Supervisor, None, Some(&["support-a"])), &works.directory);
    let told = |sight: &Sight, minutes: u64| {
        let now = released + Millis::minutes(minutes);
        let reminders = reminders(works.entry(1), &works.directory.site, now);
        sight.told(&reminders).map(|one| (one.kind, one.id))
    };
    let kinds = |sight: &Sight| [0, 9, 10, 19, 20, 600].map(|minutes| told(sight, minutes).unwrap().0);
    use ReminderKind::{Escalated, Request, Unclaimed};
    assert_eq!(kinds(&agents), [Request, Request, Unclaimed, Unclaimed, Unclaimed, Unclaimed]);
    assert_eq!(kinds(&over), [Request, Request, Unclaimed, Unclaimed, Escalated, Escalated]);
    assert_eq!(told(&agents, 10), told(&agents, 600), "once");
    assert_ne!(told(&agents, 9), told(&agents, 10), "as something new");
    let changes = |minutes: u64| {
        let now = released + Millis::minutes(minutes);
        reminders(works.entry(1), &works.directory.site, now).changes.map(|at| at.since(released))
    };
    assert_eq!([0, 10, 20].map(changes), [Some(Millis::minutes(10)), Some(Millis::minutes(20)), None]);
    let later = Entry { due: released + Millis::hours(9), ..works.entry(1).clone() };
    let due_later = reminders(&later, &works.directory.site, released + Millis::hours(1));
    assert_eq!(due_later.group.map(|one| one.kind), Some(Request), "it is not due yet");
    let mut quiet = works.directory.site.clone();
    (quiet.remind_again_after, quiet.escalate_after) = (None, None);
    let never = reminders(works.entry(1), &quiet, released + Millis::hours(40));
    assert_eq!((never.group.map(|one| one.kind), never.supervisors), (Some(Request), None));
}

#[test]
fn unreachable_is_shown_once_more_until_somebody_acknowledges_it_or_a_day_has_passed() {
    let works = Works::new();
    let site = &works.directory.site;
    let day = 24 * 3_600;
    let mut row = of(queue_600());
    row.state = State::Attempting { agent: agent("2000"), call: call(9) };
    row.attempts.push(crate::entry::Attempt {
        id: attempt(1),
        call: call(9),
        agent: agent("2000"),
        began: at(0),
        ended: None,
        counted: true,
        talked: Millis::ZERO,
    });
    let ended = Change::AttemptEnded { attempt: attempt(1), result: CallResult::Unallocated, sent: true };
    let row = change(&row, site, at(10), &Actor::System, &ended).unwrap();
    let shown = Some((ReminderKind::Unreachable, Some(at(10 + day))));
    assert_eq!([reminds(&row, 10), reminds(&row, 9 + day), reminds(&row, 10 + day)], [shown, shown, None]);
    let seen = change(&row, site, at(20), &supervisor(), &Change::Acknowledge).unwrap();
    assert_eq!(reminds(&seen, 21), None);
    assert_eq!(change(&seen, site, at(21), &supervisor(), &Change::Acknowledge), Err(crate::entry::Refusal::Closed));
    let again = change(&seen, site, at(30), &supervisor(), &Change::Reopen).unwrap();
    assert_eq!(change(&again, site, at(31), &supervisor(), &Change::Acknowledge), Err(crate::entry::Refusal::Open));
}

#[test]
fn reminders_are_silent_for_who_talks_is_rung_or_is_on_break() {
    let idle = available("2000", at(0));
    let engaged = |engagement| Agent { engagement: Some(engagement), ..idle.clone() };
    let mode = |mode| crate::agent::next(&idle, at(1), &Input::Choose(mode)).unwrap();
    let offered = |ringing| Engagement::Offered { offer: offer(1), call: call(1), ringing };
    for (what, agent, expected) in [
        ("available", idle.clone(), true),
        ("not ready", mode(Mode::NotReady), true),
        ("wrap-up", Agent { wrap_up: Some(at(9)), ..idle.clone() }, true),
        ("break", mode(Mode::Break("lunch".into())), false),
        ("reserved", engaged(offered(false)), false),
        ("ringing", engaged(offered(true)), false),
        ("dialling", engaged(Engagement::Dialling { call: call(1), entry: entry(1) }), false),
        ("talking", engaged(Engagement::Talking { call: call(1), held: false }), false),
        ("held", engaged(Engagement::Talking { call: call(1), held: true }), false),
    ] {
        assert_eq!(sounds(Some(&agent)), expected, "{what}");
    }
    assert!(sounds(None), "a supervisor who takes no calls");
}
