//! What is left of a call when it is over.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use nohold_core::fact::Fact;
use nohold_core::record::{Leg, Party, Record, Stay, tell};
use nohold_model::{CallId, Millis, PhoneNumber, Timestamp};

use crate::stage::Stage;
use crate::stage::house::{MORNING, house, key};

/// Plays a script and compares what is told of the call.
fn check(script: &str, expected: Expect) {
    let mut stage = Stage::new(house());
    stage.play(script);
    let record = told(&stage);
    for agent in &record.agents {
        assert!(record.talked_with(agent) <= record.talked, "{agent}");
    }
    expected.assert_eq(&text(&record));
}

fn told(stage: &Stage) -> Record {
    let ended = |fact: &Fact| matches!(fact, Fact::CallEnded { .. }).then(|| fact.call()).flatten();
    let call: CallId = stage.tables.facts.iter().find_map(|dated| ended(&dated.fact)).unwrap();
    let offers = &stage.tables.offers;
    let named = |fact: &Fact| match fact {
        Fact::OfferRinging { offer } | Fact::OfferEnded { offer, .. } => offers.get(offer).map(|offer| offer.call),
        other => other.call(),
    };
    let facts: Vec<_> = stage.tables.facts.iter().filter(|one| named(&one.fact) == Some(call)).cloned().collect();
    let house = house();
    let mut record = tell(call, &facts, |phone| house.agent_of(phone).map(|one| one.key.clone())).unwrap();
    if let Some(entry) = record.entry.and_then(|entry| stage.tables.entries.get(&entry)) {
        let asked = entry.request.as_ref().map(|request| (request.asked, request.promise));
        record.complete(entry, asked.as_slice());
    }
    record
}

