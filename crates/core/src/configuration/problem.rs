//! What is wrong with a configuration, where, and what to do about it.

use std::fmt;

use nohold_flow::Severity;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// An error keeps the configuration from being used, a warning does not.
    pub severity: Severity,
    /// Where it stands, from the outside inwards: `queues.600.overflow.timeout`.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub mend: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}: {}: {}", self.path, self.message, self.mend)
    }
}

/// Collects problems.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn error(&mut self, path: impl Into<String>, message: impl Into<String>, mend: impl Into<String>) {
        self.add(Severity::Error, path.into(), message.into(), mend.into());
    }

    pub(super) fn warn(&mut self, path: impl Into<String>, message: impl Into<String>, mend: impl Into<String>) {
        self.add(Severity::Warning, path.into(), message.into(), mend.into());
    }

    pub(super) fn add(&mut self, severity: Severity, path: String, message: String, mend: String) {
        self.0.push(Problem { severity, path, message, mend });
    }

    /// All of them: errors first, then warnings, each by path.
    pub(super) fn into_sorted(mut self) -> Vec<Problem> {
        self.0.sort_by(|a, b| (a.severity, &a.path).cmp(&(b.severity, &b.path)));
        self.0
    }
}
