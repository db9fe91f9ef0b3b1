//! The flows of the scenario, as they are shipped.

use nohold_flow::validate::KnownFlow;
use nohold_flow::{Document, Entry, References, validate};
use nohold_model::{
    CalendarKey, CampaignKey, ExtensionKey, FlowKey, GroupKey, Language, PromptKey, QueueKey, ServiceKey,
};

pub const QUEUE_OVERFLOW: &str = include_str!("../../../../scenario/flows/queue-overflow.json");
pub const AFTER_HOURS: &str = include_str!("../../../../scenario/flows/after-hours.json");

/// What is configured in the scenario.
pub fn references() -> References {
    let both = [Language::English, Language::Chinese];
    let prompts =
        ["queue-menu", "queue-menu-without-callback", "after-hours-menu", "after-hours-menu-without-callback", "hello"];
    let entered = |entry| KnownFlow { entered_from: [entry].into(), ..KnownFlow::default() };
    References {
        queues: [QueueKey::new("600").unwrap()].into(),
        services: [(
            ServiceKey::new("support").unwrap(),
            ["support-a", "support-b"].map(|key| GroupKey::new(key).unwrap()).into(),
        )]
        .into(),
        campaigns: [CampaignKey::new("renewals").unwrap()].into(),
        calendars: [CalendarKey::new("office").unwrap()].into(),
        prompts: prompts.iter().map(|key| (PromptKey::new(key).unwrap(), both.into())).collect(),
        languages: both.into(),
        extensions: [ExtensionKey::new("2000").unwrap()].into(),
        flows: [
            (FlowKey::new("queue-overflow").unwrap(), entered(Entry::Queue)),
            (FlowKey::new("after-hours").unwrap(), entered(Entry::Number)),
        ]
        .into(),
    }
}

#[test]
fn the_shipped_flows_have_no_problem() {
    for json in [QUEUE_OVERFLOW, AFTER_HOURS] {
        assert_eq!(validate(&Document::parse(json).unwrap(), &references()), []);
    }
}

#[test]
fn the_shipped_flows_come_back_from_json_as_they_were() {
    for json in [QUEUE_OVERFLOW, AFTER_HOURS] {
        let document = Document::parse(json).unwrap();
        assert_eq!(Document::parse(&serde_json::to_string(&document).unwrap()).unwrap(), document);
    }
}
