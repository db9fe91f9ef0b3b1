//! What people are shown: the image, its commits, entries and their history.

use std::collections::BTreeSet;

use nohold_app::ports::{ClosedPlace, ClosedQuery, HistoryQuery, Revision, SeenCalls, TooLongAgo};
use nohold_core::agent::{self as agent_rules, AfterOffer, AgentState, Mode, OfferEnd};
use nohold_core::entry::{Actor, Change, CloseReason, Target};
use nohold_core::fact::{CallEnd, Dated, Fact};
use nohold_core::record::{Direction, Record, RecordEnd};
use nohold_core::transaction::{Answer, Refusal, Transaction};
use nohold_core::workday::Standing;
use nohold_model::{AgentKey, CallId, EntryId, Millis, QueueKey};

use crate::Keeper;
use crate::house::{
    AGENTS, House, MORNING, agent, arrived, call, call_back, customer, entry, queue, request, reserve, waiting,
};

pub async fn the_image_shows_what_is_committed_and_tells_of_each_commit<S: Keeper>(store: S) {
    let house = House::open(store).await;
    let image = house.store.image().clone();
    let before = image.view(|_, revision| revision);
    assert_eq!(before, Revision(4), "four agents have signed in");
    let mut revisions = image.revisions();
    revisions.mark_unchanged();
    house.wait(1).await;
    assert!(revisions.has_changed().unwrap());
    house.commit(reserve(1, 1, "2000")).await;
    assert_eq!(house.commit(reserve(2, 1, "2001")).await, Answer::Refused(Refusal::AlreadyOffered));
    assert_eq!(*revisions.borrow_and_update(), Revision(7), "a refusal is no commit");
    let commits = image.commits_after(before).unwrap();
    let numbers: Vec<u64> = commits.iter().map(|commit| commit.revision.0).collect();
    assert_eq!(numbers, [5, 6, 7]);
    assert!(matches!(commits[2].outcome.answer, Answer::Reserved(_)));
    assert!(matches!(commits[0].outcome.facts[0].fact, Fact::CallArrived(_)));
    assert_eq!(image.commits_after(Revision(7)), Ok(vec![]));
    assert_eq!(image.commits_after(Revision(8)), Err(TooLongAgo));
    let (calls, facts) = image.view(|tables, _| (tables.calls.len(), tables.facts.len()));
    assert_eq!((calls, facts), (1, 0), "the history is not in memory");
}

pub async fn the_same_rows_are_shown_after_a_restart<S: Keeper>(store: S) {
    let house = House::open(store).await;
    for n in 1..=3 {
        house.wait(n).await;
    }
    house.commit(reserve(1, 1, "2000")).await;
    house.ask(2, 2).await;
    assert!(matches!(house.commit(call_back(100, 2, "2001")).await, Answer::CallBack(_)));
    let shown = house.store.image().view(|tables, revision| (tables.clone(), revision));
    let house = house.reopen().await;
    let after = house.store.image().view(|tables, revision| (tables.clone(), revision));
    assert_eq!(after, shown);
    house.wait(4).await;
    assert_eq!(house.store.image().view(|_, revision| revision.0), shown.1.0 + 2, "numbers go on");
    assert_eq!(house.store.image().commits_after(Revision(1)), Err(TooLongAgo));
}

/// Entry `n` of customer `of` is closed so long after the morning.
async fn close<S: Keeper>(house: &House<S>, n: u32, of: u32, after: Millis, change: Change) {
    assert!(matches!(house.ask(n, of).await, Answer::Requested { .. }));
    let by = Actor::Supervisor(agent("2000"));
    let closed = house.commit_at(MORNING + after, Transaction::Entry { entry: entry(n), change, seen: None, by }).await;
    assert_eq!(closed, Answer::Done);
}

