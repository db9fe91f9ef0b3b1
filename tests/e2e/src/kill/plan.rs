//! What a seed says: how a callback goes, and when the server is killed in it.

use std::fmt;
use std::time::Duration;

use fastrand::Rng;

/// How far a caller's wish has come, from the key to the end of the callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Nothing has happened yet.
    Before,
    /// The key 2 is being pressed.
    Key,
    /// The agent is reminded: the request stands on the disk, and the caller is thanked.
    Noted,
    /// The agent has asked for the callback.
    Ordered,
    /// The agent's phone rings.
    AgentRings,
    /// The agent has answered, and the customer is about to be dialled.
    AgentAnswered,
    /// The customer's phone rings.
    CustomerRings,
    /// Both talk.
    Talking,
    /// They have talked; the outcome is open.
    Over,
    /// The try was in vain.
    Failed,
    /// The outcome is written down.
    Closed,
}

impl Phase {
    /// The phases in which a server may be killed.
    pub const ALL: [Phase; 10] = [
        Phase::Key,
        Phase::Noted,
        Phase::Ordered,
        Phase::AgentRings,
        Phase::AgentAnswered,
        Phase::CustomerRings,
        Phase::Talking,
        Phase::Over,
        Phase::Failed,
        Phase::Closed,
    ];
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Before => "before the key",
            Phase::Key => "while the key is pressed",
            Phase::Noted => "while the caller is thanked",
            Phase::Ordered => "as the callback is asked for",
            Phase::AgentRings => "while the agent's phone rings",
            Phase::AgentAnswered => "after the agent's answer",
            Phase::CustomerRings => "while the customer's phone rings",
            Phase::Talking => "while both talk",
            Phase::Over => "after they have talked",
            Phase::Failed => "after a try in vain",
            Phase::Closed => "after the outcome",
        })
    }
}

/// How a callback goes when nobody is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// The agent's phone rings in vain.
    AgentDoesNotAnswer,
    /// The customer is busy.
    Busy,
    /// The customer's phone rings in vain.
    CustomerDoesNotAnswer,
    /// They talk, and the customer hangs up first.
    CustomerHangsUp,
    /// They talk, and the agent hangs up first.
    AgentHangsUp,
}

impl Course {
    const ALL: [Course; 5] = [
        Course::AgentDoesNotAnswer,
        Course::Busy,
        Course::CustomerDoesNotAnswer,
        Course::CustomerHangsUp,
        Course::AgentHangsUp,
    ];

    /// Whether a callback that goes like this comes through this phase.
    fn passes(self, phase: Phase) -> bool {
        let talks = matches!(self, Course::CustomerHangsUp | Course::AgentHangsUp);
        match phase {
            Phase::Before | Phase::Key | Phase::Noted | Phase::Ordered | Phase::AgentRings => true,
            Phase::AgentAnswered | Phase::CustomerRings => self != Course::AgentDoesNotAnswer,
            Phase::Talking | Phase::Over | Phase::Closed => talks,
            Phase::Failed => !talks,
        }
    }
}

/// All that is drawn from a seed. The same seed is the same plan; how long a machine takes for it is another matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// The server is killed when this phase has begun …
    pub phase: Phase,
    /// … for so long.
    pub after: Duration,
    /// There is no server for so long.
    pub down_for: Duration,
    /// It is killed once more so long after it was started again, ready or not.
    pub again_after: Option<Duration>,
    /// How the callback goes.
    pub course: Course,
    /// The caller hangs up so long after the key; otherwise listens to the end.
    pub caller_stays: Option<Duration>,
    /// Who talks with another agent hangs up while there is no server.
    pub other_hangs_up: bool,
    /// Somebody else rings in so long before the server dies.
    pub rings_in: Option<Duration>,
    /// How long the agent thinks before asking for the callback, and before noting its outcome.
    pub thinks: Duration,
    /// How long the agent's phone rings.
    pub agent_rings: Duration,
    /// How long the customer's phone rings.
    pub customer_rings: Duration,
    /// How long they talk.
    pub talk: Duration,
}

impl Plan {
    /// The plan of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Plan {
        let mut rng = Rng::with_seed(seed);
        let phase = Phase::ALL[rng.usize(..Phase::ALL.len())];
        let courses: Vec<Course> = Course::ALL.into_iter().filter(|course| course.passes(phase)).collect();
        let course = courses[rng.usize(..courses.len())];
        // Half of them right at a commit or a message, the others anywhere; some phases are over in a moment.
        let is_short = matches!(phase, Phase::Ordered | Phase::AgentAnswered);
        let soon = if is_short { 8 } else { 25 };
        let after = if rng.bool() { up_to(&mut rng, soon) } else { up_to(&mut rng, 600) };
        Plan {
            seed,
            phase,
            after,
            down_for: up_to(&mut rng, 400),
            again_after: (rng.u8(..4) == 0).then(|| up_to(&mut rng, 1_500)),
            course,
            caller_stays: rng.bool().then(|| up_to(&mut rng, 1_200)),
            other_hangs_up: rng.u8(..3) == 0,
            rings_in: rng.bool().then(|| up_to(&mut rng, 50).min(after)),
            thinks: up_to(&mut rng, 500),
            agent_rings: up_to(&mut rng, 600),
            customer_rings: up_to(&mut rng, 600),
            talk: up_to(&mut rng, 1_000),
        }
    }
}

fn up_to(rng: &mut Rng, most_ms: u64) -> Duration {
    Duration::from_micros(rng.u64(..=most_ms * 1_000))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_is_a_plan_and_few_seeds_are_all_kinds_of_plans() {
        assert_eq!(Plan::of(7), Plan::of(7));
        let plans: Vec<Plan> = (0..200).map(Plan::of).collect();
        let phases: BTreeSet<Phase> = plans.iter().map(|plan| plan.phase).collect();
        assert_eq!(phases.len(), Phase::ALL.len());
        assert!(plans.iter().all(|plan| plan.course.passes(plan.phase)));
        assert!(Course::ALL.iter().all(|course| plans.iter().any(|plan| plan.course == *course)));
    }
}
