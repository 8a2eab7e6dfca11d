//! What no single function can promise, in one binary; each file says how to add a case.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has to fail"
)]

mod authorization;
mod contract;
mod events;
mod faults;
mod gateway;
mod journeys;
mod stored;
mod template;
