//! User attributes: names under which members and groups have values.
