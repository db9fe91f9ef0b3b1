//! Agents who work at a number outside: whoever answers there is asked to press 1 first, so that no customer is connected
//! with a mailbox, or with whoever else picks up.
//!
//! It stands before the story of the call, for which such a phone rings until the 1.

use std::collections::BTreeMap;

use nohold_model::{Digit, IdSource, Language, LegId, Millis, PlaybackId, PromptKey, Spoken, Timestamp};

use super::{Audio, Command, DialTo, Effects, Gone, HangUp, Input, LegState};

/// Says what to press.
pub(super) const PROMPT: &str = "call-accept";

/// Whoever has not pressed by then is a mailbox, or nobody.
const PRESS_WITHIN: Millis = Millis::seconds(15);

/// The phones outside that have been dialled and have not pressed 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Acceptances {
    ids: IdSource,
    legs: BTreeMap<LegId, Asked>,
}

#[derive(Debug, Clone, PartialEq)]
struct Asked {
    language: Language,
    answered: Option<Answered>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Answered {
    playback: PlaybackId,
    until: Timestamp,
}

impl Acceptances {
    pub(super) fn new(seed: u64) -> Self {
        Acceptances { ids: IdSource::new(seed), legs: BTreeMap::new() }
    }

    /// Remembers which phones outside these effects ring, and forgets those that they hang up.
    pub(super) fn watch(&mut self, effects: &Effects) {
        for command in &effects.media {
            if let Command::Dial { leg, to: DialTo::AgentOutside { language, .. }, .. } = command {
                self.legs.insert(*leg, Asked { language: *language, answered: None });
            } else if let Command::HangUp { leg, .. } = command {
                self.legs.remove(leg);
            }
        }
    }

    /// What the story of the call is to hear instead of this input; often that itself.
    pub(super) fn hear(&mut self, at: Timestamp, input: &Input, effects: &mut Effects) -> Vec<Input> {
        match input {
            Input::Answered(leg) if self.legs.contains_key(leg) => {
                if self.legs.get(leg).is_some_and(|asked| asked.answered.is_none()) {
                    self.ask(*leg, at, at + PRESS_WITHIN, effects);
                }
                Vec::new()
            }
            Input::Digit(leg, digit) if self.legs.contains_key(leg) => self.pressed(*leg, *digit, effects),
            Input::Played(leg, playback) if self.legs.contains_key(leg) => {
                let asked = self.legs.get(leg).and_then(|asked| asked.answered);
                if let Some(answered) = asked.filter(|answered| answered.playback == *playback) {
                    self.ask(*leg, at, answered.until, effects);
                }
                Vec::new()
            }
            Input::PlayFailed(leg, _) | Input::PhoneHold(leg, _) if self.legs.contains_key(leg) => Vec::new(),
            Input::Gone(leg, _) => {
                self.legs.remove(leg);
                vec![input.clone()]
            }
            Input::Tick => {
                let late = |(leg, asked): (&LegId, &Asked)| asked.answered.filter(|one| one.until <= at).map(|_| *leg);
                let late: Vec<LegId> = self.legs.iter().filter_map(late).collect();
                for leg in &late {
                    self.legs.remove(leg);
                    effects.media(Command::HangUp { leg: *leg, how: HangUp::Normal });
                }
                late.into_iter().map(|leg| Input::Gone(leg, Gone::NoAnswer)).chain([Input::Tick]).collect()
            }
            Input::Ringing(_)
            | Input::EarlyMedia(_)
            | Input::Answered(_)
            | Input::Digit(..)
            | Input::Played(..)
            | Input::PlayFailed(..)
            | Input::Recorded { .. }
            | Input::RecordFailed { .. }
            | Input::Offered(_)
            | Input::PhoneHold(..)
            | Input::PhoneAway(..)
            | Input::HangUp(_)
            | Input::Wish(_)
            | Input::Committed { .. }
            | Input::StoreFailed { .. }
            | Input::StoreSlow { .. } => vec![input.clone()],
        }
    }

    fn ask(&mut self, leg: LegId, at: Timestamp, until: Timestamp, effects: &mut Effects) {
        let playback = self.ids.next(at);
        let (Some(asked), Ok(prompt)) = (self.legs.get_mut(&leg), PromptKey::new(PROMPT)) else { return };
        asked.answered = Some(Answered { playback, until });
        let audio = Audio::Spoken { language: asked.language, what: vec![Spoken::Prompt(prompt)] };
        effects.media(Command::Play { leg, playback, audio });
    }

    fn pressed(&mut self, leg: LegId, digit: Digit, effects: &mut Effects) -> Vec<Input> {
        let answered = self.legs.get(&leg).and_then(|asked| asked.answered);
        let Some(Answered { playback, .. }) = answered.filter(|_| digit.as_char() == '1') else { return Vec::new() };
        self.legs.remove(&leg);
        effects.media(Command::Stop { leg, playback });
        vec![Input::Answered(leg)]
    }

    /// When [`Input::Tick`] is due next.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.legs.values().filter_map(|asked| Some(asked.answered?.until)).min()
    }

    /// The end of a prompt that was not heard of.
    pub(super) fn reconcile(&self, legs: &BTreeMap<LegId, LegState>) -> Vec<Input> {
        let over = |(leg, asked): (&LegId, &Asked)| {
            let playback = asked.answered?.playback;
            let state = legs.get(leg)?;
            (state.gone.is_none() && state.playing != Some(playback)).then_some(Input::Played(*leg, playback))
        };
        self.legs.iter().filter_map(over).collect()
    }
}
