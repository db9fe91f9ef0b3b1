//! What agents write down about their calls, and what they decide about entries that a call would settle.

use nohold_model::{AgentKey, CallId, DispositionKey, EntryId, Millis, Timestamp};

use super::{Answer, CallRow, Noun, Read, Refusal, Rows, Working};
use crate::agent::{Engagement, Follows, Input};
use crate::directory::WrapUpMode;
use crate::entry::{self, Actor, Agreement, Business, Entry, Outcome};
use crate::fact::{Fact, NoteKept};
use crate::note::{CallNote, Wish, Written};

impl<R: Rows> Working<'_, R> {
    /// An agent types, saves or throws away the note of a call; a supervisor may do the same.
    pub(super) fn note_wish(&mut self, call: CallId, agent: &AgentKey, wish: &Wish, by: &Actor) -> Read<Answer> {
        let may = match by {
            Actor::Agent(own) => own == agent,
            Actor::Supervisor(_) => true,
            Actor::Customer | Actor::System => false,
        };
        if !may {
            return Ok(Answer::Refused(Refusal::Entry(entry::Refusal::NotAllowed)));
        }
        let Some(mut note) = self.note_or_begun(call, agent)? else {
            return Ok(Answer::Refused(Refusal::NotFound(Noun::Note)));
        };
        match wish {
            Wish::Type(_) | Wish::Discard if note.done.is_some() => return Ok(Answer::Refused(Refusal::NoteDone)),
            Wish::Type(written) => {
                note.written = written.clone();
                note.typed = Some(self.at);
                self.change_note(note);
                self.agent_input(agent, self.at, &Input::Typed(call), by)?;
            }
            Wish::Save(written) => {
                if let Some(refusal) = self.may_be_saved(&note, written) {
                    return Ok(Answer::Refused(refusal));
                }
                self.save_note(note, written.clone(), by)?;
            }
            Wish::Discard if note.required && matches!(by, Actor::Agent(_)) => {
                return Ok(Answer::Refused(Refusal::WriteFirst));
            }
            Wish::Discard => {
                note.written = Written::default();
                note.done = Some(self.at);
                self.change_note(note);
                self.agent_input(agent, self.at, &Input::Noted(call), by)?;
            }
        }
        Ok(Answer::Done)
    }

    /// The agent's note on this call; a new one, where they talk in it.
    fn note_or_begun(&self, call: CallId, agent: &AgentKey) -> Read<Option<CallNote>> {
        if let Some(known) = self.note_of(call, agent)? {
            return Ok(Some(known));
        }
        let talks = self.agent(agent)?.is_some_and(|agent| {
            agent.call() == Some(call) && matches!(agent.engagement, Some(Engagement::Talking { .. }))
        });
        match self.call(call)?.filter(|_| talks) {
            Some(row) => self.begun_note(&row, agent),
            None => Ok(None),
        }
    }

    /// An agent who talks has a note to write from now on, if not before.
    pub(super) fn note_begins(&mut self, call: CallId, agent: &AgentKey) -> Read<()> {
        let row = self.call(call)?.filter(|row| row.connected.is_some());
        let Some(row) = row else { return Ok(()) };
        if self.note_of(call, agent)?.is_none()
            && let Some(note) = self.begun_note(&row, agent)?
        {
            self.put_note(note);
        }
        Ok(())
    }

    fn begun_note(&self, row: &CallRow, agent: &AgentKey) -> Read<Option<CallNote>> {
        let entry = match &row.callback {
            Some(callback) => self.entry(callback.entry)?,
            None => None,
        };
        Ok(CallNote::of(row, agent, entry.as_ref()))
    }

    /// Why this may not be the outcome, if anything speaks against it. Where the queue asks for one, it has a disposition;
    /// where none is configured at all, at least a word.
    fn may_be_saved(&self, note: &CallNote, written: &Written) -> Option<Refusal> {
        let missing = match &written.disposition {
            Some(given) => {
                let listed = |instead: Vec<&DispositionKey>| {
                    let words: Vec<String> = instead.iter().map(|key| format!("`{key}`")).collect();
                    Refusal::Entry(entry::Refusal::NoSuchDisposition { listed: words.join(", ") })
                };
                return self.directory.dispositions_of_note_instead_of(given, note).map(listed);
            }
            None if self.directory.dispositions.names.is_empty() => written.is_empty(),
            None => true,
        };
        (note.required && missing).then_some(Refusal::WriteFirst)
    }

    fn save_note(&mut self, mut note: CallNote, written: Written, by: &Actor) -> Read<()> {
        note.written = written;
        note.done = Some(self.at);
        let (call, agent) = (note.call, note.agent.clone());
        let kept = NoteKept { call, agent: agent.clone(), number: note.number.clone(), written: note.written.clone() };
        self.note(self.at, Fact::NoteSaved { kept: Box::new(kept), by: by.clone() });
        self.change_note(note);
        self.agent_input(&agent, self.at, &Input::Noted(call), by)?;
        Ok(())
    }

    fn change_note(&mut self, mut note: CallNote) {
        note.version += 1;
        self.put_note(note);
    }

    /// The outcome of an entry is said: that is also the note of the call in which it was called back.
    pub(super) fn outcome_noted(&mut self, before: &Entry, outcome: &Outcome, by: &Actor) -> Read<()> {
        let entry::State::Noting { agent, .. } = &before.state else { return Ok(()) };
        let Some(last) = before.attempts.last() else { return Ok(()) };
        let Some(note) = self.note_of(last.call, agent)?.filter(|note| note.done.is_none()) else { return Ok(()) };
        let said = outcome.note();
        let written = Written {
            disposition: outcome.disposition().or(note.written.disposition.as_ref()).cloned(),
            note: if said.is_empty() { note.written.note.clone() } else { said.to_owned() },
            tags: note.written.tags.clone(),
        };
        // An outcome without a disposition does not stand for one that the queue asks for.
        if self.may_be_saved(&note, &written).is_none() { self.save_note(note, written, by) } else { Ok(()) }
    }

    /// A call lets an agent go: the wrap-up that follows, and the note that the queue may ask for.
    pub(super) fn let_go(
        &mut self,
        at: Timestamp,
        row: Option<&CallRow>,
        agent: &AgentKey,
        wrap_up: Millis,
    ) -> Read<Follows> {
        let queue = row.and_then(|row| self.directory.queue(row.queue.as_ref()?));
        let mode = queue.map_or(WrapUpMode::Timed, |queue| queue.wrap_up_mode);
        let follows = Follows { mode, length: wrap_up };
        let Some(row) = row.filter(|row| row.connected.is_some()) else {
            // There was nobody to write about.
            return Ok(if mode == WrapUpMode::Mandatory { Follows::timed(wrap_up) } else { follows });
        };
        let talked = self.agent(agent)?.is_some_and(|agent| {
            agent.call() == Some(row.id) && matches!(agent.engagement, Some(Engagement::Talking { .. }))
        });
        if !talked {
            return Ok(follows);
        }
        let Some(mut note) = (match self.note_of(row.id, agent)? {
            Some(known) => Some(known),
            None => self.begun_note(row, agent)?,
        }) else {
            return Ok(if mode == WrapUpMode::Mandatory { Follows::timed(wrap_up) } else { follows });
        };
        note.ended = Some(at);
        note.required |= mode == WrapUpMode::Mandatory && wrap_up > Millis::ZERO;
        let written = note.done.is_some() && self.may_be_saved(&note, &note.written).is_none();
        self.change_note(note);
        // Who has written it all while they talked has nothing more to do.
        Ok(if written { Follows::NOTHING } else { follows })
    }

    /// An agent says of an entry that the call would settle whether it shall stay open (AT-14).
    pub(super) fn keep_open(&mut self, call: CallId, entry: EntryId, keep: bool, by: &Actor) -> Read<Answer> {
        let Some(row) = self.call(call)? else { return Ok(Answer::Refused(Refusal::NotFound(Noun::Call))) };
        let in_it = match by {
            Actor::Agent(agent) => self.agent(agent)?.is_some_and(|agent| agent.call() == Some(call)),
            Actor::Supervisor(_) => true,
            Actor::Customer | Actor::System => false,
        };
        if !in_it {
            return Ok(Answer::Refused(Refusal::Entry(entry::Refusal::NotAllowed)));
        }
        let business = row.service.clone().map(Business::Service);
        let open = match &row.number {
            Some(number) => self.open_entries(number)?,
            None => Vec::new(),
        };
        let settled = |other: &Entry| other.id == entry && other.target.business(self.directory) == business;
        if business.is_none() || !open.iter().any(settled) {
            return Ok(Answer::Refused(Refusal::NotFound(Noun::Entry)));
        }
        // What was agreed upon in this call keeps it open, whatever is chosen, until it is taken back.
        let agreed = open.iter().find(|other| other.id == entry).and_then(|it| Some((it, it.agreement.clone()?)));
        let agreed = agreed.filter(|(_, agreement)| agreement.call == call);
        let stays = keep || agreed.is_some();
        if let Some((it, agreement)) = agreed {
            let agreement = Some(Agreement { kept_open: keep, ..agreement });
            self.put_entry(Entry { agreement, ..it.clone() });
        }
        self.edit_call(call, |row| {
            row.keep_open.retain(|kept| *kept != entry);
            if stays {
                row.keep_open.push(entry);
            }
        })?;
        Ok(Answer::Done)
    }
}
