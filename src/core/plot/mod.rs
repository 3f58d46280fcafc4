//! Curves drawn as SVG text, without a DOM.
//!
//! plotters draws everything that is geometry or an axis: grid, axes and their numbers, lines, whiskers, the shaded
//! safe side, the threshold and its band. It can't draw what a page must be able to focus, name or style, so points and
//! the names at curve ends are returned separately ([`Mark`], [`Label`]) in the same coordinates; [`Drawing::to_svg`]
//! puts everything into one file. plotters works in whole pixels, so it draws ten times larger and the result is scaled
//! down.
//!
//! Colours are CSS custom properties (`var(--plot-ink)`), so that one drawing serves light and dark pages;
//! [`Drawing::to_svg`] writes fixed light colours instead.
//!
//! A value that is infinite or NaN is never on the scale: its mark is at the upper edge, as "off the scale", and lines
//! stop before it. A failed point is a hollow mark on the lower edge.

mod canvas;
mod colour;
mod depth;
mod draw;
mod drawing;
mod layout;
mod overlay;
pub mod picture;
mod scale;
mod series;
#[cfg(test)]
mod tests;
mod threshold;

pub use colour::{KEPT, Role};
pub use depth::{DepthChart, DepthLine, DepthMeasure, KeptLine, LineKind, depth_alternative, draw_depth};
pub use draw::draw;
pub use drawing::{Anchor, Drawing, Frame, Label, Mark, MarkKind, escape};
pub use scale::{format_number, format_value};
pub use series::{Sample, Series};
pub use threshold::threshold;

use crate::modify::catalogue::Unit;

/// What the chart shows of each point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Measure {
    /// ln(PPL/PPL₀), with factors of perplexity on the right.
    #[default]
    Hemorrhage,
    /// Mean KL divergence from the untouched model, nats per token.
    Kld,
    /// Share of positions where both models have the same most likely next token.
    SameTop,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hemorrhage, Self::Kld, Self::SameTop];

    /// Plain name, for the axis and the switch.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hemorrhage => "hemorrhage",
            Self::Kld => "KL divergence",
            Self::SameTop => "same next word",
        }
    }

    /// The title of the axis.
    #[must_use]
    pub fn axis_title(self) -> &'static str {
        match self {
            Self::Hemorrhage => "hemorrhage, ln(PPL/PPL₀)",
            Self::Kld => "KL divergence, nats per token",
            Self::SameTop => "same next word",
        }
    }

    /// The untouched model's value.
    #[must_use]
    pub fn untouched(self) -> f64 {
        match self {
            Self::Hemorrhage | Self::Kld => 0.0,
            Self::SameTop => 1.0,
        }
    }
}

/// The scale of the measure's axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Axis {
    /// Equal steps are equal amounts.
    #[default]
    Linear,
    /// Equal steps are equal factors: shows where small losses begin. [`Measure::SameTop`] stays linear.
    Log,
}

/// How large to draw, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// Width, at least 120.
    pub width: u32,
    /// Height, at least 120.
    pub height: u32,
    /// Size of the numbers at the axes.
    pub type_px: f64,
}

/// The threshold at which a curve breaks.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// The label on the line ("breaks at 38 %").
    pub name: String,
    /// The hemorrhage that counts as broken; drawn as a faint line where the chart shows hemorrhage.
    pub level: f64,
    /// The strength, if the curve reaches the level.
    pub at: Option<f64>,
    /// The 95 % interval of `at`.
    pub band: Option<(f64, f64)>,
    /// The range of strengths on the safe side.
    pub safe: Option<(f64, f64)>,
}

/// Everything that a chart shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// The title of x ("share of weights set to zero (sparsity)").
    pub x_title: String,
    /// How x is written.
    pub x_unit: Unit,
    /// The range of the sweep, so that the axis does not move while points arrive.
    pub x_range: (f64, f64),
    /// What y is.
    pub measure: Measure,
    /// How y is divided.
    pub axis: Axis,
    /// The shown curve first, then kept ones.
    pub series: Vec<Series>,
    /// The first one's threshold, in the colour of damage.
    pub threshold: Option<Threshold>,
    /// How large.
    pub size: Size,
}

/// The chart could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the chart could not be drawn: {0}")]
pub struct PlotError(pub(crate) String);
