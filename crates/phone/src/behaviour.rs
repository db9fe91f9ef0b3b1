//! Phones that act by themselves: agents of a demo, carriers, crowds.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::call::Call;
use crate::ear::Heard;
use crate::error::PhoneError;
use crate::incoming::Incoming;
use crate::line::{CallState, End};
use crate::phone::Inner;

/// An automatic phone lets a call that nobody hangs up go on this long.
const LONGEST_CALL: Duration = Duration::from_secs(24 * 3_600);

/// What an automatic phone does with each call that comes in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Behaviour {
    /// What it says to the call.
    pub answer: Answer,
    /// The tone in Hz that it sends when it has answered; silence otherwise.
    pub tone: Option<f64>,
    /// How long after the answer it hangs up; never, where the other side does.
    pub hang_up_after: Option<Duration>,
}

/// What an automatic phone says to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Rings this long, then answers.
    After(Duration),
    /// Declines at once with this status, for example 486.
    Decline(u16),
    /// Rings until the caller gives up.
    Never,
}

/// A call that an automatic phone has had.
#[derive(Debug, Clone)]
pub struct PastCall {
    /// The number of the caller.
    pub caller: String,
    /// The name shown with it.
    pub caller_name: Option<String>,
    /// The number that was called.
    pub called: String,
    /// Whether it was answered.
    pub answered: bool,
    /// How it ended; nothing where the phone could not tell.
    pub end: Option<End>,
    /// What was heard shortly after the answer.
    pub heard: Option<Heard>,
}

impl Behaviour {
    /// Rings this long, then answers and stays silent until the other side hangs up.
    pub fn answers_after(delay: Duration) -> Self {
        Behaviour { answer: Answer::After(delay), tone: None, hang_up_after: None }
    }

    /// Declines at once with this status.
    pub fn declines(status: u16) -> Self {
        Behaviour { answer: Answer::Decline(status), tone: None, hang_up_after: None }
    }

    /// Rings until the caller gives up.
    pub fn never_answers() -> Self {
        Behaviour { answer: Answer::Never, tone: None, hang_up_after: None }
    }

    /// Sends this tone, in Hz, when it has answered.
    #[must_use]
    pub fn with_tone(mut self, frequency: f64) -> Self {
        self.tone = Some(frequency);
        self
    }

    /// Hangs up this long after the answer.
    #[must_use]
    pub fn hanging_up_after(mut self, time: Duration) -> Self {
        self.hang_up_after = Some(time);
        self
    }
}

/// Lives one call through and keeps what became of it.
pub(crate) async fn live(phone: Arc<Inner>, behaviour: Behaviour, incoming: Incoming) {
    let mut past = PastCall {
        caller: incoming.caller(),
        caller_name: incoming.caller_name(),
        called: incoming.called(),
        answered: false,
        end: None,
        heard: None,
    };
    if let Err(error) = go_through(behaviour, incoming, &mut past).await {
        tracing::debug!(%error, "an automatic phone had trouble with a call");
        if let PhoneError::Ended { end, .. } = error {
            past.end = Some(end);
        }
    }
    phone.keep(past);
}

async fn go_through(behaviour: Behaviour, incoming: Incoming, past: &mut PastCall) -> Result<(), PhoneError> {
    match behaviour.answer {
        Answer::Decline(status) => return incoming.decline(status),
        Answer::Never => {
            incoming.ring()?;
            past.end = Some(incoming.wait_ended(LONGEST_CALL).await?);
            return Ok(());
        }
        Answer::After(delay) => {
            incoming.ring()?;
            // The caller may give up meanwhile.
            if let Ok(end) = incoming.wait_ended(delay).await {
                past.end = Some(end);
                return Ok(());
            }
        }
    }
    let call = incoming.answer().await?;
    past.answered = true;
    talk(behaviour, call, past).await
}

async fn talk(behaviour: Behaviour, mut call: Call, past: &mut PastCall) -> Result<(), PhoneError> {
    if let Some(frequency) = behaviour.tone {
        call.play_tone(frequency);
    }
    let listen = async {
        // The first moments are the far end's start; what comes after them is what it sends.
        sleep(Duration::from_millis(200)).await;
        call.hears(Duration::from_millis(500)).await
    };
    let limit = behaviour.hang_up_after.unwrap_or(LONGEST_CALL);
    let (heard, ended) = tokio::join!(listen, call.wait_ended(limit));
    past.heard = Some(heard);
    if ended.is_err() {
        call.hang_up().await?;
    }
    if let CallState::Ended(end) = call.state() {
        past.end = Some(end);
    }
    Ok(())
}
