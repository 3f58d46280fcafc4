//! The crossing of a perplexity ratio: the smallest strength at which `ln(PPL/PPL₀)` reaches `ln τ`.
//!
//! Between two points the loss is taken as linear in the knob; a loss that falls again counts as its highest value so
//! far; a perplexity that is not finite counts as a million. The interval runs from where the upper ends of the points'
//! 95 % intervals reach the ratio to where the lower ends do, interpolated linearly or by a smooth monotone curve,
//! whichever is further out: it covers both measurement error and interpolation error. Shifting all points together is
//! the conservative choice: they share their tokens, so their errors are correlated.

use super::super::Curve;
use super::interpolate::{Reach, reach};
use super::{Sample, errors_are_known, samples};

/// The perplexity ratios offered as thresholds.
pub const RATIOS: [f64; 3] = [1.05, 1.1, 2.0];

/// The ratio where none is chosen.
pub const DEFAULT_RATIO: f64 = 1.1;

/// Where a curve reaches a perplexity ratio, in the knob's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Crossing {
    /// Not within the range.
    NotReached {
        /// The most damaging value measured.
        beyond: f64,
    },
    /// Already at the least damaging value measured.
    BeforeFirst {
        /// The least damaging value measured.
        before: f64,
    },
    /// Between two values.
    At {
        /// The estimate.
        value: f64,
        /// Its 95 % interval's end towards less damage; the range's own end where the interval reaches beyond it.
        low: f64,
        /// The end towards more damage, likewise. `low > high` where damage grows as the knob falls (bits).
        high: f64,
    },
}

/// Where the curve reaches `ratio` times the perplexity of the untouched model. `None` where fewer than two points were
/// measured, the ratio is not above 1, or the points' errors are not known, as with one window.
#[must_use]
pub fn crossing(curve: &Curve, ratio: f64) -> Option<Crossing> {
    let samples = samples(curve);
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
        return None;
    };
    let level = ratio.ln();
    if samples.len() < 2 || !errors_are_known(&samples) || !(level > 0.0 && level.is_finite()) {
        return None;
    }
    let x = samples.iter().map(|sample| sample.strength).collect::<Vec<_>>();
    let y = samples.iter().map(|sample| sample.loss).collect::<Vec<_>>();
    let value = match reach(&x, &y, level) {
        Reach::Before => return Some(Crossing::BeforeFirst { before: first.value }),
        Reach::Beyond => return Some(Crossing::NotReached { beyond: last.value }),
        Reach::At { straight, .. } => straight,
    };
    let within = |place: f64| place.clamp(first.strength, last.strength);
    let (low, high) = ends(&samples, level);
    let (low, high) = (within(low.min(value)), within(high.max(value)));
    // A strength is the value or its negative.
    let sign = if first.strength == first.value { 1.0 } else { -1.0 };
    Some(Crossing::At {
        value: sign * value,
        low: sign * low,
        high: sign * high,
    })
}

/// Between which strengths the ratio is reached with 95 % confidence; infinite where the range doesn't bound it.
/// Strengths are as in [`Sample`]; `None` where [`crossing`] gives `None`.
#[must_use]
pub fn bounds(curve: &Curve, ratio: f64) -> Option<(f64, f64)> {
    crossing(curve, ratio)?;
    Some(ends(&samples(curve), ratio.ln()))
}

