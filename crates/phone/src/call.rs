//! A call as its person sees it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Header, Response};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

use crate::ear::{Heard, WINDOW};
use crate::error::PhoneError;
use crate::line::{CallState, End, Line, Part, sdp_type};
use crate::log::lock;
use crate::mouth::{Source, key_code, read_wav};
use crate::phone::Inner;
use crate::sdp::Direction;
use crate::settings::Dtmf;
use crate::tone::{SAMPLE_RATE, Sound};

/// How long a request inside a call may go unanswered.
const REQUEST_LIMIT: Duration = Duration::from_secs(5);
/// A key with its pause takes 220 ms; this is twice that, for a busy machine.
const KEY_LIMIT: Duration = Duration::from_millis(450);

/// A call. Dropping it hangs up; dropping its [`Phone`](crate::Phone) pulls the plug.
pub struct Call {
    phone: Arc<Inner>,
    line: Arc<Line>,
    dialog: InviteDialog,
}

impl Call {
    pub(crate) fn new(phone: Arc<Inner>, line: Arc<Line>, dialog: InviteDialog) -> Self {
        Call { phone, line, dialog }
    }

    /// How far the call has come.
    pub fn state(&self) -> CallState {
        self.line.state.borrow().clone()
    }

    /// The Call-ID of its dialog.
    pub fn call_id(&self) -> String {
        self.dialog.id().call_id
    }

    /// Waits until the other phone rings, plays early media, or answers.
    ///
    /// # Errors
    /// When the call ends first, or nothing comes in time.
    pub async fn wait_ringing(&self, limit: Duration) -> Result<CallState, PhoneError> {
        let rings = |state: &CallState| *state != CallState::Trying && !matches!(state, CallState::Ended(_));
        self.line.wait("ringing", limit, rings).await
    }

    /// Waits until the call is answered.
    ///
    /// # Errors
    /// When the call ends first, or nobody answers in time.
    pub async fn wait_answered(&self, limit: Duration) -> Result<(), PhoneError> {
        self.line.wait("the answer", limit, |state| *state == CallState::Answered).await.map(drop)
    }

    /// Waits until the call is over, and says why it is.
    ///
    /// # Errors
    /// When it is not over in time.
    pub async fn wait_ended(&self, limit: Duration) -> Result<End, PhoneError> {
        match self.line.wait("the end of the call", limit, |state| matches!(state, CallState::Ended(_))).await? {
            CallState::Ended(end) => Ok(end),
            _ => Err(self.line.late("the end of the call", limit)),
        }
    }

