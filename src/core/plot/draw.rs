//! The chart, drawn by plotters.

use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{Canvas, Done, Frame, on_canvas, stroke};
use super::layout::Layout;
use super::overlay::{marks, names, role_at, side, spread, threshold_names, thresholds};
use super::scale::{format_number, nice};
use super::{Axis, Chart, Drawing, Measure, PlotError, Role, Series, Threshold, format_value};
use crate::modify::catalogue::Unit;

/// Dash patterns of the kept curves, so that they can be told apart without colour: length and gap in CSS pixels.
pub(super) const DASHES: [(u32, u32); 5] = [(9, 4), (2, 3), (14, 3), (5, 5), (1, 6)];

/// Draws a chart.
///
/// # Errors
/// If plotters fails, which happens only where the size leaves no room for an axis.
pub fn draw(chart: &Chart) -> Result<Drawing, PlotError> {
    let layout = Layout::of(chart);
    let frame = Frame {
        size: chart.size,
        area: layout.area,
        x: layout.x,
        y: (layout.scale.low, layout.scale.high),
    };
    let backdrop = on_canvas(frame, |canvas| {
        let pen = Pen {
            chart,
            layout: &layout,
            canvas,
        };
        pen.safe_side()?;
        pen.grid_and_axes()?;
        pen.threshold()?;
        for series in chart.series.iter().rev() {
            pen.whiskers(series)?;
            pen.line(series)?;
        }
        Ok(())
    })?;
    let marks = marks(chart, &layout);
    let mut labels = names(chart, &marks, &layout);
    spread(&mut labels, chart.size.type_px * 1.25, layout.area);
    Ok(Drawing {
        size: chart.size,
        backdrop,
        marks,
        labels,
        thresholds: threshold_names(chart, &layout),
        area: layout.area,
    })
}

struct Pen<'p, 'a> {
    chart: &'p Chart,
    layout: &'p Layout,
    canvas: &'p Canvas<'p, 'a>,
}

impl Pen<'_, '_> {
    fn heights(&self) -> (f64, f64) {
        (self.layout.scale.low, self.layout.scale.high)
    }

    fn safe_side(&self) -> Done {
        let (low, high) = self.heights();
        let (x_low, x_high) = self.layout.x;
        let Some((from, to)) = self.chart.threshold.as_ref().and_then(|threshold| threshold.safe) else {
            return Ok(());
        };
        // If an end is NaN, nothing is shaded.
        if from.partial_cmp(&to).is_none_or(std::cmp::Ordering::is_gt) {
            return Ok(());
        }
        let (from, to) = self.layout.span((from, to));
        let (first, last) = self.layout.span(self.chart.x_range);
        // A safe side that reaches the sweep's end is shaded up to the frame.
        let from = if from <= first { x_low } else { from };
        let to = if to >= last { x_high } else { to };
        self.canvas.fill((from, low), (to, high), Role::Safe, 1.0)
    }

