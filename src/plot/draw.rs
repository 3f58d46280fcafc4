//! The chart, drawn by plotters.

use plotters::chart::ChartContext;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::element::DashedPathElement;
use plotters::prelude::{
    Cartesian2d, ChartBuilder, Color, DrawingArea, IntoDrawingArea, IntoFont, PathElement, Rectangle, SVGBackend,
    ShapeStyle, Text,
};
use plotters::style::FontFamily;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::colour::stand_ins_to_css;
use super::scale::{Scale, format_number, nice};
use super::{Anchor, Axis, Chart, Drawing, Label, Mark, MarkKind, Measure, PlotError, Role, Series, format_value};
use crate::modify::catalogue::Unit;
use crate::numeric::order;

/// plotters' pixels a CSS pixel.
const FINE: f64 = 10.0;
/// plotters-svg divides the size of a font by this before it writes it.
const FONT_QUIRK: f64 = 1.24;
const FAMILY: &str = "system-ui, sans-serif";

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plane<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Dashes of the kept curves: length and gap in CSS pixels, so that they can be told apart without colour.
const DASHES: [(u32, u32); 5] = [(9, 4), (2, 3), (14, 3), (5, 5), (1, 6)];

/// Draws a chart.
///
/// # Errors
/// Where plotters refuses, which needs a size that holds no axis.
pub fn draw(chart: &Chart) -> Result<Drawing, PlotError> {
    let mut svg = String::new();
    let layout = Layout::of(chart);
    let (x_low, x_high) = layout.x;
    {
        let fine = |pixels: u32| (f64::from(pixels) * FINE) as u32;
        let root =
            SVGBackend::with_string(&mut svg, (fine(chart.size.width), fine(chart.size.height))).into_drawing_area();
        let [left, top, right, bottom] = layout.area;
        let mut plane = ChartBuilder::on(&root)
            .margin_left(left * FINE)
            .margin_top(top * FINE)
            .margin_right((f64::from(chart.size.width) - right) * FINE)
            .margin_bottom((f64::from(chart.size.height) - bottom) * FINE)
            .build_cartesian_2d(x_low..x_high, layout.scale.low..layout.scale.high)
            .map_err(|error| PlotError(error.to_string()))?;
        let pen = Pen {
            chart,
            layout: &layout,
            root: &root,
            plane: &mut plane,
        };
        pen.safe_side()?;
        pen.grid_and_axes()?;
        pen.threshold()?;
        for series in chart.series.iter().rev() {
            pen.whiskers(series)?;
            pen.line(series)?;
        }
        drop(plane);
        root.present().map_err(|error| PlotError(error.to_string()))?;
    }
    let marks = marks(chart, &layout);
    let mut labels = names(chart, &marks, &layout);
    spread(&mut labels, chart.size.type_px * 1.25, layout.area);
    Ok(Drawing {
        size: chart.size,
        backdrop: format!(
            "<g transform=\"scale({})\">{}</g>",
            1.0 / FINE,
            inner(&stand_ins_to_css(&svg))
        ),
        marks,
        labels,
        threshold: threshold_name(chart, &layout),
        area: layout.area,
    })
}

/// What stands between the outermost tags.
fn inner(svg: &str) -> &str {
    let start = svg.find('>').map_or(0, |end| end + 1);
    let end = svg.rfind("</svg>").unwrap_or(svg.len());
    svg.get(start..end).unwrap_or_default().trim()
}

/// Where everything goes, in CSS pixels.
///
/// Damage grows to the right: where it grows as the knob falls (bits), x is drawn mirrored, as `−x`.
struct Layout {
    area: [f64; 4],
    mirrored: bool,
    /// The ends of the axis, mirrored where it is.
    x: (f64, f64),
    scale: Scale,
    type_px: f64,
}

impl Layout {
    fn of(chart: &Chart) -> Self {
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

    /// A strength on the axis, and back.
    fn mirror(&self, x: f64) -> f64 {
        if self.mirrored { -x } else { x }
    }

    /// Two strengths on the axis, the left one first, not beyond its ends.
    fn span(&self, (one, other): (f64, f64)) -> (f64, f64) {
        let (one, other) = (self.mirror(one), self.mirror(other));
        let (low, high) = self.x;
        (one.min(other).clamp(low, high), one.max(other).clamp(low, high))
    }

    fn left(&self, x: f64) -> f64 {
        let [left, _, right, _] = self.area;
        left + (self.mirror(x) - self.x.0) / (self.x.1 - self.x.0) * (right - left)
    }

    /// Of a place on the straight scale.
    fn top(&self, place: f64) -> f64 {
        let [_, top, _, bottom] = self.area;
        bottom - (place - self.scale.low) / (self.scale.high - self.scale.low) * (bottom - top)
    }
}

struct Pen<'p, 'a> {
    chart: &'p Chart,
    layout: &'p Layout,
    root: &'p Area<'a>,
    plane: &'p mut Plane<'a>,
}

type Done = Result<(), PlotError>;

impl Pen<'_, '_> {
    fn stroke(role: Role, alpha: f64, width: f64) -> ShapeStyle {
        role.stand_in().mix(alpha).stroke_width((width * FINE) as u32)
    }

