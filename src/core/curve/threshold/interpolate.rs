//! Where a rising curve through points reaches a level.

/// Where the level is reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Reach {
    /// Already at the first point.
    Before,
    /// Between two points: by linear interpolation, and by a smooth monotone curve through the points.
    At { straight: f64, smooth: f64 },
    /// At no point.
    Beyond,
}

/// The smallest `x` at which the running maximum of `y` reaches `level`. `x` rises.
pub(super) fn reach(x: &[f64], y: &[f64], level: f64) -> Reach {
    let mut highest = f64::NEG_INFINITY;
    let rising = y
        .iter()
        .map(|&y| {
            highest = highest.max(y);
            highest
        })
        .collect::<Vec<_>>();
    let Some(next) = rising.iter().position(|&y| y >= level) else {
        return Reach::Beyond;
    };
    let Some(last) = next.checked_sub(1) else {
        return Reach::Before;
    };
    let (width, height) = (x[next] - x[last], rising[next] - rising[last]);
    let part = (level - rising[last]) / height;
    let slopes = [slope(x, &rising, last), slope(x, &rising, next)].map(|slope| slope * width / height);
    Reach::At {
        straight: x[last] + width * part,
        smooth: x[last] + width * hermite(slopes, part),
    }
}

/// The slope of the monotone cubic (Fritsch and Carlson) at a point: the weighted harmonic mean of the neighbouring
/// chords, 0 on a flat stretch, the chord's own slope at an end.
fn slope(x: &[f64], y: &[f64], i: usize) -> f64 {
    let chord = |i: usize| (y[i + 1] - y[i]) / (x[i + 1] - x[i]);
    let Some(left) = i.checked_sub(1).map(chord) else {
        return chord(i);
    };
    if i + 1 == x.len() {
        return left;
    }
    let right = chord(i);
    if left <= 0.0 || right <= 0.0 {
        return 0.0;
    }
    let (before, after) = (x[i] - x[i - 1], x[i + 1] - x[i]);
    let (a, b) = (2.0 * after + before, after + 2.0 * before);
    (a + b) / (a / left + b / right)
}

/// Where in 0..=1 the cubic from 0 to 1 with these end slopes, which is monotone, equals `part`.
fn hermite([start, end]: [f64; 2], part: f64) -> f64 {
    let value = |t: f64| {
        let rest = 1.0 - t;
        start * t * rest * rest + t * t * (3.0 - 2.0 * t) - end * t * t * rest
    };
    let (mut low, mut high) = (0.0, 1.0);
    // Halves until an f64 can no longer tell the ends apart.
    for _ in 0..52 {
        let middle = 0.5 * (low + high);
        if value(middle) < part {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_straight_line_is_met_exactly() {
        let x = [0.0, 0.1, 0.3, 0.4];
        let y = x.map(|x| 2.0 * x);
        let Reach::At { straight, smooth } = reach(&x, &y, 0.5) else {
            panic!("inside the range")
        };
        assert!((straight - 0.25).abs() < 1e-12 && (smooth - 0.25).abs() < 1e-12);
        assert_eq!(reach(&x, &y, 0.9), Reach::Beyond);
        assert_eq!(reach(&x, &y, 0.0), Reach::Before);
    }

    #[test]
    fn a_dip_does_not_undo_a_rise() {
        let Reach::At { straight, .. } = reach(&[0.0, 1.0, 2.0, 3.0], &[0.0, 0.4, 0.2, 1.0], 0.7) else {
            panic!("inside the range")
        };
        // The running maximum is .4 at 1 and 2, so .7 is half-way from 2 to 3.
        assert!((straight - 2.5).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn both_lie_between_the_same_points_and_grow_with_the_level(
            steps in prop::collection::vec((0.01_f64..1.0, -0.5_f64..1.0), 2..20),
            levels in (0.01_f64..3.0, 0.01_f64..3.0),
        ) {
            let (mut x, mut y) = (vec![0.0], vec![0.0]);
            for (dx, dy) in steps {
                x.push(x[x.len() - 1] + dx);
                y.push(y[y.len() - 1] + dy);
            }
            let (low, high) = (levels.0.min(levels.1), levels.0.max(levels.1));
            match (reach(&x, &y, low), reach(&x, &y, high)) {
                (Reach::At { straight: a, smooth: b }, Reach::At { straight: c, smooth: d }) => {
                    prop_assert!(a <= c + 1e-12 && b <= d + 1e-9);
                    let bracket = |at: f64| x.iter().filter(|&&x| x < at - 1e-9).count();
                    prop_assert!(bracket(a).abs_diff(bracket(b)) <= 1);
                }
                (Reach::At { .. }, Reach::Beyond) | (Reach::Beyond, Reach::Beyond) => {}
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
