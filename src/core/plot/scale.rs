//! Ranges and the numbers written at an axis.

use super::{Axis, Chart, Measure};
use crate::modify::catalogue::Unit;

/// The highest hemorrhage drawn: a million times the perplexity, beyond which differences mean nothing.
const HIGHEST: f64 = 13.815_510_557_964_274;
/// The most decades that a logarithmic axis shows below its largest value.
const DECADES: f64 = 4.0;
/// Perplexity factors within one decade that are labelled on the right.
const FACTORS: [f64; 9] = [1.0, 1.05, 1.1, 1.2, 1.5, 2.0, 3.0, 5.0, 7.0];

/// From values to a linear scale and back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    log: bool,
    /// The lower end, on the linear scale.
    pub(super) low: f64,
    /// The upper end, on the linear scale.
    pub(super) high: f64,
}

impl Scale {
    /// The range that holds every finite value of the chart, its whiskers and the untouched model.
    pub(super) fn of(chart: &Chart) -> Self {
        let log = chart.axis == Axis::Log && chart.measure != Measure::SameTop;
        let samples = || {
            let series = chart.series.iter();
            series.flat_map(|series| series.samples.iter().chain(&series.pending))
        };
        let level = chart
            .threshold
            .as_ref()
            .filter(|_| chart.measure == Measure::Hemorrhage)
            .map(|threshold| threshold.level);
        if log {
            return Self::logarithmic(samples().map(|sample| sample.y).chain(level));
        }
        if chart.measure == Measure::SameTop {
            return Self {
                log,
                low: 0.0,
                high: 1.04,
            };
        }
        let ends = samples().filter(|sample| sample.y.is_finite()).flat_map(|sample| {
            let half = if sample.half_width.is_finite() {
                sample.half_width
            } else {
                0.0
            };
            [sample.y - half, sample.y + half]
        });
        let (low, high) = ends
            .chain(level)
            .map(|y| y.clamp(-HIGHEST, HIGHEST))
            // At least a tenth of a nat, so that noise is not magnified.
            .fold((0.0_f64, 0.1_f64), |(low, high), y| (low.min(y), high.max(y)));
        let room = 0.06 * (high - low);
        Self {
            log,
            low: low - room,
            high: high + room,
        }
    }

    fn logarithmic(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values
            .filter(|y| y.is_finite() && *y > 0.0)
            .map(|y| y.min(HIGHEST).log10())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| {
                (low.min(y), high.max(y))
            });
        let (low, high) = if low <= high { (low, high) } else { (-2.0, 0.0) };
        let low = low.max(high - DECADES).min(high - 1.0);
        let room = 0.06 * (high - low);
        Self {
            log: true,
            low: low - room,
            high: high + room,
        }
    }

    /// The position of a value on the linear scale: `None` above the scale, the lower end below it.
    pub(super) fn place(&self, y: f64) -> Option<f64> {
        let place = if self.log { y.max(f64::MIN_POSITIVE).log10() } else { y };
        (y.is_finite() && place <= self.high).then(|| place.max(self.low))
    }

    /// Whether a value lies under the scale.
    pub(super) fn is_below(&self, y: f64) -> bool {
        self.log && y.is_finite() && (y <= 0.0 || y.log10() < self.low)
    }

    /// Positions with their values as labels, about `count` of them.
    pub(super) fn ticks(&self, count: usize) -> Vec<(f64, f64)> {
        if !self.log {
            return nice(self.low, self.high, count).into_iter().map(|y| (y, y)).collect();
        }
        let decades = (self.low.floor() as i32)..=(self.high.ceil() as i32);
        let dense = (self.high - self.low) * 3.0 <= count as f64 + 1.0;
        let steps: &[f64] = if dense { &[1.0, 2.0, 5.0] } else { &[1.0] };
        decades
            .flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade)))
            .map(|y| (y.log10(), y))
            .filter(|(place, _)| (self.low..=self.high).contains(place))
            .collect()
    }

    /// Positions with perplexity factors, at least `apart` from each other on the linear scale; the threshold's own
    /// factor has priority.
    pub(super) fn factors(&self, own: Option<f64>, apart: f64) -> Vec<(f64, f64)> {
        let mut taken: Vec<(f64, f64)> = Vec::new();
        let decades = (-1..=6).map(|decade| 10_f64.powi(decade));
        // Round factors have priority over those between them.
        let round = decades.clone();
        let others = decades.flat_map(|decade| FACTORS.iter().map(move |factor| factor * decade));
        for factor in own.into_iter().chain(round).chain([2.0, 5.0]).chain(others) {
            let level = factor.ln();
            if self.log && level <= 0.0 {
                continue;
            }
            let place = if self.log { level.log10() } else { level };
            let free = taken.iter().all(|(other, _)| (other - place).abs() >= apart);
            if (self.low..=self.high).contains(&place) && free {
                taken.push((place, factor));
            }
        }
        taken.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        taken
    }
}

/// Round numbers in a range, about `count` of them: steps of 1, 2, 2.5 or 5 times a power of ten.
pub(super) fn nice(low: f64, high: f64, count: usize) -> Vec<f64> {
    let span = high - low;
    if !(span.is_finite() && span > 0.0) {
        return vec![low];
    }
    let rough = span / count.max(1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(10.0 * power);
    let first = (low / step).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last.min(first.saturating_add(100)))
        .map(|place| place as f64 * step)
        .collect()
}

/// A number with at most four significant digits, without trailing zeros, with a real minus sign.
#[must_use]
pub fn format_number(value: f64) -> String {
    if value.is_nan() {
        return "not a number".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e7).contains(&size) {
        return power_of_ten(value);
    }
    let before = if size >= 1.0 {
        size.log10().floor() as i32 + 1
    } else {
        0
    };
    let decimals = if size == 0.0 || size >= 1.0 {
        (4 - before).clamp(0, 3)
    } else {
        // Three significant digits of a fraction.
        (3 - (size.log10().floor() as i32 + 1)).clamp(0, 9)
    };
    let text = format!("{value:.*}", usize::try_from(decimals).unwrap_or_default());
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    let text = if text == "-0" { "0" } else { text };
    text.replace('-', "−")
}

/// `3.1 × 10⁹`.
fn power_of_ten(value: f64) -> String {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let text = format!("{value:.1e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let raised = |c: char| match c.to_digit(10) {
        Some(digit) => RAISED[digit as usize],
        None => '⁻',
    };
    let digits = digits.trim_end_matches(".0").replace('-', "−");
    format!(
        "{digits}\u{202f}×\u{202f}10{}",
        power.chars().map(raised).collect::<String>()
    )
}

/// A knob's value in its unit: `30 %`, `4 bits`, `3`.
#[must_use]
pub fn format_value(value: f64, unit: Unit) -> String {
    match unit {
        // A narrow space that doesn't break.
        Unit::Share => format!("{}\u{202f}%", format_number((value * 1e5).round() / 1e3)),
        Unit::Bits => format!("{}\u{202f}bits", format_number(value)),
        Unit::Count => format_number(value),
    }
}
