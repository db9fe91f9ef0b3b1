//! A call centre to simulate: the scenario's services, queues and flows, with settings drawn by chance.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context as _;
use fastrand::Rng;
use nohold_core::directory::{
    AgentProfile, AtClosing, CallbackKey, Campaign, Directory, Extension, Group, InboundNumber, InboundTarget,
    OverflowReason, OverflowTarget, Queue, RetryPlan, Ringing, Service, Site, StarCode, Strategy, Trunk, Unanswered,
    WorksOutside, WrapUpMode,
};
use nohold_core::hours::{Calendar, CalendarDefinition, DiallingWindow, Zone};
use nohold_core::numbers::{BlockList, NumberRules, OutboundRules, RequestLimit};
use nohold_core::wait::PromisePolicy;
use nohold_flow::Document;
use nohold_model::{
    AgentKey, CalendarKey, CampaignKey, Country, Digit, ExtensionKey, FlowKey, GroupKey, Language, Millis, PhoneNumber,
    PromptKey, QueueKey, ServiceKey, Timestamp, TrunkKey,
};

/// The trunk by which all calls of a world come and go.
pub const CARRIER: &str = "carrier";

/// The flows of the scenario.
const FLOWS: [&str; 2] = [
    include_str!("../../../scenario/flows/queue-overflow.json"),
    include_str!("../../../scenario/flows/after-hours.json"),
];

/// Who works in which group.
const GROUPS: [(&str, &[&str]); 3] = [
    ("support-a", &["2001", "2002", "2003"]),
    ("support-b", &["2003", "2004", "2005"]),
    ("renewals", &["2006", "2007"]),
];

/// A call centre, and the people who may call it.
pub struct Scenario {
    /// What is configured.
    pub directory: Directory,
    /// The numbers that may be called.
    pub numbers: Vec<PhoneNumber>,
    /// The people who call.
    pub customers: Vec<PhoneNumber>,
    /// The agents.
    pub agents: Vec<AgentKey>,
}

impl Scenario {
    /// The scenario, with what may vary drawn by chance.
    ///
    /// # Errors
    /// When a part of it does not parse; then the scenario itself is wrong.
    pub fn draw(rng: &mut Rng) -> anyhow::Result<Scenario> {
        let customers =
            (0..40).map(|n| number(&format!("+861380013{:04}", 8000 + n))).collect::<Result<Vec<_>, _>>()?;
        let numbers = (1..=3).map(|n| number(&format!("+86216123000{n}"))).collect::<Result<Vec<_>, _>>()?;
        let agents = agents(rng)?;
        let blocked = BlockList { numbers: customers.iter().take(2).cloned().collect(), prefixes: BTreeSet::new() };
        let directory = Directory {
            site: site(rng)?,
            services: services(&numbers)?,
            campaigns: campaigns(&numbers)?,
            groups: groups()?,
            agents,
            queues: queues(rng)?,
            extensions: extensions(&numbers, rng)?,
            star_codes: StarCode::defaults(),
            outbound: vec![TrunkKey::new(CARRIER)?],
            trunks: trunks(&numbers)?,
            numbers: inbound_numbers(&numbers, rng)?,
            calendars: calendars()?,
            flows: flows()?,
            blocked,
            dispositions: nohold_core::directory::Dispositions::default(),
            pops: nohold_core::directory::Pops::default(),
        };
        let agents = directory.agents.keys().cloned().collect();
        Ok(Scenario { directory, numbers, customers, agents })
    }
}

fn number(text: &str) -> anyhow::Result<PhoneNumber> {
    text.parse().with_context(|| format!("the scenario's number {text}"))
}

