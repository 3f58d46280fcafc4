//! The chart along the depth: one line per strength, from the embedding to the last block's output.

use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{Canvas, Done, Frame, on_canvas, stroke};
use super::draw::DASHES;
use super::overlay::spread;
use super::scale::nice;
use super::{Anchor, Drawing, Label, Mark, MarkKind, PlotError, Role, Size, format_number};
use crate::curve::{Curve, Point};
use crate::observation::find;
use crate::wording::{counted, strength};

/// What the lines show after each block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DepthMeasure {
    /// `‖X − X⁰‖ / ‖X⁰‖` of the residual stream.
    #[default]
    RelativeError,
    /// Mean cosine of both models' streams.
    Cosine,
    /// Linear centred kernel alignment of both models' streams.
    Cka,
}

impl DepthMeasure {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::RelativeError, Self::Cosine, Self::Cka];

    /// The measure of the observation.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::RelativeError => "relative_error",
            Self::Cosine => "cosine",
            Self::Cka => "cka",
        }
    }

    /// Plain name, for the axis and the switch.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RelativeError => "relative error",
            Self::Cosine => "cosine",
            Self::Cka => "CKA",
        }
    }

    /// The title of the axis.
    #[must_use]
    pub fn axis_title(self) -> &'static str {
        match self {
            Self::RelativeError => "relative error of the residual stream",
            Self::Cosine => "cosine with the untouched model's stream",
            Self::Cka => "alignment with the untouched model's stream (CKA)",
        }
    }

    /// The untouched model's value.
    fn untouched(self) -> f64 {
        match self {
            Self::RelativeError => 0.0,
            Self::Cosine | Self::Cka => 1.0,
        }
    }
}

/// The line of one strength.
#[derive(Debug, Clone, PartialEq)]
pub struct DepthLine {
    /// Its strength as shown ("50 %"), for a kept line with its modification.
    pub name: String,
    /// One value per site.
    pub values: Vec<f64>,
    /// Which result it comes from.
    pub kind: LineKind,
}

/// Which result a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// A strength of the shown result.
    Shown,
    /// A strength of the previous result, until it is measured again.
    Former,
    /// Kept for comparison, in the colour and dash pattern of this slot.
    Kept(usize),
}

/// A kept line: its name, its slot, and its point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeptLine<'a> {
    /// The name written at its end.
    pub name: &'a str,
    /// Which colour and dash pattern.
    pub slot: usize,
    /// The point.
    pub point: &'a Point,
}

/// Everything that the chart shows.
#[derive(Debug, Clone, PartialEq)]
pub struct DepthChart {
    /// What is shown.
    pub measure: DepthMeasure,
    /// What the sites are called.
    pub sites: Vec<String>,
    /// From the weakest damage to the strongest.
    pub lines: Vec<DepthLine>,
    /// The line whose points are marked.
    pub selected: Option<usize>,
    /// How large.
    pub size: Size,
}

impl DepthChart {
    /// The observations along the depth, one line per strength; the strength `at` is selected, or else the last one.
    /// `None` where nothing was observed.
    #[must_use]
    pub fn of(curve: &Curve, measure: DepthMeasure, at: Option<f64>, size: Size) -> Option<Self> {
        let mut chart = Self {
            measure,
            sites: Vec::new(),
            lines: Vec::new(),
            selected: None,
            size,
        };
        let mut strengths = Vec::new();
        for point in &curve.points {
            if chart.add(point, strength(&curve.sweep, point.value()), LineKind::Shown) {
                strengths.push(point.value());
            }
        }
        let place = at.and_then(|at| strengths.iter().position(|value| *value == at));
        chart.selected = Some(place.unwrap_or(strengths.len().checked_sub(1)?));
        Some(chart)
    }

    /// Adds what an earlier run observed at strengths not measured yet.
    #[must_use]
    pub fn after(mut self, former: &Curve) -> Self {
        for point in &former.points {
            let name = strength(&former.sweep, point.value());
            if self.lines.iter().all(|line| line.name != name) {
                self.add(point, name, LineKind::Former);
            }
        }
        self
    }

    /// Shows all of it as the former result, with nothing selected.
    #[must_use]
    pub fn faded(mut self) -> Self {
        for line in &mut self.lines {
            line.kind = LineKind::Former;
        }
        self.selected = None;
        self
    }

