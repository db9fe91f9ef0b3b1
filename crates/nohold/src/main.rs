//! The `nohold` program.

fn main() {}
