//! The layout of a chart.

use super::scale::Scale;
use super::{Chart, Measure};

/// The layout of a chart, in CSS pixels.
///
/// Damage grows to the right: where it grows as the knob falls (bits), x is drawn mirrored, as `−x`.
pub(super) struct Layout {
    pub(super) area: [f64; 4],
    pub(super) mirrored: bool,
    /// The ends of the axis, mirrored if x is.
    pub(super) x: (f64, f64),
    pub(super) scale: Scale,
    pub(super) type_px: f64,
}

impl Layout {
    pub(super) fn of(chart: &Chart) -> Self {
        let em = chart.size.type_px;
        let (width, height) = (f64::from(chart.size.width), f64::from(chart.size.height));
        let right = if chart.measure == Measure::Hemorrhage {
            4.2 * em
        } else {
            1.2 * em
        };
        let area = [
            3.4 * em,
            2.2 * em,
            (width - right).max(4.4 * em),
            (height - 3.6 * em).max(3.2 * em),
        ];
        let (from, to) = chart.x_range;
        let mirrored = from > to;
        let (from, to) = (from.min(to), from.max(to));
        let ends = chart
            .series
            .iter()
            .flat_map(|series| &series.samples)
            .map(|sample| sample.x)
            .filter(|x| x.is_finite());
        let (from, to) = ends.fold((from, to), |(from, to), x| (from.min(x), to.max(x)));
        let span = if to > from {
            to - from
        } else {
            from.abs().max(1.0) * 0.2
        };
        Self {
            area,
            mirrored,
            x: if mirrored {
                (-to - 0.04 * span, -from + 0.04 * span)
            } else {
                (from - 0.04 * span, to + 0.04 * span)
            },
            scale: Scale::of(chart),
            type_px: em,
        }
    }

    /// From a strength to the axis, and back.
    pub(super) fn mirror(&self, x: f64) -> f64 {
        if self.mirrored { -x } else { x }
    }

    /// Two strengths on the axis, left one first, clamped to its ends.
    pub(super) fn span(&self, (one, other): (f64, f64)) -> (f64, f64) {
        let (one, other) = (self.mirror(one), self.mirror(other));
        let (low, high) = self.x;
        (one.min(other).clamp(low, high), one.max(other).clamp(low, high))
    }

    pub(super) fn left(&self, x: f64) -> f64 {
        let [left, _, right, _] = self.area;
        left + (self.mirror(x) - self.x.0) / (self.x.1 - self.x.0) * (right - left)
    }

    /// The height of a position on the linear scale, in pixels from the top.
    pub(super) fn top(&self, place: f64) -> f64 {
        let [_, top, _, bottom] = self.area;
        bottom - (place - self.scale.low) / (self.scale.high - self.scale.low) * (bottom - top)
    }
}