pub async fn an_entry_can_be_had_long_after_it_was_closed<S: Keeper>(store: S) {
    let house = House::open(store).await;
    house.wait(1).await;
    close(&house, 1, 1, Millis::ZERO, Change::Cancel).await;
    let closed = house.store.entry(entry(1)).await.unwrap().unwrap();
    assert!(!closed.is_open());
    // A day goes by.
    let later = MORNING + Millis::hours(24);
    let sign_out =
        Transaction::Agent { agent: agent("2000"), input: nohold_core::agent::Input::SignOut, by: Actor::System };
    assert_eq!(house.commit_at(later, sign_out).await, Answer::Done);
    house.commit_at(later, request(2, 2)).await;
    let in_memory: BTreeSet<EntryId> = house.store.image().view(|tables, _| tables.entries.keys().copied().collect());
    assert_eq!(in_memory, BTreeSet::from([entry(2)]), "what is over leaves memory");
    assert_eq!(house.store.entry(entry(1)).await, Ok(Some(closed)));
    assert_eq!(house.store.entry(entry(9)).await, Ok(None));
    // The rules find it too.
    let by = Actor::Supervisor(agent("2001"));
    let reopen = Transaction::Entry { entry: entry(1), change: Change::Reopen, seen: None, by };
    assert_eq!(house.commit_at(later, reopen.clone()).await, Answer::Done);
    assert!(house.store.entry(entry(1)).await.unwrap().unwrap().is_open());
    let Transaction::Entry { change, by, .. } = reopen else { unreachable!() };
    let of_nobody = Transaction::Entry { entry: entry(9), change, seen: None, by };
    assert!(matches!(house.commit_at(later, of_nobody).await, Answer::Refused(Refusal::NotFound(_))));
}

pub async fn closed_entries_come_in_pages<S: Keeper>(store: S) {
    let house = House::open(store).await;
    for n in 1..=5 {
        house.wait(n).await;
        close(&house, n, n, Millis::new((n / 2).into()), Change::Cancel).await;
    }
    house.ask(6, 6).await;
    let page = async |after: Option<ClosedPlace>, number: Option<u32>, reason| {
        let number = number.map(|n| customer(n).as_str().to_owned());
        let page = house.store.closed_entries(ClosedQuery { reason, number, after, limit: 2 }).await.unwrap();
        let last = page.items.last().filter(|_| page.more).and_then(ClosedPlace::of);
        (page.items.iter().map(|entry| entry.id).collect::<Vec<_>>(), last)
    };
    let (first, next) = page(None, None, None).await;
    assert_eq!(first, [entry(5), entry(4)]);
    let (second, next) = page(next, None, Some(CloseReason::Cancelled)).await;
    assert_eq!(second, [entry(3), entry(2)]);
    let (third, next) = page(next, None, None).await;
    assert_eq!((third, next), (vec![entry(1)], None));
    assert_eq!(page(None, Some(3), None).await, (vec![entry(3)], None));
    assert_eq!(page(None, Some(3), Some(CloseReason::Done)).await, (vec![], None));
    assert_eq!(page(None, None, Some(CloseReason::Done)).await, (vec![], None));
    assert_eq!(page(None, Some(6), None).await, (vec![], None), "it is open");
}

pub async fn the_history_of_an_entry_has_the_calls_that_made_it<S: Keeper>(store: S) {
    let house = House::open(store).await;
    house.wait(1).await;
    house.wait(2).await;
    house.commit(reserve(1, 1, "2000")).await;
    house.ask(1, 1).await;
    house.commit(call_back(100, 1, "2001")).await;
    let left_at = nohold_core::entry::LeftAt::Menu;
    let target = Target::Queue(queue());
    // The second call of the same customer is gathered into the same entry, though the fact names another.
    let missed = Fact::Missed {
        entry: entry(2),
        call: call(2),
        number: Some(customer(1)),
        target,
        left_at,
        waited: Millis::seconds(3),
        short: true,
    };
    house.record(missed.clone()).await;
    let house = house.reopen().await;
    let told = house.store.entry_history(entry(1)).await.unwrap();
    assert!(told.windows(2).all(|pair| (pair[0].revision, pair[0].index) < (pair[1].revision, pair[1].index)));
    let has = |wanted: &dyn Fn(&Fact) -> bool| told.iter().filter(|told| wanted(&told.dated.fact)).count();
    assert_eq!(has(&|fact| matches!(fact, Fact::CallArrived(arrival) if arrival.call == call(1))), 1);
    assert_eq!(has(&|fact| matches!(fact, Fact::OfferEnded { .. })), 1, "the offer of its call");
    assert_eq!(has(&|fact| matches!(fact, Fact::RequestMade(_))), 1);
    assert_eq!(has(&|fact| matches!(fact, Fact::EntryGathered { .. })), 2);
    assert_eq!(has(&|fact| matches!(fact, Fact::EntryChanged { .. })), 1, "the call back");
    assert_eq!(has(&|fact| *fact == missed), 1);
    assert_eq!(house.store.entry_history(entry(9)).await, Ok(vec![]));
}

