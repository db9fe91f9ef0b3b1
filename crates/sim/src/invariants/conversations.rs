//! I-7, its second half: no number is dialled that is in a conversation with us already.

use std::collections::{BTreeMap, BTreeSet};

use nohold_core::agent::OfferEnd;
use nohold_core::fact::{Destination, Fact};
use nohold_core::tables::Tables;
use nohold_model::{CallId, PhoneNumber};

/// The callers with whom somebody of ours is connected, by what the commits tell and by nothing that the core keeps for
/// the purpose.
///
/// A caller is in a conversation from the commit in which somebody has taken the call, also while the announcement is
/// heard, to the commit in which nobody has it any more.
#[derive(Debug, Default)]
pub struct Conversations {
    callers: BTreeMap<CallId, PhoneNumber>,
    taken: BTreeSet<CallId>,
}

impl Conversations {
    /// Reads a fact as it was committed; what is wrong with it, if anything is.
    pub fn read(&mut self, fact: &Fact, before: &Tables) -> Option<String> {
        match fact {
            Fact::CallArrived(arrival) => {
                if let Some(number) = arrival.number.clone().filter(|_| arrival.colleague.is_none()) {
                    self.callers.insert(arrival.call, number);
                }
                None
            }
            Fact::OfferEnded { offer, end: OfferEnd::Accepted, .. } => {
                self.taken.extend(before.offers.get(offer).map(|offer| offer.call));
                None
            }
            Fact::Connected { call, .. } | Fact::PhoneAnswered { call } | Fact::TransferAnswered { call } => {
                self.taken.insert(*call);
                None
            }
            Fact::AgentFreed { call, .. } | Fact::Queued(nohold_core::routing::Waiting { call, .. }) => {
                self.taken.remove(call);
                None
            }
            Fact::CallEnded { call, .. } => {
                self.callers.remove(call);
                self.taken.remove(call);
                None
            }
            Fact::AttemptBegan { call, number, .. }
            | Fact::DirectBegan { call, number: Some(number), .. }
            | Fact::Transferred { call, to: Destination::Number(number), .. }
            | Fact::HandedOver { call, to: Destination::Number(number), .. }
            | Fact::ConsultBegan { call, to: Destination::Number(number), .. } => self.dialled(*call, number),
            _ => None,
        }
    }

    fn dialled(&self, by: CallId, number: &PhoneNumber) -> Option<String> {
        let with_us = |call: &&CallId| **call != by && self.callers.get(call) == Some(number);
        let other = self.taken.iter().find(with_us)?;
        Some(format!("{number:?} is dialled by {by} while somebody talks with it in {other}"))
    }
}