fn site(rng: &mut Rng) -> anyhow::Result<Site> {
    let china = Country::new("CN")?;
    Ok(Site {
        zone: Zone::new("Asia/Shanghai")?,
        numbers: NumberRules::of_country(china),
        language: Language::Chinese,
        dialling_window: DiallingWindow::MANUAL,
        outbound: OutboundRules::of_country(china),
        // Shorter than any real plan at times, so that a history reaches its end.
        retry_plan: RetryPlan {
            max_attempts: *rng.choice(&[1, 1, 2, 3]).unwrap_or(&3),
            gap: Millis::minutes(rng.u64(1..11)),
            ..RetryPlan::default()
        },
        request_limit: RequestLimit { per_number_per_day: rng.u32(2..6) },
        promise: PromisePolicy::default(),
        remind_again_after: Some(Millis::minutes(10)),
        escalate_after: Some(Millis::minutes(20)),
        break_reasons: Vec::new(),
        expire_after: rng.bool().then(|| Millis::minutes(rng.u64(30..300))),
        claim_for: Millis::seconds(rng.u64(60..600)),
        ring_customer_for: Millis::seconds(rng.u64(15..45)),
        ring_agent_for: Millis::seconds(rng.u64(10..30)),
        broken_within: Millis::seconds(30),
        served_after: Millis::seconds(20),
        returning_within: Millis::hours(2),
    })
}

fn services(numbers: &[PhoneNumber]) -> anyhow::Result<BTreeMap<ServiceKey, Service>> {
    let service = |key: &str, groups: &[&str], shown: usize| -> anyhow::Result<(ServiceKey, Service)> {
        let key = ServiceKey::new(key)?;
        let groups = groups.iter().map(|group| GroupKey::new(group)).collect::<Result<_, _>>()?;
        let calendar = Some(CalendarKey::new("office")?);
        let caller_id = numbers.get(shown).cloned();
        Ok((key.clone(), Service { name: key.to_string(), key, groups, calendar, caller_id }))
    };
    Ok(BTreeMap::from([service("support", &["support-a", "support-b"], 0)?, service("sales", &["support-b"], 1)?]))
}

fn campaigns(numbers: &[PhoneNumber]) -> anyhow::Result<BTreeMap<CampaignKey, Campaign>> {
    let key = CampaignKey::new("renewals")?;
    let campaign = Campaign {
        name: key.to_string(),
        key: key.clone(),
        groups: vec![GroupKey::new("renewals")?],
        calendar: None,
        caller_id: numbers.get(2).cloned(),
    };
    Ok(BTreeMap::from([(key, campaign)]))
}

fn groups() -> anyhow::Result<BTreeMap<GroupKey, Group>> {
    GROUPS
        .iter()
        .map(|(key, agents)| {
            let key = GroupKey::new(key)?;
            let agents = agents.iter().map(|agent| AgentKey::new(agent)).collect::<Result<_, _>>()?;
            Ok((key.clone(), Group { name: key.to_string(), key, agents }))
        })
        .collect()
}

/// One of some agents works at a number outside.
fn outside(key: &str, rng: &mut Rng) -> anyhow::Result<Option<WorksOutside>> {
    let number = format!("+8613911{key:0>6}").parse()?;
    Ok((rng.u8(0..5) == 0).then_some(WorksOutside { number, used: true }))
}

fn agents(rng: &mut Rng) -> anyhow::Result<BTreeMap<AgentKey, AgentProfile>> {
    let mut agents = BTreeMap::new();
    for key in GROUPS.iter().flat_map(|(_, agents)| *agents) {
        let profile = AgentProfile {
            key: AgentKey::new(key)?,
            name: (*key).to_owned(),
            number: (*key).to_owned(),
            extension: ExtensionKey::new(key)?,
            ringing: (rng.u8(0..4) == 0).then(|| Ringing {
                ring_for: Millis::seconds(rng.u64(8..25)),
                retry_pause: Millis::seconds(rng.u64(1..20)),
            }),
            priorities: BTreeMap::from([(QueueKey::new("700")?, rng.u8(0..3)), (QueueKey::new("600")?, rng.u8(0..3))]),
            language: None,
            outside: outside(key, rng)?,
        };
        agents.insert(profile.key.clone(), profile);
    }
    Ok(agents)
}

