//! A finished drawing: what plotters drew, and the marks and names beside it.

use std::fmt::Write as _;

use super::colour::css_to_fixed;
use super::{Role, Size};

/// The kind of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkKind {
    /// A value on the scale.
    Measured,
    /// Infinite, not a number, or above the scale: at the upper edge.
    OffScale,
    /// A value too small for the logarithmic scale: at the lower edge.
    BelowScale,
    /// Failed: hollow, at the lower edge.
    Failed,
    /// Being measured: at the value so far, or at the height of the point before where there is none.
    Pending,
}

/// One point, in CSS pixels from the upper left.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Which series of the chart.
    pub series: usize,
    /// Which sample of the series; the number of samples for a pending one.
    pub index: usize,
    /// The knob's value.
    pub x: f64,
    /// The measure's value.
    pub y: f64,
    /// Pixels from the left.
    pub left: f64,
    /// Pixels from the top.
    pub top: f64,
    /// The ends of the whiskers that move with it, in pixels from the top; those of finished points are drawn behind.
    pub whisker: Option<[f64; 2]>,
    /// What it says.
    pub kind: MarkKind,
    /// Its colour.
    pub role: Role,
}

/// Where a text is anchored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// It ends there.
    End,
}

impl Anchor {
    /// The value of `text-anchor`.
    #[must_use]
    pub fn svg(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::End => "end",
        }
    }
}

/// A name written in the chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// What it says.
    pub text: String,
    /// Pixels from the left.
    pub left: f64,
    /// Pixels from the top, of the base line.
    pub top: f64,
    /// Which end stands there.
    pub anchor: Anchor,
    /// Its colour.
    pub role: Role,
}

/// A finished drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    /// How large.
    pub size: Size,
    /// What plotters drew: SVG elements in coordinates of `size`, in the page's custom properties.
    pub backdrop: String,
    /// The points.
    pub marks: Vec<Mark>,
    /// The names of the curves.
    pub labels: Vec<Label>,
    /// The names of the thresholds.
    pub thresholds: Vec<Label>,
    /// The plotting area: left, top, right, bottom.
    pub area: [f64; 4],
}

impl Drawing {
    /// How large a mark is, in pixels.
    #[must_use]
    pub fn mark_radius(&self) -> f64 {
        self.size.type_px * 0.36
    }

    /// The points for a page: each can be focused and named, and carries its values. `say` words a point.
    ///
    /// Points of the first series carry `data-testid="point"` and `data-index`; kept ones can't be selected.
    #[must_use]
    pub fn marks_svg(&self, say: &dyn Fn(&Mark) -> String) -> String {
        let radius = self.mark_radius();
        let mut svg = String::new();
        // Kept curves lie under the shown one; its points stand in their own order, which is that of the keyboard.
        let (shown, kept): (Vec<_>, Vec<_>) = self.marks.iter().partition(|mark| mark.series == 0);
        for mark in kept.into_iter().chain(shown) {
            let (class, testid) = match mark.kind {
                MarkKind::Pending => ("mark is-pending", "pending-point"),
                _ if mark.series > 0 => ("mark is-kept", "kept-point"),
                MarkKind::Measured => ("mark", "point"),
                MarkKind::Failed | MarkKind::OffScale | MarkKind::BelowScale => ("mark is-hollow", "point"),
            };
            let Mark {
                x, y, left, top, index, ..
            } = mark;
            let reach = if testid == "point" {
                format!("data-index=\"{index}\" tabindex=\"0\"")
            } else {
                String::new()
            };
            let name = escape(&say(mark));
            let whisker = mark.whisker.map_or_else(String::new, |[low, high]| {
                format!("<path class=\"whisker\" d=\"M{left:.1} {low:.1}V{high:.1}\"/>")
            });
            write!(
                svg,
                "<g class=\"{class}\" data-testid=\"{testid}\" {reach} data-x=\"{x}\" data-y=\"{y}\" role=\"img\" \
                 aria-label=\"{name}\" style=\"--mark:{}\"><title>{name}</title>{whisker}\
                 <circle class=\"reach\" cx=\"{left:.1}\" cy=\"{top:.1}\" r=\"{:.1}\"/>\
                 <circle class=\"dot\" cx=\"{left:.1}\" cy=\"{top:.1}\" r=\"{radius:.1}\"/></g>",
                mark.role.css(),
                radius * 3.0,
            )
            .ok();
        }
        svg
    }

    /// The names of curves and threshold for a page.
    #[must_use]
    pub fn names_svg(&self) -> String {
        let mut svg = String::new();
        let threshold = self
            .thresholds
            .iter()
            .map(|label| (label, " data-testid=\"threshold\""));
        for (label, testid) in self.labels.iter().map(|label| (label, "")).chain(threshold) {
            write!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{}\" fill=\"{}\"{testid}>{}</text>",
                label.left,
                label.top,
                label.anchor.svg(),
                label.role.css(),
                escape(&label.text),
            )
            .ok();
        }
        svg
    }

    /// One self-contained file in fixed light colours; `title` is its text alternative, `caption` is written under it.
    #[must_use]
    pub fn to_svg(&self, title: &str, caption: &str) -> String {
        let Size { width, height, type_px } = self.size;
        let line = type_px * 1.5;
        let full = f64::from(height) + if caption.is_empty() { 0.0 } else { line };
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{full}\" viewBox=\"0 0 {width} {full}\" \
             font-family=\"system-ui, sans-serif\" role=\"img\"><title>{}</title>\
             <rect width=\"100%\" height=\"100%\" fill=\"{}\"/>",
            escape(title),
            Role::Paper.fixed(),
        );
        svg.push_str(&css_to_fixed(&self.backdrop));
        // A file holds finished points alone.
        for mark in self.marks.iter().filter(|mark| mark.kind != MarkKind::Pending) {
            let colour = mark.role.fixed();
            let (fill, stroke) = if mark.kind == MarkKind::Measured {
                (colour, Role::Paper.fixed())
            } else {
                (Role::Paper.fixed(), colour)
            };
            write!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{:.1}\" fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"1.5\"/>",
                mark.left,
                mark.top,
                self.mark_radius(),
            )
            .ok();
        }
        for label in self.labels.iter().chain(&self.thresholds) {
            write!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{}\" font-size=\"{type_px}\" fill=\"{}\" \
                 stroke=\"{}\" stroke-width=\"3\" paint-order=\"stroke\">{}</text>",
                label.left,
                label.top,
                label.anchor.svg(),
                label.role.fixed(),
                Role::Paper.fixed(),
                escape(&label.text),
            )
            .ok();
        }
        if !caption.is_empty() {
            write!(
                svg,
                "<text x=\"8\" y=\"{:.1}\" font-size=\"{:.1}\" fill=\"{}\">{}</text>",
                f64::from(height) + type_px * 0.8,
                type_px * 0.8,
                Role::Muted.fixed(),
                escape(caption),
            )
            .ok();
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// Escapes a text for XML or HTML, attributes included.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
