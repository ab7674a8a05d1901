//! Forbidden things, and who stops them: the table of the probe.
