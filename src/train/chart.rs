//! Loss against tokens seen, one curve per model, as SVG.

use std::fs;
use std::path::Path;

use plotters::chart::ChartBuilder;
use plotters::element::{DashedPathElement, PathElement};
use plotters::prelude::{IntoDrawingArea, SVGBackend};
use plotters::style::{RGBColor, ShapeStyle, WHITE};
use serde::Deserialize;

use super::TrainError;
use hemoscope_core::plot::Role;

/// Pixels.
const SIZE: (u32, u32) = (720, 420);
/// Where the legend begins: above the curves' ends, which lie low.
const LEGEND_AT: (i32, i32) = (330, 24);
/// Nats shown above the lowest loss: the earlier part is the same for all sizes.
const SHOWN_NATS: f64 = 2.2;

const LEGEND: &str = "solid: held-out novels, dashed: training text";

/// One line of a training run's `log.jsonl`, as `tests/reference/train.py` writes it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Logged {
    /// Steps done.
    pub step: usize,
    /// Tokens seen, those of earlier epochs counted again.
    pub tokens: usize,
    /// Seconds of training, including those before a resumed checkpoint.
    pub seconds: f64,
    /// Learning rate.
    pub rate: f64,
    /// Mean training loss since the previous line, nats per token.
    pub loss: f64,
    /// Loss on a sample of the held-out novels.
    pub novels: f64,
    /// Loss on a sample of the held-out stories.
    pub stories: f64,
}

/// The lines of a log.
///
/// # Errors
/// If the file is missing, or a line does not belong to a training log.
pub fn read_log(path: &Path) -> Result<Vec<Logged>, TrainError> {
    let text = fs::read_to_string(path).map_err(TrainError::file(path))?;
    text.lines()
        .map(|line| {
            serde_json::from_str(line).map_err(|error| TrainError::Content {
                path: path.to_owned(),
                problem: error.to_string(),
            })
        })
        .collect()
}

/// A model's name and its log.
pub type Run = (String, Vec<Logged>);

/// Draws training loss (thin, dashed) and the loss on held-out novels (solid) of some runs.
///
/// # Errors
/// If no run has a line, or plotters fails.
pub fn draw(runs: &[Run]) -> Result<String, TrainError> {
    let lines = || runs.iter().flat_map(|(_, log)| log);
    let millions = lines().map(|line| line.tokens as f64 / 1e6).fold(0.0, f64::max);
    let lowest = lines()
        .map(|line| line.novels.min(line.loss))
        .fold(f64::INFINITY, f64::min);
    if !(millions > 0.0 && lowest.is_finite()) {
        return Err(TrainError::Drawing {
            problem: "the logs are empty; train first".to_owned(),
        });
    }
    let mut svg = String::new();
    plot(&mut svg, runs, millions, lowest).map_err(|error| TrainError::Drawing {
        problem: error.to_string(),
    })?;
    // plotters' root element has no text alternative.
    let titled = format!("<svg role=\"img\" aria-label=\"Loss in nats per token; {LEGEND}\"");
    Ok(svg.replacen("<svg", &titled, 1))
}

fn plot(svg: &mut String, runs: &[Run], millions: f64, lowest: f64) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (low, high) = (lowest - 0.1, lowest + SHOWN_NATS);
    let mut chart = ChartBuilder::on(&root)
        .margin(12)
        .margin_right(120)
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..millions, low..high)?;
    chart
        .configure_mesh()
        .x_desc("tokens seen, millions")
        .y_desc("loss, nats per token")
        .x_label_formatter(&|millions| format!("{millions:.0}"))
        .axis_desc_style(("system-ui, sans-serif", 14))
        .label_style(("system-ui, sans-serif", 13))
        .light_line_style(WHITE)
        .bold_line_style(colour(Role::Grid))
        .draw()?;
    for (place, (name, log)) in runs.iter().enumerate() {
        let style = |width| ShapeStyle::from(colour(Role::Kept(place))).stroke_width(width);
        let points = |loss: fn(&Logged) -> f64| -> Vec<(f64, f64)> {
            log.iter()
                .map(|line| (line.tokens as f64 / 1e6, loss(line)))
                .filter(|(_, loss)| (low..=high).contains(loss))
                .collect()
        };
        let held_out = points(|line| line.novels);
        let training = points(|line| line.loss);
        let area = chart.plotting_area();
        area.draw(&DashedPathElement::new(training, 3, 3, style(1)))?;
        if let Some(&end) = held_out.last() {
            let (left, top) = chart.backend_coord(&end);
            let colour = colour(Role::Kept(place));
            let label = plotters::element::Text::new(
                name.clone(),
                (left + 6, top - 6),
                plotters::style::TextStyle::from(("system-ui, sans-serif", 13)).color(&colour),
            );
            root.draw(&label)?;
        }
        chart.plotting_area().draw(&PathElement::new(held_out, style(2)))?;
    }
    let font = plotters::style::TextStyle::from(("system-ui, sans-serif", 13));
    root.draw(&plotters::element::Text::new(LEGEND, LEGEND_AT, font))?;
    root.present()?;
    Ok(())
}

/// The role's light colour.
fn colour(role: Role) -> RGBColor {
    let part = |start: usize| u8::from_str_radix(&role.fixed()[start..start + 2], 16).unwrap_or_default();
    RGBColor(part(1), part(3), part(5))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(tokens: usize, loss: f64) -> Logged {
        Logged {
            step: 1,
            tokens,
            seconds: 1.0,
            rate: 0.0,
            loss,
            novels: loss + 0.1,
            stories: loss,
        }
    }

    #[test]
    fn each_run_is_a_named_curve_of_its_own_colour() {
        let run = |name: &str, shift: f64| {
            (
                name.to_owned(),
                vec![logged(1_000_000, 4.0 + shift), logged(2_000_000, 3.0 + shift)],
            )
        };
        let svg = draw(&[run("small", 0.5), run("large", 0.0)]).expect("a drawing");
        assert!(svg.starts_with("<svg role") && svg.contains(LEGEND));
        assert!(svg.contains("small") && svg.contains("large") && svg.contains("nats per token"));
        for role in [Role::Kept(0), Role::Kept(1)] {
            assert!(svg.contains(&role.fixed().to_uppercase()), "{role:?}");
        }
    }

    #[test]
    fn without_a_line_there_is_nothing_to_draw() {
        assert!(draw(&[("empty".to_owned(), Vec::new())]).is_err());
    }
}
