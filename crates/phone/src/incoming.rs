//! A call that comes in, before anybody has answered it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::prelude::HasHeaders;
use rsipstack::sip::{Request, StatusCode};

use crate::call::Call;
use crate::error::PhoneError;
use crate::line::{CallState, End, Line, Part, sdp_type};
use crate::log::lock;
use crate::mouth::Source;
use crate::phone::Inner;

/// How long the ACK to our answer may take.
const ACK_LIMIT: Duration = Duration::from_secs(5);

/// A call that comes in. Dropping it lets it ring on until the caller gives up.
pub struct Incoming {
    phone: Arc<Inner>,
    line: Arc<Line>,
    dialog: InviteDialog,
    request: Request,
    answer: Option<Vec<u8>>,
}

impl Incoming {
    pub(crate) fn new(phone: Arc<Inner>, line: Arc<Line>, dialog: InviteDialog, request: Request) -> Self {
        Incoming { phone, line, dialog, request, answer: None }
    }

    /// The number of the caller: the user part of the From header.
    pub fn caller(&self) -> String {
        self.header("From").map(|from| user_of(&from)).unwrap_or_default()
    }

    /// The name shown with the caller's number.
    pub fn caller_name(&self) -> Option<String> {
        let from = self.header("From")?;
        let name = from.rsplit_once('<')?.0.trim().trim_matches('"').to_owned();
        (!name.is_empty()).then_some(name)
    }

    /// The number that was called: the user part of the Request-URI.
    pub fn called(&self) -> String {
        user_of(&self.request.uri.to_string())
    }

    /// The text of a header, the first where there are several; the name in any case.
    pub fn header(&self, name: &str) -> Option<String> {
        self.request.headers().iter().find_map(|header| {
            let line = header.to_string();
            let (found, value) = line.split_once(':')?;
            found.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    /// Whether the caller asks for an answer without a hand: by Call-Info (`answer-after=0`) or Alert-Info, in the
    /// forms that desk phones know.
    pub fn asks_for_auto_answer(&self) -> bool {
        let asks = |name: &str| {
            self.header(name).is_some_and(|value| {
                let value = value.to_ascii_lowercase();
                ["answer-after=0", "auto answer", "auto-answer", "alert-autoanswer", "delay=0"]
                    .iter()
                    .any(|word| value.contains(word))
            })
        };
        asks("Call-Info") || asks("Alert-Info")
    }

    /// The offer of the caller; empty where the caller leaves it to us.
    pub fn offer(&self) -> String {
        String::from_utf8_lossy(&self.request.body).into_owned()
    }

    /// The Call-ID of its dialog.
    pub fn call_id(&self) -> String {
        self.dialog.id().call_id
    }

    /// How far the call has come; it may have ended meanwhile.
    pub fn state(&self) -> CallState {
        self.line.state.borrow().clone()
    }

    /// The events of the call so far, one a line with its time.
    pub fn log(&self) -> String {
        self.line.log.to_string()
    }

    /// Tells the caller that it rings here (180).
    ///
    /// # Errors
    /// When the library cannot send it.
    pub fn ring(&self) -> Result<(), PhoneError> {
        self.dialog.ringing(None, None).map_err(PhoneError::sip("ringing"))?;
        self.line.move_to(CallState::Ringing);
        Ok(())
    }

    /// Sends audio before the answer (183 with SDP), this tone in Hz to begin with.
    ///
    /// # Errors
    /// When the caller's offer cannot be used, or the library cannot send it.
    pub fn early_media(&mut self, frequency: f64) -> Result<(), PhoneError> {
        let answer = self.describe()?;
        lock(&self.line.media.mouth).play(Source::Tone { hz: frequency, position: 0.0 });
        let sent = self.dialog.ringing(Some(vec![sdp_type()]), Some(answer));
        sent.map_err(PhoneError::sip("sending early media"))?;
        self.line.move_to(CallState::EarlyMedia);
        Ok(())
    }

    /// Answers, and waits until the caller has confirmed it (ACK).
    ///
    /// # Errors
    /// When the caller's offer cannot be used, the caller is gone, or the ACK does not come within 5 s.
    pub async fn answer(mut self) -> Result<Call, PhoneError> {
        let answer = self.describe()?;
        self.dialog.accept(Some(vec![sdp_type()]), Some(answer)).map_err(PhoneError::sip("answering"))?;
        self.line.log.note("200 sent");
        self.line.wait("the ACK", ACK_LIMIT, |state| *state == CallState::Answered).await?;
        Ok(Call::new(self.phone, self.line, self.dialog))
    }

    /// Declines with this status, for example 486 (busy) or 603 (declined).
    ///
    /// # Errors
    /// For a status that refuses nothing, or when the library cannot send it.
    pub fn decline(self, status: u16) -> Result<(), PhoneError> {
        if !(300..700).contains(&status) {
            return Err(PhoneError::Usage(format!("{status} refuses nothing; decline with 300 to 699")));
        }
        *lock(&self.line.declined) = Some(status);
        self.dialog.reject(Some(StatusCode::from(status)), None).map_err(PhoneError::sip("declining"))
    }

    /// Waits until the caller gives up, and says how.
    ///
    /// # Errors
    /// When the caller does not in time.
    pub async fn wait_ended(&self, limit: Duration) -> Result<End, PhoneError> {
        match self.line.wait("the caller to give up", limit, |state| matches!(state, CallState::Ended(_))).await? {
            CallState::Ended(end) => Ok(end),
            _ => Err(self.line.late("the caller to give up", limit)),
        }
    }

    /// Our answer to the offer, the same each time; our own offer where the caller made none.
    fn describe(&mut self) -> Result<Vec<u8>, PhoneError> {
        if let Some(answer) = &self.answer {
            return Ok(answer.clone());
        }
        let answer = if self.request.body.is_empty() {
            self.line.offer_is_ours.store(true, Ordering::Relaxed);
            self.line.offer()
        } else {
            let failed = |what| PhoneError::Sip { doing: "reading the caller's offer", what };
            self.line.agree(&self.request.body, Part::Answer).map_err(failed)?
        };
        self.answer = Some(answer.clone());
        Ok(answer)
    }
}

/// The user part of the URI in a header or request line.
pub(crate) fn user_of(text: &str) -> String {
    // The last bracket: a name in quotes may have some of its own.
    let uri = text.rsplit_once('<').map_or(text, |(_, uri)| uri);
    let uri = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    uri.split_once('@').map(|(user, _)| user.to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_part_is_found() {
        assert_eq!(user_of("\"A <b:c@d>\" <sip:+4930@h;x=1>;tag=2"), "+4930");
        assert_eq!(user_of("\"Anna\" <sip:+4930@h;x=1>;tag=2"), "+4930");
        assert_eq!(user_of("sip:600@127.0.0.1:5060"), "600");
        assert_eq!(user_of("sip:127.0.0.1"), "");
    }
}
