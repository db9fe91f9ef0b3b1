//! How what callers leave behind is gathered into one open entry per number and line of business (I-7).

use nohold_model::{CallId, EntryId, Millis, PhoneNumber, Timestamp};

use super::{Answer, Noun, Read, Refusal, Rows, Working};
use crate::call::no_sooner;
use crate::entry::{self, Actor, Agreement, Business, Change, Entry, FollowUp, LeftAt, Request, Target, Was, Window};
use crate::fact::{Doing, Fact, LeftQueue, RequestMade};

/// The time in which the requests of one number are counted.
const LIMIT_PERIOD: Millis = Millis::hours(24);

/// A request upon which an agent and the customer have agreed.
pub(super) struct Agreed<'a> {
    /// The call in which they have.
    pub(super) call: CallId,
    /// The agent.
    pub(super) by: &'a Actor,
}

/// What a caller leaves behind: of which call, and where it belongs.
pub(super) struct Trace<'a> {
    /// The entry it makes where there is no open one.
    pub(super) entry: EntryId,
    pub(super) call: CallId,
    pub(super) number: Option<&'a PhoneNumber>,
    pub(super) target: &'a Target,
}

impl<R: Rows> Working<'_, R> {
    /// A caller waits for this request to be committed: out of the line and into the list, in one commit.
    pub(super) fn request_promised(&mut self, at: Timestamp, made: &RequestMade) -> Read<Answer> {
        let answer = self.request(at, made, None)?;
        if let (Answer::Requested { .. }, Some(call)) = (&answer, made.call) {
            if self.waiting(call)?.is_some() {
                self.note(at, Fact::LeftQueue { call, why: LeftQueue::Chose });
            }
            self.left_queue(at, call, LeftQueue::Chose)?;
            self.edit_call(call, |row| row.doing = Doing::Finished)?;
        }
        Ok(answer)
    }

    /// A request that was not made in a call: on a web page, by a programme. The rules are those of every request.
    pub(super) fn request_wish(&mut self, made: &RequestMade, agreed: Option<&Agreed<'_>>) -> Read<Answer> {
        if !made.target.is_known(self.directory) {
            return Ok(Answer::Refused(Refusal::NotFound(Noun::Target)));
        }
        let answer = self.request(self.at, made, agreed)?;
        if answer != Answer::OverLimit {
            return Ok(answer);
        }
        let made_before = self.requests_since(&made.number, self.at - LIMIT_PERIOD)?;
        let limit = self.directory.site.request_limit;
        Ok(limit.check(made_before).map_or_else(|why| Answer::Refused(Refusal::Dial(why.into())), |()| answer))
    }

    /// A request of a caller who has gone before the store could answer. Where it cannot be made, the call is a missed
    /// one.
    pub(super) fn request_recorded(&mut self, at: Timestamp, made: &RequestMade) -> Read<()> {
        if self.request(at, made, None)? == Answer::OverLimit
            && let Some(call) = made.call
        {
            let trace = Trace { entry: made.entry, call, number: Some(&made.number), target: &made.target };
            let waited = at.since(made.place);
            self.note(
                at,
                Fact::Missed {
                    entry: made.entry,
                    call,
                    number: Some(made.number.clone()),
                    target: made.target.clone(),
                    left_at: LeftAt::Menu,
                    waited,
                    short: false,
                },
            );
            self.gather(at, &trace, |entry| entry.missed.add(LeftAt::Menu, waited, false))?;
        }
        Ok(())
    }

    /// An agent has agreed with the customer of a call that they are called at a time. A request that waits already is moved to it, and
    /// the end of this call does not settle it.
    pub(super) fn follow_up(&mut self, call: CallId, made: &RequestMade, by: &Actor) -> Read<Answer> {
        let before = self.open_in(&made.number, &made.target)?;
        let answer = self.request_wish(made, Some(&Agreed { call, by }))?;
        let (Answer::Requested { entry: id, .. } | Answer::AlreadyOpen { entry: id, .. }) = answer else {
            return Ok(answer);
        };
        let kept_open = self.call(call)?.is_some_and(|row| row.keep_open.contains(&id));
        if let Some(mut entry) = self.entry(id)? {
            let before = before.iter().find(|entry| entry.id == id);
            // Of several in one call all are taken back together, but for those of a colleague who has had the call before.
            let own = before.filter(|entry| entry.is_agreed_by(by));
            let standing = own.and_then(|entry| entry.agreement.clone()).filter(|standing| standing.call == call);
            entry.agreement = Some(standing.unwrap_or_else(|| {
                let was = before.map(|entry| Box::new(Was::of(entry)));
                Agreement { call, since: self.at, kept_open, served: false, was }
            }));
            self.put_entry(entry);
        }
        if matches!(answer, Answer::AlreadyOpen { .. }) && !kept_open {
            self.edit_call(call, |row| row.keep_open.push(id))?;
        }
        Ok(answer)
    }

    /// They have not agreed: the entry is as it was, and the end of the call settles it, or has by now, if it would have without.
    pub(super) fn take_back_follow_up(&mut self, call: CallId, id: EntryId, by: &Actor) -> Read<Answer> {
        let Some(entry) = self.entry(id)? else { return Ok(Answer::Refused(Refusal::NotFound(Noun::Entry))) };
        if !self.may_work_on(&entry, by) {
            return Ok(Answer::Refused(Refusal::Entry(entry::Refusal::OtherGroups)));
        }
        let agreement = entry.agreement;
        let since = agreement.as_ref().map_or(self.at, |agreement| agreement.since);
        if let Err(refusal) = self.entry_change(id, self.at, &Change::FollowUpTakenBack { call, since }, by)? {
            return Ok(Answer::Refused(Refusal::Entry(refusal)));
        }
        if agreement.as_ref().is_some_and(|agreement| agreement.served && !agreement.kept_open) {
            self.by_system(id, self.at, &Change::Served)?;
        }
        if agreement.is_some_and(|agreement| !agreement.kept_open) {
            self.edit_call(call, |row| row.keep_open.retain(|kept| *kept != id))?;
        }
        Ok(Answer::Done)
    }

    /// Adds a request to the open entry of its number, or makes one.
    fn request(&mut self, at: Timestamp, made: &RequestMade, agreed: Option<&Agreed<'_>>) -> Read<Answer> {
        // Whoever is thanked must be somebody whom we may call: the block list and the outbound rules always win.
        if let Err(forbidden) = self.directory.may_be_called_back(&made.number) {
            return Ok(Answer::Refused(Refusal::Dial(forbidden.into())));
        }
        let open = self.open_in(&made.number, &made.target)?;
        // What is agreed upon in the conversation that answers a request is a wish of its own, as is one after it.
        let answered_now = open.iter().find(|entry| agreed.is_some_and(|agreed| entry.call() == Some(agreed.call)));
        let asked_before = open
            .iter()
            .filter(|entry| entry.awaits_callback() && answered_now.is_none())
            .find_map(|entry| entry.request.as_ref().map(|request| (entry, request)));
        // Who asks anew though nobody may try the number any more today wants to be called all the same, and the count begins anew.
        let asks_again = asked_before.map(|(entry, _)| entry).filter(|entry| entry.is_held(at) && agreed.is_none());
        if let (Some((entry, request)), None, false) = (asked_before, asks_again, made.another_matter) {
            return match agreed {
                Some(agreed) => self.move_to(at, entry, made, agreed),
                None => {
                    let answer = Answer::AlreadyOpen { entry: entry.id, promise: request.promise };
                    // The customer relies on it by now.
                    if entry.agreement.is_some() {
                        self.put_entry(Entry { agreement: None, ..entry.clone() });
                    }
                    Ok(answer)
                }
            };
        }
        // What is agreed upon in a conversation is no wish that somebody else could make in the customer's name.
        let made_before = if agreed.is_none() { self.requests_since(&made.number, at - LIMIT_PERIOD)? } else { 0 };
        if self.directory.site.request_limit.check(made_before).is_err() {
            return Ok(Answer::OverLimit);
        }
        let asks_again = asks_again.filter(|_| !made.another_matter);
        let may_take = || open.iter().find(|entry| !entry.awaits_callback());
        let mut entry = match answered_now.or(asks_again).or_else(may_take) {
            Some(entry) => entry.clone(),
            None => {
                let mut entry = Entry::new(made.entry, Some(made.number.clone()), made.target.clone(), at);
                entry.matter = open.iter().map(|entry| entry.matter.saturating_add(1)).max().unwrap_or(0);
                entry
            }
        };
        // What an agent and the customer agree upon stays as agreed.
        let promise = if agreed.is_some() { made.promise } else { self.possible(made, entry.not_before)? };
        entry.target = made.target.clone();
        if made.assigned.is_some() {
            entry.assigned.clone_from(&made.assigned);
        }
        entry.gather(made.place, at);
        entry.ask(Request {
            call: made.call,
            asked: at,
            promise,
            consent: made.consent.clone(),
            called: made.called.clone(),
            queue: made.queue.clone(),
            path: made.path.clone(),
            language: made.language,
            agreed_in: agreed.map(|agreed| agreed.call),
            agreed_by: agreed.and_then(|agreed| agreed.by.key()).cloned(),
        });
        self.note(at, Fact::RequestMade(Box::new(RequestMade { entry: entry.id, promise, ..made.clone() })));
        self.note(at, Fact::EntryGathered { entry: entry.id, call: made.call });
        if agreed.is_none() {
            self.count_request(made.number.clone(), at);
        }
        let answer = Answer::Requested { entry: entry.id, promise };
        self.put_entry(entry);
        Ok(answer)
    }

    /// The window that this request may be promised: the call cannot know when its number was tried last, by whatever entry.
    fn possible(&self, made: &RequestMade, not_before: Timestamp) -> Read<Window> {
        let tries = self.tries_since(&made.number, self.at - self.directory.site.retry_plan.remembered())?;
        let gap = entry::gap_ends(made.target.business(self.directory).as_ref(), &tries);
        let earliest = gap.map_or(not_before, |gap| gap.max(not_before));
        Ok(no_sooner(made.promise, earliest, &made.number, &made.target, self.directory))
    }

    /// A request that waits is moved to the time that was agreed upon. Where the agent shall call it is theirs; where their group shall,
    /// it goes to the groups of the call, if they could not work on it otherwise.
    fn move_to(&mut self, at: Timestamp, entry: &Entry, made: &RequestMade, agreed: &Agreed<'_>) -> Read<Answer> {
        let (window, by) = (made.promise, agreed.by);
        let kept = entry.assigned.as_ref().filter(|assigned| Some(*assigned) != by.key());
        let assigned = made.assigned.as_ref().or(kept).cloned();
        let without_them = Entry { assigned: assigned.clone(), ..entry.clone() };
        let target = (!self.may_work_on(&without_them, by)).then(|| made.target.clone());
        let change = Change::FollowUp(Box::new(FollowUp { call: agreed.call, window, target, assigned }));
        Ok(match self.entry_change(entry.id, at, &change, by)? {
            Ok(()) => Answer::AlreadyOpen { entry: entry.id, promise: window },
            Err(refusal) => Answer::Refused(Refusal::Entry(refusal)),
        })
    }

    /// Adds a message, a missed call or a call that we cut off to the open entry of its number, or makes one.
    pub(super) fn gather(&mut self, at: Timestamp, trace: &Trace<'_>, add: impl FnOnce(&mut Entry)) -> Read<()> {
        let mut entry = self.entry_to_add_to(trace.entry, at, trace.number, trace.target)?;
        let arrived = self.call(trace.call)?.map_or(at, |row| row.began);
        entry.gather(arrived, at);
        add(&mut entry);
        self.note(at, Fact::EntryGathered { entry: entry.id, call: Some(trace.call) });
        self.put_entry(entry);
        Ok(())
    }

    fn entry_to_add_to(
        &self,
        id: EntryId,
        at: Timestamp,
        number: Option<&PhoneNumber>,
        target: &Target,
    ) -> Read<Entry> {
        let open = match number {
            Some(number) => self.open_in(number, target)?.into_iter().next(),
            // Without a number nobody knows whether it is the same person.
            None => None,
        };
        Ok(open.unwrap_or_else(|| Entry::new(id, number.cloned(), target.clone(), at)))
    }

    /// The open entries of a number in the line of business of a target, the first matter first.
    pub(super) fn open_in(&self, number: &PhoneNumber, target: &Target) -> Read<Vec<Entry>> {
        let business: Option<Business> = target.business(self.directory);
        let mut open = self.open_entries(number)?;
        open.retain(|entry| entry.target.business(self.directory) == business);
        open.sort_by_key(|entry| (entry.matter, entry.id));
        Ok(open)
    }
}
