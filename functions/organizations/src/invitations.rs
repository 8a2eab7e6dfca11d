//! Invitations by a mailed link.
