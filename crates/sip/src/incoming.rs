//! Requests that come in: to a dialog that stands, or for a new one.

use std::time::{Duration, Instant};

use nohold_app::ports::{CallerHeaders, Source, TelephonyEvent};
use nohold_core::numbers::Privacy;
use rsipstack::dialog::dialog::DialogState;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Method, StatusCode};
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transaction::transaction::Transaction;

use crate::access::{Access, Who};
use crate::engine::Engine;
use crate::flow::Flow;
use crate::leg::inbound::Inbound;
use crate::leg::session_timer::SessionTimer;
use crate::leg::{DialogOwner, timers, values};
use crate::legs::NoLeg;
use crate::queues::Queues;
use crate::registrar;
use crate::sdp::Unusable;
use crate::uri::{Uri, as_it_came};

/// A request that has overtaken an answer or its ACK waits for that so long.
const ACK_BEHIND: Duration = Duration::from_millis(500);

/// Serves requests for as long as the engine runs.
pub(crate) async fn serve(engine: Engine, mut requests: TransactionReceiver) {
    let mut queues = Queues::default();
    while let Some(mut transaction) = requests.recv().await {
        if let (Method::Invite, Ok(call_id)) = (transaction.original.method, transaction.original.call_id_header()) {
            engine.edge().note_taken(call_id.value());
        }
        if engine.tasks().running() > engine.edge().most_tasks() {
            engine.edge().count_overload();
            // Whoever sent it tries again later. An answer to an ACK there is not.
            if transaction.original.method != Method::Ack {
                let answered = transaction.reply_with(StatusCode::ServiceUnavailable, vec![retry_later()], None);
                if let Err(error) = answered.await {
                    tracing::debug!(%error, "a request could not be refused");
                }
            }
            continue;
        }
        let within = transaction.original.to_header().is_ok_and(|to| to.tag().is_ok_and(|tag| tag.is_some()));
        if within && !matches!(transaction.original.method, Method::Ack | Method::Cancel) {
            queues.push(&engine, transaction);
            continue;
        }
        let engine = engine.clone();
        engine.tasks().spawn("request", async move {
            if let Err(error) = engine.request(transaction).await {
                tracing::debug!(%error, "a request could not be answered");
            }
        });
    }
}

impl Engine {
    async fn request(&self, mut transaction: Transaction) -> rsipstack::Result<()> {
        let within = transaction.original.to_header()?.tag()?.is_some();
        if within {
            return self.within_dialog(transaction).await;
        }
        let Some(flow) = Flow::of(&transaction) else {
            return transaction.reply(StatusCode::BadRequest).await;
        };
        match transaction.original.method {
            Method::Register => registrar::register(self, transaction, flow).await,
            Method::Invite => self.invited(transaction, flow).await,
            Method::Options => transaction.reply_with(StatusCode::OK, vec![accept()], None).await,
            // An ACK to a refusal of ours, which the library has taken already.
            Method::Ack => Ok(()),
            Method::Cancel => transaction.reply(StatusCode::CallTransactionDoesNotExist).await,
            _ => transaction.reply(StatusCode::MethodNotAllowed).await,
        }
    }

    /// A request in a dialog that stands. Whatever the library leaves unanswered is answered here.
    pub(crate) async fn within_dialog(&self, mut transaction: Transaction) -> rsipstack::Result<()> {
        let is_ack = transaction.original.method == Method::Ack;
        let Some(mut dialog) = self.dialogs().match_dialog(&transaction) else {
            return if is_ack { Ok(()) } else { transaction.reply(StatusCode::CallTransactionDoesNotExist).await };
        };
        let handled = dialog.handle(&mut transaction).await;
        if transaction.last_response.is_none() && !is_ack {
            // An older CSeq, or a state in which it means nothing (RFC 3261 §12.2.2).
            transaction.reply(StatusCode::ServerInternalError).await?;
        }
        handled
    }

