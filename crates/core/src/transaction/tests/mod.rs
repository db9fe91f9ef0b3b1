//! Transactions on rows in memory: races, what is gathered, callbacks, restarts.

mod callbacks;
mod gathering;
mod lines;
mod restarts;
mod tries;
