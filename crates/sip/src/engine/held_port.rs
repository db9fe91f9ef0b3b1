//! A leg's port, before its task has it.

use nohold_model::LegId;

use super::Engine;

/// A port that is given back when it is dropped.
pub(crate) struct HeldPort {
    pub(super) engine: Option<Engine>,
    pub(super) leg: LegId,
}

impl HeldPort {
    /// The leg's task has it from now on.
    pub(crate) fn keep(mut self) {
        self.engine = None;
    }
}

impl Drop for HeldPort {
    fn drop(&mut self) {
        if let Some(engine) = &self.engine {
            engine.inner.plane.close(self.leg);
        }
    }
}
