//! What the two models write: what was written here, and the texts that are stored with the page.

use std::sync::Arc;

use super::{Results, Shown};
use hemoscope_core::decode::{StoredTexts, Written, WrittenAt};
use hemoscope_core::experiment::bundled;
use hemoscope_core::experiment::{Experiment, Origin, Sampling, Settings, View};
use hemoscope_core::modify::{Spec, Step, Sweep, Value};
use hemoscope_core::{say, share};

/// What the two models write.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Writing {
    /// What was written here last, or is being written.
    pub here: Option<Here>,
    /// Texts that are stored with the page.
    stored: Vec<Arc<Stored>>,
    /// Stored texts that were asked for, by path.
    asked: Vec<String>,
}

/// What was written here.
#[derive(Debug, Clone, PartialEq)]
pub struct Here {
    /// The untouched model.
    pub model: Origin,
    /// The modification of the second one.
    pub spec: Spec,
    /// What that is called.
    pub title: String,
    /// Its strength, as it is shown.
    pub at: String,
    /// The untouched model's text.
    pub base: String,
    /// The modified model's.
    pub modified: String,
    /// Once both are done: the first generated token that differs, if any.
    pub first_difference: Option<Option<usize>>,
}

/// Stored texts, and what they were written with.
#[derive(Debug, PartialEq)]
struct Stored {
    experiment: Experiment,
    written: Vec<Written>,
}

/// What is seen: two texts, and what they are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Texts {
    /// The damaged model, with its strength.
    pub title: String,
    /// What is there, and what can be done.
    pub hint: String,
    /// The untouched model's text.
    pub base: String,
    /// The damaged model's.
    pub modified: String,
    /// Where they part, in words; empty while nothing is known.
    pub difference: String,
}

impl Writing {
    /// Begins anew with a modification of a model, called so at this strength.
    pub fn start(&mut self, model: Origin, spec: Spec, title: String, at: String) {
        self.here = Some(Here {
            model,
            spec,
            title,
            at,
            base: String::new(),
            modified: String::new(),
            first_difference: None,
        });
    }

    /// The path of the stored texts that the settings call for and that nobody has asked for yet; from here on they are.
    pub fn ask_for_texts(&mut self, link: &Settings) -> Option<String> {
        let Origin::Bundled(model) = &link.experiment.model.origin else {
            return None;
        };
        let sweep = link.experiment.sweep();
        let path = bundled::texts_path(model, sweep)?;
        let is_here = |stored: &Arc<Stored>| {
            let Experiment { model, .. } = &stored.experiment;
            model.origin == link.experiment.model.origin && stored.experiment.sweep().has_methods_of(sweep)
        };
        if self.asked.contains(&path) || self.stored.iter().any(is_here) {
            return None;
        }
        self.asked.push(path.clone());
        Some(path)
    }

    /// What came of asking for stored texts. Those that were not there are not asked for again.
    pub fn take_stored(&mut self, texts: Option<StoredTexts>) {
        self.stored.extend(texts.map(|StoredTexts { link, written }| {
            Arc::new(Stored {
                experiment: share::open(&link).link.experiment,
                written,
            })
        }));
    }

    /// What is seen at the selected point: what was written here of it, else what is stored of it, else what was written
    /// here of another.
    #[must_use]
    pub fn seen(&self, results: &Results, view: &View, busy: bool) -> Texts {
        let selected = results.selected_point(view);
        let spec = selected.map(|(_, point)| &point.spec);
        let model = results.shown.as_ref().map(|shown| &shown.experiment.model.origin);
        let here = self.here.as_ref().filter(|here| busy || Some(&here.model) == model);
        if let Some(here) = here.filter(|here| busy || Some(&here.spec) == spec) {
            return self::here(here, strength(results, view).as_deref(), busy);
        }
        if let Some(shown) = &results.shown
            && let Some((curve, point)) = selected
            && let Some((written, at, value)) = self.stored_at(shown, point.value(), view)
        {
            let (strength, selected) = (
                say::strength(&curve.sweep, value),
                say::strength(&curve.sweep, point.value()),
            );
            let hint = if value == point.value() {
                format!("Stored texts of {strength}, not written here. Choose another strength in the chart.")
            } else {
                format!("Stored texts of {strength}, not written here; let both write for {selected}.")
            };
            return Texts {
                title: format!("{} at {strength}", say::curve_name(&curve.sweep)),
                hint,
                base: written.base.clone(),
                modified: at.text.clone(),
                difference: difference(at.first_difference),
            };
        }
        if let Some(here) = here {
            return self::here(here, strength(results, view).as_deref(), busy);
        }
        nothing_yet(results, view)
    }

