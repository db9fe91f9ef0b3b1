//! The note of a call (通话小结): what an agent writes down about a conversation, as it is typed and as it is saved.
//!
//! There is one for each agent who has talked in a call. What was typed stays, whatever happens to the page, the sign-in or
//! the server, and stands on the agent's page until it is saved or thrown away.

use nohold_model::{
    AgentKey, CallId, CampaignKey, DispositionKey, EntryId, PhoneNumber, QueueKey, ServiceKey, Timestamp,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::directory::Directory;
use crate::entry::{Entry, Target};
use crate::text::{self, Unfit};
use crate::transaction::CallRow;

/// So many tags a note may have.
pub const MOST_TAGS: usize = 10;

/// The longest tag, in characters.
pub const LONGEST_TAG: usize = 40;

/// The note of one agent on one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallNote {
    /// The call.
    pub call: CallId,
    /// Whose note it is.
    pub agent: AgentKey,
    /// Counts the changes.
    pub version: u64,
    /// The customer's number, where it is known.
    pub number: Option<PhoneNumber>,
    /// The service.
    pub service: Option<ServiceKey>,
    /// The campaign, of a callback of one.
    pub campaign: Option<CampaignKey>,
    /// The queue that the caller came from.
    pub queue: Option<QueueKey>,
    /// The entry that was called back.
    pub entry: Option<EntryId>,
    /// When the call began.
    pub began: Timestamp,
    /// When the call let the agent go; none while they talk.
    pub ended: Option<Timestamp>,
    /// The queue asks for it: the wrap-up is mandatory.
    pub required: bool,
    /// What is written.
    pub written: Written,
    /// When something was typed last.
    pub typed: Option<Timestamp>,
    /// When it was saved, or thrown away; none while it is to be done.
    pub done: Option<Timestamp>,
}

/// What an agent writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The disposition, where one is chosen.
    pub disposition: Option<DispositionKey>,
    /// The note.
    pub note: String,
    /// Words to find it by.
    pub tags: Vec<String>,
}

/// What is wished of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// It is kept as typed so far.
    Type(Written),
    /// It is done; one that was saved before is corrected.
    Save(Written),
    /// Nothing shall be noted.
    Discard,
}

/// Why a text may not stand in a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotWritten {
    /// The note.
    #[error("{0}")]
    Note(Unfit),
    /// A tag.
    #[error("{0}")]
    Tag(Unfit),
    /// A tag of no or too many characters.
    #[error("a tag has 1 to {LONGEST_TAG} characters")]
    TagLength,
    /// Too many tags.
    #[error("a note has {MOST_TAGS} tags at most")]
    Tags,
}

impl Written {
    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.disposition.is_none() && self.note.trim().is_empty() && self.tags.is_empty()
    }

    /// Looks at its texts.
    ///
    /// # Errors
    /// [`NotWritten`], with what is wrong first.
    pub fn check(&self) -> Result<(), NotWritten> {
        text::note(&self.note).map_err(NotWritten::Note)?;
        if self.tags.len() > MOST_TAGS {
            return Err(NotWritten::Tags);
        }
        for tag in &self.tags {
            text::name(tag).map_err(NotWritten::Tag)?;
            if tag.trim().is_empty() || tag.chars().count() > LONGEST_TAG {
                return Err(NotWritten::TagLength);
            }
        }
        Ok(())
    }
}

impl CallNote {
    /// The note that an agent of this call may begin; none of a conversation with nobody outside. `entry` is the one that is
    /// called back.
    #[must_use]
    pub fn of(row: &CallRow, agent: &AgentKey, entry: Option<&Entry>) -> Option<CallNote> {
        let number = row.number.as_ref().or(row.dialled.as_ref()).cloned();
        if number.is_none() && row.queue.is_none() {
            return None;
        }
        let campaign = match entry.map(|entry| &entry.target) {
            Some(Target::Campaign(campaign)) => Some(campaign.clone()),
            Some(Target::Service(..) | Target::WholeService(_) | Target::Queue(_)) | None => None,
        };
        Some(CallNote {
            call: row.id,
            agent: agent.clone(),
            version: 0,
            number,
            service: row.service.clone(),
            campaign,
            queue: row.queue.clone(),
            entry: row.callback.as_ref().map(|callback| callback.entry),
            began: row.began,
            ended: None,
            required: false,
            written: Written::default(),
            typed: None,
            done: None,
        })
    }

    /// Whether it stands on the agent's page until it is done: something is typed, or the queue asks for it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.done.is_none() && (self.required || !self.written.is_empty())
    }

    /// Who may be asked to call again about it: those who were to be talked with.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        let campaign = self.campaign.clone().map(Target::Campaign);
        campaign
            .or_else(|| self.queue.clone().map(Target::Queue))
            .or_else(|| self.service.clone().map(Target::WholeService))
    }
}

impl Directory {
    /// The dispositions that are listed for what this note is about, in the order in which they are offered: those of the
    /// queue, else of the service or campaign; none where any that is configured may be given.
    #[must_use]
    pub fn dispositions_of_note(&self, note: &CallNote) -> Option<&[DispositionKey]> {
        let known = &self.dispositions;
        let queue = note.queue.as_ref();
        let of_queue = queue.and_then(|queue| known.of_queues.get(queue));
        let of_campaign = note.campaign.as_ref().and_then(|campaign| known.of_campaigns.get(campaign));
        let service = || note.service.as_ref().or_else(|| Some(&self.queue(queue?)?.service));
        let list = of_campaign.or(of_queue).or_else(|| known.of_services.get(service()?));
        list.map(Vec::as_slice)
    }

    /// Those that may be given to this note, where it is not this one.
    #[must_use]
    pub fn dispositions_of_note_instead_of(
        &self,
        given: &DispositionKey,
        note: &CallNote,
    ) -> Option<Vec<&DispositionKey>> {
        self.other_than(given, self.dispositions_of_note(note))
    }
}
