//! Offers that end.

use nohold_model::{OfferId, Timestamp};

use super::{Read, Rows, Working};
use crate::agent::{AfterOffer, Input, OfferEnd};
use crate::entry::Actor;
use crate::fact::Fact;

impl<R: Rows> Working<'_, R> {
    pub(super) fn offer_ended(&mut self, at: Timestamp, id: OfferId, end: OfferEnd, after: AfterOffer) -> Read<()> {
        let Some(mut offer) = self.offer(id)?.filter(|offer| offer.ended.is_none()) else { return Ok(()) };
        self.note(at, Fact::OfferEnded { offer: id, end, after });
        self.agent_input(&offer.agent, at, &Input::OfferEnded(id, end, after), &Actor::System)?;
        if end == OfferEnd::Accepted {
            self.edit_call(offer.call, |row| row.agent = Some(offer.agent.clone()))?;
            // From here on the caller is with the agent, also while the announcement and the whisper are heard.
            self.hold_customer(offer.call)?;
        }
        if end == OfferEnd::Declined {
            let waiting = self.waiting(offer.call)?.filter(|waiting| waiting.stay == offer.stay);
            if let Some(mut waiting) = waiting {
                waiting.declined.insert(offer.agent.clone());
                self.put_waiting(waiting);
            }
        }
        offer.ended = Some((at, end));
        self.put_offer(offer);
        Ok(())
    }
}