    /// Adds kept lines.
    #[must_use]
    pub fn beside<'a>(mut self, kept: impl IntoIterator<Item = KeptLine<'a>>) -> Self {
        for KeptLine { name, slot, point } in kept {
            self.add(point, name.to_owned(), LineKind::Kept(slot));
        }
        self
    }

    /// Adds the line of a point; `false` where nothing was observed there.
    fn add(&mut self, point: &Point, name: String, kind: LineKind) -> bool {
        let Some(found) = find(&point.observations, self.measure.key()) else {
            return false;
        };
        let Some(axis) = found.axes.first() else { return false };
        // Dropping blocks shortens a strength's line, so the longest line names the sites.
        if axis.labels.len() > self.sites.len() {
            self.sites.clone_from(&axis.labels);
        }
        self.lines.push(DepthLine {
            name,
            values: found.values.clone(),
            kind,
        });
        true
    }

    /// How many lines belong to the shown result. They come first.
    fn shown(&self) -> usize {
        let shown = self.lines.iter().filter(|line| line.kind == LineKind::Shown);
        shown.count()
    }
}

/// Draws it. Points of the selected line are marks, in site order; every line has its name at its end.
///
/// # Errors
/// If plotters fails, which happens only where the size leaves no room for an axis.
pub fn draw_depth(chart: &DepthChart) -> Result<Drawing, PlotError> {
    let frame = frame(chart);
    let backdrop = on_canvas(frame, |canvas| {
        axes(chart, frame, canvas)?;
        for (place, line) in chart.lines.iter().enumerate() {
            let chosen = chart.selected == Some(place);
            let width = chart.size.type_px / if chosen { 4.5 } else { 8.0 };
            for piece in pieces(&line.values) {
                match line.kind {
                    LineKind::Shown => canvas.path(piece, stroke(Role::Damage, opacity(chart, place), width))?,
                    LineKind::Former => canvas.path(piece, stroke(Role::Muted, 0.5, width))?,
                    LineKind::Kept(slot) => {
                        let dash = DASHES[slot % DASHES.len()];
                        canvas.dashed(piece, dash, stroke(Role::Kept(slot), 1.0, width * 1.5))?;
                    }
                }
            }
        }
        Ok(())
    })?;
    let (marks, mut labels) = (marks(chart, frame), names(chart, frame));
    // Kept lines have their names inside the plotting area, strengths beside it.
    let inside = labels.partition_point(|label| label.anchor == Anchor::Start);
    let (beside, inside) = labels.split_at_mut(inside);
    for labels in [beside, inside] {
        spread(labels, chart.size.type_px * 1.2, frame.area);
    }
    Ok(Drawing {
        size: chart.size,
        backdrop,
        marks,
        labels,
        thresholds: Vec::new(),
        area: frame.area,
    })
}

/// The text alternative of the chart.
#[must_use]
pub fn depth_alternative(chart: &DepthChart, sentence: &str) -> String {
    let (lines, sites) = (chart.shown(), chart.sites.len());
    let lines = counted(lines, "line").replace('\u{a0}', " ");
    format!(
        "Chart of {lines}, one per strength, over {sites} places along the depth: {}. {sentence}",
        chart.measure.axis_title()
    )
}

