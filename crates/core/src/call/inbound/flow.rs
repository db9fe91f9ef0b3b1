//! A flow treats the caller: its actions are carried out, its questions answered.

use std::collections::BTreeMap;

use nohold_flow::{
    Action, Begin, Input as FlowInput, NumberRefusal, Object, RecordingEnd, Run, VariableName, WaitsFor, names::known,
};
use nohold_model::{Digit, FlowKey, LegId, MessageId, Millis, PhoneNumber, PlaybackId};

use super::surroundings::Around;
use super::{Awaiting, Command, Inbound, Music, Recording, Treatment, Turn, Unkept};
use crate::call::{HangUp, outlook};
use crate::directory::OverflowReason;
use crate::entry::{Consent, LeftAt, Target};
use crate::fact::{CallEnd, Doing, Fact, LeftQueue, RequestMade};

/// Visits that are kept of all flows of a call.
const MOST_PATH: usize = 500;

impl Inbound {
    /// A flow begins, in the version that is published now; the call keeps it.
    pub(super) fn enter_flow(
        &mut self,
        flow: &FlowKey,
        from: nohold_flow::Entry,
        reason: Option<OverflowReason>,
        turn: &mut Turn<'_, '_>,
    ) {
        self.answer(turn);
        let version = turn.world.directory.latest_flow(flow).map_or(0, |(version, _)| version);
        turn.effects.record(turn.at, Fact::FlowEntered { call: self.id, flow: flow.clone(), version });
        let begin = Begin {
            flow: flow.clone(),
            version,
            entered_from: from,
            language: self.language,
            variables: self.attached_data(reason),
        };
        let (run, actions) = Run::start(begin, &Around { call: self, at: turn.at, world: turn.world });
        self.carry_on(Box::new(run), actions, turn);
    }

    /// The built-in message dialogue: for a caller for whom nothing else is left.
    pub(super) fn leave_message(&mut self, turn: &mut Turn<'_, '_>) {
        self.answer(turn);
        let (run, actions) = Run::leave_message(self.language, &Around { call: self, at: turn.at, world: turn.world });
        self.carry_on(Box::new(run), actions, turn);
    }

