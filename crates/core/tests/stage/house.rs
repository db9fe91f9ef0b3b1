//! The call centre of the scenarios: queue 600 of the service Support, two groups, the two flows that are shipped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nohold_core::directory::{
    AgentProfile, AtClosing, CallbackKey, Directory, Extension, Group, InboundNumber, InboundTarget, OverflowReason,
    OverflowTarget, Queue, RetryPlan, Ringing, Service, Site, StarCode, Strategy, Trunk, Unanswered, WorksOutside,
};
use nohold_core::hours::{Calendar, CalendarDefinition, DiallingWindow, Zone};
use nohold_core::numbers::{BlockList, NumberRules, OutboundRules, RequestLimit};
use nohold_core::wait::PromisePolicy;
use nohold_flow::Document;
use nohold_model::{
    AgentKey, CalendarKey, Country, Digit, ExtensionKey, FlowKey, GroupKey, Language, Millis, PhoneNumber, QueueKey,
    ServiceKey, Timestamp, TrunkKey,
};

/// Monday, 2 March 2026, 10:00 in Shanghai: when the scenarios begin.
pub const MORNING: Timestamp = Timestamp::from_millis(1_772_416_800_000);
/// The number that callers dial; its line of business shows it on callbacks.
pub const SUPPORT: &str = "+862161230000";
/// Leads to the after-hours flow outside the office hours, and to queue 600 in them.
pub const DAYTIME: &str = "+862161230001";
/// Rings the phone 3000.
pub const FRONT_DESK: &str = "+862161230002";
/// Rings agent 2001.
pub const DIRECT: &str = "+862161230003";

/// Office hours 9 to 18 on weekdays; queue 600 keeps none; agents 2000 and 2001 in group A, 2002 in B.
pub fn house() -> Directory {
    let office: CalendarDefinition = serde_json::from_value(serde_json::json!({
        "key": "office", "name": "Office", "zone": "Asia/Shanghai",
        "weekly": { "mon": ["09:00-18:00"], "tue": ["09:00-18:00"], "wed": ["09:00-18:00"], "thu": ["09:00-18:00"] }
    }))
    .unwrap();
    let office = Calendar::new(office).unwrap();
    let support = ServiceKey::new("support").unwrap();
    let service = Service {
        key: support.clone(),
        name: "Support".into(),
        groups: vec![key("support-a"), key("support-b")],
        calendar: None,
        caller_id: Some(SUPPORT.parse().unwrap()),
    };
    let group = |name: &str, agents: &[&str]| {
        let agents = agents.iter().map(|agent| AgentKey::new(agent).unwrap()).collect();
        (key(name), Group { key: key(name), name: name.into(), agents })
    };
    let mut house = Directory {
        site: site(),
        services: BTreeMap::from([(support, service)]),
        campaigns: BTreeMap::new(),
        groups: BTreeMap::from([group("support-a", &["2000", "2001"]), group("support-b", &["2002"])]),
        agents: ["2000", "2001", "2002"].into_iter().map(agent).collect(),
        queues: BTreeMap::from([(key("600"), queue("600"))]),
        extensions: ["2000", "2001", "2002", "3000", "3001"].into_iter().map(extension).collect(),
        star_codes: StarCode::defaults(),
        outbound: vec![key("carrier")],
        trunks: BTreeMap::from([(key("carrier"), trunk())]),
        numbers: BTreeMap::new(),
        calendars: BTreeMap::from([(key("office"), office)]),
        flows: BTreeMap::new(),
        blocked: BlockList::default(),
        dispositions: nohold_core::directory::Dispositions::default(),
        pops: nohold_core::directory::Pops::default(),
    };
    let queue = || InboundTarget::Queue(key("600"));
    number(&mut house, SUPPORT, queue(), None);
    number(&mut house, DAYTIME, queue(), Some(InboundTarget::Flow(key("after-hours"))));
    number(&mut house, FRONT_DESK, InboundTarget::Extension(key("3000")), None);
    number(&mut house, DIRECT, InboundTarget::Extension(key("2001")), None);
    flow(&mut house, include_str!("../../../../scenario/flows/queue-overflow.json"));
    flow(&mut house, include_str!("../../../../scenario/flows/after-hours.json"));
    house.with_queues_of_groups()
}

/// Any configured key.
pub fn key<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

/// Publishes a flow.
pub fn flow(house: &mut Directory, text: &str) {
    let document = Document::parse(text).unwrap();
    house.flows.entry(document.key.clone()).or_default().insert(1, Arc::new(document));
}

/// The house with other settings of queue 600.
pub fn with_queue(change: impl FnOnce(&mut Queue)) -> Directory {
    let mut house = house();
    change(house.queues.get_mut(&key::<QueueKey>("600")).unwrap());
    house
}

/// The house whose queue 600 leads there, for that reason.
pub fn with_overflow(reason: OverflowReason, target: OverflowTarget) -> Directory {
    with_queue(|queue| {
        queue.overflow.insert(reason, target);
    })
}

