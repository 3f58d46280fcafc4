//! From measured curves to the chart that shows them: a single one, or several together.

use super::{Chart, Measure, Series, Size, Threshold, threshold};
use crate::curve::Curve;
use crate::experiment::View;
use crate::modify::catalogue::Unit;
use crate::modify::{Sweep, knob};
use crate::wording;

/// Charts narrower than this, in CSS pixels, have no room for long names.
const NARROW: u32 = 480;

/// A curve of the chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn<'a> {
    /// What is written at its end; empty where a curve needs no name.
    pub name: String,
    /// Its colour and dash pattern among several curves; `None`: ink, and the colour of damage beyond its threshold.
    pub slot: Option<usize>,
    /// The curve.
    pub curve: &'a Curve,
}

/// Whether a kept curve can be drawn on the shown curve's axis: both must have the same parameter along x.
pub fn is_drawn(shown: &Curve) -> impl Fn(&Curve) -> bool {
    let axis = |curve: &Curve| knob::knob(&curve.sweep).map(|knob| (knob.key, knob.unit()));
    let here = axis(shown);
    move |kept| axis(kept) == here
}

/// The chart of one curve alone, for the command line and for stored pictures.
#[must_use]
pub fn alone(curve: &Curve, view: &View, size: Size) -> Chart {
    let threshold = threshold(curve, view.threshold);
    of(
        &curve.sweep,
        vec![Series::of(curve, view.measure)],
        threshold,
        view,
        size,
    )
}

/// The chart of several curves, each in its own colour and with its own threshold.
#[must_use]
pub fn together(drawn: &[Drawn<'_>], view: &View, size: Size) -> Option<Chart> {
    let sweep = &drawn.first()?.curve.sweep;
    let found = |slot: usize| {
        let drawn = drawn.iter().find(|drawn| drawn.slot == Some(slot))?;
        threshold(drawn.curve, view.threshold)
    };
    Some(compared(sweep, drawn, found, view, size))
}

/// As [`together`]; `found` gives the threshold of the curve in a slot.
pub fn compared(
    sweep: &Sweep,
    drawn: &[Drawn<'_>],
    found: impl Fn(usize) -> Option<Threshold>,
    view: &View,
    size: Size,
) -> Chart {
    let own = |drawn: &Drawn<'_>| {
        let found = found(drawn.slot?)?;
        let name = drawn.name.split(',').next().unwrap_or_default();
        // A narrow chart has no room for the verb beside each threshold.
        let place = if size.width < NARROW {
            found.name.trim_start_matches("breaks ")
        } else {
            &found.name
        };
        Some(Threshold {
            name: format!("{name} {place}"),
            ..found
        })
    };
    let level = Threshold {
        name: String::new(),
        level: view.threshold.ln(),
        at: None,
        band: None,
        safe: None,
    };
    of(sweep, all(drawn, own, view), Some(level), view, size)
}

/// The series of these curves, each with its own threshold.
pub fn all(drawn: &[Drawn<'_>], threshold: impl Fn(&Drawn<'_>) -> Option<Threshold>, view: &View) -> Vec<Series> {
    let series = |drawn: &Drawn<'_>| Series {
        name: drawn.name.clone(),
        kept: drawn.slot,
        threshold: threshold(drawn),
        ..Series::of(drawn.curve, view.measure)
    };
    drawn.iter().map(series).collect()
}

/// The chart of these series, along the knob of `sweep`.
pub fn of(sweep: &Sweep, series: Vec<Series>, threshold: Option<Threshold>, view: &View, size: Size) -> Chart {
    let knob = knob::knob(sweep);
    let (x_unit, x_title) = knob.map_or((Unit::Count, "change".to_owned()), |knob| {
        (knob.unit().unwrap_or(Unit::Count), wording::knob_title(knob))
    });
    let downwards = knob.is_some_and(|knob| knob.harm_grows_downwards());
    let x_range = knob::range(sweep).map_or((0.0, 1.0), |(_, (from, to, _))| {
        let (low, high) = (from.min(to), from.max(to));
        if downwards { (high, low) } else { (low, high) }
    });
    Chart {
        x_title,
        x_unit,
        x_range,
        measure: view.measure,
        axis: view.axis,
        series,
        threshold,
        size,
    }
}

/// The text alternative of a chart.
#[must_use]
pub fn alternative(chart: &Chart, sentence: &str) -> String {
    let points = chart.series.first().map_or(0, |series| series.samples.len());
    let what = match chart.measure {
        Measure::Hemorrhage => "how many times the perplexity grows",
        Measure::Kld => "how far the predicted probabilities move",
        Measure::SameTop => "how often the most likely next word stays the same",
    };
    format!("Chart of {points} points: {what}, by {}. {sentence}", chart.x_title)
}