/// Where the upper and the lower ends of the points' intervals reach a level.
fn ends(samples: &[Sample], level: f64) -> (f64, f64) {
    let x = samples.iter().map(|sample| sample.strength).collect::<Vec<_>>();
    let shifted = |sign: f64| {
        let y = samples.iter().map(|sample| sample.loss + sign * sample.half_width);
        match reach(&x, &y.collect::<Vec<_>>(), level) {
            Reach::Before => [f64::NEG_INFINITY; 2],
            Reach::Beyond => [f64::INFINITY; 2],
            Reach::At { straight, smooth } => [straight, smooth],
        }
    };
    let [low, high] = [1.0, -1.0].map(shifted);
    (low[0].min(low[1]), high[0].max(high[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::testing::{bits, curve, fail, sparsity};

    fn at(curve: &Curve, ratio: f64) -> (f64, f64, f64) {
        match crossing(curve, ratio) {
            Some(Crossing::At { value, low, high }) => (value, low, high),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_straight_loss_is_met_where_it_should_be() {
        // ln ratio = x: τ = e^0.35 is met at .35.
        let line = sparsity(|x| (x, 0.01));
        let (value, low, high) = at(&line, 0.35_f64.exp());
        assert!((value - 0.35).abs() < 1e-9);
        // Each end moves by .01 · 1.96, less where both ends of the segment share the error.
        assert!(
            (0.33..0.345).contains(&low) && (0.355..0.37).contains(&high),
            "{low} {high}"
        );
    }

    #[test]
    fn higher_ratios_are_met_later() {
        let bent = sparsity(|x| (8.0 * x.powi(4), 0.001));
        let [a, b, c] = RATIOS.map(|ratio| at(&bent, ratio).0);
        assert!(a < b && b < c);
        // The true crossing of a bent curve lies right of the chord, and inside the interval.
        for ratio in RATIOS {
            let (value, low, high) = at(&bent, ratio);
            let exact = (ratio.ln() / 8.0).powf(0.25);
            assert!(
                low <= value && value <= exact + 1e-3 && exact <= high + 0.01,
                "{ratio}: {low} {exact} {high}"
            );
        }
    }

    #[test]
    fn bits_break_downwards() {
        let curve = bits(|bits| (2.0_f64.powf(5.0 - bits) * 0.1, 0.001));
        // ln 2 lies between .4 at 3 bits and .8 at 2.
        let (value, low, high) = at(&curve, 2.0);
        assert!((value - (3.0 - (2.0_f64.ln() - 0.4) / 0.4)).abs() < 1e-9);
        assert!(low >= value && value >= high, "{low} {value} {high}");
        assert_eq!(crossing(&curve, 1e3), Some(Crossing::NotReached { beyond: 2.0 }));
    }

    #[test]
    fn never_and_always() {
        let flat = sparsity(|_| (0.2, 0.01));
        assert_eq!(crossing(&flat, 1.1), Some(Crossing::BeforeFirst { before: 0.0 }));
        assert_eq!(crossing(&flat, 2.0), Some(Crossing::NotReached { beyond: 0.8 }));
        for ratio in [1.0, 0.5, f64::NAN, f64::INFINITY] {
            assert_eq!(crossing(&flat, ratio), None);
        }
        assert_eq!(crossing(&curve("wanda:sparsity=0..0.8/9", &[]), 1.1), None);
    }

    #[test]
    fn an_interval_that_leaves_the_range_ends_there() {
        let noisy = sparsity(|x| (0.2 * x, 0.2));
        let (value, low, high) = at(&noisy, 1.1);
        assert!((value - 0.4766).abs() < 1e-3);
        assert_eq!((low, high), (0.0, 0.8));
    }

    #[test]
    fn what_the_range_does_not_bound_is_open() {
        let flat = sparsity(|_| (0.2, 0.01));
        assert_eq!(bounds(&flat, 1.1), Some((f64::NEG_INFINITY, f64::NEG_INFINITY)));
        assert_eq!(bounds(&flat, 2.0), Some((f64::INFINITY, f64::INFINITY)));
        let slow = sparsity(|x| (0.2 * x, 0.012));
        let (low, high) = bounds(&slow, 1.15).expect("crossed");
        assert!((0.58..0.59).contains(&low) && high == f64::INFINITY, "{low} {high}");
        assert_eq!(bounds(&slow, 1.0), None);
    }

    #[test]
    fn what_is_not_finite_is_broken_and_what_failed_is_left_out() {
        let mut damaged = sparsity(|x| if x > 0.55 { (f64::NAN, f64::NAN) } else { (0.0, 0.001) });
        let (value, low, high) = at(&damaged, 2.0);
        assert!(
            (0.5..0.52).contains(&value) && low >= 0.49 && high <= 0.6,
            "{low} {value} {high}"
        );
        // With .6 failed, the broken side begins at .7.
        fail(&mut damaged, 6);
        let later = at(&damaged, 2.0).0;
        assert!((0.5..0.54).contains(&later) && later > value);
        let infinite = sparsity(|x| {
            if x > 0.55 {
                (f64::INFINITY, f64::NAN)
            } else {
                (0.0, 0.001)
            }
        });
        assert_eq!(at(&infinite, 2.0).0, value);
    }

    #[test]
    fn the_order_of_the_sweep_does_not_matter() {
        let up = sparsity(|x| (x * x, 0.01));
        let mut down = up.clone();
        down.points.reverse();
        assert_eq!(crossing(&up, 1.1), crossing(&down, 1.1));
    }
}
