//! What the two models write: texts generated in this page, and texts stored with the page.

use std::sync::Arc;

use super::{Results, Shown};
use hemoscope_core::curve::Point;
use hemoscope_core::decode::{Continuation, Continuations, StoredTexts};
use hemoscope_core::experiment::bundled;
use hemoscope_core::experiment::{Experiment, Origin, Sampling, Settings, View};
use hemoscope_core::modify::{Spec, Step, Sweep, Value};
use hemoscope_core::{share, wording};

/// What the two models write.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Writing {
    /// The texts last generated in this page, or being generated.
    pub live: Option<Live>,
    /// Texts that are stored with the page.
    stored: Vec<Arc<Stored>>,
    /// Stored texts that were requested, by path.
    asked: Vec<String>,
}

/// Texts generated in this page.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    /// The untouched model.
    pub model: Origin,
    /// The modification of the second one.
    pub spec: Spec,
    /// The name of that modification.
    pub title: String,
    /// Its strength as shown.
    pub at: String,
    /// The untouched model's text.
    pub base: String,
    /// The modified model's.
    pub modified: String,
    /// Once both are done: the first generated token that differs, if any.
    pub first_difference: Option<Option<usize>>,
}

/// Stored texts, and the experiment they were generated with.
#[derive(Debug, PartialEq)]
struct Stored {
    experiment: Experiment,
    written: Vec<Continuations>,
}

/// What the page shows: two texts and their labels.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Texts {
    /// The damaged model, with its strength.
    pub title: String,
    /// What the texts are, and what the user can do.
    pub hint: String,
    /// The untouched model's text.
    pub base: String,
    /// The damaged model's.
    pub modified: String,
    /// Where they start to differ, in words; empty while not known.
    pub difference: String,
}

impl Writing {
    /// Starts new texts for a modification of a model, with its name and strength.
    pub fn start(&mut self, model: Origin, spec: Spec, title: String, at: String) {
        self.live = Some(Live {
            model,
            spec,
            title,
            at,
            base: String::new(),
            modified: String::new(),
            first_difference: None,
        });
    }

    /// The path of the stored texts that fit the settings, if not requested before; marks it as requested.
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

    /// Takes the outcome of fetching the stored texts at this path.
    pub fn take_stored(&mut self, path: &str, texts: Option<StoredTexts>) {
        self.asked.retain(|asked| asked != path);
        self.stored.extend(texts.map(|StoredTexts { link, written }| {
            Arc::new(Stored {
                experiment: share::open(&link).link.experiment,
                written,
            })
        }));
    }

    /// What the page shows at the selected point: texts generated in this page for it, or else stored ones, or else
    /// texts generated for another point, or else only the untouched model's stored text.
    #[must_use]
    pub fn seen(&self, results: &Results, view: &View, busy: bool) -> Texts {
        let selected = results.selected_point(view).map(|(_, point)| point);
        let model = results.shown.as_ref().map(|shown| &shown.experiment.model.origin);
        let live = self.live.as_ref().filter(|live| busy || Some(&live.model) == model);
        let of_selected = |live: &&Live| busy || selected.is_some_and(|point| live.spec == point.spec);
        if let Some(live) = live.filter(of_selected) {
            return live.texts(strength(results, view).as_deref(), true, busy);
        }
        if let Some(shown) = &results.shown
            && let Some(point) = selected
            && let Some((written, at, value)) = self.stored_at(shown, point, view)
        {
            let sweep = &shown.curve.sweep;
            let (strength, selected) = (wording::strength(sweep, value), wording::strength(sweep, point.value()));
            let hint = if at.spec == point.spec {
                format!("{} These texts are stored, not generated here.", point_hint(&strength))
            } else {
                format!("Showing stored texts at {strength}; press Generate both for {selected}.")
            };
            return Texts {
                title: format!("{} at {strength}", wording::curve_name(sweep)),
                hint,
                base: written.base.clone(),
                modified: at.text.clone(),
                difference: difference(at.first_difference),
            };
        }
        if let Some(live) = live {
            return live.texts(strength(results, view).as_deref(), false, busy);
        }
        Texts {
            base: model
                .and_then(|model| self.stored_base(model, view))
                .unwrap_or_default(),
            ..nothing_yet(results, view)
        }
    }

