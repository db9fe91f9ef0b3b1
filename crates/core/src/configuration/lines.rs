//! Lines of business, queues, numbers and hours, in the document.

use std::collections::BTreeMap;

use nohold_flow::Document;
use nohold_model::{
    CalendarKey, CampaignKey, Digit, DispositionKey, GroupKey, Language, PhoneNumber, PromptKey, QueueKey, ServiceKey,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Length;
use super::people::{Ringing, name};
use super::pop::Pop;
use crate::directory::{self, AtClosing, InboundTarget, OverflowReason, OverflowTarget, Strategy, WrapUpMode};
use crate::hours::{CalendarDefinition, Closure, MakeUpDay, WeeklyHours, Zone};

/// A line of business that answers callers (呼入客服).
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The name people see. By default the key.
    #[serde(default)]
    pub name: Option<String>,
    /// The groups that work for it.
    pub groups: Vec<GroupKey>,
    /// When it is open. By default always.
    #[serde(default)]
    pub calendar: Option<CalendarKey>,
    /// The number (外显号码) that its customers see on a callback; one that a trunk owns.
    #[serde(default)]
    pub caller_id: Option<PhoneNumber>,
    /// The dispositions that its outcomes may have, in the order in which they are offered. By default all that are configured.
    #[serde(default)]
    pub dispositions: Option<Vec<DispositionKey>>,
}

/// A line of business that calls out (外呼营销).
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// The name people see. By default the key.
    #[serde(default)]
    pub name: Option<String>,
    /// The groups that work for it.
    pub groups: Vec<GroupKey>,
    /// When its customers may be called. By default always; the dialling window holds besides.
    #[serde(default)]
    pub calendar: Option<CalendarKey>,
    /// The number that its customers see; one that a trunk owns.
    #[serde(default)]
    pub caller_id: Option<PhoneNumber>,
    /// The dispositions that its outcomes may have, in the order in which they are offered. By default all that are configured.
    #[serde(default)]
    pub dispositions: Option<Vec<DispositionKey>>,
}

