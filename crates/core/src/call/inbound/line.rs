//! Standing in the line of a queue, and leaving it unserved.

use std::collections::BTreeSet;

use nohold_model::{Digit, Language, Millis, PromptKey, QueueKey, Spoken, Timestamp};

use super::{CameFrom, Command, Inbound, Music, Stand, Treatment, Turn};
use crate::call::{Audio, HangUp, outlook};
use crate::directory::{AtClosing, CallbackKey, Directory, OverflowReason, OverflowTarget, Queue};
use crate::entry::LeftAt;
use crate::fact::{Fact, LeftQueue};
use crate::routing::Waiting;

/// A caller is sent to queues at most this often without a real wait in between; then a message is what is left.
const MAX_HOPS: u32 = 8;
/// Who stood in a line for less than this was only handed on.
const LEAST_WAIT: Millis = Millis::seconds(1);
/// Announcements of one kind are at least this far apart, whatever the queue says.
const LEAST_GAP: Millis = Millis::seconds(5);

impl Inbound {
    /// Into the line of a queue, or into its overflow where it would not have the caller.
    pub(super) fn enter_queue(&mut self, key: &QueueKey, priority: u8, turn: &mut Turn<'_, '_>) {
        self.enter(key, priority, false, turn);
    }

    fn enter(&mut self, key: &QueueKey, priority: u8, let_in: bool, turn: &mut Turn<'_, '_>) {
        self.answer(turn);
        if self.stood_since.take().is_some_and(|since| turn.at.since(since) >= LEAST_WAIT) {
            self.hops = 0;
        }
        self.hops += 1;
        let endless = self.hops > MAX_HOPS;
        let Some(queue) = turn.world.directory.queue(key).filter(|_| !endless) else {
            self.leave_line(LeftQueue::Overflow, turn);
            self.leave_message(turn);
            return;
        };
        if self.stand.as_ref().is_some_and(|stand| stand.queue != *key) {
            self.leave_line(LeftQueue::Overflow, turn);
        }
        let refused = if let_in { None } else { self.refusal(queue, turn) };
        self.came_from = Some(CameFrom { queue: key.clone(), priority, refused: refused.is_some() });
        match refused {
            Some(reason) => self.overflow(queue, reason, turn),
            None => self.stand_in(queue, priority, turn),
        }
    }

    /// Why the queue would not have the caller.
    fn refusal(&self, queue: &Queue, turn: &Turn<'_, '_>) -> Option<OverflowReason> {
        // Who stands in line already has been let in.
        if self.stand.is_some() {
            return None;
        }
        let line = turn.world.lines.of(&queue.key);
        if !turn.world.directory.queue_is_open(queue, turn.at) {
            Some(OverflowReason::Closed)
        } else if line.agents == 0 && !queue.join_empty {
            Some(OverflowReason::NoAgents)
        } else if line.length() >= queue.max_length && !self.class.is_let_in() {
            Some(OverflowReason::Full)
        } else {
            None
        }
    }

    /// The line was filled by others in the moment in which this caller came, and has no room.
    pub(super) fn line_is_full(&mut self, key: &QueueKey, turn: &mut Turn<'_, '_>) {
        if self.stand.as_ref().is_none_or(|stand| stand.queue != *key) {
            return;
        }
        if let Some(from) = self.came_from.as_mut().filter(|from| from.queue == *key) {
            from.refused = true;
        }
        let Some(queue) = turn.world.directory.queue(key) else { return };
        match self.treatment {
            Treatment::Music(_) => {
                self.leave_line(LeftQueue::Overflow, turn);
                self.overflow(queue, OverflowReason::Full, turn);
            }
            // The caller has left the line by a key meanwhile, and hears something else.
            Treatment::Arriving
            | Treatment::Flow(_)
            | Treatment::LastWords
            | Treatment::Connecting(_)
            | Treatment::Talking(_)
            | Treatment::Transferring(_)
            | Treatment::Transferred(_)
            | Treatment::Phone(_)
            | Treatment::Over => self.leave_line(LeftQueue::Overflow, turn),
        }
    }

    fn stand_in(&mut self, queue: &Queue, priority: u8, turn: &mut Turn<'_, '_>) {
        self.stays += 1;
        // Offers that are being made go on: the caller has not left the line.
        let stay = self.stand.as_ref().map_or(self.stays, |stand| stand.stay);
        self.stand = Some(Stand { queue: queue.key.clone(), stay, priority, entered: turn.at, connectable: true });
        self.stood_since = Some(turn.at);
        self.first_stood.get_or_insert(turn.at);
        self.account.unkept = None;
        self.record_stand(turn);
        let calendar = turn.world.directory.queue_calendar(queue).filter(|_| queue.at_closing == AtClosing::Overflow);
        self.treatment = Treatment::Music(Music {
            closes_at: calendar.and_then(|key| turn.world.directory.calendars.get(key)?.next_closing(turn.at)),
            key_at: offered_key(queue).map(|key| turn.at + key.announce_every.max(LEAST_GAP)),
            place_at: queue.announce_every.map(|every| turn.at + every.max(LEAST_GAP)),
            announcing: false,
        });
        self.play_music(queue.music.clone(), turn);
    }

