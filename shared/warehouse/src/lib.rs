//! Where SQL runs.
