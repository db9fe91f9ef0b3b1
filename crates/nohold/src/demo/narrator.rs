//! Tells the story of the demo, with times.

use std::time::{Duration, Instant};

use crate::say;

/// Tells each step with the time since the beginning.
pub struct Narrator {
    begun: Instant,
}

impl Narrator {
    /// The story begins now.
    pub fn new() -> Self {
        Narrator { begun: Instant::now() }
    }

    /// A new part of the story.
    pub fn act(&self, title: &str) {
        say::line(format_args!("\n{title}"));
    }

    /// Something that was really seen or heard.
    pub fn saw(&self, what: impl AsRef<str>) {
        say::line(format_args!("{:7.1} s  {}", self.begun.elapsed().as_secs_f64(), what.as_ref()));
    }

    /// The same, with how long it took.
    pub fn saw_after(&self, what: &str, took: Duration) {
        self.saw(format!("{what} ({} ms)", took.as_millis()));
    }
}