    /// The stored texts nearest to a strength of what is shown, where the prompt is theirs and nothing is drawn.
    fn stored_at(&self, shown: &Shown, value: f64, view: &View) -> Option<(&Written, &WrittenAt, f64)> {
        if view.sampling != Sampling::Greedy {
            return None;
        }
        let stored = self
            .stored
            .iter()
            .find(|stored| wrote(&stored.experiment, &shown.experiment))?;
        let is_asked = |written: &&Written| written.prompt == view.prompt && written.tokens == view.tokens;
        let written = stored.written.iter().find(is_asked)?;
        let points = stored.experiment.sweep().points();
        let texts = points.into_iter().filter_map(|(at, spec)| {
            let text = written.modified.iter().find(|modified| modified.spec == spec)?;
            Some((at, text))
        });
        let distance = |(at, _): &(f64, &WrittenAt)| (at - value).abs();
        let (at, text) = texts.min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        Some((written, text, at))
    }
}

/// Whether the points of both experiments are the same models, whatever their range.
fn wrote(stored: &Experiment, shown: &Experiment) -> bool {
    let calibration = |e: &Experiment| {
        let watched = e.sweep().needs_calibration();
        let text = e.calibration_text.origin.clone();
        watched.then_some((text, e.calibration_windows, e.window, e.calibration_stats))
    };
    stored.model.origin == shown.model.origin
        && stored.seed == shown.seed
        && calibration(stored) == calibration(shown)
        && shape(stored.sweep()) == shape(shown.sweep())
}

/// The steps without the range: what all points of a sweep have in common.
fn shape(sweep: &Sweep) -> Vec<Step> {
    let mut steps = sweep.steps.clone();
    for step in &mut steps {
        step.values.retain(|(_, value)| !matches!(value, Value::Range { .. }));
    }
    steps
}

/// What was written here.
fn here(here: &Here, selected: Option<&str>, busy: bool) -> Texts {
    let hint = match selected {
        Some(at) if at == here.at => point_hint(at),
        Some(at) => format!("Written at {}; press Write again for {at}.", here.at),
        None => String::new(),
    };
    Texts {
        title: format!("{} at {}", here.title, here.at),
        hint,
        base: here.base.clone(),
        modified: here.modified.clone(),
        difference: match here.first_difference {
            Some(first) if !busy => difference(first),
            _ => String::new(),
        },
    }
}

/// What can be written.
fn nothing_yet(results: &Results, view: &View) -> Texts {
    let title = results.shown.as_ref().map(|shown| say::curve_name(&shown.curve.sweep));
    let (title, hint) = match (title.unwrap_or_default(), strength(results, view)) {
        (title, Some(at)) => (format!("{title} at {at}"), point_hint(&at)),
        (title, None) => (title, "Select a point in the chart first.".to_owned()),
    };
    Texts {
        title,
        hint,
        ..Texts::default()
    }
}

fn point_hint(at: &str) -> String {
    format!("The damaged model is the selected point: {at}. Choose another in the chart.")
}

/// The selected strength.
fn strength(results: &Results, view: &View) -> Option<String> {
    let (curve, point) = results.selected_point(view)?;
    Some(say::strength(&curve.sweep, point.value()))
}

