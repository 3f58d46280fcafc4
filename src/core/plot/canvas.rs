//! The canvas for plotters: lines, areas and texts in a frame's coordinates, collected as SVG elements.

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::element::DashedPathElement;
use plotters::prelude::{
    Cartesian2d, Color, DrawingArea, IntoDrawingArea, IntoFont, PathElement, Rectangle, SVGBackend, ShapeStyle, Text,
};
use plotters::style::FontFamily;
use plotters::style::text_anchor::Pos;

use super::colour::stand_ins_to_css;
use super::{PlotError, Role, Size};

/// plotters' pixels per CSS pixel.
const FINE: f64 = 10.0;
/// plotters-svg divides font sizes by this when writing them.
const FONT_QUIRK: f64 = 1.24;
const FAMILY: &str = "system-ui, sans-serif";

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plane<'a> = DrawingArea<SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

pub(super) type Done = Result<(), PlotError>;

/// The plotting area, and the values at its edges.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) size: Size,
    /// Left, top, right, bottom, in CSS pixels.
    pub(super) area: [f64; 4],
    pub(super) x: (f64, f64),
    pub(super) y: (f64, f64),
}

/// The canvas.
pub(super) struct Canvas<'p, 'a> {
    root: &'p Area<'a>,
    plane: &'p Plane<'a>,
    type_px: f64,
}

/// The SVG elements that `paint` draws, in the frame's coordinates and coloured by the page's custom properties.
pub(super) fn on_canvas(frame: Frame, paint: impl FnOnce(&Canvas<'_, '_>) -> Done) -> Result<String, PlotError> {
    let mut svg = String::new();
    let Frame { size, area, x, y } = frame;
    {
        let fine = |pixels: u32| (f64::from(pixels) * FINE) as u32;
        let root = SVGBackend::with_string(&mut svg, (fine(size.width), fine(size.height))).into_drawing_area();
        let [left, top, right, bottom] = area;
        // plotters' chart builder is not used: it is made for axes that it draws itself, and its code is much larger.
        let plane = root.margin(
            top * FINE,
            (f64::from(size.height) - bottom) * FINE,
            left * FINE,
            (f64::from(size.width) - right) * FINE,
        );
        let (across, down) = plane.get_pixel_range();
        let pixels = (across.start..across.end - 1, down.end - 1..down.start);
        let plane = plane.apply_coord_spec(Cartesian2d::new(x.0..x.1, y.0..y.1, pixels));
        paint(&Canvas {
            root: &root,
            plane: &plane,
            type_px: size.type_px,
        })?;
        root.present().map_err(|error| PlotError(error.to_string()))?;
    }
    Ok(format!(
        "<g transform=\"scale({})\">{}</g>",
        1.0 / FINE,
        inner(&stand_ins_to_css(&svg))
    ))
}

/// What stands between the outermost tags.
fn inner(svg: &str) -> &str {
    let start = svg.find('>').map_or(0, |end| end + 1);
    let end = svg.rfind("</svg>").unwrap_or(svg.len());
    svg.get(start..end).unwrap_or_default().trim()
}

/// A line of this colour, opacity and width in CSS pixels.
pub(super) fn stroke(role: Role, alpha: f64, width: f64) -> ShapeStyle {
    role.stand_in().mix(alpha).stroke_width((width * FINE) as u32)
}

impl Canvas<'_, '_> {
    pub(super) fn path(&self, points: Vec<(f64, f64)>, style: ShapeStyle) -> Done {
        self.plane
            .draw(&PathElement::new(points, style))
            .map_err(|error| PlotError(error.to_string()))
    }

    pub(super) fn dashed(&self, points: Vec<(f64, f64)>, (dash, gap): (u32, u32), style: ShapeStyle) -> Done {
        let fine = FINE as u32;
        self.plane
            .draw(&DashedPathElement::new(points, dash * fine, gap * fine, style))
            .map_err(|error| PlotError(error.to_string()))
    }

    pub(super) fn fill(&self, from: (f64, f64), to: (f64, f64), role: Role, alpha: f64) -> Done {
        self.plane
            .draw(&Rectangle::new([from, to], role.stand_in().mix(alpha).filled()))
            .map_err(|error| PlotError(error.to_string()))
    }

    /// A text at a position in the whole drawing, in CSS pixels.
    pub(super) fn text(&self, text: String, left: f64, top: f64, pos: Pos, role: Role) -> Done {
        let size = self.type_px * FINE * FONT_QUIRK;
        let style = (FontFamily::Name(FAMILY), size)
            .into_font()
            .color(&role.stand_in())
            .pos(pos);
        let place = ((left * FINE).round() as i32, (top * FINE).round() as i32);
        self.root
            .draw(&Text::new(text, place, style))
            .map_err(|error| PlotError(error.to_string()))
    }
}
