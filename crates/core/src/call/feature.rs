//! What a phone of ours gets for a star code: an answer, a confirmation or an echo, the end. No agent is held by it and
//! nothing is written into the books: what the code did is committed before.

use std::collections::{BTreeMap, BTreeSet};

use nohold_model::{IdSource, LegId, Millis, PlaybackId, PromptKey, Spoken, Timestamp};

use super::{Audio, Command, Effects, Gone, HangUp, Input, LegState, NewCall, World};
use crate::directory::StarCode;

/// An echo test ends after this.
const LONGEST_ECHO: Millis = Millis::minutes(5);
/// A prompt is over after this, whatever the engine says.
const LONGEST_PROMPT: Millis = Millis::seconds(30);

/// The call of a star code.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Feature {
    ids: IdSource,
    leg: LegId,
    phase: Phase,
}

#[derive(Debug, Clone, PartialEq)]
enum Phase {
    /// The confirmation, or the words before the echo.
    Prompt {
        playback: PlaybackId,
        until: Timestamp,
        echo: bool,
    },
    Echo {
        until: Timestamp,
    },
    Over,
}

impl Feature {
    /// The code was dialled, and what it does has been done or not.
    pub(super) fn begin(
        new: &NewCall,
        (code, done): (StarCode, bool),
        at: Timestamp,
        world: World<'_>,
        effects: &mut Effects,
    ) -> Feature {
        let mut ids = IdSource::new(new.seed);
        let playback = ids.next(at);
        let echo = code == StarCode::EchoTest;
        let key = if done { code.confirmation() } else { "not-possible-now" };
        let language = world.directory.site.language;
        effects.media(Command::Answer { leg: new.leg });
        let what = prompt(key).map(Spoken::Prompt).into_iter().collect();
        effects.media(Command::Play { leg: new.leg, playback, audio: Audio::Spoken { language, what } });
        Feature { ids, leg: new.leg, phase: Phase::Prompt { playback, until: at + LONGEST_PROMPT, echo } }
    }

    pub(super) fn handle(&mut self, at: Timestamp, input: &Input, effects: &mut Effects) {
        match (input, &self.phase) {
            (Input::Gone(leg, _), _) if *leg == self.leg => self.phase = Phase::Over,
            (Input::Played(leg, played) | Input::PlayFailed(leg, played), Phase::Prompt { playback, echo, .. })
                if *leg == self.leg && played == playback =>
            {
                let echo = *echo;
                self.prompt_over(echo, at, effects);
            }
            (Input::Tick, Phase::Prompt { until, echo, .. }) if at >= *until => {
                let echo = *echo;
                self.prompt_over(echo, at, effects);
            }
            (Input::Tick, Phase::Echo { until }) if at >= *until => self.hang_up(effects),
            _ => {}
        }
    }

    fn prompt_over(&mut self, echo: bool, at: Timestamp, effects: &mut Effects) {
        if echo {
            let playback = self.ids.next(at);
            effects.media(Command::Play { leg: self.leg, playback, audio: Audio::Echo });
            self.phase = Phase::Echo { until: at + LONGEST_ECHO };
        } else {
            self.hang_up(effects);
        }
    }

    fn hang_up(&mut self, effects: &mut Effects) {
        effects.media(Command::HangUp { leg: self.leg, how: HangUp::Normal });
        self.phase = Phase::Over;
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Prompt { until, .. } | Phase::Echo { until } => Some(until),
            Phase::Over => None,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    pub(super) fn legs(&self) -> BTreeSet<LegId> {
        (!self.is_over()).then_some(self.leg).into_iter().collect()
    }

    pub(super) fn reconcile(&self, legs: &BTreeMap<LegId, LegState>) -> Vec<Input> {
        if self.is_over() {
            return Vec::new();
        }
        match (legs.get(&self.leg), &self.phase) {
            (None, _) => vec![Input::Gone(self.leg, Gone::Lost)],
            (Some(LegState { gone: Some(why), .. }), _) => vec![Input::Gone(self.leg, *why)],
            (Some(state), Phase::Prompt { playback, .. }) if state.playing != Some(*playback) => {
                vec![Input::Played(self.leg, *playback)]
            }
            (Some(_), _) => Vec::new(),
        }
    }
}

impl StarCode {
    /// The key of the prompt that says that it is done.
    const fn confirmation(self) -> &'static str {
        match self {
            StarCode::SignIn => "signed-in",
            StarCode::SignOut => "signed-out",
            StarCode::Break => "agent-on-break",
            StarCode::NotReady => "agent-not-ready",
            StarCode::Available => "agent-available",
            StarCode::Clear => "agent-cleared",
            StarCode::EndWrapUp => "wrap-up-ended",
            StarCode::EchoTest => "echo-test",
            // A flow is entered, not confirmed.
            StarCode::TestFlow => "not-possible-now",
        }
    }
}

/// A prompt that is shipped. The names are ours, so they are keys.
pub(super) fn prompt(key: &'static str) -> Option<PromptKey> {
    PromptKey::new(key).ok()
}
