//! From what the page knows to what the chart along the depth shows.

use crate::state::Results;
use hemoscope_core::curve::Point;
use hemoscope_core::experiment::{Settings, View};
use hemoscope_core::observation::find;
use hemoscope_core::plot::{DepthChart, DepthMeasure, KeptLine, Size};

/// The chart at a size; `None` before anything is observed.
#[must_use]
pub fn chart(link: &Settings, results: &Results, size: Size) -> Option<DepthChart> {
    let shown = results.shown.as_ref()?;
    let measure = link.view.depth_measure;
    let at = results.selected_point(&link.view).map(|(_, point)| point.value());
    let former = results.ghost().map(|former| &former.curve);
    let chart = match DepthChart::of(&shown.curve, measure, at, size) {
        Some(chart) => former.map_or(chart.clone(), |former| chart.after(former)),
        // Until the first strength is measured, the former result stays.
        None => DepthChart::of(former?, measure, None, size)?.faded(),
    };
    let kept = results.kept_of(&shown.experiment.ask).filter_map(|kept| {
        Some(KeptLine {
            name: &kept.name,
            slot: kept.slot,
            point: kept.point()?,
        })
    });
    Some(chart.beside(kept))
}

/// How many sites along the depth a point was observed at.
#[must_use]
pub fn sites(point: &Point) -> Option<usize> {
    let observed = find(&point.observations, DepthMeasure::default().key())?;
    Some(observed.values.len())
}

/// The selected site: the one in the settings if the point has it, or else the last.
#[must_use]
pub fn site(view: &View, point: &Point) -> Option<usize> {
    let last = sites(point)?.checked_sub(1)?;
    Some(view.site.unwrap_or(last).min(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;
    use crate::testing::{SIZE, along_the_depth};
    use hemoscope_core::plot::LineKind;
    use hemoscope_core::share;

    fn kinds(state: &State) -> Vec<LineKind> {
        let chart = chart(&state.link, &state.results, SIZE).expect("a chart");
        chart.lines.iter().map(|line| line.kind).collect()
    }

    #[test]
    fn a_kept_line_stays_beside_the_next_result() {
        let mut state = State::open(share::open("v=3&ask=depth&at=0.2"));
        assert!(chart(&state.link, &state.results, SIZE).is_none());
        state.take_stored("", Some(along_the_depth("hemoscope-4m", "wanda:sparsity=0..0.8/9")));
        assert!(state.results.can_keep(&state.link.view));
        state.keep();
        assert!(!state.results.can_keep(&state.link.view), "once");
        let before = kinds(&state);
        assert_eq!(before.last(), Some(&LineKind::Kept(0)));
        state.link.view.at = Some(0.3);
        assert!(state.results.can_keep(&state.link.view), "another strength");
        let name = &state.results.kept[0].name;
        assert_eq!(name, "hemoscope 4M, Wanda pruning at 20\u{202f}%");
    }

    #[test]
    fn the_selected_place_is_one_that_was_observed() {
        let mut state = State::open(share::open("v=3&ask=depth&site=99"));
        state.take_stored("", Some(along_the_depth("hemoscope-4m", "wanda:sparsity=0..0.8/9")));
        let (_, point) = state.results.selected_point(&state.link.view).expect("a point");
        let last = sites(point).expect("observed") - 1;
        assert_eq!(site(&state.link.view, point), Some(last));
        state.link.view.site = Some(1);
        let (_, point) = state.results.selected_point(&state.link.view).expect("a point");
        assert_eq!(site(&state.link.view, point), Some(1));
    }
}
