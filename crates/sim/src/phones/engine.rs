//! What the process wants of the telephony engine.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use nohold_app::ports::{Clock as _, Telephony};
use nohold_core::call::{Command, Gone, HangUp, LegState};
use nohold_model::{LegId, Millis};

use super::{Phones, Plan};

impl Telephony for Phones {
    fn execute(&self, command: Command) {
        let now = self.clock.now();
        let mut state = self.state();
        if state.events.is_none() {
            return;
        }
        match command {
            Command::Answer { leg } => {
                match state.bookless.get(&leg).copied() {
                    Some(what) => state.reach.count(what),
                    None => {
                        state.answered.insert(leg);
                    }
                }
                if let Some(leg) = state.legs.get_mut(&leg) {
                    leg.answered = true;
                }
            }
            Command::Dial { leg, to, ring_for, .. } => state.dial(leg, to, ring_for, now),
            Command::HangUp { leg, how } => {
                if how == HangUp::Unavailable {
                    state.reach.count("calls refused with 503");
                }
                // It is cancelled before anything else is sent.
                for legs in state.dialled.values_mut() {
                    legs.remove(&leg);
                }
                if state.is_there(leg) {
                    let at = now + Millis::new(state.rng.u64(0..60));
                    state.plan(at, Plan::Go(leg, Gone::HungUp));
                }
            }
            Command::Play { leg, playback, audio } => state.play(leg, playback, &audio, now),
            Command::Stop { leg, playback } => {
                if let Some(leg) = state.legs.get_mut(&leg).filter(|leg| leg.playing == Some(playback)) {
                    leg.playing = None;
                }
            }
            Command::Record { leg, message, .. } => {
                if let Some(one) = state.legs.get_mut(&leg).filter(|one| one.gone.is_none()) {
                    one.recording = Some(message);
                    one.playing = None;
                    let ends = now + Millis::new(state.rng.u64(500..40_000));
                    state.plan(ends, Plan::EndOfRecording(leg, message));
                }
            }
            Command::Bridge { bridge, a, b } => {
                state.connects(&[a, b]);
                let early = [a, b].iter().any(|leg| state.legs.get(leg).is_some_and(|leg| !leg.answered));
                if early {
                    state.reach.count("early media bridged");
                }
                if state.bridges.insert(bridge, (a, b)).is_none() {
                    state.reach.count("conversations");
                    state.talk(a, b, now);
                }
            }
            Command::Conference { legs, .. } => {
                state.connects(&legs);
                state.reach.count("conferences heard");
                if let [a, .., b] = *legs.as_slice() {
                    state.talk(a, b, now);
                }
            }
            Command::Press { .. } => state.reach.count("keys pressed at the desk"),
            Command::Ring { .. }
            | Command::Discard { .. }
            | Command::Unbridge { .. }
            | Command::RecordCall { .. }
            | Command::StopRecording { .. } => {}
        }
    }

    fn inventory(&self, legs: &BTreeSet<LegId>) -> impl Future<Output = BTreeMap<LegId, LegState>> + Send + 'static {
        let state = self.state();
        let known = legs.iter().filter_map(|id| Some((*id, state.legs.get(id).filter(|leg| !leg.orphan)?)));
        let found: BTreeMap<LegId, LegState> = known
            .map(|(id, leg)| {
                let state =
                    LegState { answered: leg.answered, gone: leg.gone, playing: leg.playing, recording: leg.recording };
                (id, state)
            })
            .collect();
        std::future::ready(found)
    }
}
