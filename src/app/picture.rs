//! From what the page knows to what the chart shows.

use super::state::{Kept, Shown, State};
use super::{controls, reading, words};
use crate::curve::Curve;
use crate::modify::Sweep;
use crate::modify::catalogue::Unit;
use crate::plot::{Chart, Measure, Sample, Series, Size, Threshold};
use crate::share::{Screen, View};

/// Charts under this width, in CSS pixels, hold no long names.
const NARROW: u32 = 480;

/// A curve of the chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn<'a> {
    /// What is written at its end; empty where a curve needs no name.
    pub name: String,
    /// Its colour and dash beside others; `None`: ink, and the colour of damage beyond its threshold.
    pub slot: Option<usize>,
    /// The curve.
    pub curve: &'a Curve,
}

/// The curves in the chart, the one whose points can be selected first.
#[must_use]
pub fn drawn(state: &State) -> Vec<Drawn<'_>> {
    if state.link.view.screen == Screen::Sizes {
        return sizes(state);
    }
    let Some(shown) = &state.shown else { return Vec::new() };
    let mut drawn = vec![Drawn {
        name: name(shown, &state.kept),
        slot: None,
        curve: &shown.curve,
    }];
    let here = is_drawn(&shown.curve);
    drawn.extend(state.kept.iter().filter(|kept| here(&kept.curve)).map(|kept| Drawn {
        name: kept.name.clone(),
        slot: Some(kept.slot),
        curve: &kept.curve,
    }));
    drawn
}

/// Whether the first of the drawn curves is the one whose points are measured and can be selected.
#[must_use]
pub fn is_shown(state: &State, drawn: &[Drawn<'_>]) -> bool {
    match (drawn.first(), &state.shown) {
        (Some(first), Some(shown)) => *first.curve == shown.curve,
        _ => false,
    }
}

/// A curve of each size where there is one, the selectable one first.
fn sizes(state: &State) -> Vec<Drawn<'_>> {
    let first = state.selectable_size();
    let mut drawn = Vec::new();
    for (slot, (model, shown)) in state.sizes().into_iter().enumerate() {
        let Some(shown) = shown else { continue };
        let measured = if shown.stored { "" } else { ", measured here" };
        let one = Drawn {
            name: format!("{}{measured}", model.short),
            slot: Some(slot),
            curve: &shown.curve,
        };
        let place = if first == Some(slot) { 0 } else { drawn.len() };
        drawn.insert(place, one);
    }
    drawn
}

/// The chart at a size. `thresholds` are what [`reading::Subjects::thresholds`] found, which is too slow for every redraw.
#[must_use]
pub fn chart(state: &State, thresholds: &[Option<Threshold>], size: Size) -> Chart {
    let view = &state.link.view;
    let drawn = drawn(state);
    let sweep = drawn
        .first()
        .map_or(&state.link.experiment.sweep, |first| &first.curve.sweep);
    let found = |place: usize| thresholds.get(place).cloned().flatten();
    let mut chart = match view.screen {
        Screen::Model => of(sweep, all(&drawn, |_| None, view), found(0), view, size),
        Screen::Sizes => compared(sweep, &drawn, found, view, size),
    };
    // Among the sizes, the method may have been changed meanwhile, and the curve that is measured is not there.
    if let (true, Some(first)) = (is_shown(state, &drawn), chart.series.first_mut()) {
        let under_way = state.under_way().iter();
        first.pending = under_way
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
    }
    chart
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
        reading::threshold(drawn.curve, view.threshold)
    };
    Some(compared(sweep, drawn, found, view, size))
}

/// `found` is where the curve of a slot breaks.
fn compared(
    sweep: &Sweep,
    drawn: &[Drawn<'_>],
    found: impl Fn(usize) -> Option<Threshold>,
    view: &View,
    size: Size,
) -> Chart {
    let own = |drawn: &Drawn<'_>| {
        let found = found(drawn.slot?)?;
        let name = drawn.name.split(',').next().unwrap_or_default();
        // A narrow chart has no room for the verb beside each line.
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

fn all(drawn: &[Drawn<'_>], threshold: impl Fn(&Drawn<'_>) -> Option<Threshold>, view: &View) -> Vec<Series> {
    let series = |drawn: &Drawn<'_>| Series {
        name: drawn.name.clone(),
        kept: drawn.slot,
        threshold: threshold(drawn),
        ..Series::of(drawn.curve, view.measure)
    };
    drawn.iter().map(series).collect()
}

fn of(sweep: &Sweep, series: Vec<Series>, threshold: Option<Threshold>, view: &View, size: Size) -> Chart {
    let knob = controls::knob(sweep);
    let (x_unit, x_title) = knob.map_or((Unit::Count, "change".to_owned()), |knob| {
        (knob.unit().unwrap_or(Unit::Count), words::knob_title(knob))
    });
    let downwards = knob.is_some_and(|knob| knob.harm_grows_downwards());
    let x_range = controls::range(sweep).map_or((0.0, 1.0), |(_, (from, to, _))| {
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

fn name(shown: &Shown, kept: &[Kept]) -> String {
    if shown.stored {
        "stored result".to_owned()
    } else if kept.iter().any(|kept| kept.curve == shown.curve) {
        // The kept one's name stands there.
        String::new()
    } else {
        words::kept_name(&shown.curve, kept.iter().map(|kept| (kept.name.as_str(), &kept.curve)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::reading::Subjects;
    use crate::app::testing::stored;
    use crate::share::{Link, Opened};

    const SIZE: Size = Size {
        width: 960,
        height: 540,
        type_px: 14.0,
    };

    #[test]
    fn three_sizes_stand_in_one_chart_with_a_threshold_each() {
        let mut state = State::open(Link::open("view=sizes"));
        for model in ["hemoscope-1m", "hemoscope-4m", "hemoscope-16m"] {
            state.take_stored("", Some(stored(model, "wanda:sparsity=0..0.8/9")));
        }
        let subjects = Subjects::of(&state);
        let chart = chart(&state, &subjects.thresholds(), SIZE);
        let names = chart
            .series
            .iter()
            .map(|series| series.name.as_str())
            .collect::<Vec<_>>();
        assert_eq!(names, ["4M", "1M", "16M"], "the chosen one first");
        let slots = chart.series.iter().map(|series| series.kept).collect::<Vec<_>>();
        assert_eq!(slots, [Some(1), Some(0), Some(2)]);
        for series in &chart.series {
            let name = series.threshold.as_ref().map(|threshold| threshold.name.clone());
            assert_eq!(name, Some(format!("{} breaks at 31\u{202f}%", series.name)));
        }
        assert!(
            subjects.sentence().starts_with("Which breaks first can't be told here"),
            "{}",
            subjects.sentence()
        );
    }

    #[test]
    fn without_a_curve_the_axes_are_those_of_the_settings() {
        let state = State::open(Opened::default());
        let chart = chart(&state, &Subjects::of(&state).thresholds(), SIZE);
        assert_eq!((chart.series.len(), chart.x_range), (0, (0.0, 0.8)));
        assert_eq!(Subjects::of(&state).sentence(), "");
    }
}