    fn grid_and_axes(&self) -> Done {
        let [left, top, right, bottom] = self.layout.area;
        let (low, high) = self.heights();
        let (x_low, x_high) = self.layout.x;
        let em = self.layout.type_px;
        let grid = stroke(Role::Grid, 1.0, 1.0);

        let count = (((right - left) / (5.0 * em)) as usize).clamp(2, 12);
        for place in x_ticks(x_low, x_high, count, self.chart.x_unit) {
            let x = self.layout.mirror(place);
            let label = format_value(x, self.chart.x_unit).replace("\u{202f}bits", "");
            self.canvas.path(vec![(place, low), (place, high)], grid)?;
            let pos = Pos::new(HPos::Center, VPos::Top);
            self.canvas
                .text(label, self.layout.left(x), bottom + 0.45 * em, pos, Role::Muted)?;
        }
        let count = (((bottom - top) / (3.2 * em)) as usize).clamp(2, 10);
        for (place, y) in self.layout.scale.ticks(count) {
            self.canvas.path(vec![(x_low, place), (x_high, place)], grid)?;
            let label = match self.chart.measure {
                Measure::SameTop => format_value(y, Unit::Share),
                _ => format_number(y),
            };
            let pos = Pos::new(HPos::Right, VPos::Center);
            self.canvas
                .text(label, left - 0.5 * em, self.layout.top(place), pos, Role::Muted)?;
        }
        if self.chart.measure == Measure::Hemorrhage {
            let own = self.chart.threshold.as_ref().map(|threshold| threshold.level.exp());
            let apart = (high - low) * 1.7 * em / (bottom - top);
            for (place, factor) in self.layout.scale.factors(own, apart) {
                let pos = Pos::new(HPos::Left, VPos::Center);
                self.canvas.text(
                    format!("×\u{202f}{}", format_number(factor)),
                    right + 0.5 * em,
                    self.layout.top(place),
                    pos,
                    Role::Muted,
                )?;
            }
            let pos = Pos::new(HPos::Right, VPos::Bottom);
            let wide = f64::from(self.chart.size.width);
            self.canvas.text(
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
            self.canvas
                .path(vec![(x_low, place), (x_high, place)], stroke(Role::Muted, 1.0, 1.0))?;
        }
        self.canvas
            .path(vec![(x_low, low), (x_high, low)], stroke(Role::Muted, 1.0, 1.0))?;
        let pos = Pos::new(HPos::Left, VPos::Bottom);
        self.canvas.text(
            self.chart.measure.axis_title().to_owned(),
            0.4 * em,
            top - 0.7 * em,
            pos,
            Role::Muted,
        )?;
        let pos = Pos::new(HPos::Center, VPos::Bottom);
        let under = f64::from(self.chart.size.height) - 0.5 * em;
        self.canvas.text(
            self.chart.x_title.clone(),
            f64::midpoint(left, right),
            under,
            pos,
            Role::Muted,
        )
    }

    fn threshold(&self) -> Done {
        let (x_low, x_high) = self.layout.x;
        if self.chart.measure == Measure::Hemorrhage
            && let Some(threshold) = &self.chart.threshold
            && let Some(place) = self.layout.scale.place(threshold.level)
        {
            let line = vec![(x_low, place), (x_high, place)];
            self.canvas.dashed(line, (1, 4), stroke(Role::Damage, 1.0, 1.0))?;
        }
        thresholds(self.chart).try_for_each(|(threshold, role)| self.crossing(threshold, role))
    }

    /// The strength at which a level is crossed, with its interval.
    fn crossing(&self, threshold: &Threshold, role: Role) -> Done {
        let (low, high) = self.heights();
        let (x_low, x_high) = self.layout.x;
        if let Some((from, to)) = threshold.band.filter(|(from, to)| from.is_finite() && to.is_finite()) {
            let (from, to) = self.layout.span((from, to));
            self.canvas.fill((from, low), (to, high), role, 0.13)?;
        }
        if let Some(at) = threshold
            .at
            .map(|at| self.layout.mirror(at))
            .filter(|at| (x_low..=x_high).contains(at))
        {
            self.canvas
                .dashed(vec![(at, low), (at, high)], (6, 4), stroke(role, 1.0, 1.5))?;
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
            let style = stroke(role_at(self.chart, series, sample.x), 0.75, 1.2);
            let x = self.layout.mirror(sample.x);
            self.canvas.path(vec![(x, low), (x, high)], style)?;
            for end in [low, high] {
                self.canvas.path(vec![(x - cap, end), (x + cap, end)], style)?;
            }
        }
        Ok(())
    }

    fn line(&self, series: &Series) -> Done {
        let width = self.layout.type_px / 6.0;
        for piece in pieces(series, self.layout) {
            if let Some(kept) = series.kept {
                let dash = DASHES[kept % DASHES.len()];
                self.canvas.dashed(piece, dash, stroke(Role::Kept(kept), 1.0, width))?;
                continue;
            }
            for (part, role) in self.parts(&piece) {
                self.canvas.path(part, stroke(role, 1.0, width))?;
            }
        }
        Ok(())
    }

    /// A line cut where the safe side ends, each part in its own colour.
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

/// Numbers at the x axis; whole ones for a count.
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
    let mut samples = samples
        .map(|sample| (layout.mirror(sample.x), sample.y))
        .collect::<Vec<_>>();
    samples.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let mut pieces = vec![Vec::new()];
    for (x, y) in samples {
        match (layout.scale.place(y), pieces.last_mut()) {
            (Some(place), Some(piece)) => piece.push((x, place)),
            _ => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| piece.len() > 1);
    pieces
}
