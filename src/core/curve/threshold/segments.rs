//! Two straight segments: where the loss begins to grow faster.
//!
//! `ln(PPL/PPL₀) = α + β₁ x + β₂ max(0, x − x₀)`, fitted by least squares for each `x₀` of a grid of 200 inside the
//! range (with at least three points on each side, counting one at `x₀` on both), then refined by golden section. The
//! bend is accepted where it improves on the `BIC = n ln(RSS/n) + k ln n` of a single line by 6 or more (k = 2 for the
//! line, 4 with the bend) and `β₂ > 0`. The 95 % interval holds every `x₀` whose fit is no worse than
//! `RSS ≤ RSS_min (1 + t²/(n − 4))`, t the 97.5 % point of Student's t distribution with n − 4 degrees of freedom.

use super::super::Curve;
use super::samples;

const GRID: usize = 200;
const INTERVAL_GRID: usize = 1000;
const LEAST_POINTS: usize = 6;
const EACH_SIDE: usize = 3;
const BIC_GAIN: f64 = 6.0;
/// The precision to which a loss is known at best, in nats. It keeps the logarithm of a perfect fit's residual finite.
const FLOOR: f64 = 1e-6;

/// How the loss grows over the range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Segments {
    /// Too few points to tell.
    TooFewPoints {
        /// How many were measured.
        have: usize,
        /// How many are needed.
        need: usize,
    },
    /// A single line fits as well.
    NoBend {
        /// By how much the bend improves the BIC: less than 6, or the slope decreases.
        bic_gain: f64,
    },
    /// It grows faster from `value` on.
    Bend {
        /// `x₀`, in the knob's unit.
        value: f64,
        /// Its 95 % interval's end towards less damage.
        low: f64,
        /// The end towards more damage; `low > high` where damage grows as the knob falls (bits).
        high: f64,
        /// Nats of loss per unit of the knob before the bend, in the direction of damage.
        slope_before: f64,
        /// The same after it.
        slope_after: f64,
        /// By how much the bend improves the BIC.
        bic_gain: f64,
    },
}

/// Fits the two segments to the measured points.
#[must_use]
pub fn segments(curve: &Curve) -> Segments {
    let samples = samples(curve);
    let have = samples.len();
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
        return Segments::TooFewPoints {
            have,
            need: LEAST_POINTS,
        };
    };
    if have < LEAST_POINTS {
        return Segments::TooFewPoints {
            have,
            need: LEAST_POINTS,
        };
    }
    let (origin, width) = (first.strength, last.strength - first.strength);
    // Strengths in 0..1, so that the equations are well scaled.
    let points = samples
        .iter()
        .map(|sample| ((sample.strength - origin) / width, sample.loss))
        .collect::<Vec<_>>();
    let inside = (points[EACH_SIDE - 1].0, points[have - EACH_SIDE].0);

    let line = least_squares(&points, |x| [1.0, x]);
    let bent = |bend: f64| least_squares(&points, |x| [1.0, x, (x - bend).max(0.0)]);
    let grid = |i: usize, of: usize| inside.0 + (inside.1 - inside.0) * i as f64 / of as f64;
    let best = (0..=GRID)
        .map(|i| (i, bent(grid(i, GRID)).squares))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(0, |(i, _)| i);
    let around = (grid(best.saturating_sub(1), GRID), grid((best + 1).min(GRID), GRID));
    let refined = golden(around, |bend| bent(bend).squares);
    let bend = if bent(refined).squares <= bent(grid(best, GRID)).squares {
        refined
    } else {
        grid(best, GRID)
    };
    let fit = bent(bend);

    let n = have as f64;
    let floor = n * FLOOR * FLOOR;
    let bic = |squares: f64, parameters: f64| n * (squares.max(floor) / n).ln() + parameters * n.ln();
    let bic_gain = bic(line.squares, 2.0) - bic(fit.squares, 4.0);
    let [_, before, change] = fit.coefficients;
    if !(bic_gain >= BIC_GAIN && change > 0.0) {
        return Segments::NoBend { bic_gain };
    }
    let degrees = n - 4.0;
    let bound = fit.squares.max(floor) * (1.0 + student(degrees).powi(2) / degrees);
    let (low, high) = (0..=INTERVAL_GRID)
        .map(|i| grid(i, INTERVAL_GRID))
        .filter(|&x| bent(x).squares <= bound)
        .fold((bend, bend), |(low, high), x| (low.min(x), high.max(x)));
    let sign = if first.strength == first.value { 1.0 } else { -1.0 };
    let value = |x: f64| sign * (origin + width * x);
    Segments::Bend {
        value: value(bend),
        low: value(low),
        high: value(high),
        slope_before: before / width,
        slope_after: (before + change) / width,
        bic_gain,
    }
}

struct Fit<const N: usize> {
    coefficients: [f64; N],
    squares: f64,
}

/// Least squares by the normal equations, solved by elimination with pivoting; N is 2 or 3.
fn least_squares<const N: usize>(points: &[(f64, f64)], row: impl Fn(f64) -> [f64; N]) -> Fit<N> {
    let mut matrix = [[0.0; N]; N];
    let mut right = [0.0; N];
    for &(x, y) in points {
        let row = row(x);
        for i in 0..N {
            right[i] += row[i] * y;
            for j in 0..N {
                matrix[i][j] += row[i] * row[j];
            }
        }
    }
    for i in 0..N {
        let pivot = (i..N).fold(i, |best, j| {
            if matrix[j][i].abs() > matrix[best][i].abs() {
                j
            } else {
                best
            }
        });
        matrix.swap(i, pivot);
        right.swap(i, pivot);
        for j in 0..N {
            if j != i && matrix[i][i] != 0.0 {
                let factor = matrix[j][i] / matrix[i][i];
                for k in i..N {
                    matrix[j][k] -= factor * matrix[i][k];
                }
                right[j] -= factor * right[i];
            }
        }
    }
    let mut coefficients = [0.0; N];
    for i in 0..N {
        // Three points on each side of a bend make the matrix regular; a pivot of 0 leaves its column out.
        coefficients[i] = if matrix[i][i] == 0.0 {
            0.0
        } else {
            right[i] / matrix[i][i]
        };
    }
    let squares = points
        .iter()
        .map(|&(x, y)| {
            let fitted = row(x).iter().zip(&coefficients).map(|(a, b)| a * b).sum::<f64>();
            (y - fitted).powi(2)
        })
        .sum();
    Fit { coefficients, squares }
}

