//! Forbidden things, tried for the probe.
