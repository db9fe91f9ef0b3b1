//! Who owns a dialog ends it.

use std::sync::Arc;

use nohold_core::call::HangUp;
use rsipstack::dialog::DialogId;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{StatusCode, Uri};
use rsipstack::transaction::key::TransactionRole;

use super::status;
use crate::book::Kept;
use crate::tasks::Tasks;

/// A dialog that is hung up and leaves the library's table when its owner is dropped, in whatever state it is.
pub(crate) struct DialogOwner {
    dialogs: Arc<DialogLayer>,
    tasks: Tasks,
    dialog: InviteDialog,
    /// What is written down of it, until it is over.
    kept: Option<Kept>,
}

impl DialogOwner {
    pub(crate) fn new(dialogs: Arc<DialogLayer>, tasks: Tasks, dialog: InviteDialog) -> Self {
        DialogOwner { dialogs, tasks, dialog, kept: None }
    }

    /// Keeps what is written down of the dialog, which is answered now.
    pub(crate) fn keep(&mut self, kept: Kept) {
        kept.changed(&self.dialog);
        self.kept = Some(kept);
    }

    pub(crate) fn dialog(&self) -> &InviteDialog {
        &self.dialog
    }

    /// Refuses a call that came in and is not answered.
    pub(crate) fn reject(&self, how: HangUp) {
        // An error means that the far end has gone meanwhile.
        let _ = self.dialog.reject(Some(StatusCode::from(status::refusal(how))), None);
    }

    /// Sends later requests to this URI.
    pub(crate) fn set_target(&self, uri: Uri) {
        let dialog = rsipstack::dialog::dialog::Dialog::Invite(self.dialog.clone());
        dialog.set_remote_target(uri, None);
        if let Some(kept) = &self.kept {
            kept.changed(&self.dialog);
        }
    }

    /// The dialog as the library's table knows it: a dialog that we began gets its id with the answer.
    fn id(&self) -> DialogId {
        self.dialog.id()
    }
}

impl Drop for DialogOwner {
    fn drop(&mut self) {
        let state = self.dialog.state();
        let (dialog, dialogs, id, kept) = (self.dialog.clone(), Arc::clone(&self.dialogs), self.id(), self.kept.take());
        if state.is_terminated() {
            dialogs.remove_dialog(&id);
            return;
        }
        if dialog.role() == TransactionRole::Server && state.can_cancel() {
            self.reject(HangUp::Unavailable);
            dialogs.remove_dialog(&id);
            return;
        }
        // The BYE may be repeated for half a minute; nobody waits for it.
        self.tasks.spawn("hang up", async move {
            if let Err(error) = dialog.hangup().await {
                tracing::debug!(%error, "the far end was not reached by our BYE");
            }
            dialogs.remove_dialog(&id);
            drop(kept);
        });
    }
}
