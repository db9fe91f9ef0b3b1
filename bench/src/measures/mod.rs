//! The measures.

pub mod calls;
pub mod pages;
pub mod requests;
pub mod route;
pub mod waiting;