/// Waiting callers and how they meet agents (队列).
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// The name people see. By default the key.
    #[serde(default)]
    pub name: Option<String>,
    /// The internal number by which colleagues reach it. By default none.
    #[serde(default)]
    pub number: Option<String>,
    /// The service it belongs to.
    pub service: ServiceKey,
    /// The groups whose agents serve it. By default all of the service.
    #[serde(default)]
    pub groups: Option<Vec<GroupKey>>,
    /// Which of the available agents is rung: `longest_idle`, `round_robin` or `ring_all`. By default `longest_idle`.
    #[serde(default = "default_strategy")]
    pub strategy: Strategy,
    /// A caller leaves for the overflow `timeout` after waiting this long. By default 5 minutes.
    #[serde(default = "default_longest_wait")]
    pub longest_wait: Length,
    /// No more than this many callers wait. By default 100. Whom we have lost, whom we have called and whom an agent sends on
    /// after a conversation is let in all the same.
    #[serde(default = "default_max_length")]
    pub max_length: u32,
    /// How its agents' phones ring.
    #[serde(default)]
    pub ringing: Ringing,
    /// The wrap-up (话后整理) after a conversation. By default 30 seconds.
    #[serde(default = "default_wrap_up")]
    pub wrap_up: Length,
    /// Whether agents have a wrap-up, and how it ends: `none`; `optional`, which an agent may take; `timed`, which ends by time
    /// or by the agent and goes on while something is typed; `mandatory`, which ends when the outcome is saved or a supervisor
    /// ends it, and should not last longer than `wrap_up`. By default `timed`.
    #[serde(default = "default_wrap_up_mode")]
    pub wrap_up_mode: WrapUpMode,
    /// The address that its agents' pages open with what is known of a call. By default the site's.
    #[serde(default)]
    pub pop: Option<Pop>,
    /// The key that leads a waiting caller to the overflow `key` at once. By default none.
    #[serde(default)]
    pub callback_key: Option<CallbackKey>,
    /// How often the place in line and the wait are announced (排队播报). By default never.
    #[serde(default)]
    pub announce_every: Option<Length>,
    /// The caller hears the agent's number (工号播报) before the conversation. By default not.
    #[serde(default)]
    pub announce_agent: bool,
    /// What the agent hears before the conversation. By default nothing.
    #[serde(default)]
    pub whisper: Option<PromptKey>,
    /// Its conversations are recorded (录音), and callers hear this before: while they are connected; on a callback after the
    /// answer. By default nothing is recorded.
    #[serde(default)]
    pub recording_notice: Option<PromptKey>,
    /// Hours of its own, instead of the service's.
    #[serde(default)]
    pub calendar: Option<CalendarKey>,
    /// What happens to those who wait when the hours end: `serve` or `overflow`. By default `serve`.
    #[serde(default = "default_closing")]
    pub at_closing: AtClosing,
    /// Whether callers wait when no agent of the queue is signed in. By default they do.
    #[serde(default = "yes")]
    pub join_empty: bool,
    /// How long a call is taken to last until the queue has figures of its own. By default 5 minutes.
    #[serde(default = "default_handling")]
    pub handling_time: Length,
    /// How long a caller is taken to wait before giving up. By default 4 minutes.
    #[serde(default = "default_patience")]
    pub patience: Length,
    /// An abandon before this is *short* and not counted. By default 5 seconds.
    #[serde(default = "default_short")]
    pub short_abandon: Length,
    /// What waiting callers hear. By default the built-in music.
    #[serde(default)]
    pub music: Option<PromptKey>,
    /// Where a caller goes (失败转向) who leaves unserved, by reason (`timeout`, `full`, `no_agents`, `closed`, `key`):
    /// `{ flow = "…" }`, `{ queue = "…" }`, `{ extension = "…" }`, `{ group = "…" }`, `{ announcement = "…" }`,
    /// `"message"`, `"busy"` or `"hang_up"`.
    #[serde(default)]
    pub overflow: BTreeMap<OverflowReason, OverflowTarget>,
    /// The dispositions that its outcomes may have, in the order in which they are offered. By default those of its service.
    #[serde(default)]
    pub dispositions: Option<Vec<DispositionKey>>,
}

/// The queue's callback key.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallbackKey {
    /// The key: `"2"`.
    pub digit: Digit,
    /// It is announced this often. By default every 30 seconds.
    #[serde(default = "default_announcement")]
    pub announce_every: Length,
}

/// A number that callers dial (接入号码).
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InboundNumber {
    /// The service it belongs to.
    pub service: ServiceKey,
    /// The language of its calls. By default the site's.
    #[serde(default)]
    pub language: Option<Language>,
    /// Hours of its own, instead of the service's.
    #[serde(default)]
    pub calendar: Option<CalendarKey>,
    /// Where it leads: `{ queue = "…" }`, `{ flow = "…" }` or `{ extension = "…" }`.
    pub target: InboundTarget,
    /// Where it leads outside its hours. By default to the same target.
    #[serde(default)]
    pub when_closed: Option<InboundTarget>,
}

/// Business hours (工作时间).
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// The name people see. By default the key.
    #[serde(default)]
    pub name: Option<String>,
    /// The IANA name of the zone whose clock the hours mean. By default the site's.
    #[serde(default)]
    pub zone: Option<String>,
    /// The usual week: `mon = ["09:00-12:00", "13:30-18:00"]`; a day that is not named is closed.
    pub weekly: WeeklyHours,
    /// Days, or parts of them, that are not worked.
    #[serde(default)]
    pub closures: Vec<Closure>,
    /// Days (调休) that are worked although the week or a closure says otherwise.
    #[serde(default)]
    pub make_up_days: Vec<MakeUpDay>,
}

