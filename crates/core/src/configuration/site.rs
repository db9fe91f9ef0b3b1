//! What holds for the whole installation, in the document.

use std::collections::{BTreeMap, BTreeSet};

use nohold_model::{CallResult, Country, Language, TrunkKey};
use schemars::JsonSchema;
use serde::Deserialize;

use super::pop::Pop;
use super::{Length, Numbering, Period};
use crate::directory;
use crate::hours::{DiallingWindow, Zone};
use crate::numbers::{OutboundRules, RequestLimit};
use crate::wait::PromisePolicy;

/// Settings of the whole installation. Zone and country have no default: everything that has to do with the law of the
/// place hangs on them.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// The time zone, by its IANA name: `Asia/Shanghai`. Calendars without a zone are in it, and so are customers whose
    /// number tells no place.
    pub zone: Zone,
    /// The country (ISO 3166, two letters), whose ways of writing numbers and whose emergency numbers hold here.
    pub country: Country,
    /// The language (`en`, `zh`) of calls whose inbound number names none. By default English.
    #[serde(default = "default_language")]
    pub language: Language,
    /// How people here write numbers, where it differs from the country's ways.
    #[serde(default)]
    pub numbering: Numbering,
    /// Hours (可呼时段) in which a customer may be dialled, at the customer's place. By default `08:00-21:00`.
    #[serde(default = "default_window")]
    pub dialling_window: DiallingWindow,
    /// How often and when a customer is tried (重呼策略).
    #[serde(default)]
    pub retry_plan: RetryPlan,
    /// How many callback requests one number may make in 24 hours. By default 5.
    #[serde(default = "default_requests")]
    pub requests_per_number_per_day: u32,
    /// What is promised to who asks for a callback.
    #[serde(default)]
    pub promise: Promise,
    /// How long a claim (认领) holds without a call. By default 5 minutes.
    #[serde(default = "default_claim")]
    pub claim_for: Length,
    /// How long the customer's phone may ring in a callback. By default 40 seconds.
    #[serde(default = "default_ring_customer")]
    pub ring_customer_for: Length,
    /// How long the agent's phone may ring in a callback. By default 20 seconds.
    #[serde(default = "default_ring_agent")]
    pub ring_agent_for: Length,
    /// A conversation that breaks before this leaves its entry open. By default 30 seconds.
    #[serde(default = "default_broken")]
    pub broken_within: Length,
    /// A conversation of at least this length serves the customer. By default 20 seconds.
    #[serde(default = "default_served")]
    pub served_after: Length,
    /// How long after our attempt a customer who rings in stands at the head of the line. By default 2 hours.
    #[serde(default = "default_returning")]
    pub returning_within: Length,
    /// An open entry on which nobody has worked for so long since it was due is *expired*. By default 48 hours.
    #[serde(default = "default_expiry")]
    pub expire_after: Period,
    /// A callback request that nobody has claimed for so long since it was due alerts its group again; or `never`. By default
    /// 10 minutes.
    #[serde(default = "default_remind_again")]
    pub remind_again_after: Period,
    /// A callback request that nobody has claimed for so long since it was due alerts the supervisors of its group; or `never`.
    /// By default 20 minutes.
    #[serde(default = "default_escalate")]
    pub escalate_after: Period,
    /// The reasons of breaks (小休) that agents choose from. By default any words.
    #[serde(default)]
    pub break_reasons: Vec<String>,
    /// The address that agents' pages open with what is known of a call, where its queue has none of its own. By default none.
    #[serde(default)]
    pub pop: Option<Pop>,
    /// With so many calls through all trunks together, no further caller is taken: they hear what their carrier plays for
    /// it. Calls that go out are counted and never refused for it. By default as many as come.
    #[serde(default)]
    pub most_calls: Option<u32>,
}

/// How often a customer is tried (重呼策略) and how long we wait in between (重呼间隔).
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryPlan {
    /// After this many attempts the entry is *unreachable*, and a number is not tried more often `within` that time,
    /// whichever entries, services and campaigns want it. By default 3.
    pub max_attempts: u32,
    /// The time in which the attempts at one number are counted together. By default 24 hours.
    pub within: Length,
    /// The gap after a result that has no gap of its own. By default 10 minutes.
    pub gap: Length,
    /// Gaps by call result. By default 15 minutes after `machine`.
    pub gaps: BTreeMap<CallResult, Length>,
    /// Results after which another attempt makes no sense. By default `unallocated`.
    pub final_results: BTreeSet<CallResult>,
}