    fn path(&self, points: Vec<(f64, f64)>, style: ShapeStyle) -> Done {
        self.plane
            .plotting_area()
            .draw(&PathElement::new(points, style))
            .map_err(|error| PlotError(error.to_string()))
    }

    fn dashed(&self, points: Vec<(f64, f64)>, (dash, gap): (u32, u32), style: ShapeStyle) -> Done {
        let fine = FINE as u32;
        self.plane
            .plotting_area()
            .draw(&DashedPathElement::new(points, dash * fine, gap * fine, style))
            .map_err(|error| PlotError(error.to_string()))
    }

    fn fill(&self, from: (f64, f64), to: (f64, f64), role: Role, alpha: f64) -> Done {
        self.plane
            .plotting_area()
            .draw(&Rectangle::new([from, to], role.stand_in().mix(alpha).filled()))
            .map_err(|error| PlotError(error.to_string()))
    }

    /// A text at a place of the whole drawing, in CSS pixels.
    fn text(&self, text: String, left: f64, top: f64, pos: Pos, role: Role) -> Done {
        let size = self.layout.type_px * FINE * FONT_QUIRK;
        let style = (FontFamily::Name(FAMILY), size)
            .into_font()
            .color(&role.stand_in())
            .pos(pos);
        let place = ((left * FINE).round() as i32, (top * FINE).round() as i32);
        self.root
            .draw(&Text::new(text, place, style))
            .map_err(|error| PlotError(error.to_string()))
    }

    fn heights(&self) -> (f64, f64) {
        (self.layout.scale.low, self.layout.scale.high)
    }

    fn safe_side(&self) -> Done {
        let (low, high) = self.heights();
        let (x_low, x_high) = self.layout.x;
        let Some((from, to)) = self.chart.threshold.as_ref().and_then(|threshold| threshold.safe) else {
            return Ok(());
        };
        // Not a number on either side is no side either.
        if from.partial_cmp(&to).is_none_or(std::cmp::Ordering::is_gt) {
            return Ok(());
        }
        let (from, to) = self.layout.span((from, to));
        let (first, last) = self.layout.span(self.chart.x_range);
        // A side that reaches the sweep's end reaches the frame.
        let from = if from <= first { x_low } else { from };
        let to = if to >= last { x_high } else { to };
        self.fill((from, low), (to, high), Role::Safe, 1.0)
    }