/// A house whose number leads straight to a flow made of these nodes.
pub fn with_flow(nodes: serde_json::Value) -> Directory {
    let mut house = house();
    add_flow(&mut house, "test", nodes);
    number(&mut house, SUPPORT, InboundTarget::Flow(key("test")), None);
    house
}

/// Publishes a flow made of these nodes.
pub fn add_flow(house: &mut Directory, name: &str, nodes: serde_json::Value) {
    let kind = serde_json::json!({ "type": "main", "internal_number": "799" });
    let text = serde_json::json!({ "key": name, "name": name, "kind": kind, "nodes": nodes }).to_string();
    flow(house, &text);
}

fn site() -> Site {
    let china = Country::new("CN").unwrap();
    Site {
        zone: Zone::new("Asia/Shanghai").unwrap(),
        numbers: NumberRules::of_country(china),
        language: Language::English,
        dialling_window: DiallingWindow::MANUAL,
        outbound: OutboundRules::of_country(china),
        retry_plan: RetryPlan::default(),
        request_limit: RequestLimit::default(),
        promise: PromisePolicy::default(),
        claim_for: Millis::minutes(10),
        expire_after: None,
        remind_again_after: None,
        escalate_after: None,
        break_reasons: Vec::new(),
        ring_customer_for: Millis::seconds(30),
        ring_agent_for: Millis::seconds(20),
        broken_within: Millis::seconds(30),
        served_after: Millis::seconds(20),
        returning_within: Millis::hours(2),
    }
}

fn agent(name: &str) -> (AgentKey, AgentProfile) {
    let profile = AgentProfile {
        key: key(name),
        name: name.into(),
        number: name.into(),
        extension: key::<ExtensionKey>(name),
        ringing: None,
        priorities: BTreeMap::new(),
        language: None,
        outside: None,
    };
    (profile.key.clone(), profile)
}

/// The agent works at a number outside.
pub fn works_outside(house: &mut Directory, name: &str) {
    let outside = WorksOutside { number: format!("+8613911{name:0>6}").parse().unwrap(), used: true };
    house.agents.get_mut(&key::<AgentKey>(name)).unwrap().outside = Some(outside);
}

/// A phone: those of agents answer offers by themselves, 3001 has no right to call outside.
fn extension(name: &str) -> (ExtensionKey, Extension) {
    let extension = Extension {
        key: key(name),
        number: name.into(),
        name: format!("Desk {name}"),
        may_call_outside: name != "3001",
        caller_id: (name == "3000").then(|| DAYTIME.parse().unwrap()),
        auto_answer: name.starts_with('2'),
        unanswered: None,
    };
    (extension.key.clone(), extension)
}

/// Callers whom this phone does not answer within 20 s go there.
pub fn unanswered(house: &mut Directory, name: &str, target: InboundTarget) {
    let extension = house.extensions.get_mut(&key::<ExtensionKey>(name)).unwrap();
    extension.unanswered = Some(Unanswered { ring_for: Millis::seconds(20), target });
}

fn queue(name: &str) -> Queue {
    let menu = || OverflowTarget::Flow(key::<FlowKey>("queue-overflow"));
    Queue {
        key: key(name),
        name: name.into(),
        number: Some(name.into()),
        service: key("support"),
        groups: vec![key::<GroupKey>("support-a"), key::<GroupKey>("support-b")],
        strategy: Strategy::LongestIdle,
        longest_wait: Millis::seconds(60),
        max_length: 10,
        ringing: Ringing { ring_for: Millis::seconds(15), retry_pause: Millis::seconds(5) },
        wrap_up: Millis::seconds(10),
        wrap_up_mode: nohold_core::directory::WrapUpMode::Timed,
        callback_key: Some(CallbackKey { digit: Digit::new('9').unwrap(), announce_every: Millis::minutes(10) }),
        announce_every: None,
        announce_agent: false,
        whisper: None,
        recording_notice: None,
        calendar: None,
        at_closing: AtClosing::Serve,
        join_empty: true,
        handling_time: nohold_core::wait::DEFAULT_AHT,
        patience: nohold_core::wait::DEFAULT_PATIENCE,
        short_abandon: Millis::seconds(5),
        music: None,
        overflow: BTreeMap::from([
            (OverflowReason::Timeout, menu()),
            (OverflowReason::Key, menu()),
            (OverflowReason::Closed, OverflowTarget::Flow(key("after-hours"))),
        ]),
    }
}

fn trunk() -> Trunk {
    let numbers: BTreeSet<PhoneNumber> = [SUPPORT, DAYTIME].iter().map(|number| number.parse().unwrap()).collect();
    Trunk { key: key::<TrunkKey>("carrier"), numbering: NumberRules::of_country(Country::new("CN").unwrap()), numbers }
}

fn number(house: &mut Directory, text: &str, target: InboundTarget, when_closed: Option<InboundTarget>) {
    let calendar = when_closed.as_ref().map(|_| key::<CalendarKey>("office"));
    let number: PhoneNumber = text.parse().unwrap();
    let inbound = InboundNumber {
        number: number.clone(),
        service: key("support"),
        language: None,
        calendar,
        target,
        when_closed,
    };
    house.numbers.insert(number, inbound);
}
