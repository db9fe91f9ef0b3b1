//! What a transaction sees in the middle of a group.

use nohold_core::entry::{CameTo, Target};
use nohold_core::transaction::Answer;
use nohold_model::{IdSource, Millis};

use super::*;

const NOON: Timestamp = Timestamp::from_millis(1_772_416_800_000);

fn entry_id(n: u64) -> EntryId {
    IdSource::new(n).next(NOON)
}

fn offer_id(n: u64) -> OfferId {
    IdSource::new(n).next(NOON)
}

fn attempt_id(n: u64) -> AttemptId {
    IdSource::new(n).next(NOON)
}

fn number() -> PhoneNumber {
    "+8613800138000".parse().unwrap()
}

fn entry(n: u64) -> Entry {
    Entry::new(entry_id(n), Some(number()), Target::Queue(QueueKey::new("600").unwrap()), NOON)
}

fn tried(n: u64, came_to: CameTo) -> Tried {
    let not_before = NOON + Millis::minutes(5);
    Tried {
        attempt: attempt_id(n),
        number: number(),
        entry: Some(entry_id(n)),
        business: None,
        began: NOON,
        not_before,
        came_to,
    }
}

fn closed(mut entry: Entry) -> Entry {
    entry.state = nohold_core::entry::State::Closed { reason: nohold_core::entry::CloseReason::Served, at: NOON };
    entry
}

fn absorb(overlay: &mut Overlay, writes: Vec<Write>) {
    overlay.absorb(&Outcome { answer: Answer::Done, writes, facts: Vec::new() });
}

#[test]
fn later_transactions_see_what_earlier_ones_wrote() {
    let mut tables = Tables::default();
    tables.put(Write::Entry(Box::new(entry(1))));
    tables.put(Write::RequestCounted(number(), NOON));
    tables.put(Write::Tried(tried(1, CameTo::Nothing)));
    tables.put(Write::Tried(tried(2, CameTo::Nothing)));
    let mut overlay = Overlay::default();
    let writes = vec![
        Write::Entry(Box::new(closed(entry(1)))),
        Write::Entry(Box::new(entry(2))),
        Write::RequestCounted(number(), NOON),
        Write::Tried(tried(1, CameTo::Conversation)),
        Write::TriedGone(number(), attempt_id(2)),
    ];
    absorb(&mut overlay, writes);
    let view = View { tables: &tables, overlay: &overlay, horizon: Horizon { requests: NOON, tries: NOON } };
    assert_eq!(view.open_entries(&number()), Ok(vec![entry_id(2)]));
    assert_eq!(view.entry(entry_id(1)), Ok(Some(closed(entry(1)))));
    assert_eq!(view.requests_since(&number(), NOON), Ok(2));
    assert_eq!(view.requests_since(&number(), NOON + Millis::new(1)), Ok(0));
    assert_eq!(view.tries_since(&number(), NOON), Ok(vec![tried(1, CameTo::Conversation)]));
    assert_eq!(tables.open_entries(&number()), Ok(vec![entry_id(1)]), "the image is as it was");
}

#[test]
fn what_is_not_in_memory_is_asked_for_and_then_seen_below_the_group() {
    let tables = Tables::default();
    let mut overlay = Overlay::default();
    let before = NOON - Millis::hours(30);
    let horizon = Horizon { requests: NOON, tries: NOON };
    let view = View { tables: &tables, overlay: &overlay, horizon };
    assert_eq!(view.entry(entry_id(1)), Err(NotLoaded::Entry(entry_id(1))));
    assert_eq!(view.offer(offer_id(1)), Err(NotLoaded::Offer(offer_id(1))));
    assert_eq!(view.requests_since(&number(), before), Err(NotLoaded::Requests(number(), before)));
    assert_eq!(view.tries_since(&number(), before), Err(NotLoaded::Tries(number(), before)));
    overlay.loaded.entries.insert(entry_id(1), None);
    overlay.loaded.offers.insert(offer_id(1), None);
    overlay.loaded.requests.insert((number(), before), 3);
    overlay.loaded.tries.insert((number(), before), vec![tried(1, CameTo::Nothing), tried(2, CameTo::Nothing)]);
    absorb(&mut overlay, vec![Write::RequestCounted(number(), NOON), Write::TriedGone(number(), attempt_id(1))]);
    let view = View { tables: &tables, overlay: &overlay, horizon };
    assert_eq!((view.entry(entry_id(1)), view.offer(offer_id(1))), (Ok(None), Ok(None)), "there is none");
    assert_eq!(view.requests_since(&number(), before), Ok(4));
    assert_eq!(view.tries_since(&number(), before), Ok(vec![tried(2, CameTo::Nothing)]));
}