    /// Requests that come on the heels of an answer or its ACK wait until that has been worked on: before it the library
    /// takes none. Whoever answers and hangs up at once may be quicker than we are with our own books.
    pub(crate) async fn ready_for(&self, transaction: &Transaction) {
        let until = Instant::now() + ACK_BEHIND;
        let call_id = transaction.original.call_id_header().map(|id| id.value().to_owned()).unwrap_or_default();
        while self.dialogs().match_dialog(transaction).is_none() && self.edge().watches(&call_id) {
            if Instant::now() >= until {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if transaction.original.method == Method::Bye {
            return;
        }
        let Some(dialog) = self.dialogs().match_dialog(transaction) else { return };
        while matches!(dialog.state(), DialogState::WaitAck(..)) && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A call.
    async fn invited(&self, mut transaction: Transaction, flow: Flow) -> rsipstack::Result<()> {
        let who = match self.access(&transaction.original, flow) {
            Access::Granted(who) => who,
            Access::Challenge { stale } => {
                let headers = self.challenge(&transaction.original, flow, stale);
                return transaction.reply_with(StatusCode::Unauthorized, headers, None).await;
            }
            Access::Refused => return transaction.reply(StatusCode::Forbidden).await,
        };
        let request = &transaction.original;
        let offer = match self.described(request, &request.body, flow.peer.ip()) {
            Some(Ok(offer)) => Some(offer),
            Some(Err(Unusable::Malformed)) => return transaction.reply(StatusCode::BadRequest).await,
            Some(Err(Unusable::NotAcceptable)) => return transaction.reply(StatusCode::NotAcceptableHere).await,
            None if request.body.is_empty() => None,
            None => {
                return transaction.reply_with(StatusCode::UnsupportedMediaType, vec![accept()], None).await;
            }
        };
        let asked = timers(request);
        let Ok(timer) = SessionTimer::answered(asked, self.shortest_session(), Instant::now()) else {
            let headers = vec![Header::MinSE(self.shortest_session().to_string().into())];
            return transaction.reply_with(StatusCode::from(422), headers, None).await;
        };
        let Some((seat, undecided)) = self.seat_for_caller(&who) else {
            return match who {
                Who::Extension(_) => transaction.reply(StatusCode::BusyHere).await,
                Who::Trunk(_) => {
                    transaction.reply_with(StatusCode::ServiceUnavailable, vec![retry_later()], None).await
                }
            };
        };
        let leg = self.new_leg();
        let Some(local) = self.local(leg, flow.peer.ip()) else {
            self.edge().count_refused_call();
            return transaction.reply_with(StatusCode::ServiceUnavailable, vec![retry_later()], None).await;
        };
        // Whatever fails from here to the beginning of the leg's task, its port is free again.
        let port = self.hold_port(leg);
        let event = self.new_call(leg, &who, &transaction);
        let contact = self.edge().local_contact(None, flow.peer, flow.transport).to_library();
        let (dialog, states, spoken) = match self.sorting().invited(&self.dialogs(), &mut transaction, contact) {
            Ok(made) => made,
            Err(error) => {
                // A Contact that leads nowhere, for one.
                tracing::debug!(%error, "an INVITE that makes no dialog");
                return transaction.reply(StatusCode::BadRequest).await;
            }
        };
        let owner = DialogOwner::new(self.dialogs(), self.tasks(), dialog.clone());
        let inbound = Inbound { engine: self.clone(), leg, owner, states, local, flow, offer, timer, asked, undecided };
        let added = self.legs().add_incoming(leg);
        let orders = match added {
            Ok(orders) => orders,
            Err(NoLeg::There) => return transaction.reply(StatusCode::ServerInternalError).await,
            Err(NoLeg::Leaving) => {
                self.edge().count_refused_call();
                return transaction.reply_with(StatusCode::ServiceUnavailable, vec![retry_later()], None).await;
            }
        };
        port.keep();
        let inbound = Box::new(inbound);
        self.begin(leg, orders, Some(seat), move |orders| Box::pin((*inbound).run(orders)));
        self.send(event);
        let mut dialog = dialog;
        let handled = dialog.handle(&mut transaction).await;
        drop(spoken);
        handled
    }

    fn new_call(&self, leg: nohold_model::LegId, who: &Who, transaction: &Transaction) -> TelephonyEvent {
        let request = &transaction.original;
        let lines = self.lines();
        let (source, trusted) = match who {
            Who::Extension(key) => (Source::Extension(key.clone()), false),
            Who::Trunk(key) => {
                let trusted = lines.trunks.get(key).is_some_and(|trunk| trunk.trusted_identity);
                (Source::Trunk(key.clone()), trusted)
            }
        };
        let first = |name: &str| values(request, name).next();
        TelephonyEvent::NewCall {
            leg,
            source,
            caller: CallerHeaders {
                from: first("From"),
                asserted: first("P-Asserted-Identity").filter(|_| trusted),
                privacy: Privacy::from_header(first("Privacy").as_deref()),
            },
            to: dialled(&as_it_came(&request.uri)),
        }
    }
}

/// What was dialled: the user part of a Request-URI, its escapes resolved, or the whole as it came where the user part says more
/// than a number, or could be taken for a URI itself and be read twice.
fn dialled(uri: &str) -> String {
    let parsed = uri.parse::<Uri>().ok().filter(|parsed| parsed.user_parameter("phone-context").is_none());
    let user = parsed.and_then(|parsed| parsed.user()).filter(|user| !user.contains(['%', ':', ';', '@', '<', '>']));
    user.unwrap_or_else(|| uri.to_owned())
}

fn accept() -> Header {
    Header::Accept("application/sdp".into())
}

fn retry_later() -> Header {
    Header::RetryAfter("5".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialled_number_is_the_user_part() {
        assert_eq!(dialled("sip:600@192.0.2.1:5060;transport=tcp"), "600");
        assert_eq!(dialled("sip:%2A43@192.0.2.1"), "*43");
        assert_eq!(dialled("sip:%2B8613800138000@192.0.2.1"), "+8613800138000");
        for whole in ["sip:%252A43@192.0.2.1", "sip:100%25@192.0.2.1", "sip:tel%3A2000@192.0.2.1", "sip:%4@192.0.2.1"] {
            assert_eq!(dialled(whole), whole);
        }
        assert_eq!(dialled("sip:+862161230000;npdi@carrier.example;user=phone"), "+862161230000");
        assert_eq!(
            dialled("sip:61230000;phone-context=+8621@carrier.example"),
            "sip:61230000;phone-context=+8621@carrier.example"
        );
        assert_eq!(dialled("tel:+862161230000"), "+862161230000");
    }
}
