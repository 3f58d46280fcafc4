//! The result as files.

use leptos::prelude::*;

use super::context::Page;
use crate::doors::error::BrowserError;
use crate::doors::files;
use crate::doors::spawn::spawn;
use crate::picture;
use hemoscope_core::curve::{Curve, table};
use hemoscope_core::plot::{Size, draw};
use hemoscope_core::say;
use hemoscope_core::share::Screen;

/// Size of a downloaded chart, for a page or a slide.
const SIZE: Size = Size {
    width: 1120,
    height: 630,
    type_px: 16.0,
};
/// Pixels of a PNG for each of those.
const PNG_SCALE: f64 = 2.0;

/// Saves one of the four files.
pub(super) fn download(page: Page, name: &str) {
    match name {
        "download-svg" => {
            if let Some((svg, _)) = picture(page) {
                told(page, files::save_text("hemoscope.svg", "image/svg+xml", &svg));
            }
        }
        "download-png" => {
            if let Some((svg, height)) = picture(page) {
                spawn(async move {
                    let saved = files::save_png("hemoscope.png", &svg, SIZE.width, height, PNG_SCALE).await;
                    told(page, saved);
                });
            }
        }
        "download-csv" => save(page, "hemoscope.csv", "text/csv", table::csv),
        "download-json" => save(page, "hemoscope.json", "application/json", |curve| {
            table::json(curve).unwrap_or_default()
        }),
        _ => {}
    }
}

fn save(page: Page, name: &str, kind: &str, write: fn(&Curve) -> String) {
    if let Some(curve) = page.read(|state| state.shown.as_ref().map(|shown| shown.curve.clone())) {
        told(page, files::save_text(name, kind, &write(&curve)));
    }
}

fn told(page: Page, saved: Result<(), BrowserError>) {
    if let Err(error) = saved {
        page.update(|state| state.complain(format!("The file could not be saved: {error}")));
    }
}

/// The chart in fixed colours with its protocol under it, and its height.
fn picture(page: Page) -> Option<(String, u32)> {
    page.read(|state| {
        let shown = state.shown.as_ref()?;
        let mut chart = picture::chart(state, &page.thresholds.get_untracked(), SIZE);
        // A file holds what is finished, on its own scale.
        for series in &mut chart.series {
            series.pending.clear();
        }
        let sentence = page.sentence.get_untracked();
        let caption = match state.link.view.screen {
            Screen::Model => say::protocol(&shown.curve.protocol, &shown.curve.device, shown.curve.duration_secs),
            Screen::Sizes => sentence.clone(),
        };
        let drawing = draw(&chart).ok()?;
        let svg = drawing.to_svg(&hemoscope_core::plot::picture::alternative(&chart, &sentence), &caption);
        Some((svg, SIZE.height + (SIZE.type_px * 1.5) as u32))
    })
}
