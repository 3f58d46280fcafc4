//! A finished drawing: what plotters drew, plus the marks and names over it.

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
    /// Being measured: at the value so far, or at the previous point's height while there is none.
    Pending,
}

/// One point, in CSS pixels from the upper left.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// The index of its series in the chart.
    pub series: usize,
    /// Its index in the series; for a pending point, the number of samples.
    pub index: usize,
    /// The knob's value.
    pub x: f64,
    /// The measure's value.
    pub y: f64,
    /// Pixels from the left.
    pub left: f64,
    /// Pixels from the top.
    pub top: f64,
    /// The ends of whiskers that move with it, in pixels from the top; those of finished points are part of the
    /// backdrop.
    pub whisker: Option<[f64; 2]>,
    /// What it says.
    pub kind: MarkKind,
    /// Its colour.
    pub role: Role,
}

/// Where a text is anchored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The text begins there.
    Start,
    /// The text ends there.
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
    /// Pixels from the top, to the baseline.
    pub top: f64,
    /// Which end of the text is there.
    pub anchor: Anchor,
    /// Its colour.
    pub role: Role,
}

/// A finished drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    /// How large.
    pub size: Size,
    /// What plotters drew: SVG elements in coordinates of `size`, coloured by the page's custom properties.
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

    /// The drawing as a static SVG for a page, coloured by its custom properties. `class` is the page's own.
    #[must_use]
    pub fn still_svg(&self, class: &str, alternative: &str) -> String {
        let Size { width, height, .. } = self.size;
        let radius = self.mark_radius();
        let mut svg = format!(
            "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\"><g>{}</g>",
            escape(alternative),
            self.backdrop,
        );
        for Mark { left, top, role, .. } in &self.marks {
            let colour = role.css();
            write!(
                svg,
                "<circle cx=\"{left:.1}\" cy=\"{top:.1}\" r=\"{radius:.1}\" fill=\"{colour}\" stroke=\"var(--plot-paper)\" \
                 stroke-width=\"1.5\"/>"
            )
            .ok();
        }
        svg + "<g class=\"names\">" + &self.names_svg() + "</g></svg>"
    }

    /// The names of curves and thresholds.
    fn names_svg(&self) -> String {
        let mut svg = String::new();
        for label in self.labels.iter().chain(&self.thresholds) {
            write!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{}\" fill=\"{}\">{}</text>",
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
        let notes = Some(caption).filter(|caption| !caption.is_empty());
        let frame = Frame {
            title: String::new(),
            alternative: title.to_owned(),
            notes: notes.into_iter().map(str::to_owned).collect(),
        };
        self.framed(&frame).0
    }

    /// One self-contained file in fixed light colours with title and notes around it, and its height in CSS pixels.
    #[must_use]
    pub fn framed(&self, frame: &Frame) -> (String, u32) {
        let Size { width, height, type_px } = self.size;
        let line = type_px * 1.5;
        let head = if frame.title.is_empty() { 0.0 } else { line * 1.2 };
        // Letters are about half as wide as their font size.
        let letters = (f64::from(width) / (type_px * 0.8 * 0.55)) as usize;
        let notes = frame
            .notes
            .iter()
            .flat_map(|note| wrapped(note, letters))
            .collect::<Vec<_>>();
        let full = f64::from(height) + head + line * notes.len() as f64;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{full}\" viewBox=\"0 0 {width} {full}\" \
             font-family=\"system-ui, sans-serif\" role=\"img\"><title>{}</title>\
             <rect width=\"100%\" height=\"100%\" fill=\"{}\"/>",
            escape(&frame.alternative),
            Role::Paper.fixed(),
        );
        if head > 0.0 {
            write!(
                svg,
                "<text x=\"8\" y=\"{:.1}\" font-size=\"{:.1}\" font-weight=\"600\" fill=\"{}\">{}</text>\
                 <g transform=\"translate(0 {head:.1})\">",
                line,
                type_px * 1.1,
                Role::Ink.fixed(),
                escape(&frame.title),
            )
            .ok();
        }
        svg.push_str(&css_to_fixed(&self.backdrop));
        // A file holds only finished points.
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
        for (place, note) in notes.iter().enumerate() {
            write!(
                svg,
                "<text x=\"8\" y=\"{:.1}\" font-size=\"{:.1}\" fill=\"{}\">{}</text>",
                f64::from(height) + type_px * 0.8 + line * place as f64,
                type_px * 0.8,
                Role::Muted.fixed(),
                escape(note),
            )
            .ok();
        }
        if head > 0.0 {
            svg.push_str("</g>");
        }
        svg.push_str("</svg>\n");
        (svg, full.ceil() as u32)
    }
}

/// What surrounds a drawing in a file, so that a picture on a slide can be traced to its experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The title above it; may be empty.
    pub title: String,
    /// Its text alternative.
    pub alternative: String,
    /// What is written under it: protocol, link.
    pub notes: Vec<String>,
}

/// A text in lines of at most this many letters, broken at spaces where there are any. Links have none, so their lines
/// break anywhere.
fn wrapped(text: &str, letters: usize) -> Vec<String> {
    let letters = letters.max(1);
    let all = text.chars().collect::<Vec<_>>();
    let mut rest = all.as_slice();
    let mut lines = Vec::new();
    while rest.len() > letters {
        let (line, _) = rest.split_at(letters + 1);
        let space = line.iter().rposition(|letter| *letter == ' ').filter(|at| *at > 0);
        let (line, after) = rest.split_at(space.unwrap_or(letters));
        lines.push(line.iter().collect());
        rest = after.strip_prefix(&[' ']).unwrap_or(after);
    }
    if !rest.is_empty() {
        lines.push(rest.iter().collect());
    }
    lines
}

/// Escapes a text for XML or HTML, attributes included.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_end_at_spaces_and_links_anywhere() {
        assert_eq!(
            wrapped("4M at 38.9 % (35.7 to 41.9)", 18),
            ["4M at 38.9 % (35.7", "to 41.9)"]
        );
        assert_eq!(
            wrapped("4M at 38.9 % (35.7 to 41.9)", 17),
            ["4M at 38.9 %", "(35.7 to 41.9)"]
        );
        assert_eq!(wrapped("https://a.b/#v=3", 10), ["https://a.", "b/#v=3"]);
        assert_eq!(wrapped("short", 10), ["short"]);
        assert!(wrapped("", 10).is_empty());
    }
}
