//! What each colour means, and its two forms.
//!
//! plotters knows only RGB, so each role is drawn in a stand-in colour, which is replaced in the finished text.

use plotters::style::RGBColor;

/// What a colour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The background.
    Paper,
    /// Whatever is not damaged.
    Ink,
    /// Axes and their numbers.
    Muted,
    /// Lines of the grid.
    Grid,
    /// Damage, and nothing else.
    Damage,
    /// The safe side of the threshold.
    Safe,
    /// A kept curve; colours repeat after the last one.
    Kept(usize),
}

/// How many kept curves have a colour of their own.
pub const KEPT: usize = 5;

/// Colours of Okabe and Ito's palette (2008) with a contrast of at least 3:1 against paper, darkened where necessary;
/// vermilion is left out, being too close to the colour of damage.
const KEPT_LIGHT: [&str; KEPT] = ["#0072b2", "#00805d", "#b8438f", "#946600", "#3b86b0"];

impl Role {
    fn number(self) -> u8 {
        match self {
            Self::Paper => 0,
            Self::Ink => 1,
            Self::Muted => 2,
            Self::Grid => 3,
            Self::Damage => 4,
            Self::Safe => 5,
            Self::Kept(place) => 6 + u8::try_from(place % KEPT).unwrap_or_default(),
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        let fixed = [
            Self::Paper,
            Self::Ink,
            Self::Muted,
            Self::Grid,
            Self::Damage,
            Self::Safe,
        ];
        fixed.into_iter().chain((0..KEPT).map(Self::Kept))
    }

    /// The stand-in colour while plotters draws.
    pub(super) fn stand_in(self) -> RGBColor {
        RGBColor(1, 254, self.number())
    }

    /// The page's custom property for it.
    #[must_use]
    pub fn css(self) -> String {
        let name = match self {
            Self::Paper => "paper",
            Self::Ink => "ink",
            Self::Muted => "muted",
            Self::Grid => "grid",
            Self::Damage => "damage",
            Self::Safe => "safe",
            Self::Kept(place) => return format!("var(--plot-kept-{})", place % KEPT),
        };
        format!("var(--plot-{name})")
    }

    /// Its colour in a downloaded file.
    #[must_use]
    pub fn fixed(self) -> &'static str {
        match self {
            Self::Paper => "#ffffff",
            Self::Ink => "#1a1a1a",
            Self::Muted => "#5c5c5c",
            Self::Grid => "#e6e4df",
            Self::Damage => "#a3121f",
            Self::Safe => "#f3f2ee",
            Self::Kept(place) => KEPT_LIGHT[place % KEPT],
        }
    }
}

/// Replaces the stand-ins by custom properties.
pub(super) fn stand_ins_to_css(svg: &str) -> String {
    Role::all().fold(svg.to_owned(), |svg, role| {
        let RGBColor(r, g, b) = role.stand_in();
        svg.replace(&format!("#{r:02X}{g:02X}{b:02X}"), &role.css())
    })
}

/// Replaces custom properties by fixed colours.
pub(super) fn css_to_fixed(svg: &str) -> String {
    Role::all().fold(svg.to_owned(), |svg, role| svg.replace(&role.css(), role.fixed()))
}
