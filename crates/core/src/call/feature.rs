//! What a phone of ours gets for a star code: an answer, a confirmation or an echo, the end. No agent is held by it and
//! nothing is written into the books of this call: what the code does is committed as a wish, before it is confirmed.

use std::collections::{BTreeMap, BTreeSet};

use nohold_model::{ExtensionKey, IdSource, Language, LegId, Millis, PlaybackId, PromptKey, Spoken, Timestamp};

use super::{Audio, Command, Effects, Gone, HangUp, Heard, Input, LegState, NewCall, WishAnswer, World};
use crate::agent::{self, Mode};
use crate::directory::StarCode;
use crate::transaction::{Answer, Refusal};

/// The number of the only promise of a star code: that what it does is committed.
pub const FEATURE_PROMISE: u32 = 1;
/// An echo test ends after this.
const LONGEST_ECHO: Millis = Millis::minutes(5);
/// A prompt is over after this, whatever the engine says.
const LONGEST_PROMPT: Millis = Millis::seconds(30);

/// The call of a star code.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Feature {
    ids: IdSource,
    leg: LegId,
    code: StarCode,
    language: Language,
    answered: bool,
    phase: Phase,
}

#[derive(Debug, Clone, PartialEq)]
enum Phase {
    /// What the code does is being committed.
    Asking {
        /// A word in between, because the store takes its time.
        word: Option<PlaybackId>,
    },
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
    /// The code was dialled. It is an agent's phone from which an agent's wish comes.
    pub(super) fn begin(
        new: &NewCall,
        extension: &ExtensionKey,
        code: StarCode,
        at: Timestamp,
        world: World<'_>,
        effects: &mut Effects,
    ) -> Feature {
        let mut feature = Feature {
            ids: IdSource::new(new.seed),
            leg: new.leg,
            code,
            language: world.directory.language_at(extension),
            answered: false,
            phase: Phase::Asking { word: None },
        };
        let is_agent = world.directory.agent_of(extension).is_some();
        if code.wish().is_none() || !is_agent {
            feature.confirm(code == StarCode::EchoTest, at, effects);
        }
        feature
    }

    pub(super) fn handle(&mut self, at: Timestamp, input: &Input, effects: &mut Effects) {
        match (input, &mut self.phase) {
            (Input::Gone(leg, _), _) if *leg == self.leg => self.phase = Phase::Over,
            (Input::Committed { promise: FEATURE_PROMISE, answer }, Phase::Asking { .. }) => {
                self.confirm(*answer == Answer::Done, at, effects);
            }
            (Input::StoreFailed { promise: FEATURE_PROMISE }, Phase::Asking { .. }) => self.confirm(false, at, effects),
            (Input::StoreSlow { promise: FEATURE_PROMISE }, Phase::Asking { word: word @ None }) => {
                let playback = self.ids.next(at);
                *word = Some(playback);
                self.answer(effects);
                effects.media(Command::Play { leg: self.leg, playback, audio: one_moment(self.language) });
            }
            (Input::Played(leg, played) | Input::PlayFailed(leg, played), Phase::Asking { word })
                if *leg == self.leg =>
            {
                word.take_if(|word| word == played);
            }
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
            (Input::Wish(wish), _) => {
                effects.hear(Heard { wish: wish.number, answer: WishAnswer::Refused(Refusal::NoConversation) })
            }
            _ => {}
        }
    }

    fn answer(&mut self, effects: &mut Effects) {
        if !std::mem::replace(&mut self.answered, true) {
            effects.media(Command::Answer { leg: self.leg });
        }
    }

    /// Says that it is done, or that it is not possible now.
    fn confirm(&mut self, done: bool, at: Timestamp, effects: &mut Effects) {
        let playback = self.ids.next(at);
        let key = if done { self.code.confirmation() } else { "not-possible-now" };
        self.answer(effects);
        effects.media(Command::Play { leg: self.leg, playback, audio: words(key, self.language) });
        let echo = self.code == StarCode::EchoTest;
        self.phase = Phase::Prompt { playback, until: at + LONGEST_PROMPT, echo };
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
            Phase::Asking { .. } | Phase::Over => None,
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
            (Some(state), Phase::Prompt { playback, .. } | Phase::Asking { word: Some(playback) })
                if state.playing != Some(*playback) =>
            {
                vec![Input::Played(self.leg, *playback)]
            }
            (Some(_), _) => Vec::new(),
        }
    }
}

impl StarCode {
    /// What an agent wishes by the code; nothing for codes that are no wish of an agent.
    #[must_use]
    pub fn wish(self) -> Option<agent::Input> {
        Some(match self {
            StarCode::SignIn => agent::Input::SignIn,
            StarCode::SignOut => agent::Input::SignOut,
            StarCode::Break => agent::Input::Choose(Mode::Break(String::new())),
            StarCode::NotReady => agent::Input::Choose(Mode::NotReady),
            StarCode::Available => agent::Input::Choose(Mode::Available),
            StarCode::Clear => agent::Input::Clear,
            StarCode::EndWrapUp => agent::Input::EndWrapUp,
            StarCode::EchoTest | StarCode::TestFlow => return None,
        })
    }

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

/// The prompts that calls say of their own accord, besides the built-in dialogues and what is configured.
pub const PROMPTS: [&str; 19] = [
    super::acceptance::PROMPT,
    "signed-in",
    "signed-out",
    "agent-on-break",
    "agent-not-ready",
    "agent-available",
    "agent-cleared",
    "wrap-up-ended",
    "echo-test",
    "not-possible-now",
    "number-not-called",
    "whisper-callback",
    "whisper-waited",
    "whisper-asked",
    "one-moment",
    "line-busy",
    "no-answer",
    "not-in-service",
    "no-line",
];

/// A prompt that is shipped. The names are ours, so they are keys.
pub(super) fn prompt(key: &'static str) -> Option<PromptKey> {
    debug_assert!(PROMPTS.contains(&key), "`{key}` is not in the list of prompts");
    PromptKey::new(key).ok()
}

/// A prompt that is shipped, to be played.
pub(super) fn words(key: &'static str, language: Language) -> Audio {
    Audio::Spoken { language, what: prompt(key).map(Spoken::Prompt).into_iter().collect() }
}

/// The word in between while the store has not answered.
pub(super) fn one_moment(language: Language) -> Audio {
    words("one-moment", language)
}

/// How long ago something was, after the words for it: "the caller has waited less than two minutes".
pub(super) fn age(key: &'static str, since: Timestamp, at: Timestamp) -> Vec<Spoken> {
    let minutes = at.since(since).as_millis() / 60_000 + 1;
    let minutes = u32::try_from(minutes).unwrap_or(u32::MAX);
    prompt(key).map(Spoken::Prompt).into_iter().chain([Spoken::WaitUnder { minutes }]).collect()
}
