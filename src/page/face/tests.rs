//! The face is held to index.html: every key that stands there is known here, and what comes from outside is escaped.

use super::*;
use crate::state::{Consent, Model, State};
use crate::testing::stored;
use hemoscope_core::share::{Link, Opened};

const PAGE: &str = include_str!("../../../index.html");

fn state() -> State {
    let mut state = State::open(Opened::default());
    state.take_stored("", Some(stored("hemoscope-4m", "wanda:sparsity=0..0.8/9")));
    state
}

fn face(state: &State) -> Face<'_> {
    Face {
        state,
        sentence: "Breaks at 30 %.",
        now_ms: 0.0,
    }
}

/// The keys of an attribute in a text.
fn keys<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    html.split(&start)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[test]
fn every_field_of_the_page_has_a_value() {
    let state = state();
    let mut found = 0;
    for key in keys(PAGE, "data-value") {
        // Nothing is chosen there on a fresh page.
        if !["own-text", "hub"].contains(&key) {
            assert!(!value(face(&state), key).is_empty(), "{key}");
        }
        found += 1;
    }
    assert!(found > 15, "{found}");
}

#[test]
fn every_part_of_the_page_that_is_always_filled_is_filled() {
    let state = state();
    for key in [
        "device",
        "self-test",
        "theme",
        "sentence",
        "tag",
        "note",
        "readout",
        "protocol",
        "scored",
        "write",
        "writing",
    ] {
        assert!(keys(PAGE, "data-text").contains(&key), "{key} stands in the page");
        assert!(!say(face(&state), key).is_empty(), "{key}");
    }
    for key in [
        "metric", "views", "ratios", "table", "curves", "methods", "method", "models", "run",
    ] {
        assert!(keys(PAGE, "data-html").contains(&key), "{key} stands in the page");
        assert!(!html(face(&state), key).is_empty(), "{key}");
    }
}

#[test]
fn the_controls_of_every_method_have_values() {
    for entry in hemoscope_core::modify::catalogue::ALL {
        let mut state = state();
        state.change(|e| hemoscope_core::modify::knob::choose_method(e.sweep_mut(), entry));
        let controls = html(face(&state), "method");
        for key in keys(&controls, "data-value")
            .into_iter()
            .filter(|key| key.starts_with("range:"))
        {
            assert!(value(face(&state), key).parse::<f64>().is_ok(), "{}: {key}", entry.name);
        }
        assert_eq!(value(face(&state), "method"), entry.name);
    }
}

#[test]
fn the_table_has_a_row_for_each_point_and_one_for_the_untouched_model() {
    let state = state();
    let points = state.shown.as_ref().map_or(0, |shown| shown.curve.points.len());
    assert_eq!(
        html(face(&state), "table").matches("<th scope=\"row\">").count(),
        points + 1
    );
}

#[test]
fn nothing_from_outside_becomes_html() {
    const HOSTILE: &str = "<img src=x onerror=alert(1)>\"";
    let mut state = State::open(Link::open("v=1&x=%3Cimg%20src=x%3E&model=%3Cimg%20src=x%3E"));
    state.complain(HOSTILE.to_owned());
    state.writing.base = HOSTILE.to_owned();
    for model in [
        Model::Missing(HOSTILE.to_owned()),
        Model::Asking(Consent {
            name: HOSTILE.to_owned(),
            bytes: 1,
            host: HOSTILE.to_owned(),
            lasting: true,
        }),
    ] {
        state.model = model;
        for key in keys(PAGE, "data-html") {
            let html = html(face(&state), key);
            assert!(!html.contains("<img"), "{key}: {html}");
        }
    }
}

#[test]
fn run_turns_into_cancel() {
    let mut state = state();
    assert!(html(face(&state), "run").contains("data-testid=\"run\""));
    state.begin(crate::state::Wish::Run);
    assert!(html(face(&state), "run").contains("data-testid=\"cancel\""));
}