    fn grid_and_axes(&self) -> Done {
        let [left, top, right, bottom] = self.layout.area;
        let (low, high) = self.heights();
        let (x_low, x_high) = self.layout.x;
        let em = self.layout.type_px;
        let grid = Self::stroke(Role::Grid, 1.0, 1.0);

        let count = (((right - left) / (5.0 * em)) as usize).clamp(2, 12);
        for place in x_ticks(x_low, x_high, count, self.chart.x_unit) {
            let x = self.layout.mirror(place);
            let label = format_value(x, self.chart.x_unit).replace("\u{202f}bits", "");
            self.path(vec![(place, low), (place, high)], grid)?;
            let pos = Pos::new(HPos::Center, VPos::Top);
            self.text(label, self.layout.left(x), bottom + 0.45 * em, pos, Role::Muted)?;
        }
        let count = (((bottom - top) / (3.2 * em)) as usize).clamp(2, 10);
        for (place, y) in self.layout.scale.ticks(count) {
            self.path(vec![(x_low, place), (x_high, place)], grid)?;
            let label = match self.chart.measure {
                Measure::SameTop => format_value(y, Unit::Share),
                _ => format_number(y),
            };
            let pos = Pos::new(HPos::Right, VPos::Center);
            self.text(label, left - 0.5 * em, self.layout.top(place), pos, Role::Muted)?;
        }
        if self.chart.measure == Measure::Hemorrhage {
            let own = self.chart.threshold.as_ref().map(|threshold| threshold.level.exp());
            let apart = (high - low) * 1.7 * em / (bottom - top);
            for (place, factor) in self.layout.scale.factors(own, apart) {
                let pos = Pos::new(HPos::Left, VPos::Center);
                self.text(
                    format!("×\u{202f}{}", format_number(factor)),
                    right + 0.5 * em,
                    self.layout.top(place),
                    pos,
                    Role::Muted,
                )?;
            }
            let pos = Pos::new(HPos::Right, VPos::Bottom);
            let wide = f64::from(self.chart.size.width);
            self.text(
                "× perplexity".to_owned(),
                wide - 0.4 * em,
                top - 0.7 * em,
                pos,
                Role::Muted,
            )?;
        }
        let untouched = self.layout.scale.place(self.chart.measure.untouched());
        if let Some(place) =
            untouched.filter(|_| self.chart.axis == Axis::Linear || self.chart.measure == Measure::SameTop)
        {
            self.path(
                vec![(x_low, place), (x_high, place)],
                Self::stroke(Role::Muted, 1.0, 1.0),
            )?;
        }
        self.path(vec![(x_low, low), (x_high, low)], Self::stroke(Role::Muted, 1.0, 1.0))?;
        let pos = Pos::new(HPos::Left, VPos::Bottom);
        self.text(
            self.chart.measure.axis_title().to_owned(),
            0.4 * em,
            top - 0.7 * em,
            pos,
            Role::Muted,
        )?;
        let pos = Pos::new(HPos::Center, VPos::Bottom);
        let under = f64::from(self.chart.size.height) - 0.5 * em;
        self.text(
            self.chart.x_title.clone(),
            f64::midpoint(left, right),
            under,
            pos,
            Role::Muted,
        )
    }

    fn threshold(&self) -> Done {
        let Some(threshold) = &self.chart.threshold else {
            return Ok(());
        };
        let (low, high) = self.heights();
        let (x_low, x_high) = self.layout.x;
        if self.chart.measure == Measure::Hemorrhage
            && let Some(place) = self.layout.scale.place(threshold.level)
        {
            let line = vec![(x_low, place), (x_high, place)];
            self.dashed(line, (1, 4), Self::stroke(Role::Damage, 1.0, 1.0))?;
        }
        if let Some((from, to)) = threshold.band.filter(|(from, to)| from.is_finite() && to.is_finite()) {
            let (from, to) = self.layout.span((from, to));
            self.fill((from, low), (to, high), Role::Damage, 0.13)?;
        }
        if let Some(at) = threshold
            .at
            .map(|at| self.layout.mirror(at))
            .filter(|at| (x_low..=x_high).contains(at))
        {
            self.dashed(
                vec![(at, low), (at, high)],
                (6, 4),
                Self::stroke(Role::Damage, 1.0, 1.5),
            )?;
        }
        Ok(())
    }

    fn whiskers(&self, series: &Series) -> Done {
        let cap = 0.25 * self.layout.type_px * (self.layout.x.1 - self.layout.x.0)
            / (self.layout.area[2] - self.layout.area[0]);
        for sample in &series.samples {
            if !(sample.half_width.is_finite() && sample.half_width > 0.0 && sample.x.is_finite()) {
                continue;
            }
            let scale = &self.layout.scale;
            let (Some(low), Some(high)) = (
                scale.place(sample.y - sample.half_width),
                scale.place(sample.y + sample.half_width),
            ) else {
                continue;
            };
            let style = Self::stroke(role_at(self.chart, series, sample.x), 0.75, 1.2);
            let x = self.layout.mirror(sample.x);
            self.path(vec![(x, low), (x, high)], style)?;
            for end in [low, high] {
                self.path(vec![(x - cap, end), (x + cap, end)], style)?;
            }
        }
        Ok(())
    }

    fn line(&self, series: &Series) -> Done {
        let width = self.layout.type_px / 6.0;
        for piece in pieces(series, self.layout) {
            if let Some(kept) = series.kept {
                let dash = DASHES[kept % DASHES.len()];
                self.dashed(piece, dash, Self::stroke(Role::Kept(kept), 1.0, width))?;
                continue;
            }
            for (part, role) in self.parts(&piece) {
                self.path(part, Self::stroke(role, 1.0, width))?;
            }
        }
        Ok(())
    }

