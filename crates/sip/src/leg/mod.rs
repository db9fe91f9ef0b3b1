//! x
mod info;
mod session_timer;
mod status;