/// The phones of the agents, and two on nobody's desk.
fn extensions(numbers: &[PhoneNumber], rng: &mut Rng) -> anyhow::Result<BTreeMap<ExtensionKey, Extension>> {
    let mut extensions = BTreeMap::new();
    for key in GROUPS.iter().flat_map(|(_, agents)| *agents).chain(&["3001", "3002"]) {
        let target = match rng.u8(0..8) {
            0 => Some(InboundTarget::Queue(QueueKey::new("600")?)),
            1 => Some(InboundTarget::Flow(FlowKey::new("after-hours")?)),
            2 => Some(InboundTarget::Extension(ExtensionKey::new("2002")?)),
            3 => Some(InboundTarget::Extension(ExtensionKey::new("3002")?)),
            _ => None,
        };
        let extension = Extension {
            key: ExtensionKey::new(key)?,
            number: (*key).to_owned(),
            name: format!("Desk {key}"),
            may_call_outside: rng.u8(0..5) > 0,
            caller_id: if rng.bool() { rng.choice(numbers).cloned() } else { None },
            auto_answer: rng.bool(),
            unanswered: target.map(|target| Unanswered { ring_for: Millis::seconds(rng.u64(5..30)), target }),
        };
        extensions.insert(extension.key.clone(), extension);
    }
    Ok(extensions)
}

const WRAP_UPS: [WrapUpMode; 4] = [WrapUpMode::Timed, WrapUpMode::Mandatory, WrapUpMode::Optional, WrapUpMode::None];

fn queues(rng: &mut Rng) -> anyhow::Result<BTreeMap<QueueKey, Queue>> {
    let overflow = FlowKey::new("queue-overflow")?;
    let after_hours = FlowKey::new("after-hours")?;
    let mut queues = BTreeMap::new();
    for (key, service, groups) in [
        ("600", "support", vec!["support-a", "support-b"]),
        ("700", "sales", vec!["support-b"]),
        ("800", "support", vec!["support-a"]),
    ] {
        let mut targets = BTreeMap::from([
            (OverflowReason::Timeout, OverflowTarget::Flow(overflow.clone())),
            (OverflowReason::Key, OverflowTarget::Flow(overflow.clone())),
            (OverflowReason::Closed, OverflowTarget::Flow(after_hours.clone())),
        ]);
        if rng.u8(0..2) == 0 {
            // A phone on nobody's desk: an agent's would mostly be busy by then.
            let phone = *rng.choice(&["3001", "3002"]).unwrap_or(&"3001");
            targets.insert(OverflowReason::Timeout, OverflowTarget::Extension(ExtensionKey::new(phone)?));
        }
        let other = QueueKey::new(if key == "600" { "800" } else { "600" })?;
        for reason in [OverflowReason::Full, OverflowReason::NoAgents] {
            let target = match rng.u8(0..8) {
                0 => OverflowTarget::Queue(other.clone()),
                1 => OverflowTarget::Group(GroupKey::new("support-a")?),
                2 => OverflowTarget::Extension(ExtensionKey::new("2005")?),
                3 => OverflowTarget::Announcement(PromptKey::new("all-busy")?),
                4 => OverflowTarget::Busy,
                5 => OverflowTarget::HangUp,
                6 => OverflowTarget::Message,
                _ => OverflowTarget::Flow(overflow.clone()),
            };
            targets.insert(reason, target);
        }
        let key = QueueKey::new(key)?;
        let queue = Queue {
            name: key.to_string(),
            key: key.clone(),
            number: Some(format!("8{key}")),
            service: ServiceKey::new(service)?,
            groups: groups.into_iter().map(GroupKey::new).collect::<Result<_, _>>()?,
            strategy: *rng
                .choice(&[Strategy::LongestIdle, Strategy::RoundRobin, Strategy::RingAll])
                .unwrap_or(&Strategy::LongestIdle),
            longest_wait: Millis::seconds(rng.u64(20..120)),
            max_length: rng.u32(2..12),
            ringing: Ringing {
                ring_for: Millis::seconds(rng.u64(8..25)),
                retry_pause: Millis::seconds(rng.u64(1..15)),
            },
            wrap_up: Millis::seconds(*rng.choice(&[0, 5, 20]).unwrap_or(&0)),
            wrap_up_mode: *rng.choice(&WRAP_UPS).unwrap_or(&WrapUpMode::Timed),
            callback_key: Some(CallbackKey {
                digit: Digit::new('9')?,
                announce_every: Millis::seconds(rng.u64(15..40)),
            }),
            announce_every: rng.bool().then(|| Millis::seconds(rng.u64(20..60))),
            announce_agent: rng.bool(),
            recording_notice: rng.bool().then(|| PromptKey::new("recording-notice")).transpose()?,
            whisper: rng.bool().then(|| PromptKey::new("whisper")).transpose()?,
            calendar: None,
            at_closing: if rng.bool() { AtClosing::Serve } else { AtClosing::Overflow },
            join_empty: rng.bool(),
            handling_time: nohold_core::wait::DEFAULT_AHT,
            patience: nohold_core::wait::DEFAULT_PATIENCE,
            short_abandon: Millis::seconds(5),
            music: None,
            overflow: targets,
        };
        queues.insert(key, queue);
    }
    Ok(queues)
}

