//! Entities and rules. No I/O here: time and randomness are arguments.

pub mod access;
pub mod email;
pub mod id;
pub mod limit;
pub mod link;
pub mod organization;
pub mod otp;
pub mod password;
pub mod secret;
pub mod session;
pub mod token;
pub mod user;
pub mod warehouse_credentials;