    /// The stored texts of a point, or of the strength nearest to it, if prompt and decoding match.
    fn stored_at(&self, shown: &Shown, point: &Point, view: &View) -> Option<(&Continuations, &Continuation, f64)> {
        let mut of_model = self
            .stored
            .iter()
            .filter(|stored| wrote(&stored.experiment, &shown.experiment));
        of_model.find_map(|stored| {
            let written = stored.asked_for(view)?;
            // Another sweep has at most the same point.
            let is_same_sweep = shape(stored.experiment.sweep()) == shape(shown.experiment.sweep());
            let points = stored.experiment.sweep().points().into_iter();
            let points = points.filter(|(_, spec)| is_same_sweep || *spec == point.spec);
            let texts = points.filter_map(|(at, spec)| {
                let text = written.modified.iter().find(|modified| modified.spec == spec)?;
                Some((written, text, at))
            });
            texts.min_by(|(.., a), (.., b)| (a - point.value()).abs().total_cmp(&(b - point.value()).abs()))
        })
    }

    /// The untouched model's stored text, which is the same for every method.
    fn stored_base(&self, model: &Origin, view: &View) -> Option<String> {
        let of_model = self
            .stored
            .iter()
            .filter(|stored| stored.experiment.model.origin == *model);
        let mut written = of_model.filter_map(|stored| stored.asked_for(view));
        written.next().map(|written| written.base.clone())
    }
}

impl Stored {
    /// The texts for the view's prompt, if decoding is greedy.
    fn asked_for(&self, view: &View) -> Option<&Continuations> {
        if view.sampling != Sampling::Greedy {
            return None;
        }
        let is_asked = |written: &&Continuations| written.prompt == view.prompt && written.tokens == view.tokens;
        self.written.iter().find(is_asked)
    }
}

/// Whether the same modification gives the same model in both experiments.
fn wrote(stored: &Experiment, shown: &Experiment) -> bool {
    let calibration = |e: &Experiment| {
        let watched = e.sweep().needs_calibration();
        let text = e.calibration_text.origin.clone();
        watched.then_some((text, e.calibration_windows, e.window, e.calibration_stats))
    };
    stored.model.origin == shown.model.origin && stored.seed == shown.seed && calibration(stored) == calibration(shown)
}

/// The steps without the range, which all points of a sweep have in common.
fn shape(sweep: &Sweep) -> Vec<Step> {
    let mut steps = sweep.steps.clone();
    for step in &mut steps {
        step.values.retain(|(_, value)| !matches!(value, Value::Range { .. }));
    }
    steps
}

impl Live {
    /// The texts to show, with a hint what to press if they are not for the selected strength.
    fn texts(&self, selected: Option<&str>, is_selected: bool, busy: bool) -> Texts {
        let title = format!("{} at {}", self.title, self.at);
        let hint = match selected {
            Some(at) if is_selected => point_hint(at),
            Some(at) => format!("Generated under {title}; press Generate again for {at}."),
            None => String::new(),
        };
        Texts {
            title,
            hint,
            base: self.base.clone(),
            modified: self.modified.clone(),
            difference: match self.first_difference {
                Some(first) if !busy => difference(first),
                _ => String::new(),
            },
        }
    }
}

/// What the user can do when there are no texts yet.
fn nothing_yet(results: &Results, view: &View) -> Texts {
    let title = results
        .shown
        .as_ref()
        .map(|shown| wording::curve_name(&shown.curve.sweep));
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
    format!("Showing the model at {at}. Pick another point in the chart.")
}