    /// Records how the caller stands in line.
    pub(super) fn record_stand(&self, turn: &mut Turn<'_, '_>) {
        let Some(stand) = &self.stand else { return };
        let waiting = Waiting {
            call: self.id,
            queue: stand.queue.clone(),
            stay: stand.stay,
            class: self.class,
            priority: stand.priority,
            place: self.arrived,
            entered: stand.entered,
            connectable: stand.connectable,
            caller: self
                .colleague
                .as_ref()
                .and_then(|colleague| Some(turn.world.directory.agent_of(&colleague.extension)?.key.clone())),
            declined: BTreeSet::new(),
        };
        turn.effects.record(turn.at, Fact::Queued(waiting));
    }

    /// Whether the caller may be connected now; agents who are rung are let go where not.
    pub(super) fn set_connectable(&mut self, connectable: bool, turn: &mut Turn<'_, '_>) {
        let Some(stand) = &mut self.stand else { return };
        if stand.connectable == connectable {
            return;
        }
        stand.connectable = connectable;
        if !connectable {
            // A later stay: an offer that was made before this is not for the caller as they are now.
            self.stays += 1;
            stand.stay = self.stays;
            self.stop_ringing(turn);
        }
        self.record_stand(turn);
    }

    /// Out of the line. The store frees in the same commit whoever was being rung.
    pub(super) fn leave_line(&mut self, why: LeftQueue, turn: &mut Turn<'_, '_>) {
        if self.stand.take().is_some() {
            self.stop_ringing(turn);
            turn.effects.record(turn.at, Fact::LeftQueue { call: self.id, why });
        }
    }

    /// "Keep waiting": at the old place, with a new longest wait.
    pub(super) fn keep_waiting(&mut self, turn: &mut Turn<'_, '_>) {
        match self.came_from.clone() {
            Some(from) => {
                // Who was in the line before is not refused for its length now, only for the hours.
                let was_in = self.stand.is_some() || !from.refused;
                let let_in = was_in && serves_now(&from.queue, turn.at, turn.world.directory);
                if !let_in {
                    self.leave_line(LeftQueue::Overflow, turn);
                }
                self.enter(&from.queue, from.priority, let_in, turn);
            }
            None => self.leave_message(turn),
        }
    }

    /// Whether "keep waiting" leads anywhere.
    pub(super) fn may_keep_waiting(&self, at: Timestamp, directory: &Directory) -> bool {
        self.came_from.as_ref().is_some_and(|from| {
            // Who still stands in line when the hours end goes to the queue's own overflow, not to the flow's fallback.
            self.stand.is_some() || (!from.refused && serves_now(&from.queue, at, directory))
        })
    }

    /// The caller leaves the queue unserved, for where the queue says.
    pub(super) fn overflow(&mut self, queue: &Queue, reason: OverflowReason, turn: &mut Turn<'_, '_>) {
        self.stop_playing(turn);
        match queue.overflow.get(&reason) {
            Some(OverflowTarget::Flow(flow)) => {
                if reason == OverflowReason::Closed {
                    self.after_hours = true;
                    self.leave_line(LeftQueue::Overflow, turn);
                }
                self.enter_flow(&flow.clone(), nohold_flow::Entry::Queue, Some(reason), turn);
            }
            Some(OverflowTarget::Queue(next)) => {
                self.leave_line(LeftQueue::Overflow, turn);
                self.enter_queue(next, 0, turn);
            }
            Some(OverflowTarget::Group(group)) => {
                self.leave_line(LeftQueue::Overflow, turn);
                match Directory::queue_of_group(group) {
                    Some(next) => self.enter_queue(&next, 0, turn),
                    None => self.leave_message(turn),
                }
            }
            Some(OverflowTarget::Extension(extension)) => {
                self.leave_line(LeftQueue::Overflow, turn);
                self.transfer_to_extension(extension, None, None, turn);
            }
            Some(OverflowTarget::Announcement(prompt)) => {
                self.leave_line(LeftQueue::Overflow, turn);
                self.treatment = Treatment::LastWords;
                self.say(vec![Spoken::Prompt(prompt.clone())], turn);
            }
            Some(OverflowTarget::Busy) => self.send_away(queue, HangUp::Busy, turn),
            Some(OverflowTarget::HangUp) => self.send_away(queue, HangUp::Normal, turn),
            Some(OverflowTarget::Message) | None => {
                self.leave_line(LeftQueue::Overflow, turn);
                self.leave_message(turn);
            }
        }
    }

