//! The overlay that the page can focus, name and style: points, names at curve ends, the threshold's name.

use super::layout::Layout;
use super::{Anchor, Chart, Label, Mark, MarkKind, Role, Series, Threshold};

/// The colour of the shown curve at a strength.
pub(super) fn side(chart: &Chart, x: f64) -> Role {
    match chart.threshold.as_ref().and_then(|threshold| threshold.safe) {
        Some((from, to)) if x < from || x > to => Role::Damage,
        _ => Role::Ink,
    }
}

pub(super) fn role_at(chart: &Chart, series: &Series, x: f64) -> Role {
    series.kept.map_or_else(|| side(chart, x), Role::Kept)
}

pub(super) fn marks(chart: &Chart, layout: &Layout) -> Vec<Mark> {
    let [_, top, _, bottom] = layout.area;
    let mut marks = Vec::new();
    for (place, series) in chart.series.iter().enumerate() {
        for (index, sample) in series
            .samples
            .iter()
            .enumerate()
            .filter(|(_, sample)| sample.x.is_finite())
        {
            let (height, kind) = if sample.failed.is_some() {
                (bottom, MarkKind::Failed)
            } else if layout.scale.is_below(sample.y) {
                (bottom, MarkKind::BelowScale)
            } else {
                match layout.scale.place(sample.y) {
                    Some(place) => (layout.top(place), MarkKind::Measured),
                    None => (top, MarkKind::OffScale),
                }
            };
            marks.push(Mark {
                series: place,
                index,
                x: sample.x,
                y: sample.y,
                left: layout.left(sample.x),
                top: height,
                whisker: None,
                kind,
                role: role_at(chart, series, sample.x),
            });
        }
        for sample in &series.pending {
            let before = marks
                .iter()
                .rev()
                .find(|mark| mark.series == place && mark.kind == MarkKind::Measured);
            let height = |y: f64| layout.scale.place(y).map(|place| layout.top(place));
            let untouched = || height(chart.measure.untouched()).unwrap_or(layout.top(layout.scale.low));
            let whisker = [sample.y - sample.half_width, sample.y + sample.half_width].map(height);
            marks.push(Mark {
                series: place,
                index: series.samples.len(),
                x: sample.x,
                y: sample.y,
                left: layout.left(sample.x),
                top: height(sample.y).unwrap_or_else(|| before.map_or_else(untouched, |mark| mark.top)),
                whisker: match whisker {
                    [Some(low), Some(high)] => Some([low, high]),
                    _ => None,
                },
                kind: MarkKind::Pending,
                role: Role::Ink,
            });
        }
    }
    marks
}

/// Names are at the ends of their curves, so that no legend is needed; a single curve needs no name.
pub(super) fn names(chart: &Chart, marks: &[Mark], layout: &Layout) -> Vec<Label> {
    if chart.series.len() < 2 {
        return Vec::new();
    }
    let [left, _, right, _] = layout.area;
    chart
        .series
        .iter()
        .enumerate()
        .filter(|(_, series)| !series.name.is_empty())
        .filter_map(|(place, series)| {
            let end = marks
                .iter()
                .filter(|mark| mark.series == place && mark.kind == MarkKind::Measured)
                .max_by(|a, b| a.left.total_cmp(&b.left))?;
            let anchor = if end.left > f64::midpoint(left, right) {
                Anchor::End
            } else {
                Anchor::Start
            };
            Some(Label {
                text: series.name.clone(),
                left: end.left + if anchor == Anchor::End { -0.8 } else { 0.8 } * layout.type_px,
                top: end.top - 0.3 * layout.type_px,
                anchor,
                role: series.kept.map_or(Role::Ink, Role::Kept),
            })
        })
        .collect()
}

/// Moves overlapping names apart, and names outside the plotting area back into it.
pub(super) fn spread(labels: &mut [Label], apart: f64, [_, top, _, bottom]: [f64; 4]) {
    let mut order = (0..labels.len()).collect::<Vec<_>>();
    order.sort_by(|&a, &b| labels[a].top.total_cmp(&labels[b].top));
    let mut free = top + 2.0 * apart;
    for &place in &order {
        labels[place].top = labels[place].top.max(free);
        free = labels[place].top + apart;
    }
    let mut free = bottom - 0.2 * apart;
    for &place in order.iter().rev() {
        labels[place].top = labels[place].top.min(free);
        free = labels[place].top - apart;
    }
}

/// Where curves break, each with its colour.
pub(super) fn thresholds(chart: &Chart) -> impl Iterator<Item = (&Threshold, Role)> {
    let own = chart.series.iter().filter_map(|series| {
        let role = series.kept.map_or(Role::Damage, Role::Kept);
        Some((series.threshold.as_ref()?, role))
    });
    chart
        .threshold
        .iter()
        .map(|threshold| (threshold, Role::Damage))
        .chain(own)
}

/// Each threshold's name at its line, each lower than the one to its left, so that none overlap.
pub(super) fn threshold_names(chart: &Chart, layout: &Layout) -> Vec<Label> {
    let [left, top, right, _] = layout.area;
    let em = layout.type_px;
    let mut found = thresholds(chart)
        .filter_map(|(threshold, role)| Some((layout.left(threshold.at?), threshold, role)))
        .filter(|(at, ..)| (left..=right).contains(at))
        .collect::<Vec<_>>();
    found.sort_by(|(a, ..), (b, ..)| a.total_cmp(b));
    let mut labels: Vec<Label> = Vec::new();
    for (at, threshold, role) in found {
        // An average letter of a system font is a little narrower than this.
        let wide = threshold.name.chars().count() as f64 * 0.55 * em;
        let anchor = if at - left > wide || at - left > right - at {
            Anchor::End
        } else {
            Anchor::Start
        };
        labels.push(Label {
            text: threshold.name.clone(),
            left: at + if anchor == Anchor::End { -0.6 } else { 0.6 } * em,
            top: top + (1.3 + 1.4 * labels.len() as f64) * em,
            anchor,
            role,
        });
    }
    labels
}