    /// Waits until the other side holds the call, or takes it back.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn wait_held(&self, held: bool, limit: Duration) -> Result<(), PhoneError> {
        let what = if held { "being held" } else { "the end of being held" };
        let mut now = self.line.held.subscribe();
        let found = timeout(limit, now.wait_for(|now| *now == held)).await;
        found.ok().and_then(Result::ok).map(drop).ok_or_else(|| self.line.late(what, limit))
    }

    /// Sends this tone, in Hz, from now on.
    pub fn play_tone(&self, frequency: f64) {
        self.play(Source::Tone { hz: frequency, position: 0.0 });
    }

    /// Sends silence from now on, which is also what a call begins with.
    pub fn play_silence(&self) {
        self.play(Source::Silence);
    }

    /// Sends these samples once, then silence.
    pub fn play_samples(&self, samples: &[i16]) {
        self.play(Source::Samples { samples: samples.into(), position: 0 });
    }

    /// Sends a WAV file (8 kHz, one channel, 16 bits) once, then silence.
    ///
    /// # Errors
    /// When the file cannot be read or has another form.
    pub fn play_wav(&self, path: &Path) -> Result<(), PhoneError> {
        self.play_samples(&read_wav(path)?);
        Ok(())
    }

    fn play(&self, source: Source) {
        lock(&self.line.media.mouth).play(source);
    }

    /// Presses keys (`0-9*#A-D`) one after the other, in the way of the phone, and returns when they are sent.
    ///
    /// # Errors
    /// For a sign that is no key, when the other side does not take keys, or does not answer an INFO.
    pub async fn press(&self, keys: &str) -> Result<(), PhoneError> {
        match self.phone.stack.settings.dtmf {
            Dtmf::Events => self.press_events(keys).await,
            Dtmf::Info => self.press_info(keys).await,
        }
    }

    /// Presses keys as telephone events (RFC 4733).
    ///
    /// # Errors
    /// For a sign that is no key, or when the other side did not agree to telephone events.
    pub async fn press_events(&self, keys: &str) -> Result<(), PhoneError> {
        let codes = codes(keys)?;
        let agreed = lock(&self.line.media.mouth).agreed();
        if agreed.is_none_or(|agreed| agreed.event_type.is_none() || !agreed.sending) {
            return Err(PhoneError::Usage(format!(
                "the other side does not take telephone events now; press by INFO\n{}",
                self.line.log
            )));
        }
        let (done, sent) = oneshot::channel();
        {
            let mut mouth = lock(&self.line.media.mouth);
            let last = codes.len().saturating_sub(1);
            let mut done = Some(done);
            for (index, code) in codes.iter().enumerate() {
                mouth.press(*code, if index == last { done.take() } else { None });
            }
        }
        let limit = KEY_LIMIT * u32::try_from(codes.len()).unwrap_or(u32::MAX) + REQUEST_LIMIT;
        match timeout(limit, sent).await {
            Ok(_) => {
                self.line.log.note(format!("pressed {keys}"));
                Ok(())
            }
            Err(_) => Err(self.line.late("keys to be sent", limit)),
        }
    }

    /// Presses keys in INFO requests.
    ///
    /// # Errors
    /// For a sign that is no key, or when the other side refuses the INFO or does not answer it.
    pub async fn press_info(&self, keys: &str) -> Result<(), PhoneError> {
        codes(keys)?;
        for key in keys.chars() {
            let headers = vec![Header::ContentType("application/dtmf-relay".into())];
            let body = format!("Signal={key}\r\nDuration=160\r\n").into_bytes();
            self.request("INFO", self.dialog.info(Some(headers), Some(body))).await?;
            self.line.log.note(format!("pressed {key} by INFO"));
        }
        Ok(())
    }

    /// All keys that the other side has pressed.
    pub fn digits(&self) -> String {
        lock(&self.line.media.ear).digits().to_owned()
    }

    /// Waits until the other side has pressed these keys, from the start of the call on.
    ///
    /// # Errors
    /// When the call ends first, or they do not come in time.
    pub async fn wait_digits(&self, digits: &str, limit: Duration) -> Result<(), PhoneError> {
        let end = Instant::now() + limit;
        while !self.digits().starts_with(digits) {
            let what = format!("the keys {digits} (got {:?})", self.digits());
            if let CallState::Ended(end) = self.state() {
                return Err(PhoneError::Ended { waited_for: what, end, seen: self.log() });
            }
            if Instant::now() >= end {
                return Err(self.line.late(&what, limit));
            }
            // Keys come by RTP or by INFO; a look now and then sees both.
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Listens for 200 ms from now on; shorter when less audio comes within `limit`.
    pub async fn hears(&self, limit: Duration) -> Heard {
        let mut progress = self.line.media.progress.clone();
        let before = *progress.borrow_and_update();
        let full = before + WINDOW as u64;
        // Both ends of the wait lead on to the same look at what has come.
        let _ = timeout(limit, progress.wait_for(|samples| *samples >= full)).await;
        let ear = lock(&self.line.media.ear);
        let fresh = usize::try_from(ear.samples() - before).unwrap_or(WINDOW);
        ear.heard(fresh.min(WINDOW))
    }

    /// Waits until a tone of this frequency in Hz is heard, ± 2 Hz.
    ///
    /// # Errors
    /// When it is not heard in time; says what was.
    pub async fn wait_tone(&self, frequency: f64, limit: Duration) -> Result<Heard, PhoneError> {
        self.wait_heard(&format!("a tone of {frequency} Hz"), limit, |heard| heard.is_tone(frequency)).await
    }

    /// Waits until there is silence: audio comes, and it is silent.
    ///
    /// # Errors
    /// When it does not become silent in time; says what was heard.
    pub async fn wait_silence(&self, limit: Duration) -> Result<Heard, PhoneError> {
        self.wait_heard("silence", limit, |heard| heard.sound == Sound::Silence).await
    }

    /// Waits until something is heard that is neither silence nor a single tone: speech, music.
    ///
    /// # Errors
    /// When nothing of the kind is heard in time; says what was.
    pub async fn wait_speech(&self, limit: Duration) -> Result<Heard, PhoneError> {
        self.wait_heard("speech or music", limit, |heard| heard.sound == Sound::Other).await
    }

    /// Waits until what is heard in 200 ms is as wished.
    ///
    /// # Errors
    /// When it is not in time; says what was heard.
    pub async fn wait_heard(
        &self,
        what: &str,
        limit: Duration,
        wished: impl Fn(&Heard) -> bool,
    ) -> Result<Heard, PhoneError> {
        let end = Instant::now() + limit;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let heard = self.hears(left.min(Duration::from_millis(500))).await;
            if wished(&heard) {
                self.line.log.note(format!("heard {heard}"));
                return Ok(heard);
            }
            if let CallState::Ended(end) = self.state() {
                let seen = format!("{}; heard: {heard}", self.line.log);
                return Err(PhoneError::Ended { waited_for: what.into(), end, seen });
            }
            if Instant::now() >= end {
                return Err(self.line.late(what, limit));
            }
        }
    }

    /// What was heard so far at 8 kHz, from the first packet to the limit of the phone.
    pub fn recording(&self) -> Vec<i16> {
        lock(&self.line.media.ear).recording().to_vec()
    }

    /// Writes what was heard so far as a WAV file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_recording(&self, path: &Path) -> Result<(), PhoneError> {
        let problem =
            |error: hound::Error| PhoneError::SoundFile { path: path.display().to_string(), what: error.to_string() };
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(path, spec).map_err(problem)?;
        for sample in self.recording() {
            writer.write_sample(sample).map_err(problem)?;
        }
        writer.finalize().map_err(problem)
    }

    /// The events of the call so far, one a line with its time.
    pub fn log(&self) -> String {
        self.line.log.to_string()
    }

    /// Holds the call: from now on only we send.
    ///
    /// # Errors
    /// When the other side refuses or does not answer.
    pub async fn hold(&self) -> Result<(), PhoneError> {
        self.offer_again(Direction::SendOnly).await
    }

    /// Takes a held call back.
    ///
    /// # Errors
    /// When the other side refuses or does not answer.
    pub async fn resume(&self) -> Result<(), PhoneError> {
        self.offer_again(Direction::SendRecv).await
    }

    async fn offer_again(&self, direction: Direction) -> Result<(), PhoneError> {
        self.line.wish(direction);
        self.line.log.note(format!("we say {}", direction.word()));
        let offer = Some(self.line.offer());
        let request = self.dialog.reinvite_with_glare_retry(Some(vec![sdp_type()]), offer, 3);
        let response = self.request("INVITE", request).await?;
        let what = "agreeing on the audio";
        self.line
            .agree(&response.body, Part::Offer)
            .map(drop)
            .map_err(|what_| PhoneError::Sip { doing: what, what: what_ })
    }

    async fn request(
        &self,
        method: &'static str,
        request: impl Future<Output = rsipstack::Result<Option<Response>>>,
    ) -> Result<Response, PhoneError> {
        let after = REQUEST_LIMIT;
        let answer = timeout(after, request).await.map_err(|_| PhoneError::Unanswered { request: method, after })?;
        let Some(response) = answer.map_err(PhoneError::sip("a request inside the call"))? else {
            return Err(PhoneError::Usage(format!("{method} needs a call that is answered\n{}", self.line.log)));
        };
        let status = response.status_code.code();
        if status >= 300 {
            let reason = response.status_code.text().to_owned();
            return Err(PhoneError::Refused { request: method, status, reason });
        }
        Ok(response)
    }

    /// Ends the call: CANCEL before the answer, BYE after it. A call that is over already is left alone.
    ///
    /// # Errors
    /// When the other side does not confirm within 5 s.
    pub async fn hang_up(&mut self) -> Result<(), PhoneError> {
        hang_up(&self.line, &self.dialog).await
    }

    /// Lets the call go on without anybody who looks after it; it ends with the other side or the phone.
    pub fn forget(self) {
        // The flag keeps `drop` from hanging up.
        self.line.ended_by_us.store(true, Ordering::Relaxed);
    }
}