/// Where an IVR flow (IVR 流程) stands.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// In a file of JSON, relative to the configuration.
    File(String),
    /// In the configuration itself.
    Document(Box<Document>),
}

impl Service {
    pub(super) fn build(&self, key: &ServiceKey) -> directory::Service {
        directory::Service {
            key: key.clone(),
            name: name(self.name.as_deref(), key),
            groups: self.groups.clone(),
            calendar: self.calendar.clone(),
            caller_id: self.caller_id.clone(),
        }
    }
}

impl Campaign {
    pub(super) fn build(&self, key: &CampaignKey) -> directory::Campaign {
        directory::Campaign {
            key: key.clone(),
            name: name(self.name.as_deref(), key),
            groups: self.groups.clone(),
            calendar: self.calendar.clone(),
            caller_id: self.caller_id.clone(),
        }
    }
}

impl Queue {
    /// The groups that serve it, given those of its service.
    pub(super) fn groups<'a>(&'a self, service: Option<&'a Service>) -> &'a [GroupKey] {
        self.groups.as_deref().or(service.map(|service| service.groups.as_slice())).unwrap_or_default()
    }

    pub(super) fn build(&self, key: &QueueKey, service: Option<&Service>) -> directory::Queue {
        directory::Queue {
            key: key.clone(),
            name: name(self.name.as_deref(), key),
            number: self.number.clone(),
            service: self.service.clone(),
            groups: self.groups(service).to_vec(),
            strategy: self.strategy,
            longest_wait: self.longest_wait.0,
            max_length: self.max_length,
            ringing: self.ringing.build(),
            wrap_up: self.wrap_up.0,
            wrap_up_mode: self.wrap_up_mode,
            callback_key: self
                .callback_key
                .map(|key| directory::CallbackKey { digit: key.digit, announce_every: key.announce_every.0 }),
            announce_every: self.announce_every.map(|length| length.0),
            announce_agent: self.announce_agent,
            whisper: self.whisper.clone(),
            recording_notice: self.recording_notice.clone(),
            calendar: self.calendar.clone(),
            at_closing: self.at_closing,
            join_empty: self.join_empty,
            handling_time: self.handling_time.0,
            patience: self.patience.0,
            short_abandon: self.short_abandon.0,
            music: self.music.clone(),
            overflow: self.overflow.clone(),
        }
    }
}

impl InboundNumber {
    pub(super) fn build(&self, number: &PhoneNumber) -> directory::InboundNumber {
        directory::InboundNumber {
            number: number.clone(),
            service: self.service.clone(),
            language: self.language,
            calendar: self.calendar.clone(),
            target: self.target.clone(),
            when_closed: self.when_closed.clone(),
        }
    }
}

impl Calendar {
    pub(super) fn definition(&self, key: &CalendarKey, site: &Zone) -> CalendarDefinition {
        CalendarDefinition {
            key: key.clone(),
            name: name(self.name.as_deref(), key),
            zone: self.zone.clone().unwrap_or_else(|| site.name().to_owned()),
            weekly: self.weekly.clone(),
            closures: self.closures.clone(),
            make_up_days: self.make_up_days.clone(),
        }
    }
}

const fn default_strategy() -> Strategy {
    Strategy::LongestIdle
}

const fn default_longest_wait() -> Length {
    Length::minutes(5)
}

const fn default_max_length() -> u32 {
    100
}

const fn default_wrap_up() -> Length {
    Length::seconds(30)
}

const fn default_wrap_up_mode() -> WrapUpMode {
    WrapUpMode::Timed
}

const fn default_closing() -> AtClosing {
    AtClosing::Serve
}

const fn yes() -> bool {
    true
}

const fn default_handling() -> Length {
    Length::seconds(300)
}

const fn default_patience() -> Length {
    Length::seconds(240)
}

const fn default_short() -> Length {
    Length::seconds(5)
}

const fn default_announcement() -> Length {
    Length::seconds(30)
}