    fn attached_data(&self, reason: Option<OverflowReason>) -> BTreeMap<VariableName, String> {
        let reason = reason.map(|reason| match reason {
            OverflowReason::Timeout => "timeout",
            OverflowReason::Full => "full",
            OverflowReason::NoAgents => "no_agents",
            OverflowReason::Closed => "closed",
            OverflowReason::Key => "key_pressed",
        });
        [
            (known::CALLER_NUMBER, self.number.as_ref().map(|number| number.as_str().to_owned())),
            (known::CALLED_NUMBER, self.called.as_ref().map(|called| called.as_str().to_owned())),
            (known::QUEUE, self.came_from.as_ref().map(|from| from.queue.to_string())),
            (known::OVERFLOW, reason.map(ToOwned::to_owned)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((VariableName::new(name).ok()?, value?)))
        .collect()
    }

    /// Tells the running flow what happened.
    pub(super) fn step(&mut self, input: FlowInput, turn: &mut Turn<'_, '_>) {
        if !matches!(self.treatment, Treatment::Flow(_)) {
            return;
        }
        let Treatment::Flow(mut run) = std::mem::replace(&mut self.treatment, Treatment::Over) else { return };
        let actions = run.step(input, &Around { call: self, at: turn.at, world: turn.world });
        self.carry_on(run, actions, turn);
    }

    /// Carries out what a flow wants done. The run is the treatment again, unless it is over.
    fn carry_on(&mut self, run: Box<Run>, actions: Vec<Action>, turn: &mut Turn<'_, '_>) {
        let waits_for = run.waits_for();
        match waits_for {
            // "Nobody is connected while keying a number": the place stays.
            WaitsFor::Keying | WaitsFor::Transfer | WaitsFor::Farewell | WaitsFor::LastWords => {
                self.set_connectable(false, turn);
            }
            WaitsFor::Message => self.leave_line(LeftQueue::Chose, turn),
            WaitsFor::Menu => self.set_connectable(true, turn),
            // Whoever commits first wins: the caller stays a candidate until then.
            WaitsFor::Request | WaitsFor::Nothing => {}
        }
        self.treatment = Treatment::Flow(run);
        for action in actions {
            self.carry_out(action, turn);
        }
    }

    fn carry_out(&mut self, action: Action, turn: &mut Turn<'_, '_>) {
        match action {
            Action::Play(what) => self.say(what, turn),
            Action::StopPlaying => self.stop_playing(turn),
            Action::EnterQueue { queue, priority } => {
                self.keep_path();
                self.enter_queue(&queue, priority.unwrap_or(0), turn);
            }
            Action::KeepWaiting => {
                self.keep_path();
                self.keep_waiting(turn);
            }
            Action::Request { object, number, another_matter, consent } => {
                self.request(&object, number, another_matter, &consent, turn);
            }
            Action::NumberRefused(why) => self.number_refused(why, turn),
            Action::Record { max_ms, silence_ms, end_key } => {
                let message: MessageId = self.ids.next(turn.at);
                self.playing = None;
                self.recording =
                    Some(Recording { message, speech: Millis::ZERO, done: false, hung_up: false, give_up_at: None });
                turn.effects.media(Command::Record {
                    leg: self.leg,
                    message,
                    longest: max_ms,
                    silence: silence_ms,
                    end_key,
                });
            }
            Action::KeepMessage { object } => self.keep_message(&object, turn),
            Action::DropMessage => {
                self.account.unkept = Some(Unkept::Empty);
                self.discard(turn);
            }
            Action::Transfer { to, ring_ms } => self.transfer(&to, ring_ms, turn),
            Action::SetLanguage(language) => self.language = language,
            Action::HangUp { busy } => self.flow_hangs_up(busy, turn),
        }
    }

    pub(super) fn discard(&mut self, turn: &mut Turn<'_, '_>) {
        if let Some(recording) = self.recording.take() {
            turn.effects.media(Command::Discard { message: recording.message });
        }
    }

    /// The path of the run that ends is kept for the history; of a caller who goes round and round, the beginning.
    pub(super) fn keep_path(&mut self) {
        if let Treatment::Flow(run) = &self.treatment {
            let room = MOST_PATH.saturating_sub(self.path.len());
            self.path.extend(run.path().iter().take(room).cloned());
        }
    }

    /// A number that may not be called is counted, without the number (AT-17).
    pub(super) fn number_refused(&self, why: NumberRefusal, turn: &mut Turn<'_, '_>) {
        turn.effects.record(turn.at, Fact::NumberRefused { call: self.id, why });
    }

    fn flow_hangs_up(&mut self, busy: bool, turn: &mut Turn<'_, '_>) {
        self.keep_path();
        self.leave_line(LeftQueue::Chose, turn);
        let how = if busy { HangUp::Busy } else { HangUp::Normal };
        turn.effects.media(Command::HangUp { leg: self.leg, how });
        self.there = false;
        match self.account.unkept.filter(|_| !self.account.has_something()) {
            None => self.end(CallEnd::EndedByFlow, turn),
            // The flow ends as drawn, but the caller leaves with nothing.
            Some(Unkept::Empty) => self.end_unserved(LeftAt::Message, turn),
            Some(Unkept::NotSaved(doing)) => self.cut_off(doing, turn),
        }
    }

    // --- what happens to a caller in a flow ---

    pub(super) fn digit(&mut self, digit: Digit, turn: &mut Turn<'_, '_>) {
        match &self.treatment {
            Treatment::Flow(_) => self.step(FlowInput::Digit(digit), turn),
            Treatment::Music(_) => self.key_in_line(digit, turn),
            // In a conversation keys belong to the talkers; before one there is nothing to choose.
            Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Talking(_)
            | Treatment::Transferring(_)
            | Treatment::Transferred(_)
            | Treatment::Phone(_)
            | Treatment::Over => {}
        }
    }

    /// A playing has ended, well or not.
    pub(super) fn played(&mut self, leg: LegId, playback: PlaybackId, well: bool, turn: &mut Turn<'_, '_>) {
        if let Treatment::Connecting(connecting) = &mut self.treatment {
            if connecting.to_agent == Some(playback) && connecting.agent_leg == leg {
                connecting.to_agent = None;
            } else if connecting.to_caller == Some(playback) {
                connecting.to_caller = None;
                // Nobody is recorded who was not told.
                connecting.recorded &= well;
            }
            let connecting = connecting.clone();
            self.join_when_heard(connecting, turn);
            return;
        }
        if leg != self.leg || self.playing != Some(playback) || self.interlude_is_over(playback, turn) {
            return;
        }
        self.playing = None;
        self.background = None;
        match &self.treatment {
            Treatment::Flow(_) => self.step(if well { FlowInput::Played } else { FlowInput::PlayFailed }, turn),
            Treatment::Music(music) => {
                let music = *music;
                self.music_goes_on(music, turn);
            }
            Treatment::LastWords => {
                turn.effects.media(Command::HangUp { leg: self.leg, how: HangUp::Normal });
                self.there = false;
                let left_at = self.left_at();
                self.end_unserved(left_at, turn);
            }
            Treatment::Arriving
            | Treatment::Connecting(_)
            | Treatment::Talking(_)
            | Treatment::Transferring(_)
            | Treatment::Transferred(_)
            | Treatment::Phone(_)
            | Treatment::Over => {}
        }
    }

    fn music_goes_on(&mut self, music: Music, turn: &mut Turn<'_, '_>) {
        let queue = self.stand.as_ref().and_then(|stand| turn.world.directory.queue(&stand.queue));
        if let Some(queue) = queue {
            self.play_music(queue.music.clone(), turn);
        }
        self.treatment = Treatment::Music(Music { announcing: false, ..music });
    }

    /// The recording of a message has ended.
    pub(super) fn recorded(
        &mut self,
        message: MessageId,
        speech: Millis,
        ended: RecordingEnd,
        turn: &mut Turn<'_, '_>,
    ) {
        let Some(recording) = self.recording.as_mut().filter(|one| one.message == message && !one.done) else { return };
        recording.done = true;
        recording.speech = speech;
        recording.give_up_at = None;
        let ended = if self.there { ended } else { RecordingEnd::HungUp };
        recording.hung_up = ended == RecordingEnd::HungUp;
        self.step(FlowInput::Recorded { speech_ms: speech, ended }, turn);
        self.end_if_gone(turn);
    }

    /// A message could not be recorded: nothing of it is kept, and the caller is told so.
    pub(super) fn record_failed(&mut self, message: MessageId, turn: &mut Turn<'_, '_>) {
        if self.recording.is_none_or(|one| one.message != message || one.done) {
            return;
        }
        self.discard(turn);
        self.account.unkept = Some(Unkept::NotSaved(Doing::LeavingMessage));
        if self.there {
            self.step(FlowInput::NotSaved, turn);
        }
        self.end_if_gone(turn);
    }

    // --- what a caller leaves behind ---

    fn request(
        &mut self,
        object: &Object,
        number: PhoneNumber,
        another_matter: bool,
        consent: &nohold_flow::Consent,
        turn: &mut Turn<'_, '_>,
    ) {
        let Some(target) = self.target(object) else {
            self.step(FlowInput::NotSaved, turn);
            return;
        };
        let promise =
            outlook::promise(&target, &number, self.came_from.as_ref().map(|from| &from.queue), turn.at, turn.world);
        let fact = Fact::RequestMade(Box::new(RequestMade {
            entry: self.ids.next(turn.at),
            call: Some(self.id),
            number: number.clone(),
            target,
            assigned: None,
            another_matter,
            place: self.arrived,
            promise,
            consent: Consent {
                at: turn.at,
                number,
                prompts: consent.heard.clone(),
                key: consent.keys.as_str().chars().last().and_then(|key| Digit::new(key).ok()),
            },
            called: self.called.clone(),
            queue: self.came_from.as_ref().map(|from| from.queue.clone()),
            path: self.path_so_far(),
            language: self.language,
        }));
        self.ask(fact.clone(), Awaiting::Request(Box::new(fact)), turn);
    }

    fn keep_message(&mut self, object: &Object, turn: &mut Turn<'_, '_>) {
        let (Some(recording), Some(target)) = (self.recording, self.target(object)) else {
            self.step(FlowInput::NotSaved, turn);
            return;
        };
        let fact = Fact::MessageLeft {
            entry: self.ids.next(turn.at),
            call: self.id,
            message: recording.message,
            number: self.number.clone(),
            target,
            speech: recording.speech,
        };
        self.ask(fact.clone(), Awaiting::Message(Box::new(fact)), turn);
    }

    /// Whose agents an object means; without one, those of the queue the caller came from, else of the service. Nothing
    /// where there is no service in the house.
    pub(super) fn target(&self, object: &Object) -> Option<Target> {
        Some(match object {
            Object::Campaign { campaign } => Target::Campaign(campaign.clone()),
            Object::Service { service, group: Some(group) } => Target::Service(service.clone(), group.clone()),
            Object::Service { service, group: None } => Target::WholeService(service.clone()),
            Object::Queue {} => match &self.came_from {
                Some(from) => Target::Queue(from.queue.clone()),
                None => self.whose.clone().or_else(|| self.service.clone().map(Target::WholeService))?,
            },
        })
    }

    fn path_so_far(&self) -> Vec<String> {
        let running = match &self.treatment {
            Treatment::Flow(run) => run.path(),
            Treatment::Music(_)
            | Treatment::Arriving
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Talking(_)
            | Treatment::Transferring(_)
            | Treatment::Transferred(_)
            | Treatment::Phone(_)
            | Treatment::Over => &[],
        };
        self.path.iter().chain(running).map(|visit| format!("{}/{}", visit.flow, visit.node)).collect()
    }

    /// Where the caller is, should the call end now without anything.
    pub(super) fn left_at(&self) -> LeftAt {
        let queue = |wanted: fn(_) -> LeftAt| self.came_from.as_ref().map(|from| wanted(from.queue.clone()));
        match &self.treatment {
            Treatment::Music(_) => queue(LeftAt::Queue).unwrap_or(LeftAt::Menu),
            Treatment::LastWords => queue(LeftAt::Overflow).unwrap_or(LeftAt::Menu),
            Treatment::Connecting(_) => LeftAt::Connecting,
            Treatment::Transferring(_) | Treatment::Transferred(_) | Treatment::Phone(_) => LeftAt::Transfer,
            Treatment::Flow(run) if run.waits_for() == WaitsFor::Message => LeftAt::Message,
            // The recording that the hang-up ended was empty.
            Treatment::Flow(run) if run.is_over() && self.account.unkept == Some(Unkept::Empty) => LeftAt::Message,
            Treatment::Arriving | Treatment::Flow(_) | Treatment::Talking(_) | Treatment::Over if self.after_hours => {
                LeftAt::AfterHours
            }
            Treatment::Arriving | Treatment::Flow(_) | Treatment::Talking(_) | Treatment::Over => LeftAt::Menu,
        }
    }
}
