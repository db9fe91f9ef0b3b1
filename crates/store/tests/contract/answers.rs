//! Answers given to wishes with an idempotency key, and what an engine writes down.

use nohold_app::ports::GivenAnswer;
use nohold_model::{Millis, Timestamp};

use crate::Keeper;
use crate::house::MORNING;

fn given(status: u16, at: Timestamp) -> GivenAnswer {
    GivenAnswer { wish: [7; 32], status, body: b"{\"id\":1}\x00\xff".to_vec(), at }
}

fn begun(at: Timestamp) -> GivenAnswer {
    GivenAnswer { wish: [7; 32], status: 0, body: Vec::new(), at }
}

pub async fn an_answer_is_given_again_for_a_day<S: Keeper>(store: S) {
    assert_eq!(store.take_key("li.na", "a", [7; 32], MORNING).await, Ok(None));
    store.answer_key("li.na", "a", given(201, MORNING)).await.unwrap();
    let store = store.reopen().await;
    let day = MORNING + Millis::hours(24);
    assert_eq!(store.take_key("li.na", "a", [8; 32], day).await, Ok(Some(given(201, MORNING))), "also of another wish");
    assert_eq!(store.take_key("wang", "a", [7; 32], day).await, Ok(None), "everybody has keys of their own");
    assert_eq!(store.take_key("li.na", "a", [7; 32], day + Millis::new(1)).await, Ok(None));
}

pub async fn a_wish_that_came_to_nothing_may_be_made_again<S: Keeper>(store: S) {
    let take = async |after: u64| store.take_key("li.na", "a", [7; 32], MORNING + Millis::new(after)).await.unwrap();
    assert_eq!(take(0).await, None);
    assert_eq!(take(60_000).await, Some(begun(MORNING)), "somebody is at it");
    assert_eq!(take(60_001).await, None, "whoever was at it has died");
    store.answer_key("li.na", "a", begun(MORNING)).await.unwrap();
    assert_eq!(take(60_002).await, None, "the key was given back");
    assert_eq!(take(60_003).await, Some(begun(MORNING + Millis::new(60_002))));
}

pub async fn what_an_engine_writes_down_is_found_again<S: Keeper>(store: S) {
    let line = |name: &str, line: &str| (name.to_owned(), line.to_owned());
    for (page, name, text) in [("phones", "2001", "b"), ("phones", "2000", "a"), ("dialogs", "2000", "x")] {
        store.write(page, name.to_owned(), text.to_owned()).await.unwrap();
    }
    store.write("phones", "2001".to_owned(), "c".to_owned()).await.unwrap();
    store.write("phones", "2002".to_owned(), "d".to_owned()).await.unwrap();
    store.strike("phones", "2002".to_owned()).await.unwrap();
    store.strike("phones", "2002".to_owned()).await.unwrap();
    let store = store.reopen().await;
    assert_eq!(store.page("phones").await, Ok(vec![line("2000", "a"), line("2001", "c")]));
    assert_eq!(store.page("dialogs").await, Ok(vec![line("2000", "x")]));
    assert_eq!(store.page("other").await, Ok(vec![]));
}
