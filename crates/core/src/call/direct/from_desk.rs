//! A call that an agent has dialled at the desk: the own phone is rung first.

use nohold_model::{IdSource, PhoneNumber, PlaybackId, Timestamp};

use super::{Books, Direct, Outside, Phase, RING_OUTSIDE, Turn};
use crate::call::talk::EarlyHolds;
use crate::call::{Command, Effects, HangUp, Shown, World};
use crate::entry::{Business, Target};
use crate::fact::Fact;
use crate::transaction::DialOutOrder;

/// What the desk has chosen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FromDesk {
    /// The number that is shown.
    pub(super) caller_id: Option<PhoneNumber>,
    /// For whom the call is made.
    pub(super) whose: Option<Target>,
    /// The tone that the agent hears.
    pub(super) tone: Option<PlaybackId>,
}

impl Direct {
    /// An agent dials from the desk: the store has agreed and holds the agent.
    pub(in crate::call) fn from_desk(
        order: DialOutOrder,
        seed: u64,
        at: Timestamp,
        world: World<'_>,
        effects: &mut Effects,
    ) -> Direct {
        let mut ids = IdSource::new(seed);
        let far = ids.next(at);
        let ring_for = world.directory.site.ring_agent_for;
        let mut call = Direct {
            call: order.call,
            ids,
            leg: order.leg,
            there: true,
            began: order.began,
            answered: None,
            extension: order.extension,
            to: Outside::Number(order.number.clone()),
            far,
            agent: Some(order.agent.clone()),
            from_desk: Some(FromDesk { caller_id: order.caller_id, whose: order.whose, tone: None }),
            cut_off: None,
            result: None,
            ended_by: None,
            early_holds: EarlyHolds::default(),
            phase: Phase::OwnPhone { until: at + ring_for },
            books: Books::Written,
            promises: 0,
        };
        match world.directory.agents.get(&order.agent) {
            Some(profile) => effects.media(Command::Dial {
                leg: call.leg,
                to: world.directory.dial_agent(profile, Shown::Number(order.number)),
                ring_for,
            }),
            // Deleted this moment.
            None => call.over(&mut Turn { at, world, effects }),
        }
        call
    }

    /// The agent who has dialled from the desk hears no tone of ours any more.
    pub(super) fn end_tone(&mut self, turn: &mut Turn<'_, '_>) {
        if let Some(playback) = self.from_desk.as_mut().and_then(|from_desk| from_desk.tone.take()) {
            turn.effects.media(Command::Stop { leg: self.leg, playback });
        }
    }

    pub(super) fn own_phone_answers(&mut self, turn: &mut Turn<'_, '_>) {
        let (Phase::OwnPhone { .. }, Outside::Number(number)) = (&self.phase, &self.to) else { return };
        let directory = turn.world.directory;
        let whose = self.from_desk.as_ref().and_then(|from_desk| from_desk.whose.as_ref());
        if whose.is_some_and(|whose| directory.may_dial_at(number, whose, turn.at).is_err()) {
            // While the own phone rang the dialling window has closed.
            return self.refuse_in_words(HangUp::Forbidden, turn);
        }
        let to = match self.from_desk.as_ref().and_then(|from_desk| from_desk.caller_id.as_ref()) {
            Some(caller_id) => directory.dial_outside(number, Some(caller_id)),
            None => directory.dial_from(&self.extension, number),
        };
        self.dial(to, RING_OUTSIDE, turn);
    }

    /// A customer who was talked with for long enough is served, whoever called whom (AT-14).
    pub(super) fn note_served(&self, turn: &mut Turn<'_, '_>) {
        let directory = turn.world.directory;
        let (Some(agent), Some(since), Outside::Number(number), None) =
            (&self.agent, self.answered, &self.to, &self.cut_off)
        else {
            return;
        };
        let whose = self.from_desk.as_ref().and_then(|from_desk| from_desk.whose.clone());
        let whose = whose.or_else(|| directory.works_for(agent));
        if let Some(Business::Service(service)) = whose.and_then(|whose| whose.business(directory))
            && turn.at.since(since) >= directory.site.served_after
        {
            let (number, agent) = (number.clone(), agent.clone());
            turn.effects.record(turn.at, Fact::Served { call: self.call, number, service, agent });
        }
    }
}