/// The numbers of the promise (承诺回呼时段).
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Promise {
    /// No promise is shorter. By default 15 minutes.
    pub shortest: Length,
    /// So many times the predicted wait. By default 1.5.
    pub times_wait: f64,
    /// The share of the agents' time that callbacks surely get, above 0 and at most 1. By default 0.3.
    pub share: f64,
    /// What a callback costs beside the handling time. By default 30 seconds.
    pub overhead: Length,
    /// The end of a promise is rounded up to a multiple of this on the clock. By default 5 minutes.
    pub step: Length,
    /// The length of the windows that are promised in a later opening. By default 2 hours.
    pub window: Length,
    /// The window of a retry. By default 10 minutes.
    pub retry_window: Length,
}

/// Calls to the public network.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Outbound {
    /// The trunks, first to last. By default all, in the order of their keys.
    pub trunks: Option<Vec<TrunkKey>>,
    /// The countries whose numbers may be dialled. By default the site's alone.
    pub countries: Option<BTreeSet<Country>>,
    /// Whether premium-rate numbers may be. By default not.
    pub allow_premium: bool,
    /// Whether special numbers may be: shared cost, personal, company-wide, pagers. By default not.
    pub allow_special: bool,
}

impl Site {
    pub(super) fn build(&self, outbound: &Outbound) -> directory::Site {
        let mut rules = OutboundRules::of_country(self.country);
        if let Some(countries) = &outbound.countries {
            rules.countries.clone_from(countries);
        }
        rules.allow_premium = outbound.allow_premium;
        rules.allow_special = outbound.allow_special;
        directory::Site {
            zone: self.zone.clone(),
            numbers: self.numbering.rules(self.country),
            language: self.language,
            dialling_window: self.dialling_window,
            outbound: rules,
            retry_plan: self.retry_plan.build(),
            request_limit: RequestLimit { per_number_per_day: self.requests_per_number_per_day },
            promise: self.promise.build(),
            claim_for: self.claim_for.0,
            ring_customer_for: self.ring_customer_for.0,
            ring_agent_for: self.ring_agent_for.0,
            broken_within: self.broken_within.0,
            served_after: self.served_after.0,
            returning_within: self.returning_within.0,
            expire_after: self.expire_after.millis(),
            remind_again_after: self.remind_again_after.millis(),
            escalate_after: self.escalate_after.millis(),
            break_reasons: self.break_reasons.clone(),
        }
    }
}

impl RetryPlan {
    fn build(&self) -> directory::RetryPlan {
        directory::RetryPlan {
            max_attempts: self.max_attempts,
            within: self.within.0,
            gap: self.gap.0,
            gaps: self.gaps.iter().map(|(result, gap)| (*result, gap.0)).collect(),
            final_results: self.final_results.clone(),
        }
    }
}

impl Default for RetryPlan {
    fn default() -> Self {
        let usual = directory::RetryPlan::default();
        RetryPlan {
            max_attempts: usual.max_attempts,
            within: Length(usual.within),
            gap: Length(usual.gap),
            gaps: usual.gaps.into_iter().map(|(result, gap)| (result, Length(gap))).collect(),
            final_results: usual.final_results,
        }
    }
}

impl Promise {
    fn build(&self) -> PromisePolicy {
        PromisePolicy {
            shortest: self.shortest.0,
            times_wait: self.times_wait,
            share: self.share,
            overhead: self.overhead.0,
            step: self.step.0,
            window: self.window.0,
            retry_window: self.retry_window.0,
        }
    }
}

impl Default for Promise {
    fn default() -> Self {
        let usual = PromisePolicy::default();
        Promise {
            shortest: Length(usual.shortest),
            times_wait: usual.times_wait,
            share: usual.share,
            overhead: Length(usual.overhead),
            step: Length(usual.step),
            window: Length(usual.window),
            retry_window: Length(usual.retry_window),
        }
    }
}

const fn default_language() -> Language {
    Language::English
}

const fn default_window() -> DiallingWindow {
    DiallingWindow::MANUAL
}

fn default_requests() -> u32 {
    RequestLimit::default().per_number_per_day
}

const fn default_claim() -> Length {
    Length::minutes(5)
}

const fn default_ring_customer() -> Length {
    Length::seconds(40)
}

const fn default_ring_agent() -> Length {
    Length::seconds(20)
}

const fn default_broken() -> Length {
    Length::seconds(30)
}

const fn default_served() -> Length {
    Length::seconds(20)
}

const fn default_returning() -> Length {
    Length::hours(2)
}

const fn default_remind_again() -> Period {
    Period::After(Length::minutes(10))
}

const fn default_escalate() -> Period {
    Period::After(Length::minutes(20))
}

const fn default_expiry() -> Period {
    Period::After(Length::hours(48))
}
