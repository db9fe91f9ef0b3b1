//! One dialog as it is written down: enough to end it when nothing else is known of it any more.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::transaction::key::TransactionRole;

use super::{Book, DIALOGS, Fields};
use crate::edge::{Departing, Watched};
use crate::flow::Flow;

/// How a dialog stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stands {
    /// Our INVITE has no final response: it is ended by CANCEL.
    Pending {
        /// The branch of its Via, which the CANCEL has, too (RFC 3261 §9.1).
        branch: String,
    },
    /// It is ended by BYE.
    Answered,
}

/// A dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DialogLine {
    /// Which run of the engine wrote it.
    pub(crate) run: u64,
    pub(crate) stands: Stands,
    /// Where its messages come from, or where the INVITE went.
    pub(crate) flow: Flow,
    /// The Request-URI of a pending INVITE, or the remote target (RFC 3261 §12.2.1.1).
    pub(crate) uri: String,
    /// `From` of our requests, with our tag.
    pub(crate) local: String,
    /// `To` of our requests, with their tag once there is one.
    pub(crate) remote: String,
    pub(crate) call_id: String,
    /// The number of the last request of ours that is known of.
    pub(crate) cseq: u32,
    /// The route set.
    pub(crate) routes: Vec<String>,
}

impl DialogLine {
    /// Reads what was written; nothing where that cannot be used.
    pub(crate) fn read(text: &str) -> Option<DialogLine> {
        let fields = Fields::read(text);
        let owned = |name: &str| fields.first(name).map(str::to_owned);
        Some(DialogLine {
            run: fields.parsed("run")?,
            stands: match owned("branch") {
                Some(branch) => Stands::Pending { branch },
                None => Stands::Answered,
            },
            flow: fields.parsed("flow")?,
            uri: owned("uri")?,
            local: owned("local")?,
            remote: owned("remote")?,
            call_id: owned("call-id")?,
            cseq: fields.parsed("cseq")?,
            routes: fields.all("route").map(str::to_owned).collect(),
        })
    }

    fn departing(run: u64, invite: &Departing) -> DialogLine {
        let branch = invite.branch.clone();
        DialogLine {
            run,
            stands: if invite.confirms { Stands::Answered } else { Stands::Pending { branch } },
            flow: invite.flow,
            uri: invite.uri.clone(),
            local: invite.from.clone(),
            remote: invite.to.clone(),
            call_id: invite.call_id.clone(),
            cseq: invite.cseq,
            routes: invite.routes.clone(),
        }
    }

    fn answered(run: u64, dialog: &InviteDialog, flow: Flow) -> DialogLine {
        let stand = dialog.snapshot();
        let (from, to) = (stand.from.to_string(), stand.to.to_string());
        let (local, remote) = match stand.role {
            TransactionRole::Client => (from, to),
            TransactionRole::Server => (to, from),
        };
        DialogLine {
            run,
            stands: Stands::Answered,
            flow,
            uri: stand.remote_uri.to_string(),
            local,
            remote,
            call_id: stand.id.call_id,
            cseq: stand.local_cseq,
            routes: stand.route_set.iter().map(|route| route.value().to_owned()).collect(),
        }
    }
}

impl fmt::Display for DialogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "run {}\nflow {}\nuri {}", self.run, self.flow, self.uri)?;
        writeln!(f, "local {}\nremote {}", self.local, self.remote)?;
        writeln!(f, "call-id {}\ncseq {}", self.call_id, self.cseq)?;
        if let Stands::Pending { branch } = &self.stands {
            writeln!(f, "branch {branch}")?;
        }
        self.routes.iter().try_for_each(|route| writeln!(f, "route {route}"))
    }
}

/// What is kept of one dialog; it is struck when this is dropped.
pub(crate) struct Kept {
    book: Book,
    name: String,
    flow: Flow,
    last: Arc<Mutex<Option<String>>>,
    /// While the INVITE may still be sent anew, or its answer comes again.
    _watched: Option<Watched>,
}

impl Kept {
    /// Keeps an INVITE that is about to leave: each time with another branch, it is written down first. So is its answer
    /// before it is confirmed: whoever is not hung up for want of that line answers again, and is hung up then.
    pub(crate) fn pending(book: &Book, edge: &crate::edge::Edge, call_id: &str, flow: Flow) -> Kept {
        let (name, last) = (call_id.to_owned(), Arc::new(Mutex::new(None)));
        let watched = {
            let (book, name, last) = (book.clone(), name.clone(), Arc::clone(&last));
            edge.before_leaving(call_id, move |invite| {
                let line = DialogLine::departing(book.run(), invite).to_string();
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(line.clone());
                book.put_first(DIALOGS, &name, line)
            })
        };
        Kept { book: book.clone(), name, flow, last, _watched: Some(watched) }
    }

    /// Keeps a dialog that came in and is about to be answered: it is written down first.
    pub(crate) async fn answering(book: &Book, dialog: &InviteDialog, flow: Flow) -> Kept {
        let id = dialog.id();
        // The Call-ID is the other side's choice, the tag is ours.
        let name = format!("{};{}", id.local_tag, id.call_id);
        let line = DialogLine::answered(book.run(), dialog, flow).to_string();
        let written = book.put_first(DIALOGS, &name, line.clone());
        let kept = Kept { book: book.clone(), name, flow, last: Arc::new(Mutex::new(Some(line))), _watched: None };
        written.await;
        kept
    }

    /// Writes down how the dialog stands now that it is answered, where that is news.
    pub(crate) fn changed(&self, dialog: &InviteDialog) {
        let line = DialogLine::answered(self.book.run(), dialog, self.flow).to_string();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref() != Some(&line) {
            *last = Some(line.clone());
            self.book.put(DIALOGS, &self.name, line);
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.book.strike(DIALOGS, &self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let answered = DialogLine {
            run: 7,
            stands: Stands::Answered,
            flow: "TCP [::1]:5060".parse().unwrap(),
            uri: "sip:a%40b@h;x=y".into(),
            local: "\"A b\" <sip:a@h>;tag=1".into(),
            remote: "<sip:b@h>;tag=2".into(),
            call_id: "c@h".into(),
            cseq: 5,
            routes: vec!["<sip:p1;lr>".into(), "<sip:p2;lr>".into()],
        };
        let pending = DialogLine { stands: Stands::Pending { branch: "z9hG4bKx".into() }, ..answered.clone() };
        for line in [answered, pending] {
            assert_eq!(DialogLine::read(&line.to_string()), Some(line));
        }
        assert_eq!(DialogLine::read("run 1\nflow UDP nowhere\n"), None);
    }
}
