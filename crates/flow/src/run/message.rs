//! Leave a message (留言): greeting, tone, recording, and "saved" only when it is.

use nohold_model::{Millis, Spoken, Timestamp};
use serde::{Deserialize, Serialize};

use super::walk::{Next, Otherwise, PATIENCE, Turn};
use super::{Action, Input, RecordingEnd, Run, Waiting};
use crate::node::{Message, NodeAction};
use crate::{Builtin, Exit};

/// Less speech than this is an empty message.
const LEAST_SPEECH: Millis = Millis::seconds(2);
/// How long before the greatest length a tone warns.
const WARNING: Millis = Millis::seconds(10);

/// Where the dialogue is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MessageStep {
    /// Greeting and tone, or the tone alone.
    Greeting {
        cut_short: bool,
    },
    Recording {
        warn_at: Option<Timestamp>,
        give_up_at: Timestamp,
    },
    Keeping {
        hung_up: bool,
    },
    Saved,
}

impl MessageStep {
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self {
            MessageStep::Recording { warn_at, give_up_at } => Some(warn_at.unwrap_or(*give_up_at)),
            MessageStep::Greeting { .. } | MessageStep::Keeping { .. } | MessageStep::Saved => None,
        }
    }
}

impl Run {
    /// Begins the dialogue, of a node or of the built-in fallback.
    pub(super) fn take_message(&mut self, built_in: bool, turn: &mut Turn<'_>) -> Next {
        let mut words = self.words(&[Builtin::MessageGreeting], turn);
        words.push(Spoken::Tone);
        turn.play(words);
        wait(built_in, MessageStep::Greeting { cut_short: false })
    }

    pub(super) fn taking_message(
        &mut self,
        built_in: bool,
        step: MessageStep,
        input: &Input,
        turn: &mut Turn<'_>,
    ) -> Next {
        let message = match self.place(turn).map(|(_, node)| &node.action) {
            Some(NodeAction::Message(message)) if !built_in => message.clone(),
            Some(_) | None => Message::default(),
        };
        match (step, input) {
            (MessageStep::Greeting { .. }, Input::Played | Input::PlayFailed) => record(built_in, &message, turn),
            (MessageStep::Greeting { cut_short: false }, Input::Digit(digit)) if *digit == message.end_key => {
                turn.play(vec![Spoken::Tone]);
                wait(built_in, MessageStep::Greeting { cut_short: true })
            }
            (MessageStep::Recording { .. }, Input::Recorded { speech_ms, ended }) => {
                self.recorded(built_in, &message, *speech_ms, *ended, turn)
            }
            (MessageStep::Recording { .. }, Input::NotSaved) => self.not_kept(built_in, turn),
            (MessageStep::Recording { warn_at, give_up_at }, Input::Tick) => {
                if turn.at() >= give_up_at {
                    // The recorder says nothing any more: better a message too many than one lost.
                    turn.act(Action::KeepMessage { object: message.object });
                    return wait(built_in, MessageStep::Keeping { hung_up: false });
                }
                if warn_at.is_none_or(|warn_at| turn.at() < warn_at) {
                    return wait(built_in, MessageStep::Recording { warn_at, give_up_at });
                }
                turn.play(vec![Spoken::Tone]);
                wait(built_in, MessageStep::Recording { warn_at: None, give_up_at })
            }
            (MessageStep::Keeping { hung_up: true }, Input::MessageKept | Input::NotSaved) => Next::Over,
            (MessageStep::Keeping { hung_up: false }, Input::MessageKept) => {
                turn.play(self.words(&[Builtin::MessageSaved], turn));
                wait(built_in, MessageStep::Saved)
            }
            (MessageStep::Keeping { hung_up: false }, Input::NotSaved) => self.not_kept(built_in, turn),
            (MessageStep::Saved, Input::Played | Input::PlayFailed) => match self.way_on(turn) {
                Some(target) if !built_in => Next::To(target),
                Some(_) | None => turn.hang_up(false),
            },
            (
                step,
                Input::Played
                | Input::PlayFailed
                | Input::Digit(_)
                | Input::Tick
                | Input::Requested(_)
                | Input::Recorded { .. }
                | Input::MessageKept
                | Input::NotSaved
                | Input::TransferFailed(_),
            ) => wait(built_in, step),
        }
    }

    fn recorded(
        &mut self,
        built_in: bool,
        message: &Message,
        speech_ms: Millis,
        ended: RecordingEnd,
        turn: &mut Turn<'_>,
    ) -> Next {
        let hung_up = ended == RecordingEnd::HungUp;
        if speech_ms >= LEAST_SPEECH {
            turn.act(Action::KeepMessage { object: message.object.clone() });
            return wait(built_in, MessageStep::Keeping { hung_up });
        }
        turn.act(Action::DropMessage);
        if hung_up {
            Next::Over
        } else if built_in {
            turn.hang_up(false)
        } else {
            self.exit(Exit::Empty, Otherwise::HangUp, turn)
        }
    }

    fn not_kept(&mut self, built_in: bool, turn: &mut Turn<'_>) -> Next {
        if built_in {
            turn.play(self.words(&[Builtin::MessageNotSaved], turn));
            return Next::Wait(Waiting::LastWords { busy: false });
        }
        self.part(Builtin::MessageNotSaved, Exit::Failed, Otherwise::End, turn)
    }
}

fn record(built_in: bool, message: &Message, turn: &mut Turn<'_>) -> Next {
    turn.act(Action::Record { max_ms: message.max_ms, silence_ms: message.silence_ms, end_key: message.end_key });
    let warn_at = (message.max_ms > WARNING)
        .then(|| turn.at() + Millis::new(message.max_ms.as_millis().saturating_sub(WARNING.as_millis())));
    let give_up_at = turn.at() + message.max_ms + PATIENCE;
    wait(built_in, MessageStep::Recording { warn_at, give_up_at })
}

fn wait(built_in: bool, step: MessageStep) -> Next {
    Next::Wait(Waiting::Message { built_in, step })
}