fn frame(chart: &DepthChart) -> Frame {
    let em = chart.size.type_px;
    let (width, height) = (f64::from(chart.size.width), f64::from(chart.size.height));
    let values = chart.lines.iter().flat_map(|line| &line.values);
    let finite = values.copied().filter(|value| value.is_finite());
    let untouched = chart.measure.untouched();
    let (low, high) = finite.fold((untouched, untouched), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let span = if high > low { high - low } else { 0.1 };
    // Cosine and CKA end at 1, errors begin at 0.
    let (low, high) = match chart.measure {
        DepthMeasure::RelativeError => (low, high + 0.06 * span),
        DepthMeasure::Cosine | DepthMeasure::Cka => (low - 0.06 * span, high + 0.02 * span),
    };
    Frame {
        size: chart.size,
        area: [
            3.8 * em,
            2.2 * em,
            (width - 5.0 * em).max(5.0 * em),
            (height - 3.6 * em).max(3.2 * em),
        ],
        x: (-0.3, last_site(chart) + 0.3),
        y: (low, high),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a model has few blocks")]
fn last_site(chart: &DepthChart) -> f64 {
    chart.sites.len().saturating_sub(1).max(1) as f64
}

fn left(frame: Frame, x: f64) -> f64 {
    let [left, _, right, _] = frame.area;
    left + (x - frame.x.0) / (frame.x.1 - frame.x.0) * (right - left)
}

fn top(frame: Frame, y: f64) -> f64 {
    let [_, top, _, bottom] = frame.area;
    bottom - (y - frame.y.0) / (frame.y.1 - frame.y.0) * (bottom - top)
}

/// A line's opacity: the weakest damage is faint.
#[expect(clippy::cast_precision_loss, reason = "lines are few")]
fn opacity(chart: &DepthChart, place: usize) -> f64 {
    let last = chart.shown().saturating_sub(1).max(1);
    0.25 + 0.75 * place as f64 / last as f64
}

/// A line, broken where a value is NaN.
#[expect(clippy::cast_precision_loss, reason = "a model has few blocks")]
fn pieces(values: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let points = values.iter().enumerate().map(|(site, &value)| (site as f64, value));
    let points = points.collect::<Vec<_>>();
    let pieces = points.split(|(_, value)| !value.is_finite());
    pieces.filter(|piece| piece.len() > 1).map(<[_]>::to_vec).collect()
}

fn axes(chart: &DepthChart, frame: Frame, canvas: &Canvas<'_, '_>) -> Done {
    let em = chart.size.type_px;
    let [area_left, area_top, right, bottom] = frame.area;
    let grid = stroke(Role::Grid, 1.0, 1.0);
    // A name a few ems wide: as many as fit.
    let fits = ((right - area_left) / (3.0 * em)).max(2.0) as usize;
    let every = chart.sites.len().div_ceil(fits).max(1);
    for (site, name) in chart.sites.iter().enumerate().step_by(every) {
        #[expect(clippy::cast_precision_loss, reason = "a model has few blocks")]
        let x = site as f64;
        canvas.path(vec![(x, frame.y.0), (x, frame.y.1)], grid)?;
        let short = name
            .strip_prefix("block ")
            .map_or_else(|| name.chars().take(3).collect(), str::to_owned);
        let pos = Pos::new(HPos::Center, VPos::Top);
        canvas.text(short, left(frame, x), bottom + 0.45 * em, pos, Role::Muted)?;
    }
    let count = (((bottom - area_top) / (3.2 * em)) as usize).clamp(2, 10);
    for y in nice(frame.y.0, frame.y.1, count) {
        canvas.path(vec![(frame.x.0, y), (frame.x.1, y)], grid)?;
        let pos = Pos::new(HPos::Right, VPos::Center);
        canvas.text(format_number(y), area_left - 0.5 * em, top(frame, y), pos, Role::Muted)?;
    }
    let untouched = chart.measure.untouched();
    canvas.path(
        vec![(frame.x.0, untouched), (frame.x.1, untouched)],
        stroke(Role::Muted, 1.0, 1.0),
    )?;
    let pos = Pos::new(HPos::Left, VPos::Bottom);
    let title = chart.measure.axis_title().to_owned();
    canvas.text(title, 0.4 * em, area_top - 0.7 * em, pos, Role::Muted)?;
    let pos = Pos::new(HPos::Center, VPos::Bottom);
    let under = f64::from(chart.size.height) - 0.5 * em;
    let title = "after the block with this number".to_owned();
    canvas.text(title, f64::midpoint(area_left, right), under, pos, Role::Muted)
}

#[expect(clippy::cast_precision_loss, reason = "a model has few blocks")]
fn marks(chart: &DepthChart, frame: Frame) -> Vec<Mark> {
    let Some(line) = chart.selected.and_then(|place| chart.lines.get(place)) else {
        return Vec::new();
    };
    let mark = |(index, &y): (usize, &f64)| {
        let finite = y.is_finite();
        Mark {
            // The arrow keys walk along the selected line.
            series: 0,
            index,
            x: index as f64,
            y,
            left: left(frame, index as f64),
            top: if finite { top(frame, y) } else { frame.area[1] },
            whisker: None,
            kind: if finite { MarkKind::Measured } else { MarkKind::OffScale },
            role: Role::Damage,
        }
    };
    line.values.iter().enumerate().map(mark).collect()
}

fn names(chart: &DepthChart, frame: Frame) -> Vec<Label> {
    let em = chart.size.type_px;
    let end = |line: &DepthLine| line.values.iter().rev().copied().find(|value| value.is_finite());
    let name = |line: &DepthLine| {
        // Beside the area there is room only for a strength.
        let (left, over, role) = match line.kind {
            LineKind::Shown => (frame.area[2] + 0.5 * em, 0.35 * em, Role::Damage),
            LineKind::Kept(slot) => (frame.area[2] - 0.3 * em, -0.5 * em, Role::Kept(slot)),
            LineKind::Former => return None,
        };
        Some(Label {
            text: line.name.clone(),
            left,
            top: top(frame, end(line)?) + over,
            anchor: if matches!(line.kind, LineKind::Kept(_)) {
                Anchor::End
            } else {
                Anchor::Start
            },
            role,
        })
    };
    chart.lines.iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{Axis, Observation};
    use crate::wording::testing::smollm2;

    fn chart(measure: DepthMeasure) -> DepthChart {
        let line = |name: &str, values: &[f64]| DepthLine {
            name: name.to_owned(),
            values: values.to_vec(),
            kind: LineKind::Shown,
        };
        DepthChart {
            measure,
            sites: ["embedding", "block 0", "block 1"].map(str::to_owned).to_vec(),
            lines: vec![
                line("0 %", &[0.0, 0.0, 0.0]),
                line("50 %", &[0.0, 0.3, 0.4]),
                line("80 %", &[0.0, 0.9, f64::NAN]),
            ],
            selected: Some(1),
            size: Size {
                width: 600,
                height: 360,
                type_px: 12.0,
            },
        }
    }

    #[test]
    fn every_line_has_its_name_and_the_selected_one_its_points() {
        let drawing = draw_depth(&chart(DepthMeasure::RelativeError)).unwrap();
        let names = drawing.labels.iter().map(|label| label.text.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["0 %", "50 %", "80 %"]);
        let marks = drawing.marks.iter().map(|mark| (mark.index, mark.y));
        assert_eq!(marks.collect::<Vec<_>>(), [(0, 0.0), (1, 0.3), (2, 0.4)]);
        let [left, top, right, bottom] = drawing.area;
        for mark in &drawing.marks {
            assert!(
                (left..=right).contains(&mark.left) && (top..=bottom).contains(&mark.top),
                "{mark:?}"
            );
        }
        // More error stands higher.
        assert!(drawing.marks[2].top < drawing.marks[1].top);
    }

    #[test]
    fn what_is_not_a_number_is_off_the_scale_and_breaks_its_line() {
        let mut strongest = chart(DepthMeasure::Cosine);
        strongest.selected = Some(2);
        let drawing = draw_depth(&strongest).unwrap();
        assert_eq!(drawing.marks[2].kind, MarkKind::OffScale);
        assert!(!drawing.backdrop.contains("NaN"));
        assert_eq!(pieces(&[0.0, 1.0, f64::NAN, 2.0]), [vec![(0.0, 0.0), (1.0, 1.0)]]);
    }

    #[test]
    fn former_lines_stand_for_strengths_to_come_and_kept_ones_in_their_colours() {
        let axis = Axis::named("site", ["embedding", "block 0"].map(str::to_owned).to_vec());
        let mut curve = smollm2();
        curve.points.truncate(3);
        for (place, point) in curve.points.iter_mut().enumerate() {
            let values = vec![0.0, 0.1 * f64::from(u8::try_from(place).unwrap())];
            point.observations = vec![Observation::along("relative_error", &axis, values)];
        }
        let former = curve.clone();
        curve.points.truncate(1);
        let kept = KeptLine {
            name: "kept",
            slot: 2,
            point: &former.points[2],
        };
        let size = chart(DepthMeasure::RelativeError).size;
        let chart = DepthChart::of(&curve, DepthMeasure::RelativeError, None, size).unwrap();
        let chart = chart.after(&former).beside([kept]);
        let kinds = chart.lines.iter().map(|line| line.kind).collect::<Vec<_>>();
        assert_eq!(
            kinds,
            [LineKind::Shown, LineKind::Former, LineKind::Former, LineKind::Kept(2)]
        );
        assert_eq!((chart.selected, chart.shown()), (Some(0), 1));
        let drawing = draw_depth(&chart).unwrap();
        let names = drawing.labels.iter().map(|label| (label.text.as_str(), label.role));
        assert_eq!(
            names.collect::<Vec<_>>(),
            [("0\u{202f}%", Role::Damage), ("kept", Role::Kept(2))]
        );
        assert!(depth_alternative(&chart, "Said.").starts_with("Chart of 1 line, "));
    }
}
