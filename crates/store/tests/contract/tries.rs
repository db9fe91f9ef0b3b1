//! Attempts belong to the number, whichever entry made them.

use nohold_core::entry;
use nohold_core::fact::{CallEnd, Dated, Fact};
use nohold_core::transaction::{Answer, Refusal, Transaction};
use nohold_model::{CallResult, Millis};

use crate::Examined;
use crate::house::{House, MORNING, agent, attempt, call, call_back, customer, entry, request};

pub async fn a_number_remembers_its_attempts_and_forgets_those_that_were_never_sent<S: Examined>(store: S) {
    let house = House::open(store).await;
    for n in 1..=2 {
        // Two matters of one customer, each with an entry of its own.
        assert!(matches!(house.commit(matter(n)).await, Answer::Requested { .. }));
    }
    in_vain(&house, 1, false).await;
    in_vain(&house, 2, true).await;
    let answer = house.commit(call_back(103, 2, "2000")).await;
    assert!(matches!(answer, Answer::Refused(Refusal::Entry(entry::Refusal::TooSoon { .. }))), "{answer:?}");
    let gap = house.directory.site.retry_plan.gap;
    assert_eq!(house.commit_at(MORNING + gap - Millis::new(1), call_back(104, 2, "2000")).await, answer);
    let answer = house.commit_at(MORNING + gap, call_back(105, 2, "2000")).await;
    assert!(matches!(answer, Answer::CallBack(_)), "{answer:?}");
}

fn matter(n: u32) -> Transaction {
    let mut request = request(n, 1);
    if let Transaction::Call { promise: Some(Dated { fact: Fact::RequestMade(made), .. }), .. } = &mut request {
        made.another_matter = true;
    }
    request
}

/// Attempt `n` for entry 1; nobody answers, or it was never sent.
async fn in_vain<S: Examined>(house: &House<S>, n: u32, sent: bool) {
    let id = call(100 + n);
    let answer = house.commit(call_back(100 + n, 1, "2001")).await;
    assert!(matches!(answer, Answer::CallBack(_)), "{answer:?}");
    let began = Fact::AttemptBegan { attempt: attempt(n), entry: entry(1), call: id, number: customer(1) };
    let promise = Some(Dated { at: MORNING, fact: began });
    assert_eq!(house.commit(Transaction::Call { records: Vec::new(), promise }).await, Answer::Attempt(attempt(n)));
    let result = if sent { CallResult::NoAnswer } else { CallResult::Interrupted };
    house.record(Fact::AttemptEnded { attempt: attempt(n), entry: entry(1), result, sent }).await;
    house.record(Fact::AgentFreed { call: id, agent: agent("2001"), wrap_up: Millis::ZERO }).await;
    house.record(Fact::CallEnded { call: id, how: CallEnd::Callback }).await;
}