    /// The overflow ends the call: a missed call all the same.
    fn send_away(&mut self, queue: &Queue, how: HangUp, turn: &mut Turn<'_, '_>) {
        self.leave_line(LeftQueue::Overflow, turn);
        turn.effects.media(Command::HangUp { leg: self.leg, how });
        self.there = false;
        self.end_unserved(LeftAt::Overflow(queue.key.clone()), turn);
    }

    /// A key while the music plays: the queue's callback key, or nothing.
    pub(super) fn key_in_line(&mut self, digit: Digit, turn: &mut Turn<'_, '_>) {
        let Some(queue) = self.stand.as_ref().and_then(|stand| turn.world.directory.queue(&stand.queue)) else {
            return;
        };
        if offered_key(queue).is_some_and(|key| key.digit == digit) {
            self.overflow(queue, OverflowReason::Key, turn);
        }
    }

    /// Time passes for a waiting caller: the longest wait, the closing time, the announcements.
    pub(super) fn tick_in_line(&mut self, mut music: Music, turn: &mut Turn<'_, '_>) {
        let Some(stand) = &self.stand else { return };
        let Some(queue) = turn.world.directory.queue(&stand.queue) else {
            self.leave_line(LeftQueue::Overflow, turn);
            self.leave_message(turn);
            return;
        };
        if turn.at >= stand.entered + queue.longest_wait && queue.overflow.contains_key(&OverflowReason::Timeout) {
            self.overflow(queue, OverflowReason::Timeout, turn);
            return;
        }
        let closed = music.closes_at.is_some_and(|closes_at| turn.at >= closes_at);
        if closed {
            self.overflow(queue, OverflowReason::Closed, turn);
            return;
        }
        if music.announcing {
            return;
        }
        let what = self.announcement(queue, &mut music, turn);
        if !what.is_empty() {
            music.announcing = true;
            self.say(what, turn);
        }
        self.treatment = Treatment::Music(music);
    }

    /// What is due to be announced to the waiting caller.
    fn announcement(&self, queue: &Queue, music: &mut Music, turn: &Turn<'_, '_>) -> Vec<Spoken> {
        let is_due = |due: Option<Timestamp>| due.is_some_and(|due| turn.at >= due);
        let mut what = Vec::new();
        if is_due(music.place_at) {
            music.place_at = queue.announce_every.map(|every| turn.at + every.max(LEAST_GAP));
            if music.place_at.is_some() {
                what.extend(outlook::place_and_wait(self.id, queue, turn.world));
            }
        }
        if is_due(music.key_at) {
            let key = offered_key(queue);
            music.key_at = key.map(|key| turn.at + key.announce_every.max(LEAST_GAP));
            if let Some(key) = key {
                what.extend(nohold_flow::Builtin::CallbackKey.by_default());
                what.push(Spoken::Digits(key.digit.to_string()));
            }
        }
        what
    }

    pub(super) fn play_music(&mut self, music: Option<PromptKey>, turn: &mut Turn<'_, '_>) {
        self.play_on(Audio::Music(music), turn);
    }

    pub(super) fn say(&mut self, what: Vec<Spoken>, turn: &mut Turn<'_, '_>) {
        let playback = self.ids.next(turn.at);
        self.playing = Some(playback);
        self.background = None;
        self.interlude = None;
        let language: Language = self.language;
        turn.effects.media(Command::Play { leg: self.leg, playback, audio: Audio::Spoken { language, what } });
    }

    pub(super) fn stop_playing(&mut self, turn: &mut Turn<'_, '_>) {
        self.background = None;
        self.interlude = None;
        if let Some(playback) = self.playing.take() {
            turn.effects.media(Command::Stop { leg: self.leg, playback });
        }
    }
}

/// The queue's callback key, where it leads somewhere.
fn offered_key(queue: &Queue) -> Option<CallbackKey> {
    queue.callback_key.filter(|_| queue.overflow.contains_key(&OverflowReason::Key))
}

/// Whether callers of this queue are served now: inside its hours, and after them where it serves to the end.
fn serves_now(queue: &QueueKey, at: Timestamp, directory: &Directory) -> bool {
    directory
        .queue(queue)
        .is_some_and(|queue| queue.at_closing == AtClosing::Serve || directory.queue_is_open(queue, at))
}
