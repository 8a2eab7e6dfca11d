//! Requests to the area, through the real router. To add a case, add a test to the file of its noun.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has to fail"
)]

mod ssh_keypairs;
