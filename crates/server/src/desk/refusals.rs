//! The rules' refusals in the form of all refusals: a stable code, and the words of the rule.

use axum::http::StatusCode;
use nohold_app::desk::NotDone;
use nohold_core::directory::Forbidden;
use nohold_core::entry;
use nohold_core::hours::Moment;
use nohold_core::transaction::Refusal;

use crate::failure::{Failure, Help};

/// Why something was not done.
pub(crate) fn refused(not_done: NotDone) -> Failure {
    match not_done {
        NotDone::Store(failed) => failed.into(),
        NotDone::NotKnownYet => Failure::new(StatusCode::GATEWAY_TIMEOUT, "not_known_yet", not_done.to_string()),
        NotDone::Refused(refusal) => by_the_rules(&refusal),
    }
}

fn by_the_rules(refusal: &Refusal) -> Failure {
    let words = refusal.to_string();
    match refusal {
        Refusal::NotFound(_) => Failure::not_found(words),
        Refusal::Changed => Failure::conflict("changed", words),
        Refusal::Entry(refusal) => by_the_entry(refusal),
        Refusal::OpenElsewhere(entry) => {
            let mut failure = Failure::conflict("open_elsewhere", words);
            failure.body.help = Some(Box::new(Help { entry: Some(entry.to_string()), ..Help::default() }));
            failure
        }
        Refusal::AgentState => Failure::conflict("agent_state", words),
        Refusal::WriteFirst => Failure::conflict("write_first", words),
        Refusal::NoteDone => Failure::conflict("note_done", words),
        Refusal::CallerGone => Failure::conflict("caller_gone", words),
        Refusal::AlreadyOffered => Failure::conflict("already_offered", words),
        Refusal::NoNumber => unprocessable("no_number", words),
        Refusal::NumberInUse => Failure::conflict("number_in_use", words),
        Refusal::Dial(Forbidden::Number(_)) => unprocessable("number_forbidden", words),
        Refusal::Dial(Forbidden::Hour(refused)) => {
            until(Failure::conflict("outside_window", words), refused.until.as_ref())
        }
        Refusal::NoCallerId | Refusal::NotOwned => Failure::conflict("no_caller_id", words),
        Refusal::OtherBusiness => Failure::forbidden("other_groups", words),
        Refusal::NoRight => Failure::forbidden("no_right", words),
        Refusal::OwnPhone => unprocessable("own_phone", words),
        Refusal::Engaged => Failure::conflict("engaged", words),
        Refusal::NobodyFree => Failure::conflict("nobody_free", words),
        Refusal::NobodyThere => unprocessable("nobody_there", words),
        Refusal::NoConversation => Failure::conflict("no_conversation", words),
        Refusal::NoConsult => Failure::conflict("no_consult", words),
        Refusal::ConsultGoesOn => Failure::conflict("consult_goes_on", words),
        Refusal::NotAnswered => Failure::conflict("not_answered", words),
        Refusal::NoConference => Failure::conflict("no_conference", words),
        Refusal::OnHold => Failure::conflict("on_hold", words),
        Refusal::NotRecorded => Failure::conflict("not_recorded", words),
        Refusal::InTheMiddle => Failure::conflict("in_the_middle", words),
    }
}

fn by_the_entry(refusal: &entry::Refusal) -> Failure {
    let words = refusal.to_string();
    match refusal {
        entry::Refusal::NoSuchDisposition { .. } => unprocessable("no_such_disposition", words).at("disposition"),
        entry::Refusal::HeldBy(_) => Failure::conflict("held", words),
        entry::Refusal::Closed => Failure::conflict("closed", words),
        entry::Refusal::NotServedNow => Failure::conflict("not_served_now", words),
        entry::Refusal::NotAgreedNow => Failure::conflict("not_agreed_now", words),
        entry::Refusal::Open => Failure::conflict("open", words),
        entry::Refusal::NotClaimed => Failure::conflict("not_claimed", words),
        entry::Refusal::InCall => Failure::conflict("in_call", words),
        entry::Refusal::TooSoon { until: moment } => until(Failure::conflict("too_soon", words), Some(moment)),
        entry::Refusal::TooOften { until: moment, .. } => until(Failure::conflict("too_often", words), Some(moment)),
        entry::Refusal::NoAttemptsLeft => Failure::conflict("no_attempts_left", words),
        entry::Refusal::NothingToSay => Failure::conflict("nothing_to_say", words),
        entry::Refusal::NoOutcomeYet => Failure::conflict("no_outcome_yet", words),
        entry::Refusal::NotThen { until: moment, .. } => until(unprocessable("not_then", words), moment.as_ref()),
        entry::Refusal::NotInTheFuture => unprocessable("not_in_the_future", words),
        entry::Refusal::TooFarAhead { .. } => unprocessable("too_far_ahead", words),
        entry::Refusal::Stale => Failure::conflict("stale", words),
        entry::Refusal::NotAllowed => Failure::forbidden("not_allowed", words),
        entry::Refusal::OtherGroups => Failure::forbidden("other_groups", words),
    }
}

fn unprocessable(code: &str, words: String) -> Failure {
    Failure::new(StatusCode::UNPROCESSABLE_ENTITY, code, words)
}

fn until(mut failure: Failure, moment: Option<&Moment>) -> Failure {
    failure.body.help = moment.map(|moment| Box::new(Help { until: Some(moment.at.as_millis()), ..Help::default() }));
    failure
}
