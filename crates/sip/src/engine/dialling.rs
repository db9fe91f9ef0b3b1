//! A leg that we dial: whom it rings.

use std::future::ready;
use std::time::Duration;

use nohold_core::call::{DialTo, Gone, Input};
use nohold_model::{LegId, Millis};

use super::Engine;
use crate::access::Who;
use crate::leg::outbound::Outbound;
use crate::legs::NoLeg;

impl Engine {
    pub(super) fn dial(&self, leg: LegId, to: &DialTo, ring_for: Millis) {
        let added = self.legs().add_dialled(leg);
        let orders = match added {
            Ok(orders) => orders,
            // A command that is repeated.
            Err(NoLeg::There) => return,
            Err(NoLeg::Leaving) => return self.tell(leg, Input::Gone(leg, Gone::Lost)),
        };
        let engine = self.clone();
        let (to, ring_for) = (to.clone(), Duration::from_millis(ring_for.as_millis()));
        let seat = match &to {
            DialTo::Extension { extension, .. } => match self.seat(&Who::Extension(extension.clone())) {
                Some(seat) => Some(seat),
                None => {
                    // Told as for every other leg: from its task.
                    self.begin(leg, orders, None, |_| Box::pin(ready(Err(Gone::Busy))));
                    return;
                }
            },
            DialTo::Outside { .. } | DialTo::AgentOutside { .. } => None,
        };
        self.begin(leg, orders, seat, move |orders| {
            let (groups, page) = match &to {
                DialTo::Extension { extension, shows, auto_answer } => {
                    let phones = engine.phones(leg, extension, shows, *auto_answer);
                    (phones.into_iter().collect(), engine.ring_page(leg, extension, *auto_answer))
                }
                DialTo::Outside { routes, .. } | DialTo::AgentOutside { routes, .. } => {
                    (engine.ways(leg, routes), None)
                }
            };
            let page = match page {
                Some(Ok(page)) => Some(page),
                // Whoever is in a call at the page is busy, unless another phone of the same number rings.
                Some(Err(gone)) if groups.is_empty() => return Box::pin(ready(Err(gone))),
                None if groups.is_empty() => return Box::pin(ready(Err(Gone::Unreachable))),
                Some(Err(_)) | None => None,
            };
            Box::pin(Outbound { engine, leg, groups, page, ring_for }.run(orders))
        });
    }
}
