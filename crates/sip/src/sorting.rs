//! What the library says to each dialog that came in and to its INVITE's transaction, by one queue each for all of them.
//!
//! The library wants two queues for every dialog and keeps them for its whole life, and a queue of tokio always has room for 32
//! messages: 19 kB for a caller who waits and to whom nothing is said. So all dialogs get the same two queues, and what
//! comes out of them is sorted by dialog: into a queue of pointers for the leg, and into the transaction's own, which ends with the
//! transaction.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rsipstack::dialog::DialogId;
use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver, DialogStateSender};
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{SipMessage, Uri};
use rsipstack::transaction::key::TransactionRole;
use rsipstack::transaction::transaction::{
    Transaction, TransactionEvent, TransactionEventReceiver, TransactionEventSender,
};
use tokio::sync::mpsc;

use crate::tasks::Tasks;

/// The two queues, and where each message goes.
#[derive(Clone)]
pub(crate) struct Sorting {
    states: DialogStateSender,
    events: TransactionEventSender,
    ways: Arc<Ways>,
}

#[derive(Default)]
struct Ways {
    legs: Mutex<HashMap<DialogId, mpsc::UnboundedSender<Box<DialogState>>>>,
    transactions: Mutex<HashMap<DialogId, TransactionEventSender>>,
}

/// What a dialog becomes, for its leg.
pub(crate) enum States {
    /// From a queue of its own.
    Own(DialogStateReceiver),
    /// Sorted out for it.
    Sorted(mpsc::UnboundedReceiver<Box<DialogState>>, Way),
}

/// A leg's way, which ends with it.
pub(crate) struct Way {
    ways: Arc<Ways>,
    dialog: DialogId,
}

/// An INVITE's transaction, which can be spoken to until this is dropped.
pub(crate) struct Spoken {
    ways: Arc<Ways>,
    dialog: DialogId,
}

impl Sorting {
    /// Begins to sort.
    pub(crate) fn start(tasks: &Tasks) -> Self {
        let (states, changed) = mpsc::unbounded_channel();
        let (events, said) = mpsc::unbounded_channel();
        let ways = Arc::new(Ways::default());
        tasks.spawn("states of dialogs", Arc::clone(&ways).sort_states(changed));
        tasks.spawn("what dialogs answer", Arc::clone(&ways).sort_events(said));
        Sorting { states, events, ways }
    }

    /// The dialog of a call that comes in.
    ///
    /// # Errors
    /// When the INVITE makes none: a Contact that leads nowhere, for one.
    pub(crate) fn invited(
        &self,
        dialogs: &DialogLayer,
        transaction: &mut Transaction,
        contact: Uri,
    ) -> Result<(InviteDialog, States, Spoken), Box<rsipstack::Error>> {
        // The dialog takes a copy of what it finds here.
        let own = std::mem::replace(&mut transaction.tu_sender, self.events.clone());
        let made = dialogs.get_or_create_server_invite(transaction, self.states.clone(), None, Some(contact));
        transaction.tu_sender = own;
        let dialog = made?;
        let (id, ways) = (dialog.id(), Arc::clone(&self.ways));
        let (leg, states) = mpsc::unbounded_channel();
        lock(&ways.legs).insert(id.clone(), leg);
        lock(&ways.transactions).insert(id.clone(), transaction.tu_sender.clone());
        let way = Way { ways: Arc::clone(&ways), dialog: id.clone() };
        Ok((dialog, States::Sorted(states, way), Spoken { ways, dialog: id }))
    }
}

impl Ways {
    async fn sort_states(self: Arc<Self>, mut changed: DialogStateReceiver) {
        while let Some(state) = changed.recv().await {
            let leg = lock(&self.legs).get(state.id()).cloned();
            if let Some(leg) = leg {
                // A leg that is over asks no more.
                let _ = leg.send(Box::new(state));
            }
        }
    }

    async fn sort_events(self: Arc<Self>, mut said: TransactionEventReceiver) {
        while let Some(event) = said.recv().await {
            let Some(dialog) = dialog(&event) else { continue };
            let transaction = lock(&self.transactions).get(&dialog).cloned();
            if let Some(transaction) = transaction {
                // As the library has it: to a transaction that is over nothing can be said.
                let _ = transaction.send(event);
            }
        }
    }
}

/// Whose event it is: an answer of ours to the INVITE, or the ACK to it.
fn dialog(event: &TransactionEvent) -> Option<DialogId> {
    match event {
        TransactionEvent::Respond(response) => DialogId::try_from((response, TransactionRole::Server)).ok(),
        TransactionEvent::Received(SipMessage::Request(request), _) => {
            DialogId::try_from((request, TransactionRole::Server)).ok()
        }
        TransactionEvent::Received(SipMessage::Response(_), _)
        | TransactionEvent::Timer(_)
        | TransactionEvent::Terminate(_) => None,
    }
}

impl States {
    /// The next one; nothing when the dialog will say no more.
    pub(crate) async fn recv(&mut self) -> Option<DialogState> {
        match self {
            States::Own(states) => states.recv().await,
            States::Sorted(states, _) => states.recv().await.map(|state| *state),
        }
    }

    /// Whether nobody listens any more to what the dialog answers to its INVITE: it has been cancelled, or has taken too long.
    pub(crate) fn invite_is_over(&self) -> bool {
        match self {
            States::Own(_) => false,
            States::Sorted(_, way) => {
                lock(&way.ways.transactions).get(&way.dialog).is_none_or(TransactionEventSender::is_closed)
            }
        }
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        remove(&self.ways.legs, &self.dialog);
    }
}

impl Drop for Spoken {
    fn drop(&mut self) {
        remove(&self.ways.transactions, &self.dialog);
    }
}

fn remove<K: Eq + Hash, V>(map: &Mutex<HashMap<K, V>>, key: &K) {
    lock(map).remove(key);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
