//! Days under the real routing rules, held against exact theory and against the predicted wait.
//!
//! A simulated day is a matter of luck: how many called, and how long they talked, explains most of how long people
//! waited. Both have known means, so they serve as control variates: what a day owes to them is taken out by
//! regression, which halves or thirds the error of the mean. What is left of that error is asserted too; without it a
//! tolerance would say little.

#![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

use std::fmt::Write as _;

use nohold_core::directory::Strategy;
use nohold_core::wait::theory::{ErlangA, ErlangC};
use nohold_model::Millis;
use nohold_sim::day::{Centre, Figures, Plan};

/// One percentage point, as the acceptance of the rules demands.
const POINT: f64 = 0.01;

/// Callers per hour, seconds of handling, agents, seconds of patience, the threshold in seconds; then how many days,
/// their hours, and the hours of the warm-up.
///
/// Ten hours are enough, after a warm-up of three relaxation times of the line, AHT / (√n − √A)². Where 20 agents are
/// loaded to 95 % that time is 6.5 hours, so those days are long. Few agents need many days for the same error, and
/// many agents, who have more callers an hour, fewer.
type Row = (f64, u64, u32, u64, u64, u64, u64, u64);

const ERLANG_C: [Row; 5] = [
    (100.0, 180, 6, 0, 20, 400, 10, 4),
    (204.0, 300, 20, 0, 60, 300, 10, 3),
    (228.0, 300, 20, 0, 60, 50, 80, 20),
    (12.0, 300, 2, 0, 60, 1_000, 10, 2),
    (1_000.0, 240, 72, 0, 20, 90, 10, 2),
];

const ERLANG_A: [Row; 6] = [
    (204.0, 300, 20, 240, 60, 300, 10, 2),
    (252.0, 300, 20, 240, 60, 200, 10, 2),
    (276.0, 300, 20, 240, 60, 200, 10, 2),
    (100.0, 180, 5, 120, 20, 200, 10, 2),
    (60.0, 300, 4, 600, 30, 400, 10, 2),
    (1_200.0, 240, 75, 180, 20, 40, 5, 1),
];

fn plan((per_hour, handling, agents, patience, threshold, _, length, warm_up): Row) -> Plan {
    Plan {
        per_hour,
        handling: Millis::seconds(handling),
        agents,
        patience: Millis::seconds(patience),
        threshold: Millis::seconds(threshold),
        strategy: Strategy::LongestIdle,
        warm_up: Millis::hours(warm_up),
        length: Millis::hours(length),
    }
}

/// So many days, on two threads.
fn days(plan: Plan, count: u64) -> Vec<Figures> {
    let centre = Centre::new(plan).unwrap();
    let every_second =
        |first: usize| (0..count).skip(first).step_by(2).map(|seed| centre.day(seed).unwrap()).collect::<Vec<_>>();
    std::thread::scope(|scope| {
        let odd = scope.spawn(|| every_second(1));
        let mut days = every_second(0);
        days.extend(odd.join().unwrap());
        days
    })
}

fn together(days: &[Figures]) -> Figures {
    days.iter().fold(Figures::default(), |mut sum, day| {
        sum.add(day);
        sum
    })
}

/// A mean over days and its standard error.
struct Estimate {
    mean: f64,
    error: f64,
}

