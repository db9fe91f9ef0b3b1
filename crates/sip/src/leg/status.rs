//! What status codes mean for a call, both ways, in one place.

use nohold_core::call::{Gone, HangUp};

/// Why a leg that we dialled is gone, by the final response (RFC 3261 §21, and what carriers use them for) and the
/// Q.850 cause in its `Reason` header (RFC 3326), which says more where it is there.
#[must_use]
pub fn gone(status: u16, cause: Option<u16>) -> Gone {
    match (status, cause) {
        // Q.850: 17 user busy, 20 subscriber absent, 1/28 unallocated or invalid number, 21 rejected, 19 no answer.
        (_, Some(20)) => Gone::SwitchedOff,
        (404 | 410 | 480 | 484 | 500 | 503 | 604, Some(1 | 22 | 28)) => Gone::Unallocated,
        (_, Some(17)) | (486 | 600, _) => Gone::Busy,
        (403 | 480 | 603, Some(21)) | (403 | 603 | 607 | 608, _) => Gone::Refused,
        (408 | 480 | 487, _) => Gone::NoAnswer,
        (404 | 410 | 484 | 604, _) => Gone::Unallocated,
        (_, _) => Gone::Failed,
    }
}

/// Whether another trunk may succeed where this one has answered like that: it could not, rather than the called
/// party would not.
#[must_use]
pub fn is_the_trunks_fault(status: u16) -> bool {
    matches!(status, 401 | 402 | 405 | 407 | 408 | 420 | 483 | 488 | 500..=599)
}

/// The cause of a `Reason: Q.850;cause=…` header.
#[must_use]
pub fn q850_cause(reason: &str) -> Option<u16> {
    reason.split(',').find_map(|one| {
        let mut parts = one.split(';').map(str::trim);
        let is_q850 = parts.next()?.eq_ignore_ascii_case("Q.850");
        let cause = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("cause").then(|| value.trim().parse().ok())?
        });
        cause.filter(|_| is_q850)
    })
}

/// The status with which an unanswered leg that came in is ended.
#[must_use]
pub fn refusal(how: HangUp) -> u16 {
    match how {
        HangUp::Busy => 486,
        HangUp::Unavailable => 503,
        HangUp::Unknown => 404,
        HangUp::Forbidden => 403,
        HangUp::Normal | HangUp::NoAnswer => 480,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_become_call_results() {
        let table = [
            (486, None, Gone::Busy),
            (600, None, Gone::Busy),
            (480, Some(17), Gone::Busy),
            (603, None, Gone::Refused),
            (480, Some(21), Gone::Refused),
            (408, None, Gone::NoAnswer),
            (480, None, Gone::NoAnswer),
            (480, Some(19), Gone::NoAnswer),
            (480, Some(20), Gone::SwitchedOff),
            (404, None, Gone::Unallocated),
            (404, Some(1), Gone::Unallocated),
            (484, None, Gone::Unallocated),
            (503, None, Gone::Failed),
            (503, Some(34), Gone::Failed),
            (488, None, Gone::Failed),
            (302, None, Gone::Failed),
        ];
        for (status, cause, expected) in table {
            assert_eq!(gone(status, cause), expected, "{status} {cause:?}");
        }
    }

    #[test]
    fn the_cause_is_read_from_its_header() {
        assert_eq!(q850_cause("Q.850;cause=16;text=\"Normal call clearing\""), Some(16));
        assert_eq!(q850_cause("SIP;cause=200;text=\"x\", q.850 ; Cause = 20"), Some(20));
        assert_eq!(q850_cause("SIP;cause=487"), None);
        assert_eq!(q850_cause("Q.850;cause=many"), None);
    }

    #[test]
    fn a_busy_customer_is_not_tried_by_another_trunk() {
        assert!(is_the_trunks_fault(503) && is_the_trunks_fault(408) && is_the_trunks_fault(401));
        for status in [403, 404, 480, 486, 487, 600, 603] {
            assert!(!is_the_trunks_fault(status), "{status}");
        }
    }
}
