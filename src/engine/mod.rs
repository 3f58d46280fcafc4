//! Experiments: from weights to a curve, told as a stream of events. Knows no transport.

pub mod job;