pub async fn an_agents_day_has_the_own_facts_and_calls_of_it<S: Keeper>(store: S) {
    let house = House::open(store).await;
    let at = |seconds: u64| MORNING + Millis::seconds(seconds);
    let change = |key: &str, input| Transaction::Agent { agent: agent(key), input, by: Actor::System };
    let lunch = agent_rules::Input::Choose(Mode::Break("lunch".into()));
    assert_eq!(house.commit_at(at(5), change("2000", lunch)).await, Answer::Done);
    let back = || agent_rules::Input::Choose(Mode::Available);
    assert_eq!(house.commit_at(at(60), change("2000", back())).await, Answer::Done);
    let away = agent_rules::Input::SignOut;
    assert_eq!(house.commit_at(at(70), change("2001", away)).await, Answer::Done);
    // The agent talks in one call; the other is a colleague's.
    for (n, key) in [(1, "2000"), (2, "2001")] {
        house.wait(n).await;
        house.record(Fact::Connected { call: call(n), agent: agent(key) }).await;
        house.record(Fact::CallEnded { call: call(n), how: CallEnd::Served }).await;
    }
    // An offer that is told by its id alone is found under whom it was made to.
    house.wait(3).await;
    let Answer::Reserved(made) = house.commit_at(at(80), reserve(3, 3, "2000")).await else { panic!("not offered") };
    let fact = Fact::OfferEnded { offer: made.id, end: OfferEnd::NoAnswer, after: AfterOffer::default() };
    let records = vec![Dated { at: at(90), fact }];
    house.commit_at(at(90), Transaction::Call { records, promise: None }).await;
    let house = house.reopen().await;
    let day = house.store.agent_day(agent("2000"), at(10), at(100)).await.unwrap();
    assert_eq!(day.from, at(10));
    let on_break = Standing { state: AgentState::Break, reason: Some("lunch".into()) };
    assert_eq!(day.before, on_break, "the break began before");
    let times: Vec<_> = day.facts.iter().map(|dated| dated.at).collect();
    assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "{times:?}");
    assert!(day.facts.iter().all(|told| told.fact.agent().is_none_or(|named| *named == agent("2000"))));
    let unanswered = |told: &Dated| matches!(told.fact, Fact::OfferEnded { end: OfferEnd::NoAnswer, .. });
    assert_eq!(day.facts.iter().filter(|told| unanswered(told)).count(), 1);
    assert_eq!(day.calls, [], "the call began before");
    let day = house.store.agent_day(agent("2000"), MORNING, at(1)).await.unwrap();
    assert_eq!(day.calls.iter().map(|record| record.call).collect::<Vec<_>>(), [call(1)]);
    assert_eq!(day.before, Standing { state: AgentState::NotSignedIn, reason: None });
}

pub async fn rules_hold_after_a_restart<S: Keeper>(store: S) {
    let house = House::open(store).await;
    house.wait(1).await;
    house.commit(reserve(1, 1, "2000")).await;
    house.ask(2, 2).await;
    let house = house.reopen().await;
    assert_eq!(house.commit(reserve(2, 1, "2001")).await, Answer::Refused(Refusal::AlreadyOffered));
    assert!(matches!(house.ask(3, 2).await, Answer::AlreadyOpen { entry: open, .. } if open == entry(2)));
    // What was counted before counts still.
    let limit = house.directory.site.request_limit;
    let by = || Actor::Supervisor(agent("2000"));
    let cancel = |n| Transaction::Entry { entry: entry(n), change: Change::Cancel, seen: None, by: by() };
    assert_eq!(house.commit(cancel(2)).await, Answer::Done);
    let mut n = 3;
    while house.ask(n, 2).await != Answer::OverLimit {
        assert_eq!(house.commit(cancel(n)).await, Answer::Done);
        n += 1;
    }
    assert!(limit.check(n - 2).is_err() && limit.check(n - 3).is_ok(), "{n}");
}