async fn hang_up(line: &Line, dialog: &InviteDialog) -> Result<(), PhoneError> {
    if matches!(*line.state.borrow(), CallState::Ended(_)) {
        return Ok(());
    }
    line.ended_by_us.store(true, Ordering::Relaxed);
    line.log.note("we hang up");
    let after = REQUEST_LIMIT;
    let hung_up = timeout(after, dialog.hangup()).await;
    hung_up
        .map_err(|_| PhoneError::Unanswered { request: "BYE or CANCEL", after })?
        .map_err(PhoneError::sip("hanging up"))?;
    line.wait("the end of the call", after, |state| matches!(state, CallState::Ended(_))).await.map(drop)
}

fn codes(keys: &str) -> Result<Vec<u8>, PhoneError> {
    let code = |key| key_code(key).ok_or_else(|| PhoneError::Usage(format!("`{key}` is no key; keys are 0-9*#A-D")));
    let codes: Vec<u8> = keys.chars().map(code).collect::<Result<_, _>>()?;
    if codes.is_empty() { Err(PhoneError::Usage("there is no key to press".into())) } else { Ok(codes) }
}

impl Drop for Call {
    fn drop(&mut self) {
        let over = matches!(*self.line.state.borrow(), CallState::Ended(_));
        let ours = self.line.ended_by_us.load(Ordering::Relaxed);
        // Without a runtime there is nobody left to send anything.
        if !over && !ours && tokio::runtime::Handle::try_current().is_ok() {
            let (line, dialog) = (self.line.clone(), self.dialog.clone());
            self.phone.tasks.spawn(async move {
                if let Err(error) = hang_up(&line, &dialog).await {
                    tracing::debug!(%error, "hanging up a call that was dropped");
                }
            });
        }
    }
}
