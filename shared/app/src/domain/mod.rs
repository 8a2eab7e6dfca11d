//! Entities and rules. No I/O here: time and randomness are arguments.

pub mod access;
pub mod allowed_domains;
pub mod attribute;
pub mod connection;
pub mod email;
pub mod group;
pub mod id;
pub mod invitation;
pub mod job;
pub mod limit;
pub mod link;
pub mod notification;
pub mod organization;
pub mod otp;
pub mod paging;
pub mod password;
pub mod project;
pub mod secret;
pub mod session;
pub mod share_link;
pub mod space;
pub mod ssh_key;
pub mod table_selection;
pub mod token;
pub mod user;
pub mod warehouse_credentials;
