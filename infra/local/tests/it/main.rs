//! The real program, over real HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot set itself up has to fail"
)]

mod head;
mod killed;
mod program;
mod secrets;
mod team;