fn difference(first: Option<usize>) -> String {
    first.map_or_else(
        || "No difference.".to_owned(),
        |place| format!("First difference: token {place}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;
    use crate::testing::stored;
    use hemoscope_core::share::Opened;

    const SWEEP: &str = "wanda:sparsity=0..0.8/9";

    fn texts() -> StoredTexts {
        let texts = include_str!("../../../web/curves/hemoscope-4m/writing/wanda.json");
        serde_json::from_str(texts).expect("stored texts")
    }

    fn seen(state: &State) -> Texts {
        state.writing.seen(&state.results, &state.link.view, false)
    }

    fn opened() -> State {
        let mut state = State::open(Opened::default());
        state.take_stored("", Some(stored("hemoscope-4m", SWEEP)));
        state.link.view.at = Some(0.3);
        state
    }

    #[test]
    fn stored_texts_follow_the_selected_strength() {
        let mut state = State::open(Opened::default());
        assert!(seen(&state).hint.starts_with("Select a point"));
        state = opened();
        assert_eq!(
            (seen(&state).title, seen(&state).modified),
            ("Wanda pruning at 30\u{202f}%".to_owned(), String::new())
        );
        let written = &texts().written[0];
        state.writing.take_stored(Some(texts()));
        for (at, place) in [(0.3, 3), (0.6, 6)] {
            state.link.view.at = Some(at);
            let seen = seen(&state);
            assert_eq!(
                (&seen.base, &seen.modified),
                (&written.base, &written.modified[place].text)
            );
            assert!(seen.hint.starts_with("Stored texts of "), "{}", seen.hint);
        }
        // Another prompt, or words that are drawn: nothing is stored of that.
        "A cat".clone_into(&mut state.link.view.prompt);
        assert_eq!(seen(&state).modified, "");
        state.link.view.prompt = View::default().prompt;
        state.link.view.sampling = Sampling::Temperature {
            temperature: 0.8,
            seed: 0,
        };
        assert_eq!(seen(&state).modified, "");
    }

    #[test]
    fn between_two_stored_strengths_the_nearer_is_shown_and_named() {
        let mut state = opened();
        state.writing.take_stored(Some(texts()));
        state.take_stored("", Some(stored("hemoscope-4m", "wanda:sparsity=0.31..0.71/9")));
        if let Some(shown) = &mut state.results.shown {
            Arc::make_mut(&mut shown.curve).points[3].at = vec![0.33];
        }
        state.link.view.at = Some(0.33);
        let seen = seen(&state);
        assert_eq!(seen.title, "Wanda pruning at 30\u{202f}%");
        assert!(seen.hint.ends_with("let both write for 33\u{202f}%."), "{}", seen.hint);
        assert_eq!(seen.modified, texts().written[0].modified[3].text);
    }

    #[test]
    fn what_was_written_here_is_seen_at_its_strength_and_names_it() {
        let mut state = opened();
        let spec = |state: &State, place: usize| {
            let shown = state.results.shown.as_ref().expect("a curve");
            shown.curve.points[place].spec.clone()
        };
        let (model, two, three) = (
            Origin::Bundled("hemoscope-4m".to_owned()),
            spec(&state, 2),
            spec(&state, 3),
        );
        let start = |state: &mut State, spec, at: &str| {
            state
                .writing
                .start(model.clone(), spec, "Wanda pruning".to_owned(), at.to_owned());
            if let Some(here) = &mut state.writing.here {
                "live".clone_into(&mut here.modified);
            }
        };
        start(&mut state, two, "20\u{202f}%");
        let hint = seen(&state).hint;
        assert_eq!(hint, "Written at 20\u{202f}%; press Write again for 30\u{202f}%.");
        // Where something is stored of the selected strength, that is seen.
        state.writing.take_stored(Some(texts()));
        assert_eq!(seen(&state).modified, texts().written[0].modified[3].text);
        start(&mut state, three, "30\u{202f}%");
        assert_eq!(seen(&state).modified, "live");
        // Of another model, nothing was written here.
        if let Some(shown) = &mut state.results.shown {
            shown.experiment.model.origin = Origin::Bundled("hemoscope-16m".to_owned());
        }
        assert_eq!(seen(&state).modified, "");
    }

    #[test]
    fn stored_texts_are_asked_for_once() {
        let mut state = opened();
        let path = "curves/hemoscope-4m/writing/wanda.json";
        assert_eq!(state.writing.ask_for_texts(&state.link).as_deref(), Some(path));
        assert_eq!(state.writing.ask_for_texts(&state.link), None);
        let mut state = opened();
        state.writing.take_stored(Some(texts()));
        assert_eq!(state.writing.ask_for_texts(&state.link), None);
        state.change(|e| e.model.origin = Origin::Own("mine.gguf".to_owned()));
        assert_eq!(state.writing.ask_for_texts(&state.link), None);
    }
}