/// The selected strength.
fn strength(results: &Results, view: &View) -> Option<String> {
    let (curve, point) = results.selected_point(view)?;
    Some(wording::strength(&curve.sweep, point.value()))
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
    use hemoscope_core::experiment::Ask;
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
        state.writing.take_stored("", Some(texts()));
        for (at, place) in [(0.3, 3), (0.6, 6)] {
            state.link.view.at = Some(at);
            let seen = seen(&state);
            assert_eq!(
                (&seen.base, &seen.modified),
                (&written.base, &written.modified[place].text)
            );
            assert!(seen.hint.starts_with("Showing the model at "), "{}", seen.hint);
        }
        // Nothing is stored for another method yet, but the untouched model's text is the same.
        let wanda = state.results.shown.clone();
        state.take_stored("", Some(stored("hemoscope-4m", "magnitude:sparsity=0..0.8/9")));
        state.results.shown = state.results.shown.take().map(|mut shown| {
            shown.experiment.ask = Ask::Curve("magnitude:sparsity=0..0.8/9".parse().expect("a sweep"));
            let curve = Arc::make_mut(&mut shown.curve);
            curve.sweep = shown.experiment.sweep().clone();
            for (point, (_, spec)) in curve.points.iter_mut().zip(shown.experiment.sweep().points()) {
                point.spec = spec;
            }
            shown
        });
        assert_eq!(
            (seen(&state).base, seen(&state).modified),
            (written.base.clone(), String::new())
        );
        state.results.shown = wanda;
        // Nothing is stored for other prompts or for sampling.
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
        state.writing.take_stored("", Some(texts()));
        state.take_stored("", Some(stored("hemoscope-4m", "wanda:sparsity=0.31..0.71/9")));
        if let Some(shown) = &mut state.results.shown {
            let point = &mut Arc::make_mut(&mut shown.curve).points[3];
            point.at = vec![0.33];
            point.spec = "wanda:sparsity=0.33".parse().expect("a modification");
        }
        state.link.view.at = Some(0.33);
        let seen = seen(&state);
        assert_eq!(seen.title, "Wanda pruning at 30\u{202f}%");
        assert!(
            seen.hint.ends_with("press Generate both for 33\u{202f}%."),
            "{}",
            seen.hint
        );
        assert_eq!(seen.modified, texts().written[0].modified[3].text);
    }

    #[test]
    fn one_strength_without_a_range_has_its_stored_text() {
        let mut state = opened();
        state.writing.take_stored("", Some(texts()));
        if let Some(shown) = &mut state.results.shown {
            let sweep: Sweep = "wanda:sparsity=0.5".parse().expect("a sweep of the grammar");
            shown.experiment.ask = Ask::Curve(sweep.clone());
            let curve = Arc::make_mut(&mut shown.curve);
            curve.points.truncate(1);
            (curve.points[0].at, curve.points[0].spec) = (vec![0.5], sweep.points()[0].1.clone());
            curve.sweep = sweep;
        }
        assert_eq!(seen(&state).modified, texts().written[0].modified[5].text);
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
            if let Some(live) = &mut state.writing.live {
                "live".clone_into(&mut live.modified);
            }
        };
        start(&mut state, two, "20\u{202f}%");
        let hint = seen(&state).hint;
        assert_eq!(
            hint,
            "Generated under Wanda pruning at 20\u{202f}%; press Generate again for 30\u{202f}%."
        );
        // If there are stored texts for the selected strength, they are shown.
        state.writing.take_stored("", Some(texts()));
        assert_eq!(seen(&state).modified, texts().written[0].modified[3].text);
        start(&mut state, three, "30\u{202f}%");
        assert_eq!(seen(&state).modified, "live");
        assert!(
            seen(&state)
                .hint
                .starts_with("Showing the model at 30\u{202f}%. Pick another")
        );
        // At the same strength of another method, the texts do not belong to the selected point.
        state.writing.stored.clear();
        if let Some(shown) = &mut state.results.shown {
            let points = &mut Arc::make_mut(&mut shown.curve).points;
            points[3].spec = "magnitude:sparsity=0.3".parse().expect("a modification");
        }
        let hint = seen(&state).hint;
        assert!(hint.starts_with("Generated under Wanda pruning at 30"), "{hint}");
        // Nothing was generated here for another model.
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
        state.writing.take_stored("", Some(texts()));
        assert_eq!(state.writing.ask_for_texts(&state.link), None);
        state.change(|e| e.model.origin = Origin::Own("mine.gguf".to_owned()));
        assert_eq!(state.writing.ask_for_texts(&state.link), None);
    }
}
