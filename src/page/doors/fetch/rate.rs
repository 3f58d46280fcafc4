//! How fast bytes arrive.

use std::collections::VecDeque;

/// Milliseconds over which the rate is averaged: long enough to be readable, short enough to follow a change.
const SPAN_MS: f64 = 4000.0;
/// Before this much time has passed, a rate would be noise.
const LEAST_MS: f64 = 300.0;

/// Bytes per second over the last few seconds.
#[derive(Debug, Clone, Default)]
pub struct Rate {
    samples: VecDeque<(f64, u64)>,
}

impl Rate {
    /// Records that `bytes` have arrived in all at `now_ms`; returns the rate, once there is one.
    pub fn at(&mut self, now_ms: f64, bytes: u64) -> Option<f64> {
        self.samples.push_back((now_ms, bytes));
        while self.samples.len() > 2 && self.samples.front().is_some_and(|first| now_ms - first.0 > SPAN_MS) {
            self.samples.pop_front();
        }
        let (start_ms, start_bytes) = *self.samples.front()?;
        let passed_ms = now_ms - start_ms;
        (passed_ms >= LEAST_MS).then(|| bytes.saturating_sub(start_bytes) as f64 / passed_ms * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_has_its_rate_and_a_change_is_followed() {
        let mut rate = Rate::default();
        assert_eq!(rate.at(0.0, 0), None);
        assert_eq!(rate.at(100.0, 100), None);
        assert_eq!(rate.at(1000.0, 1000), Some(1000.0));
        // After the span has passed at twice the speed, nothing of the first speed is left.
        let mut last = None;
        for step in 1..=60 {
            last = rate.at(1000.0 + f64::from(step) * 100.0, 1000 + u64::from(step as u32) * 200);
        }
        assert_eq!(last, Some(2000.0));
    }
}