/// What is counted in a day, per expected caller, with the luck of the day taken out.
fn per_caller(plan: &Plan, days: &[Figures], counted: impl Fn(&Figures) -> f64) -> Estimate {
    let expected = plan.per_hour * plan.length.as_secs_f64() / 3_600.0;
    let values: Vec<f64> = days.iter().map(|day| counted(day) / expected).collect();
    let calls: Vec<f64> = days.iter().map(|day| day.callers as f64 / expected - 1.0).collect();
    let talk: Vec<f64> = days
        .iter()
        .map(|day| day.handling_s / plan.handling.as_secs_f64() - (day.callers - day.abandoned) as f64)
        .map(|excess| excess / expected)
        .collect();
    let (by_calls, by_talk, both) = (covariance(&calls, &calls), covariance(&talk, &talk), covariance(&calls, &talk));
    let (of_calls, of_talk) = (covariance(&values, &calls), covariance(&values, &talk));
    let determinant = by_calls * by_talk - both * both;
    let slope_calls = (of_calls * by_talk - of_talk * both) / determinant;
    let slope_talk = (of_talk * by_calls - of_calls * both) / determinant;
    let rest: Vec<f64> = values
        .iter()
        .zip(calls.iter().zip(&talk))
        .map(|(value, (calls, talk))| value - slope_calls * calls - slope_talk * talk)
        .collect();
    Estimate { mean: mean(&rest), error: (covariance(&rest, &rest) / rest.len() as f64).sqrt() }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn covariance(one: &[f64], other: &[f64]) -> f64 {
    let (mean_one, mean_other) = (mean(one), mean(other));
    let sum: f64 = one.iter().zip(other).map(|(a, b)| (a - mean_one) * (b - mean_other)).sum();
    sum / (one.len() as f64 - 1.0)
}

/// What missed its tolerance, or was not known well enough to say.
#[derive(Default)]
struct Misses(String);

impl Misses {
    /// The simulated figure lies within the tolerance of the exact one, and its error is at most half of that.
    fn check(&mut self, row: &Row, what: &str, simulated: &Estimate, exact: f64, tolerance: f64) {
        let Estimate { mean, error } = simulated;
        if (mean - exact).abs() > tolerance || *error > tolerance / 2.0 {
            writeln!(self.0, "{row:?}: {what} is {mean:.4} ± {error:.4}, exactly {exact:.4}").unwrap();
        }
    }
}

#[test]
fn without_giving_up_the_waits_are_those_of_erlang_c() {
    let mut misses = Misses::default();
    for row in &ERLANG_C {
        let (plan, (per_hour, handling, agents, _, threshold, count, ..)) = (plan(*row), *row);
        let exact = ErlangC::new(per_hour / 3_600.0, handling as f64, agents).unwrap();
        let days = days(plan, count);
        let p_wait = per_caller(&plan, &days, |day| day.waited as f64);
        misses.check(row, "P(wait)", &p_wait, exact.p_wait(), POINT);
        let service_level = per_caller(&plan, &days, |day| day.in_time as f64);
        misses.check(row, "SL", &service_level, exact.service_level(threshold as f64), POINT);
        let asa = per_caller(&plan, &days, |day| day.in_line_s);
        // The mean follows the rare days of long lines, and is known worse than the shares.
        misses.check(row, "ASA", &asa, exact.asa(), exact.asa() * 0.10);
        assert_eq!(together(&days).abandoned, 0);
    }
    assert!(misses.0.is_empty(), "{}", misses.0);
}

#[test]
fn with_giving_up_the_waits_are_those_of_erlang_a() {
    let mut misses = Misses::default();
    for row in &ERLANG_A {
        let (plan, (per_hour, handling, agents, patience, threshold, count, ..)) = (plan(*row), *row);
        let patience = patience as f64;
        let exact = ErlangA::new(per_hour / 3_600.0, handling as f64, agents, patience).unwrap();
        let days = days(plan, count);
        let p_wait = per_caller(&plan, &days, |day| day.waited as f64);
        misses.check(row, "P(wait)", &p_wait, exact.p_wait(), POINT);
        let p_abandon = per_caller(&plan, &days, |day| day.abandoned as f64);
        misses.check(row, "P(abandon)", &p_abandon, exact.p_abandon(), POINT);
        let service_level = per_caller(&plan, &days, |day| day.in_time as f64);
        misses.check(row, "SL", &service_level, exact.service_level(threshold as f64), POINT);
        let answered = per_caller(&plan, &days, |day| day.answered_in_line_s);
        let exact_answered = exact.asa_answered() * (1.0 - exact.p_abandon());
        misses.check(row, "answered · ASA", &answered, exact_answered, exact_answered * 0.04);
        // Whoever is in line gives up at the rate 1/patience, whatever the line does.
        let in_line = per_caller(&plan, &days, |day| day.in_line_s);
        let exact_in_line = exact.p_abandon() * patience;
        misses.check(row, "time in line", &in_line, exact_in_line, exact_in_line * 0.04);
    }
    assert!(misses.0.is_empty(), "{}", misses.0);
}

#[test]
fn nine_of_ten_waits_lie_in_the_interval_that_was_predicted() {
    let row = (252.0, 300, 20, 240, 60, 100, 10, 2);
    let figures = together(&days(plan(row), 100));
    let staying = figures.prediction;
    assert!((0.88..=0.96).contains(&staying.coverage()), "of those who were answered: {}", staying.coverage());
    // For these times QL_m has the exact mean and variance; only the shape of the distribution is approximate.
    let all = figures.virtual_prediction;
    assert!((0.89..=0.91).contains(&all.coverage()), "of all who waited: {}", all.coverage());
    assert!((0.98..=1.02).contains(&all.factor()), "actual over predicted: {}", all.factor());
    assert_eq!(all.made, figures.waited, "each wait is predicted, and each has an end");
    assert_eq!(staying.made, figures.waited - figures.abandoned);
}

#[test]
fn longest_idle_and_round_robin_spread_the_work_evenly() {
    for strategy in [Strategy::LongestIdle, Strategy::RoundRobin] {
        let plan = Plan { strategy, ..plan((120.0, 300, 20, 240, 60, 50, 10, 1)) };
        let busy = together(&days(plan, 50)).busy_s;
        let shares: Vec<f64> = busy.iter().map(|busy| busy / (50.0 * plan.length.as_secs_f64())).collect();
        let mean = mean(&shares);
        assert!((mean - 0.5).abs() < 2.0 * POINT, "{strategy:?}: the agents are busy {mean} of the time");
        assert!(shares.iter().all(|share| (share - mean).abs() < 2.0 * POINT), "{strategy:?}: {shares:?}");
    }
}

#[test]
fn which_agent_is_rung_changes_nothing_for_the_callers() {
    let day = |strategy, seed| {
        let centre = Centre::new(Plan { strategy, ..plan((252.0, 300, 20, 240, 60, 1, 10, 1)) }).unwrap();
        centre.day(seed).unwrap()
    };
    let (idle, robin) = (day(Strategy::LongestIdle, 1), day(Strategy::RoundRobin, 1));
    assert_ne!(idle.busy_s, robin.busy_s);
    assert_eq!(Figures { busy_s: robin.busy_s.clone(), ..idle.clone() }, robin);
    assert_eq!(day(Strategy::LongestIdle, 1), idle);
    assert_ne!(day(Strategy::LongestIdle, 2), idle);
}
