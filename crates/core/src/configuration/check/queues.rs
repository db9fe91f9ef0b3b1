//! Queues: who serves them, and where their callers go.

use std::collections::BTreeSet;

use nohold_model::{Millis, QueueKey};

use super::super::{Length, Queue, Ringing};
use super::Check;
use crate::directory::{OverflowReason, OverflowTarget, WrapUpMode};

impl Check<'_> {
    pub(super) fn queues(&mut self) {
        let written = self.written;
        for (key, queue) in &written.queues {
            let path = format!("queues.{key}");
            self.dispositions(&path, queue.dispositions.as_deref());
            self.service(&format!("{path}.service"), &queue.service);
            self.calendar(&format!("{path}.calendar"), queue.calendar.as_ref());
            self.prompt(&format!("{path}.whisper"), queue.whisper.as_ref());
            self.prompt(&format!("{path}.recording_notice"), queue.recording_notice.as_ref());
            self.prompt(&format!("{path}.music"), queue.music.as_ref());
            self.served(&path, queue);
            self.figures(&path, queue);
            self.overflow(&path, key, queue);
        }
    }

    fn served(&mut self, path: &str, queue: &Queue) {
        let service = self.written.services.get(&queue.service);
        let groups = queue.groups(service);
        let at = format!("{path}.groups");
        self.doubles(&at, groups);
        for group in groups {
            self.group(&at, group);
            if service.is_some_and(|service| !service.groups.contains(group)) {
                self.problems.warn(
                    at.clone(),
                    format!("the group `{group}` serves this queue and does not work for its service"),
                    format!("add `{group}` to `services.{}.groups`", queue.service),
                );
            }
        }
        let agents = groups.iter().filter_map(|group| self.written.groups.get(group)).flat_map(|group| &group.agents);
        if agents.count() == 0 {
            self.problems.warn(at, "no agent serves this queue", "name groups that have agents");
        }
    }

    fn figures(&mut self, path: &str, queue: &Queue) {
        let day = Length::hours(24);
        self.length(format!("{path}.longest_wait"), queue.longest_wait, Length::seconds(5), day);
        self.range(format!("{path}.max_length"), queue.max_length, 0, 10_000);
        self.ringing(&format!("{path}.ringing"), queue.ringing);
        let no_wrap_up = matches!(queue.wrap_up_mode, WrapUpMode::None | WrapUpMode::Timed);
        let shortest = Length::seconds(if no_wrap_up { 0 } else { 1 });
        self.length(format!("{path}.wrap_up"), queue.wrap_up, shortest, Length::hours(1));
        self.pop(&format!("{path}.pop"), queue.pop.as_ref());
        self.length(format!("{path}.handling_time"), queue.handling_time, Length::seconds(1), day);
        self.length(format!("{path}.patience"), queue.patience, Length::seconds(1), day);
        self.length(format!("{path}.short_abandon"), queue.short_abandon, Length::seconds(0), Length::minutes(5));
        if let Some(every) = queue.announce_every {
            self.repeats(&format!("{path}.announce_every"), every);
        }
        if let Some(key) = queue.callback_key {
            self.repeats(&format!("{path}.callback_key.announce_every"), key.announce_every);
            if !queue.overflow.contains_key(&OverflowReason::Key) {
                self.problems.warn(
                    format!("{path}.callback_key"),
                    "there is no overflow for it, so it does nothing",
                    "say in `overflow.key` where it leads",
                );
            }
        }
    }

    pub(super) fn ringing(&mut self, path: &str, ringing: Ringing) {
        self.length(format!("{path}.ring_for"), ringing.ring_for, Length::seconds(1), Length::minutes(3));
        self.length(format!("{path}.retry_pause"), ringing.retry_pause, Length(Millis::ZERO), Length::hours(1));
    }

    fn overflow(&mut self, path: &str, key: &QueueKey, queue: &Queue) {
        for (reason, target) in &queue.overflow {
            let at = format!("{path}.overflow.{}", reason_name(*reason));
            match target {
                OverflowTarget::Flow(flow) => self.main_flow(&at, flow),
                OverflowTarget::Queue(next) => {
                    self.queue(&at, next);
                    if leads_back(&self.written.queues, next, key, *reason) {
                        self.problems.error(
                            at,
                            format!("from there `{}` leads back to this queue, so callers would go in circles", next),
                            "choose another target for one of them",
                        );
                    }
                }
                OverflowTarget::Extension(extension) => self.extension(&at, extension),
                OverflowTarget::Group(group) => self.group(&at, group),
                OverflowTarget::Announcement(prompt) => self.prompt(&at, Some(prompt)),
                OverflowTarget::Message | OverflowTarget::Busy | OverflowTarget::HangUp => {}
            }
        }
        if !queue.overflow.contains_key(&OverflowReason::Timeout) {
            self.problems.warn(
                format!("{path}.overflow"),
                "there is no overflow for `timeout`, so callers wait without end",
                "say in `overflow.timeout` where they go after the longest wait",
            );
        }
    }
}

/// Whether a caller who overflows for this reason from one queue to the next comes to a certain one.
fn leads_back(
    queues: &std::collections::BTreeMap<QueueKey, Queue>,
    from: &QueueKey,
    to: &QueueKey,
    reason: OverflowReason,
) -> bool {
    let mut seen = BTreeSet::new();
    let mut at = from;
    while seen.insert(at) {
        if at == to {
            return true;
        }
        match queues.get(at).and_then(|queue| queue.overflow.get(&reason)) {
            Some(OverflowTarget::Queue(next)) => at = next,
            _ => return false,
        }
    }
    false
}

fn reason_name(reason: OverflowReason) -> &'static str {
    match reason {
        OverflowReason::Timeout => "timeout",
        OverflowReason::Full => "full",
        OverflowReason::NoAgents => "no_agents",
        OverflowReason::Closed => "closed",
        OverflowReason::Key => "key",
    }
}
