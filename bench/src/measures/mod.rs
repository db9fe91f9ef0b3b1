//! The four measures.

pub mod calls;
pub mod requests;
pub mod route;
pub mod waiting;