    /// A line cut where the safe side ends, each part with its colour.
    fn parts(&self, piece: &[(f64, f64)]) -> Vec<(Vec<(f64, f64)>, Role)> {
        let edges = self.chart.threshold.as_ref().and_then(|threshold| threshold.safe);
        let mut parts: Vec<(Vec<(f64, f64)>, Role)> = Vec::new();
        for pair in piece.windows(2) {
            let &[a, b] = pair else { continue };
            let mut cuts = vec![a];
            for edge in edges
                .into_iter()
                .flat_map(|edges| <[f64; 2]>::from(self.layout.span(edges)))
            {
                if edge > a.0 && edge < b.0 {
                    cuts.push((edge, a.1 + (b.1 - a.1) * (edge - a.0) / (b.0 - a.0)));
                }
            }
            cuts.push(b);
            for step in cuts.windows(2) {
                let &[from, to] = step else { continue };
                let role = side(self.chart, self.layout.mirror(f64::midpoint(from.0, to.0)));
                match parts.last_mut() {
                    Some((points, last)) if *last == role => points.push(to),
                    _ => parts.push((vec![from, to], role)),
                }
            }
        }
        parts
    }
}

/// Numbers at the x axis; a count has no halves.
fn x_ticks(low: f64, high: f64, count: usize, unit: Unit) -> Vec<f64> {
    let ticks = nice(low, high, count);
    if unit == Unit::Share {
        return ticks;
    }
    let mut whole = ticks.into_iter().filter(|x| x.fract() == 0.0).collect::<Vec<_>>();
    whole.dedup();
    whole
}

/// The values on the scale, from left to right, cut where one is missing.
fn pieces(series: &Series, layout: &Layout) -> Vec<Vec<(f64, f64)>> {
    let samples = series.samples.iter().filter(|sample| sample.x.is_finite());
    let samples = samples
        .map(|sample| (layout.mirror(sample.x), sample.y))
        .collect::<Vec<_>>();
    let across = samples.iter().map(|(x, _)| *x).collect::<Vec<_>>();
    let mut pieces = vec![Vec::new()];
    for (x, y) in order(&across).into_iter().map(|place| samples[place]) {
        match (layout.scale.place(y), pieces.last_mut()) {
            (Some(place), Some(piece)) => piece.push((x, place)),
            _ => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

/// The colour of the shown curve at a strength.
fn side(chart: &Chart, x: f64) -> Role {
    match chart.threshold.as_ref().and_then(|threshold| threshold.safe) {
        Some((from, to)) if x < from || x > to => Role::Damage,
        _ => Role::Ink,
    }
}

fn role_at(chart: &Chart, series: &Series, x: f64) -> Role {
    series.kept.map_or_else(|| side(chart, x), Role::Kept)
}

fn marks(chart: &Chart, layout: &Layout) -> Vec<Mark> {
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
                kind,
                role: role_at(chart, series, sample.x),
            });
        }
        if let Some(x) = series.pending {
            let before = marks
                .iter()
                .rev()
                .find(|mark| mark.series == place && mark.kind == MarkKind::Measured);
            let height = before.map_or_else(
                || {
                    let untouched = layout.scale.place(chart.measure.untouched());
                    layout.top(untouched.unwrap_or(layout.scale.low))
                },
                |mark| mark.top,
            );
            marks.push(Mark {
                series: place,
                index: series.samples.len(),
                x,
                y: f64::NAN,
                left: layout.left(x),
                top: height,
                kind: MarkKind::Pending,
                role: Role::Ink,
            });
        }
    }
    marks
}

/// Names stand at the ends of their curves, so that no legend is needed; a curve alone needs none.
fn names(chart: &Chart, marks: &[Mark], layout: &Layout) -> Vec<Label> {
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

/// Moves names apart that would cover each other, and back into the plotting area.
fn spread(labels: &mut [Label], apart: f64, [_, top, _, bottom]: [f64; 4]) {
    let tops = labels.iter().map(|label| label.top).collect::<Vec<_>>();
    let order = order(&tops);
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

fn threshold_name(chart: &Chart, layout: &Layout) -> Option<Label> {
    let threshold = chart.threshold.as_ref()?;
    let [left, top, right, _] = layout.area;
    let at = layout.left(threshold.at?);
    if !(left..=right).contains(&at) {
        return None;
    }
    let em = layout.type_px;
    // Half an em a letter is a little more than system fonts take.
    let wide = threshold.name.chars().count() as f64 * 0.55 * em;
    let anchor = if at - left > wide || at - left > right - at {
        Anchor::End
    } else {
        Anchor::Start
    };
    Some(Label {
        text: threshold.name.clone(),
        left: at + if anchor == Anchor::End { -0.6 } else { 0.6 } * em,
        top: top + 1.3 * em,
        anchor,
        role: Role::Damage,
    })
}