fn text(record: &Record) -> String {
    let mut text = String::new();
    let mut line = |words: String| writeln!(text, "{words}").unwrap();
    line(format!("{:?}: {:?} in {}", record.direction, record.end, clock(record.began, record.ended)));
    line(format!("with {}", record.number.as_ref().map_or("nobody outside".into(), PhoneNumber::masked)));
    if !record.agents.is_empty() {
        line(format!("agents {}", record.agents.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")));
    }
    let times = [("waited", record.waited), ("talked", record.talked), ("held", record.held)];
    let times = times.iter().filter(|(_, length)| *length > Millis::ZERO);
    let times: Vec<_> = times.map(|(what, length)| format!("{what} {} s", length.as_millis() / 1_000)).collect();
    if !times.is_empty() {
        line(times.join(", "));
    }
    for Stay { queue, from, to, why } in &record.stays {
        line(format!("stood in {queue} {}, {why:?}", clock(*from, to.unwrap())));
    }
    for flow in &record.flows {
        line(format!("flow {flow}"));
    }
    for Leg { party, began, answered, ended, why } in &record.legs {
        let who = match party {
            Party::Customer => "customer".to_owned(),
            Party::Agent(agent) => format!("agent {agent}"),
            Party::Extension(extension) => format!("phone {extension}"),
            Party::Number(number) => number.masked(),
        };
        let answered = answered.map_or("not answered".to_owned(), |at| format!("answered {}", at_clock(at)));
        let why = why.map_or(String::new(), |why| format!(", {why:?}"));
        line(format!("  {who} {}, {answered}{why}", clock(*began, ended.unwrap())));
    }
    if record.entry.is_some() {
        line(format!("entry; promise kept: {:?}, network: {:?}", record.kept_promise(), record.result));
    }
    text
}

fn at_clock(at: Timestamp) -> String {
    let seconds = at.since(MORNING).as_millis() / 1_000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

fn clock(from: Timestamp, to: Timestamp) -> String {
    format!("{} to {}", at_clock(from), at_clock(to))
}

#[test]
fn a_caller_who_waited_and_talked() {
    check(
        "0:00 caller rings
         0:30 agent 2000 is free
         0:35 agent 2000 answers
         1:00 agent 2000 holds
         1:10 agent 2000 resumes
         2:00 caller hangs up",
        expect![[r#"
            In: Talked in 0:00 to 2:00
            with 138****8000
            agents 2000
            waited 35 s, talked 85 s, held 10 s
            stood in 600 0:00 to 0:35, Some(Answered)
              customer 0:00 to 2:00, answered 0:00
              agent 2000 0:30 to 2:00, answered 0:35
        "#]],
    );
}

#[test]
fn an_agent_who_did_not_answer_stands_beside_the_one_who_did() {
    check(
        "agent 2000 is free
         0:00 caller rings
         0:05 agent 2000 declines
         0:06 agent 2001 is free
         0:08 agent 2001 answers
         0:45 agent 2001 hangs up",
        expect![[r#"
            In: Talked in 0:00 to 0:45
            with 138****8000
            agents 2001
            waited 8 s, talked 37 s
            stood in 600 0:00 to 0:08, Some(Answered)
              customer 0:00 to 0:45, answered 0:00
              agent 2000 0:00 to 0:05, not answered, Declined
              agent 2001 0:06 to 0:45, answered 0:08
        "#]],
    );
}

#[test]
fn a_caller_who_gave_up() {
    check(
        "0:00 caller rings
         0:40 caller hangs up",
        expect![[r#"
            In: Missed in 0:00 to 0:40
            with 138****8000
            waited 40 s
            stood in 600 0:00 to 0:40, Some(HungUp)
              customer 0:00 to 0:40, answered 0:00
            entry; promise kept: None, network: None
        "#]],
    );
}

#[test]
fn a_callback_that_was_answered() {
    check(
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:10 customer rings
         0:12 customer answers
         1:12 customer hangs up",
        expect![[r#"
            Callback: Talked in 0:00 to 1:12
            with 138****8000
            agents 2000
            talked 60 s
              agent 2000 0:00 to 1:12, answered 0:03
              customer 0:03 to 1:12, answered 0:12
            entry; promise kept: None, network: Some(Answered)
        "#]],
    );
}

#[test]
fn a_callback_that_nobody_answered() {
    check(
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:10 customer rings
         0:30 customer is busy",
        expect![[r#"
            Callback: NotReached in 0:00 to 0:30
            with 138****8000
            agents 2000
              agent 2000 0:00 to 0:30, answered 0:03
              customer 0:03 to 0:30, not answered
            entry; promise kept: None, network: Some(Busy)
        "#]],
    );
}

#[test]
fn an_agent_who_did_not_answer_the_own_callback() {
    check(
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:05 agent 2000 declines",
        expect![[r#"
            Callback: NotDialled in 0:00 to 0:05
            with nobody outside
            agents 2000
              agent 2000 0:00 to 0:05, not answered, Declined
            entry; promise kept: None, network: None
        "#]],
    );
}

#[test]
fn a_consultation_that_was_completed() {
    check(
        "agent 2000 is free
         0:00 caller rings
         0:05 agent 2000 answers
         agent 2001 is not ready
         0:10 agent 2000 wants to consult agent 2001
         0:15 agent 2001 answers
         0:30 agent 2000 wants to complete
         1:00 agent 2001 hangs up",
        expect![[r#"
            In: Talked in 0:00 to 1:00
            with 138****8000
            agents 2000, 2001
            waited 5 s, talked 55 s, held 20 s
            stood in 600 0:00 to 0:05, Some(Answered)
              customer 0:00 to 1:00, answered 0:00
              agent 2000 0:00 to 0:30, answered 0:05
              agent 2001 0:10 to 1:00, answered 0:15
        "#]],
    );
}

#[test]
fn a_call_to_the_public_network() {
    check(
        "agent 2000 is free
         0:00 phone 2000 calls 013900139000
         0:05 outside rings
         0:09 outside answers
         0:50 caller hangs up",
        expect![[r#"
            Out: Talked in 0:00 to 0:50
            with 139****9000
            agents 2000
            talked 41 s
              agent 2000 0:00 to 0:50, answered 0:00
              customer 0:00 to 0:50, answered 0:09
        "#]],
    );
}

#[test]
fn a_colleague_who_was_called() {
    check(
        "agent 2000 is free
         agent 2001 is free
         0:00 agent 2000 calls 2001
         0:01 agent 2001 rings
         0:04 agent 2001 answers
         0:20 caller hangs up",
        expect![[r#"
            Internal: Talked in 0:00 to 0:20
            with nobody outside
            agents 2000, 2001
            talked 16 s
              agent 2000 0:00 to 0:20, answered 0:00
              agent 2001 0:00 to 0:20, answered 0:04
        "#]],
    );
}

#[test]
fn whose_calls_it_stands_among() {
    let owners = |script: &str| {
        let mut stage = Stage::new(house());
        stage.play(script);
        told(&stage).owners().map(ToString::to_string).collect::<Vec<_>>()
    };
    let in_vain = "agent 2000 is free
         agent 2001 is free
         0:00 agent 2000 calls 2001
         0:01 agent 2001 rings
         0:20 caller hangs up";
    assert_eq!(owners(in_vain), ["2000", "2001"], "whom a colleague called in vain sees it, too");
    let by_the_line = "agent 2000 is free
         agent 2001 is free
         0:00 agent 2000 calls 600
         0:20 caller hangs up";
    assert_eq!(owners(by_the_line), ["2000"], "the line has missed it");
}

#[test]
fn what_is_not_over_is_told_by_nobody() {
    let mut stage = Stage::new(house());
    stage.play("0:00 caller rings");
    let call = stage.tables.facts.iter().find_map(|dated| dated.fact.call()).unwrap();
    assert_eq!(tell(call, &stage.tables.facts, |_| None), None);
    assert_eq!(tell(call, &[], |_| Some(key("2000"))), None);
}
