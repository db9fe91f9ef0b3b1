//! Transactions on rows in memory: races, what is gathered, callbacks, restarts.

mod callbacks;
mod direct;
mod follow_up;
mod follow_up_undone;
mod gathering;
mod lines;
mod notes;
mod restarts;
mod tries;
