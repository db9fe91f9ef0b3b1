//! The site: plans, promises, hours, codes, the block list.

use super::super::{Length, Period, Pop};
use super::Check;
use crate::directory::{self, StarCode};
use crate::{hours, text};

const SECOND: Length = Length::seconds(1);
const DAY: Length = Length::hours(24);
/// So many reasons of breaks are a list to choose from.
const MOST_BREAK_REASONS: usize = 30;
/// The longest reason of a break, in characters.
const LONGEST_BREAK_REASON: usize = 64;
/// No installation has more calls at once.
pub(super) const MOST_CALLS: u32 = 100_000;

impl Check<'_> {
    pub(super) fn site(&mut self) {
        let site = &self.written.site;
        self.range("site.retry_plan.max_attempts", site.retry_plan.max_attempts, 1, 10);
        self.length("site.retry_plan.within", site.retry_plan.within, Length::hours(1), Length::hours(7 * 24));
        self.length("site.retry_plan.gap", site.retry_plan.gap, Length::minutes(1), Length::hours(7 * 24));
        for (result, gap) in &site.retry_plan.gaps {
            let name = format!("{result:?}");
            self.length(format!("site.retry_plan.gaps ({name})"), *gap, Length::seconds(0), Length::hours(7 * 24));
        }
        self.range("site.requests_per_number_per_day", site.requests_per_number_per_day, 0, 1_000);
        if let Some(most) = site.most_calls {
            self.range("site.most_calls", most, 1, MOST_CALLS);
        }
        self.length("site.claim_for", site.claim_for, Length::seconds(10), DAY);
        self.length("site.ring_customer_for", site.ring_customer_for, Length::seconds(5), Length::minutes(3));
        self.length("site.ring_agent_for", site.ring_agent_for, Length::seconds(5), Length::minutes(3));
        self.length("site.broken_within", site.broken_within, Length::seconds(0), Length::hours(1));
        self.length("site.served_after", site.served_after, Length::seconds(0), Length::hours(1));
        self.length("site.returning_within", site.returning_within, Length::seconds(0), DAY);
        if let Period::After(length) = site.expire_after {
            self.length("site.expire_after", length, Length::hours(1), Length::hours(365 * 24));
        }
        self.unclaimed();
        self.break_reasons();
        self.pop("site.pop", site.pop.as_ref());
        self.promise();
        let rules = site.numbering.rules(site.country);
        if let Err(problem) = rules.check() {
            self.problems.error("site.numbering", problem.to_string(), "correct it");
        }
        if self.written.outbound.countries.as_ref().is_some_and(|countries| !countries.contains(&site.country)) {
            self.problems.warn(
                "outbound.countries",
                format!("numbers of the site's own country, {}, may not be called", site.country),
                "add it, if customers there are to be called back",
            );
        }
    }

    fn unclaimed(&mut self) {
        let site = &self.written.site;
        for (path, period) in
            [("site.remind_again_after", site.remind_again_after), ("site.escalate_after", site.escalate_after)]
        {
            if let Period::After(length) = period {
                self.length(path, length, Length::seconds(10), Length::hours(7 * 24));
            }
        }
        if let (Period::After(again), Period::After(escalate)) = (site.remind_again_after, site.escalate_after)
            && escalate < again
        {
            self.problems.warn(
                "site.escalate_after",
                "the supervisors are alerted before the group is alerted again",
                "make it longer than `remind_again_after`",
            );
        }
    }

    fn break_reasons(&mut self) {
        let reasons = &self.written.site.break_reasons;
        self.doubles("site.break_reasons", reasons);
        self.range("site.break_reasons", reasons.len(), 0, MOST_BREAK_REASONS);
        for reason in reasons {
            if text::name(reason).is_err() || !(1..=LONGEST_BREAK_REASON).contains(&reason.trim().chars().count()) {
                self.problems.error(
                    "site.break_reasons",
                    format!("a reason has 1 to {LONGEST_BREAK_REASON} characters of one line"),
                    "correct it",
                );
            }
        }
    }

    pub(super) fn pop(&mut self, path: &str, pop: Option<&Pop>) {
        if let Some(problem) = pop.and_then(|pop| directory::Pop::new(&pop.address, pop.opens).err()) {
            self.problems.error(format!("{path}.address"), problem.to_string(), "correct it");
        }
    }

    fn promise(&mut self) {
        let promise = &self.written.site.promise;
        self.range("site.promise.times_wait", promise.times_wait, 1.0, 10.0);
        self.range("site.promise.share", promise.share, 0.01, 1.0);
        self.length("site.promise.shortest", promise.shortest, Length::minutes(1), DAY);
        self.length("site.promise.overhead", promise.overhead, Length::seconds(0), Length::hours(1));
        self.length("site.promise.step", promise.step, Length::minutes(1), Length::hours(1));
        self.length("site.promise.window", promise.window, Length::minutes(30), DAY);
        self.length("site.promise.retry_window", promise.retry_window, Length::minutes(1), DAY);
    }

    pub(super) fn calendars(&mut self) {
        for (key, calendar) in &self.written.calendars {
            let path = format!("calendars.{key}");
            if let Err(invalid) = hours::Calendar::new(calendar.definition(key, &self.written.site.zone)) {
                for problem in invalid.0 {
                    self.problems.error(path.clone(), problem.to_string(), "correct the calendar");
                }
            }
            if calendar.weekly.values().all(Vec::is_empty) && calendar.make_up_days.is_empty() {
                self.problems.warn(path, "it is never open", "give it hours, as in `mon = [\"09:00-18:00\"]`");
            }
        }
    }

    pub(super) fn star_codes(&mut self) {
        let Some(codes) = &self.written.star_codes else { return };
        for code in codes.keys() {
            let digits = code.strip_prefix('*').unwrap_or_default();
            if !(1..=4).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
                self.problems.error(
                    format!("star_codes.{code}"),
                    format!("`{code}` is not a star code"),
                    "write `*` and 1 to 4 digits, as in `*10`",
                );
            }
        }
        let tests_flows = codes.iter().filter(|(_, does)| **does == StarCode::TestFlow).map(|(code, _)| code);
        for test in tests_flows {
            for other in codes.keys().filter(|other| *other != test && other.starts_with(test.as_str())) {
                self.problems.error(
                    format!("star_codes.{other}"),
                    format!("`{test}` is followed by the number of a flow, and `{other}` begins like it"),
                    "choose another code",
                );
            }
        }
    }

    pub(super) fn blocked(&mut self) {
        if let Err(invalid) = self.written.blocked.check() {
            self.problems.error("blocked.prefixes", invalid.to_string(), "correct it");
        }
    }

    /// At least a second: what repeats may not repeat without a pause.
    pub(super) fn repeats(&mut self, path: &str, every: Length) {
        self.length(path, every, Length(SECOND.0.times(10)), Length::hours(1));
    }
}