pub async fn calls_that_are_over_are_found_in_pages_however_they_are_asked_for<S: Keeper>(store: S) {
    let house = House::open(store).await;
    let later = |n: u32| MORNING + Millis::seconds(n.into());
    for n in 1..=12_u32 {
        let came = [arrived(n), Fact::Queued(waiting(n))];
        let talks = Fact::Connected { call: call(n), agent: agent(AGENTS[n as usize % 3]) };
        let (served, over) = if n % 4 == 0 { (None, CallEnd::Missed) } else { (Some(talks), CallEnd::Served) };
        let over = Fact::CallEnded { call: call(n), how: over };
        let records = came.into_iter().chain(served).chain([over]).map(|fact| Dated { at: later(n), fact }).collect();
        let done = house.commit_at(later(n), Transaction::Call { records, promise: None }).await;
        assert_eq!(done, Answer::Done);
    }
    let every = HistoryQuery { limit: 100, ..HistoryQuery::default() };
    let all = house.store.call_records(every).await.unwrap().items;
    assert_eq!(all.len(), 12);
    let asked = vec![call(3), call(99), call(12), call(3)];
    let found = house.store.call_records_of(asked).await.unwrap();
    let found: BTreeSet<CallId> = found.into_iter().map(|record| record.call).collect();
    assert_eq!(found, BTreeSet::from([call(3), call(12)]), "as often as they are asked for, and none that never was");
    let sees = |agents: &[&str], queues: &[&str]| {
        let agents = agents.iter().map(|key| agent(key)).collect();
        let queues = queues.iter().map(|key| QueueKey::new(key).unwrap()).collect();
        Some(SeenCalls { agents, queues, ..SeenCalls::default() })
    };
    // So many that the calls of each are not looked for one by one.
    let many = ["2000", "2001", "2100", "2101", "2102", "2103", "2104", "2105", "2106", "2107"];
    let seen = [None, sees(&["2000"], &[]), sees(&["2009"], &[]), sees(&["2001", "2002"], &["600"]), sees(&many, &[])];
    let mut asked = Vec::new();
    for seen in seen {
        let plain = HistoryQuery { seen, limit: 2, ..HistoryQuery::default() };
        asked.push(HistoryQuery { agent: Some(agent("2001")), ..plain.clone() });
        asked.push(HistoryQuery { queue: Some(queue()), agent: Some(agent("2000")), ..plain.clone() });
        asked.push(HistoryQuery { queue: Some(queue()), end: Some(RecordEnd::Missed), ..plain.clone() });
        asked.push(HistoryQuery { number: Some(ending(5)), ..plain.clone() });
        asked.push(HistoryQuery { number: Some(ending(4)), agent: Some(agent("2001")), ..plain.clone() });
        asked.push(HistoryQuery { end: Some(RecordEnd::Talked), direction: Some(Direction::In), ..plain.clone() });
        let stretch = (Some(all[9].began), Some(all[2].began));
        asked.push(HistoryQuery { since: stretch.0, until: stretch.1, ..plain.clone() });
        asked.push(plain);
    }
    for query in asked {
        let fits = |record: &&Record| {
            let of = |key: &AgentKey| record.agents.contains(key);
            let stood = |key: &QueueKey| record.stays.iter().any(|stay| stay.queue == *key);
            let number = record.number.as_ref().map_or("", |number| number.as_str());
            query.seen.as_ref().is_none_or(|seen| seen.agents.iter().any(of) || seen.queues.iter().any(stood))
                && query.agent.as_ref().is_none_or(of)
                && query.queue.as_ref().is_none_or(stood)
                && query.number.as_ref().is_none_or(|digits| number.ends_with(digits))
                && query.direction.is_none_or(|direction| record.direction == direction)
                && query.end.is_none_or(|end| record.end == end)
                && query.since.is_none_or(|since| record.began >= since)
                && query.until.is_none_or(|until| record.began < until)
        };
        let expected: Vec<CallId> = all.iter().filter(fits).map(|record| record.call).collect();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = house.store.call_records(HistoryQuery { after, ..query.clone() }).await.unwrap();
            found.extend(page.items.iter().map(|record| record.call));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, expected, "{query:?}");
    }
}

/// The last digits of the number of customer `n`.
fn ending(n: u32) -> String {
    let number = customer(n);
    number.as_str().chars().skip(number.as_str().len() - 4).collect()
}
