//! The e-mail domains whose people may join.
