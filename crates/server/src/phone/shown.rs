//! The phone in the browser as its agent is shown it. No number stands in it: whom a call is with, its row says.

use nohold_app::ports::{PageCall, PageCallEnd, PageCallState, PagePhone, PageState};
use nohold_core::call::{Gone, HangUp};
use nohold_model::{CallId, ExtensionKey, LegId};
use serde::Serialize;
use utoipa::ToSchema;

/// An agent's phone in the browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PhoneShown {
    /// The extension that it is a phone of.
    #[schema(value_type = String)]
    extension: ExtensionKey,
    /// The connection of the page that is the phone now, where one is. Another page shows only.
    connection: Option<u64>,
    /// How that is.
    state: ConnectionWord,
    /// The calls on it, oldest first.
    calls: Vec<PhoneCallShown>,
    /// How the last call on it ended.
    ended: Option<PhoneCallEndShown>,
    /// The echo test goes on.
    echo: bool,
}

/// How the connection of a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ConnectionWord {
    /// There is none.
    None,
    /// The page has the answer; no audio has come through yet.
    Connecting,
    /// Audio can flow.
    Up,
    /// Nothing has been heard for some seconds. Calls wait for the page, half a minute as a rule.
    Lost,
}

/// A call on an agent's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
struct PhoneCallShown {
    /// Its leg, by which it is answered and hung up.
    #[schema(value_type = String)]
    leg: LegId,
    /// The call that the leg is of; none for a moment after dialling.
    #[schema(value_type = Option<String>)]
    call: Option<CallId>,
    /// How it stands.
    state: CallWord,
}

/// How a call on a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CallWord {
    /// It rings here.
    Ringing,
    /// It was dialled here, and nothing is known yet.
    Dialling,
    /// It was dialled here, and it rings there: the page makes the tone.
    RingingThere,
    /// It was answered.
    Talking,
    /// Whoever was called is busy: the call is over, and its tone is heard.
    Busy,
}

/// How the last call on a page ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
struct PhoneCallEndShown {
    /// Its leg.
    #[schema(value_type = String)]
    leg: LegId,
    /// Why it is gone.
    #[schema(value_type = String, example = "hung_up")]
    why: Gone,
    /// How what was dialled here was refused: `busy`, `unknown`, `forbidden`, `no_answer`, `unavailable` or `normal`.
    #[schema(value_type = Option<String>)]
    refused: Option<HangUp>,
}

impl PhoneShown {
    pub(crate) fn new(
        extension: &ExtensionKey,
        phone: &PagePhone,
        call_of: impl Fn(LegId) -> Option<CallId>,
    ) -> PhoneShown {
        let state = match phone.connection {
            None => ConnectionWord::None,
            Some((_, PageState::Connecting)) => ConnectionWord::Connecting,
            Some((_, PageState::Up)) => ConnectionWord::Up,
            Some((_, PageState::Lost)) => ConnectionWord::Lost,
        };
        let call = |PageCall { leg, state }: &PageCall| {
            let state = match state {
                PageCallState::Ringing => CallWord::Ringing,
                PageCallState::Dialling => CallWord::Dialling,
                PageCallState::RingingThere => CallWord::RingingThere,
                PageCallState::Talking => CallWord::Talking,
                PageCallState::Busy => CallWord::Busy,
            };
            PhoneCallShown { leg: *leg, call: call_of(*leg), state }
        };
        let ended = |PageCallEnd { leg, why, refused }| PhoneCallEndShown { leg, why, refused };
        PhoneShown {
            extension: extension.clone(),
            connection: phone.connection.map(|(id, _)| id.0),
            state,
            calls: phone.calls.iter().map(call).collect(),
            ended: phone.ended.map(ended),
            echo: phone.echo,
        }
    }
}
