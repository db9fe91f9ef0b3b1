//! The number to call back, and the number that is shown when we do.

use std::collections::BTreeSet;

use nohold_model::PhoneNumber;
use thiserror::Error;

use super::{NumberProblem, NumberRules};

/// Whether the caller wants to stay unknown: the `Privacy` header of RFC 3323 and RFC 3325.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Privacy {
    /// The number may be used.
    #[default]
    Public,
    /// The number is withheld.
    Withheld,
}

/// Why a caller's own number is not used for the callback, so that one must be keyed in (AT-16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unusable {
    /// The caller withheld it.
    #[error("the caller's number is withheld")]
    Withheld,
    /// The network brought none.
    #[error("the network brought no number")]
    Missing,
    /// It is no number that can be called.
    #[error("the caller's number cannot be called: {0}")]
    Problem(#[from] NumberProblem),
}

/// Why a number is not shown to the called party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CallerIdRefused {
    /// The line of business has no caller ID.
    #[error("no caller ID is set: choose one of the trunk's numbers for the service")]
    NotSet,
    /// The trunk does not own it.
    #[error("the trunk does not own the caller ID of the service: choose one of the trunk's numbers")]
    NotOwned,
}

impl Privacy {
    /// What a `Privacy` header asks, nothing when there is none: `id`, `user` and `full` withhold the number; `none`
    /// and values that concern only headers or the session do not.
    #[must_use]
    pub fn from_header(value: Option<&str>) -> Self {
        let withheld = value
            .unwrap_or_default()
            .split([';', ','])
            .any(|word| ["id", "user", "full"].iter().any(|withholding| word.trim().eq_ignore_ascii_case(withholding)));
        if withheld { Privacy::Withheld } else { Privacy::Public }
    }
}

/// The number at which a caller can be called back: P-Asserted-Identity before From, neither against the caller's
/// wish. Both are taken as the header has them, with or without display name and URI.
///
/// # Errors
/// Why neither can be used; the caller is then asked to key in a number.
pub fn callback_number(
    rules: &NumberRules,
    from: Option<&str>,
    asserted: Option<&str>,
    privacy: Privacy,
) -> Result<PhoneNumber, Unusable> {
    if privacy == Privacy::Withheld {
        return Err(Unusable::Withheld);
    }
    let from = from.map(|from| rules.normalise(from));
    // An anonymous From is a wish too, also where a carrier asserts the number and sends no Privacy header.
    if matches!(from, Some(Err(NumberProblem::Withheld))) {
        return Err(Unusable::Withheld);
    }
    match (asserted.map(|asserted| rules.normalise(asserted)), from) {
        (Some(Ok(number)), _) | (_, Some(Ok(number))) => Ok(number),
        (Some(Err(NumberProblem::Empty)) | None, Some(Err(problem))) | (Some(Err(problem)), _) => Err(match problem {
            NumberProblem::Empty => Unusable::Missing,
            NumberProblem::Withheld => Unusable::Withheld,
            other @ (NumberProblem::Character(_)
            | NumberProblem::ServiceCode
            | NumberProblem::Emergency
            | NumberProblem::Internal
            | NumberProblem::ForeignContext
            | NumberProblem::Short
            | NumberProblem::Form(_)
            | NumberProblem::NotInPlan) => Unusable::Problem(other),
        }),
        (None, None) => Err(Unusable::Missing),
    }
}

/// The number shown (外显号码) to a customer: the service's, when the trunk owns it. It is never withheld, and no other
/// number is shown in its place.
///
/// # Errors
/// When there is none, or the trunk does not own it.
pub fn caller_id<'a>(
    service: Option<&'a PhoneNumber>,
    owned: &BTreeSet<PhoneNumber>,
) -> Result<&'a PhoneNumber, CallerIdRefused> {
    let number = service.ok_or(CallerIdRefused::NotSet)?;
    if owned.contains(number) { Ok(number) } else { Err(CallerIdRefused::NotOwned) }
}