fn trunks(numbers: &[PhoneNumber]) -> anyhow::Result<BTreeMap<TrunkKey, Trunk>> {
    let key = TrunkKey::new(CARRIER)?;
    let numbering = NumberRules::of_country(Country::new("CN")?);
    Ok(BTreeMap::from([(key.clone(), Trunk { key, numbering, numbers: numbers.iter().cloned().collect() })]))
}

fn inbound_numbers(numbers: &[PhoneNumber], rng: &mut Rng) -> anyhow::Result<BTreeMap<PhoneNumber, InboundNumber>> {
    let after_hours = InboundTarget::Flow(FlowKey::new("after-hours")?);
    let targets = [
        ("support", InboundTarget::Queue(QueueKey::new("600")?)),
        ("sales", InboundTarget::Queue(QueueKey::new("700")?)),
        // An agent's phone, or one on nobody's desk.
        ("support", InboundTarget::Extension(ExtensionKey::new(if rng.bool() { "2001" } else { "3001" })?)),
    ];
    numbers
        .iter()
        .zip(targets)
        .map(|(number, (service, target))| {
            let inbound = InboundNumber {
                number: number.clone(),
                service: ServiceKey::new(service)?,
                language: None,
                calendar: None,
                target,
                when_closed: Some(after_hours.clone()),
            };
            Ok((number.clone(), inbound))
        })
        .collect()
}

/// Whether a customer's phone may ring at this hour: from 08:00 to 21:00 at the customer's place, which is Shanghai
/// for all of them, and for a service within its office hours. Told anew for the invariants, from the same words.
#[must_use]
pub fn may_ring(at: Timestamp, for_service: bool) -> bool {
    const MINUTE_MS: i64 = 60_000;
    const DAY: i64 = 24 * 60;
    // UTC+8, without summer time.
    let minutes = at.as_millis().div_euclid(MINUTE_MS) + 8 * 60;
    let minute = minutes.rem_euclid(DAY);
    // The first day of 1970 was a Thursday; Monday is 0.
    let weekday = (minutes.div_euclid(DAY) + 3).rem_euclid(7);
    let within = |from: i64, to: i64| (from * 60..to * 60).contains(&minute);
    let office = match weekday {
        0..=4 => within(8, 20),
        5 => within(9, 18),
        _ => false,
    };
    within(8, 21) && (!for_service || office)
}

fn calendars() -> anyhow::Result<BTreeMap<CalendarKey, Calendar>> {
    let definition: CalendarDefinition = serde_json::from_value(serde_json::json!({
        "key": "office",
        "name": "Office hours",
        "zone": "Asia/Shanghai",
        "weekly": {
            "mon": ["08:00-20:00"], "tue": ["08:00-20:00"], "wed": ["08:00-20:00"],
            "thu": ["08:00-20:00"], "fri": ["08:00-20:00"], "sat": ["09:00-18:00"]
        }
    }))?;
    let calendar = Calendar::new(definition)?;
    Ok(BTreeMap::from([(calendar.key().clone(), calendar)]))
}

fn flows() -> anyhow::Result<BTreeMap<FlowKey, BTreeMap<u32, Arc<Document>>>> {
    FLOWS
        .iter()
        .map(|text| {
            let document = Document::parse(text)?;
            Ok((document.key.clone(), BTreeMap::from([(1, Arc::new(document))])))
        })
        .collect()
}
