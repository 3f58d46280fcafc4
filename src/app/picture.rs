//! From what the page knows to what the chart shows.

use super::state::{Kept, Shown, State};
use super::{controls, reading, words};
use crate::curve::Curve;
use crate::modify::catalogue::Unit;
use crate::plot::{Chart, Measure, Sample, Series, Size, Threshold};
use crate::share::View;

/// The chart of what is shown, at a size; `None` where there is nothing to show. `threshold` is what
/// [`reading::threshold`] found, which is too slow for every redraw.
#[must_use]
pub fn chart(state: &State, threshold: Option<Threshold>, size: Size) -> Option<Chart> {
    let shown = state.shown.as_ref()?;
    let view = &state.link.view;
    let mut current = Series::of(&shown.curve, view.measure);
    name(&mut current, shown, &state.kept);
    let under_way = state.under_way().iter();
    current.pending = under_way
        .map(|point| match &point.so_far {
            Some((_, measured)) => Sample::of(point.value, measured, view.measure),
            None => Sample {
                x: point.value,
                y: f64::NAN,
                half_width: 0.0,
                failed: None,
            },
        })
        .collect();
    let mut series = vec![current];
    let here = is_drawn(&shown.curve);
    series.extend(state.kept.iter().filter(|kept| here(&kept.curve)).map(|kept| Series {
        name: kept.name.clone(),
        kept: Some(kept.slot),
        ..Series::of(&kept.curve, view.measure)
    }));
    Some(of(&shown.curve, series, threshold, view, size))
}

/// Whether a kept curve has a place on the axis of the shown one: both vary, or are placed by, the same parameter.
pub fn is_drawn(shown: &Curve) -> impl Fn(&Curve) -> bool {
    let axis = |curve: &Curve| controls::knob(&curve.sweep).map(|knob| (knob.key, knob.unit()));
    let here = axis(shown);
    move |kept| axis(kept) == here
}

/// The chart of one curve alone, for the command line and for stored pictures.
#[must_use]
pub fn alone(curve: &Curve, view: &View, size: Size) -> Chart {
    let threshold = reading::threshold(curve, view.threshold);
    of(curve, vec![Series::of(curve, view.measure)], threshold, view, size)
}

fn of(curve: &Curve, series: Vec<Series>, threshold: Option<Threshold>, view: &View, size: Size) -> Chart {
    let knob = controls::knob(&curve.sweep);
    let (x_unit, x_title) = knob.map_or((Unit::Count, "change".to_owned()), |knob| {
        (knob.unit().unwrap_or(Unit::Count), words::knob_title(knob))
    });
    let downwards = knob.is_some_and(|knob| knob.harm_grows_downwards());
    let x_range = controls::range(&curve.sweep).map_or((0.0, 1.0), |(_, (from, to, _))| {
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

fn name(series: &mut Series, shown: &Shown, kept: &[Kept]) {
    series.name = if shown.stored {
        "stored result".to_owned()
    } else if kept.iter().any(|kept| kept.curve == shown.curve) {
        // The kept one's name stands there.
        String::new()
    } else {
        words::kept_name(&shown.curve, kept.iter().map(|kept| (kept.name.as_str(), &kept.curve)))
    };
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
