//! The result as files, each named for its experiment.

use leptos::prelude::*;

use super::share::shared_link;
use crate::doors::error::BrowserError;
use crate::doors::files;
use crate::doors::spawn::spawn;
use crate::views::{Picture, Seen, View, title};
use crate::work::Page;
use hemoscope_core::curve::sentence::Answer;
use hemoscope_core::curve::{Curve, table};
use hemoscope_core::experiment::Question;
use hemoscope_core::plot::{Frame, Size};
use hemoscope_core::wording;

/// Size of a downloaded chart, for a page or a slide.
const SIZE: Size = Size {
    width: 1120,
    height: 630,
    type_px: 16.0,
};
/// PNG pixels per CSS pixel.
const PNG_SCALE: f64 = 2.0;

/// Saves the chart as it is drawn.
pub(super) fn svg(page: Page) {
    if let Some(picture) = framed(page) {
        announce(
            page,
            files::save_text(&file(page, "svg"), "image/svg+xml", &picture.svg),
        );
    }
}

/// Saves the chart as a PNG.
pub(super) fn png(page: Page) {
    let Some(picture) = framed(page) else { return };
    let name = file(page, "png");
    spawn(async move {
        let saved = files::save_png(&name, &picture.svg, SIZE.width, picture.height, PNG_SCALE).await;
        announce(page, saved);
    });
}

/// Saves the points as a table.
pub(super) fn csv(page: Page) {
    save(page, "csv", "text/csv", table::csv);
}

/// Saves the whole curve.
pub(super) fn json(page: Page) {
    save(page, "json", "application/json", |curve| {
        table::json(curve).unwrap_or_default()
    });
}

fn save(page: Page, ending: &str, kind: &str, write: fn(&Curve) -> String) {
    let written = page
        .results
        .read_untracked()
        .shown
        .as_ref()
        .map(|shown| write(&shown.curve));
    if let Some(text) = written {
        announce(page, files::save_text(&file(page, ending), kind, &text));
    }
}

fn announce(page: Page, saved: Result<(), BrowserError>) {
    if let Err(error) = saved {
        page.update(|state| state.ui.report(format!("The file could not be saved: {error}")));
    }
}

fn file(page: Page, ending: &str) -> String {
    let results = page.results.read_untracked();
    let stem = results
        .shown
        .as_ref()
        .map_or_else(String::new, |shown| file_stem(&shown.curve));
    format!("{stem}.{ending}")
}

/// The file name of a curve: its modification, model and text, in characters that every system accepts.
fn file_stem(curve: &Curve) -> String {
    let protocol = &curve.protocol;
    let question = match curve.question {
        Question::Curve => String::new(),
        other => format!("{} ", other.word()),
    };
    let name = format!(
        "{question}{} {} {}",
        curve.sweep, protocol.model_name, protocol.text_name
    );
    let name = name.replace("..", "-to-");
    let mut stem = String::new();
    for letter in name.chars() {
        let kept = letter.is_alphanumeric() || ".-_".contains(letter);
        if kept {
            stem.push(letter);
        } else if !stem.ends_with('-') {
            stem.push('-');
        }
    }
    stem
}

/// A finished picture.
struct Framed {
    svg: String,
    height: u32,
}

/// The picture in fixed colours, with its title above, and its protocol and link below.
fn framed(page: Page) -> Option<Framed> {
    let (link, results, run) = (
        page.link.read_untracked(),
        page.results.read_untracked(),
        page.run.read_untracked(),
    );
    let shown = results.shown.as_ref()?;
    let thresholds = page.thresholds.get_untracked();
    let answer = page.answer.with_untracked(Answer::whole);
    let seen = Seen {
        link: &link,
        results: &results,
        thresholds: &thresholds,
        answer: &answer,
    };
    let Picture {
        drawing,
        alternative,
        note,
    } = (View::of(run.question(&link)).picture)(&seen, SIZE)?;
    let protocol = &shown.curve.protocol;
    let measured = || wording::protocol(protocol, &shown.curve.device, shown.curve.duration_secs);
    let frame = Frame {
        title: title(&link, &results),
        alternative,
        notes: vec![
            note.unwrap_or_else(measured),
            format!("hemoscope {} · {}", protocol.program_version, shared_link(page)),
        ],
    };
    let (svg, height) = drawing.framed(&frame);
    Some(Framed { svg, height })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stored;

    #[test]
    fn files_are_named_for_their_experiment() {
        let curve = stored("hemoscope-4m", "wanda:sparsity=0..0.8/9");
        assert_eq!(file_stem(&curve), "wanda-sparsity-0-to-0.8-9-hemoscope-4m-evaluation");
        let curve = stored("mine/../x.gguf", "wanda:sparsity=0.4+rtn:bits=8..2/7");
        let name = file_stem(&curve);
        assert!(name.starts_with("wanda-sparsity-0.4-rtn-bits-8-to-2-7-"), "{name}");
        assert!(!name.contains('/') && !name.contains(".."), "{name}");
    }
}