/// The minimum between two ends by golden section.
fn golden((mut low, mut high): (f64, f64), cost: impl Fn(f64) -> f64) -> f64 {
    const RATIO: f64 = 0.618_033_988_749_894_9;
    for _ in 0..60 {
        let (a, b) = (high - RATIO * (high - low), low + RATIO * (high - low));
        if cost(a) < cost(b) {
            high = b;
        } else {
            low = a;
        }
    }
    0.5 * (low + high)
}

/// The 97.5 % point of Student's t distribution, by the first three terms of the Cornish–Fisher expansion around the
/// normal distribution: 3 % low at two degrees of freedom, within 1 % from three on.
fn student(degrees: f64) -> f64 {
    const Z: f64 = 1.959_963_984_540_054;
    let one = (Z.powi(3) + Z) / 4.0;
    let two = (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / 96.0;
    let three = (3.0 * Z.powi(7) + 19.0 * Z.powi(5) + 17.0 * Z.powi(3) - 15.0 * Z) / 384.0;
    Z + one / degrees + two / degrees.powi(2) + three / degrees.powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::testing::{bits, curve, sparsity};

    /// ±`size`, the same every time and with no trend.
    fn ripple(i: usize, size: f64) -> f64 {
        size * [0.9, -1.0, 0.3, -0.6, 1.0, -0.2, 0.5, -0.8, 0.1][i % 9]
    }

    #[test]
    fn a_bend_is_found_with_its_slopes() {
        let bent = sparsity(|x| (0.2 * x + 4.0 * (x - 0.43).max(0.0), 0.0));
        let Segments::Bend {
            value,
            low,
            high,
            slope_before,
            slope_after,
            ..
        } = segments(&bent)
        else {
            panic!("{:?}", segments(&bent))
        };
        assert!((value - 0.43).abs() < 1e-6, "{value}");
        assert!((slope_before - 0.2).abs() < 1e-6 && (slope_after - 4.2).abs() < 1e-6);
        assert!(low <= value && value <= high && high - low < 0.01);
    }

    #[test]
    fn noise_widens_the_interval_and_it_still_holds_the_bend() {
        let bent = sparsity(|x| {
            (
                4.0 * (x - 0.43).max(0.0) + ripple((x * 10.0).round() as usize, 0.03),
                0.0,
            )
        });
        let Segments::Bend { low, high, .. } = segments(&bent) else {
            panic!("{:?}", segments(&bent))
        };
        assert!(low < 0.43 && 0.43 < high && high - low > 0.02, "{low} {high}");
    }

    #[test]
    fn bits_bend_downwards() {
        let bent = bits(|bits| (0.01 * (8.0 - bits) + 0.9 * (4.5 - bits).max(0.0), 0.0));
        let Segments::Bend {
            value,
            low,
            high,
            slope_after,
            ..
        } = segments(&bent)
        else {
            panic!("{:?}", segments(&bent))
        };
        assert!((value - 4.5).abs() < 1e-6 && low >= value && value >= high);
        assert!((slope_after - 0.91).abs() < 1e-6);
    }

    #[test]
    fn a_line_has_no_bend_and_neither_has_a_curve_that_flattens() {
        // Exponentially growing perplexity is a straight line here.
        for size in [0.0, 0.02] {
            let line = sparsity(|x| (3.0 * x + ripple((x * 10.0).round() as usize, size), 0.0));
            assert!(
                matches!(segments(&line), Segments::NoBend { .. }),
                "{:?}",
                segments(&line)
            );
        }
        let flattening = sparsity(|x| (4.0 * x.min(0.4), 0.0));
        assert!(matches!(segments(&flattening), Segments::NoBend { .. }));
    }

    #[test]
    fn few_points_are_too_few() {
        let points = [(0.0, 0.0), (0.4, 0.1), (0.8, 2.0)].map(|(x, y)| (x, y, 0.0));
        assert_eq!(
            segments(&curve("wanda:sparsity=0..0.8/3", &points)),
            Segments::TooFewPoints { have: 3, need: 6 }
        );
        assert_eq!(
            segments(&curve("wanda:sparsity=0..0.8/3", &[])),
            Segments::TooFewPoints { have: 0, need: 6 }
        );
    }

    #[test]
    fn a_jump_to_what_is_not_finite_is_fitted_without_harm() {
        // Ten nats at once: neither a line nor a bend, and nothing in it may be NaN.
        let dead = sparsity(|x| if x > 0.55 { (f64::NAN, f64::NAN) } else { (0.1 * x, 0.0) });
        let Segments::NoBend { bic_gain } = segments(&dead) else {
            panic!("{:?}", segments(&dead))
        };
        assert!((0.0..6.0).contains(&bic_gain), "{bic_gain}");
    }

    #[test]
    fn student_follows_the_table() {
        for (degrees, exact) in [(3.0, 3.182), (5.0, 2.571), (10.0, 2.228), (30.0, 2.042)] {
            assert!((student(degrees) / exact - 1.0).abs() < 0.01, "{degrees}");
        }
    }
}
