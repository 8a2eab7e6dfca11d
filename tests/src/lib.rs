//! What no single function can promise; see the files in `tests/`.
