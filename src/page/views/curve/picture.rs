//! From what the page knows to what the chart shows.

use crate::state::{Kept, Results, Shown, UnderWay};
use hemoscope_core::experiment::Screen;
use hemoscope_core::experiment::Settings;
use hemoscope_core::modify::Sweep;
use hemoscope_core::plot::picture::{self, Drawn};
use hemoscope_core::plot::{Chart, Measure, Sample, Size, Threshold};
use hemoscope_core::wording;

/// The curves in the chart, the one whose points can be selected first.
#[must_use]
pub fn drawn<'a>(link: &Settings, results: &'a Results) -> Vec<Drawn<'a>> {
    if link.view.screen == Screen::Sizes {
        return sizes(link, results);
    }
    let Some(shown) = &results.shown else {
        return Vec::new();
    };
    let mut drawn = vec![Drawn {
        name: name(shown, &results.kept),
        slot: None,
        curve: &shown.curve,
    }];
    let here = picture::is_drawn(&shown.curve);
    let kept = results.kept_of(&shown.experiment.ask).map(|kept| Drawn {
        name: kept.name.clone(),
        slot: Some(kept.slot),
        curve: &kept.curve,
    });
    // A kept curve is drawn already.
    let former = results.ghost().map(|former| &former.curve);
    let former = former.filter(|former| results.kept.iter().all(|kept| kept.curve != **former));
    let ghost = former.map(|curve| Drawn {
        name: "before".to_owned(),
        slot: Some(results.free_slot()),
        curve,
    });
    drawn.extend(kept.chain(ghost).filter(|drawn| here(drawn.curve)));
    drawn
}

/// Whether the first of the drawn curves is the one whose points are measured and can be selected.
#[must_use]
pub fn is_shown(results: &Results, drawn: &[Drawn<'_>]) -> bool {
    match (drawn.first(), &results.shown) {
        (Some(first), Some(shown)) => *first.curve == *shown.curve,
        _ => false,
    }
}

/// One curve per size if there is one, the selectable one first.
fn sizes<'a>(link: &Settings, results: &'a Results) -> Vec<Drawn<'a>> {
    let first = results.selectable_size(link);
    let mut drawn = Vec::new();
    for (slot, (model, shown)) in results.sizes(link.experiment.sweep()).into_iter().enumerate() {
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

/// The chart at a size. `thresholds` are what [`AnswerInput::thresholds`](crate::state::AnswerInput::thresholds) found, which is too slow for every redraw.
#[must_use]
pub fn chart(
    (link, results): (&Settings, &Results),
    under_way: &[UnderWay],
    thresholds: &[Option<Threshold>],
    size: Size,
) -> Chart {
    let view = &link.view;
    let drawn = drawn(link, results);
    let sweep = drawn
        .first()
        .map_or(link.experiment.sweep(), |first| &first.curve.sweep);
    let found = |place: usize| thresholds.get(place).cloned().flatten();
    let mut chart = match view.screen {
        Screen::Model => picture::of(sweep, picture::all(&drawn, |_| None, view), found(0), view, size),
        Screen::Sizes => picture::compared(sweep, &drawn, found, view, size),
    };
    // When sizes are compared, the method may have been changed meanwhile, and then the curve being measured is not
    // drawn.
    if let (true, Some(first)) = (is_shown(results, &drawn), chart.series.first_mut()) {
        first.pending = under_way
            .iter()
            .map(|point| match &point.so_far {
                Some((windows, measured)) => Sample::of(point.value, measured, *windows, view.measure),
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

fn name(shown: &Shown, kept: &[Kept]) -> String {
    if shown.stored {
        "stored result".to_owned()
    } else if kept.iter().any(|kept| kept.curve == shown.curve) {
        // The kept curve's name is already there.
        String::new()
    } else {
        wording::kept_name(&shown.curve, kept.iter().map(|kept| (kept.name.as_str(), &*kept.curve)))
    }
}

/// The text for the mark of a point being measured: its strength, and its provisional value.
#[must_use]
pub fn pending_mark(sweep: &Sweep, point: &UnderWay, measure: Measure) -> String {
    let x = wording::strength_in_full(sweep, point.value);
    match &point.so_far {
        Some((windows, measured)) => format!(
            "{x}: being measured, so far {} ({windows} of {} windows)",
            wording::sample(&Sample::of(point.value, measured, *windows, measure), measure),
            point.total
        ),
        None => format!("{x}: being measured"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{AnswerInput, State};
    use crate::testing::{SIZE, stored};
    use hemoscope_core::share::{self, Opened};

    #[test]
    fn three_sizes_stand_in_one_chart_with_a_threshold_each() {
        let mut state = State::open(share::open("view=sizes"));
        for model in ["hemoscope-1m", "hemoscope-4m", "hemoscope-16m"] {
            state.take_stored("", Some(stored(model, "wanda:sparsity=0..0.8/9")));
        }
        let answer_input = AnswerInput::of(&state.link, &state.results);
        let chart = chart((&state.link, &state.results), &[], &answer_input.thresholds(), SIZE);
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
        let said = answer_input.answer();
        assert!(
            said.headline
                .starts_with("The intervals overlap, so we can't say which breaks first"),
            "{said:?}"
        );
        assert!(
            said.headline.ends_with(':') && said.rest.starts_with("1M at "),
            "{said:?}"
        );
    }

    #[test]
    fn without_a_curve_the_axes_are_those_of_the_settings() {
        let state = State::open(Opened::default());
        let chart = chart((&state.link, &state.results), &[], &[None], SIZE);
        assert_eq!((chart.series.len(), chart.x_range), (0, (0.0, 0.8)));
        let said = AnswerInput::of(&state.link, &state.results).answer();
        assert_eq!((said.headline.as_str(), said.rest.as_str()), ("", ""));
    }
}
