//! The available curves, stored and measured: which one is shown, and which one fits the settings.

use std::sync::Arc;

use super::Run;
use super::run::Goal;
use hemoscope_core::curve::digest;
use hemoscope_core::curve::{Curve, Point};
use hemoscope_core::experiment::Settings;
use hemoscope_core::experiment::bundled::{self, Bundled, SIZES};
use hemoscope_core::experiment::{Ask, Experiment, Origin, Question, Screen, View};
use hemoscope_core::modify::Sweep;
use hemoscope_core::plot::KEPT;
use hemoscope_core::wording;

/// The available curves.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Results {
    /// The curve in the chart.
    pub shown: Option<Shown>,
    /// The curve that the shown one is replacing, until the shown one has as many points.
    pub(super) former: Option<Shown>,
    /// All available curves, to be shown when the settings fit.
    shelf: Vec<Shown>,
    /// Stored curves that are being fetched, by path.
    asked: Vec<String>,
    /// Curves kept for comparison.
    pub kept: Vec<Kept>,
}

/// The curve in the chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The curve as far as it is measured. Shared, since the page copies its state with every event.
    pub curve: Arc<Curve>,
    /// The settings it was measured with.
    pub experiment: Experiment,
    /// Whether it was stored with the page rather than measured here.
    pub stored: bool,
    /// Whether all points were tried.
    pub complete: bool,
}

impl Shown {
    /// Whether it is being measured, or its run ended before all points were tried.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        !self.stored && !self.complete
    }
}

/// A curve kept for comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// What it is called.
    pub name: String,
    /// Which colour and dash pattern.
    pub slot: usize,
    /// The curve.
    pub curve: Arc<Curve>,
    /// The strength whose line along the depth is kept; `None`: the whole curve is kept.
    pub at: Option<f64>,
}

impl Kept {
    /// The point whose line along the depth is kept.
    #[must_use]
    pub fn point(&self) -> Option<&Point> {
        let at = self.at?;
        self.curve.points.iter().find(|point| point.value() == at)
    }
}

/// Whether an experiment answers this question about this model with the same methods, whatever its range and protocol.
/// Such results replace each other in the chart.
fn is_of(experiment: &Experiment, model: &Origin, ask: &Ask) -> bool {
    experiment.model.origin == *model && experiment.ask.is_like(ask) && experiment.sweep().has_methods_of(ask.sweep())
}

/// The models whose curves are on view.
#[must_use]
pub fn looked_at(link: &Settings) -> Vec<&'static Bundled> {
    const ALL: &[Bundled] = &SIZES;
    match link.view.screen {
        Screen::Sizes => ALL.iter().collect(),
        Screen::Model => bundled::of(&link.experiment.model).into_iter().collect(),
    }
}

impl Results {
    /// The best result for a question about a model: the one shown, or else the last one measured here, or else the
    /// stored one.
    fn answer_to(&self, model: &Origin, ask: &Ask) -> Option<&Shown> {
        let fits = |shown: &&Shown| is_of(&shown.experiment, model, ask);
        let measured = || self.shelf.iter().rfind(|shown| !shown.stored && fits(shown));
        let shown = self.shown.as_ref().filter(|shown| !shown.stored && fits(shown));
        shown.or_else(measured).or_else(|| self.shelf.iter().find(fits))
    }

    /// The models of all sizes, each with its curve for these methods.
    #[must_use]
    pub fn sizes(&self, sweep: &Sweep) -> Vec<(&'static Bundled, Option<&Shown>)> {
        const ALL: &[Bundled] = &SIZES;
        let ask = Ask::Curve(sweep.clone());
        let curve = |model: &Bundled| self.answer_to(&Origin::Bundled(model.name.to_owned()), &ask);
        ALL.iter().map(|model| (model, curve(model))).collect()
    }

    /// The index of the size whose points can be selected: that of the shown curve, or else the chosen one.
    #[must_use]
    pub fn selectable_size(&self, link: &Settings) -> Option<usize> {
        let shown = self.shown.as_ref().map(|shown| &shown.experiment.model);
        shown
            .and_then(bundled::size_of)
            .or_else(|| bundled::size_of(&link.experiment.model))
    }

    /// The paths of the stored results that fit the settings and were not requested before; marks them as requested.
    pub fn ask_for_curves(&mut self, link: &Settings) -> Vec<String> {
        let ask = &link.experiment.ask;
        let mut wanted = Vec::new();
        for model in looked_at(link) {
            let origin = Origin::Bundled(model.name.to_owned());
            let is_here = |shown: &Shown| shown.stored && is_of(&shown.experiment, &origin, ask);
            if let Some(path) = bundled::result_path(model.name, ask)
                && !self.asked.contains(&path)
                && !self.shelf.iter().any(is_here)
            {
                wanted.push(path);
            }
        }
        self.asked.extend(wanted.iter().cloned());
        wanted
    }

    /// Takes the outcome of fetching a stored curve.
    pub fn take_stored(&mut self, path: &str, curve: Option<Curve>) {
        self.asked.retain(|asked| asked != path);
        self.shelf.extend(curve.map(|curve| Shown {
            experiment: Experiment::of_stored(&curve),
            curve: Arc::new(curve),
            stored: true,
            complete: true,
        }));
    }

    /// Whether a stored curve is still being fetched.
    #[must_use]
    pub fn is_looking(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Puts a curve measured here on the shelf, replacing the previous one. An unfinished curve never replaces a
    /// finished one.
    pub(super) fn shelve(&mut self, measured: &Shown) {
        let (model, ask) = (&measured.experiment.model, &measured.experiment.ask);
        self.shelf.retain(|other| {
            let stays = other.stored || (other.complete && !measured.complete);
            stays || !is_of(&other.experiment, &model.origin, ask)
        });
        self.shelf.push(measured.clone());
    }

    /// Shows the curve that fits the model and methods in the settings. A curve being measured stays.
    pub fn show(&mut self, link: &mut Settings, run: &Run) {
        if run.is(Goal::Run) {
            return;
        }
        let experiment = &link.experiment;
        let found = self.answer_to(&experiment.model.origin, &experiment.ask).cloned();
        // While the result is being fetched, the present one stays, so that nothing flickers.
        let same_question = |shown: &Shown| shown.experiment.ask.is_like(&experiment.ask);
        let keeps = found.is_none() && !self.asked.is_empty() && self.shown.as_ref().is_none_or(same_question);
        if found == self.shown || keeps {
            return;
        }
        // Another question about the same model and methods keeps the selected strength.
        let is_another = |shown: &Shown| {
            let (before, now) = (&shown.experiment, &link.experiment);
            before.model.origin != now.model.origin || !before.sweep().has_methods_of(now.sweep())
        };
        if self.shown.as_ref().is_some_and(is_another) {
            link.view.at = None;
        }
        self.shown = found;
        self.former = None;
    }

    /// Shows a new curve in place of the present one.
    pub(super) fn begin(&mut self, new: Shown) {
        // If an earlier run left the present curve unfinished, the longer former curve stays the former one.
        let here = self.shown.replace(new);
        let longer = |former: &Shown| {
            here.as_ref()
                .is_none_or(|here| here.curve.points.len() < former.curve.points.len())
        };
        if !self.former.as_ref().is_some_and(longer) {
            self.former = here;
        }
    }

    /// The run of the shown curve has ended.
    pub(super) fn finish(&mut self, curve: Shown) {
        if curve.complete {
            self.former = None;
        }
        self.shown = Some(curve);
    }

    /// After a run without any point, shows the former curve again.
    pub(super) fn restore(&mut self) {
        if self.shown.as_ref().is_some_and(|shown| shown.curve.points.is_empty()) {
            self.shown = self.former.take();
        }
    }

    /// The curve that the shown one is replacing, as long as the shown one has fewer points.
    #[must_use]
    pub fn ghost(&self) -> Option<&Shown> {
        let points = self.shown.as_ref()?.curve.points.len();
        self.former.as_ref().filter(|former| points < former.curve.points.len())
    }

    /// Whether the chart shows something other than what the settings would give.
    #[must_use]
    pub fn is_outdated(&self, settings: &Experiment) -> bool {
        self.shown
            .as_ref()
            .is_some_and(|shown| !agree(&shown.experiment, settings))
    }

    /// The kept curves' next free colour.
    #[must_use]
    pub fn free_slot(&self) -> usize {
        (0..)
            .find(|slot| self.kept.iter().all(|kept| kept.slot != *slot))
            .unwrap_or_default()
    }

    /// Keeps what is shown for comparison with later results: the curve, or along the depth the line of the selected
    /// strength. `false` if no more could be told apart.
    pub fn keep(&mut self, view: &View) -> bool {
        if self.kept.len() >= KEPT {
            return false;
        }
        let slot = self.free_slot();
        let at = self.depth_strength(view);
        if let Some(shown) = &self.shown {
            let others = self.kept.iter().map(|kept| (kept.name.as_str(), &*kept.curve));
            let name = match at {
                Some(at) => format!(
                    "{}, {} at {}",
                    wording::title(&shown.curve.protocol.model_name),
                    wording::curve_name(&shown.curve.sweep),
                    wording::strength(&shown.curve.sweep, at)
                ),
                None => wording::kept_name(&shown.curve, others),
            };
            self.kept.push(Kept {
                name,
                slot,
                curve: shown.curve.clone(),
                at,
            });
        }
        true
    }

    /// The selected strength, if what can be kept is a line along the depth.
    fn depth_strength(&self, view: &View) -> Option<f64> {
        let (curve, point) = self.selected_point(view)?;
        (curve.question == Question::Depth).then_some(point.value())
    }

    /// Whether what is shown can be kept and is not kept yet.
    #[must_use]
    pub fn can_keep(&self, view: &View) -> bool {
        let at = self.depth_strength(view);
        self.shown.as_ref().is_some_and(|shown| {
            let is_it = |kept: &Kept| kept.curve == shown.curve && kept.at == at;
            !shown.curve.points.is_empty() && !self.kept.iter().any(is_it)
        })
    }

    /// What is kept for this question.
    pub fn kept_of(&self, ask: &Ask) -> impl Iterator<Item = &Kept> {
        let question = ask.question();
        self.kept.iter().filter(move |kept| kept.curve.question == question)
    }

    /// The index of the point with the selected strength, or else of the first beyond the threshold, or else of the
    /// last that could be measured.
    #[must_use]
    pub fn selected(&self, view: &View) -> Option<usize> {
        let points = &self.shown.as_ref()?.curve.points;
        if let Some(at) = view.at {
            return nearest(points, at);
        }
        let broken = view.threshold.ln();
        let is_beyond = |point: &Point| point.loss().is_some_and(|loss| loss > broken);
        let beyond = points.iter().position(is_beyond);
        let measured = || points.iter().rposition(|point| point.failure().is_none());
        beyond.or_else(measured).or_else(|| points.len().checked_sub(1))
    }

    /// The selected point, with its curve.
    #[must_use]
    pub fn selected_point(&self, view: &View) -> Option<(&Curve, &Point)> {
        let curve = &self.shown.as_ref()?.curve;
        Some((curve, curve.points.get(self.selected(view)?)?))
    }

    /// The link to share: the settings, and their result if it was measured here.
    #[must_use]
    pub fn shared_link(&self, link: &Settings) -> Settings {
        let mut shared = link.clone();
        // When several models are compared, each has its own result, so the link holds none.
        if let Some(shown) = &self.shown
            && link.view.screen == Screen::Model
            && shown.complete
            && !shown.stored
            && !self.is_outdated(&link.experiment)
        {
            shared.expect = Some(digest::expectation(&shown.curve));
        }
        shared
    }
}

fn nearest(points: &[Point], at: f64) -> Option<usize> {
    let distance = |point: &Point| (point.value() - at).abs();
    (0..points.len()).min_by(|&a, &b| distance(&points[a]).total_cmp(&distance(&points[b])))
}

/// Whether both measure the same, as far as is known: a hash that one side doesn't know yet is no difference.
#[must_use]
pub fn agree(one: &Experiment, other: &Experiment) -> bool {
    let mut other = other.clone();
    for (here, there) in [
        (&one.model, &mut other.model),
        (&one.text, &mut other.text),
        (&one.calibration_text, &mut other.calibration_text),
    ] {
        if here.sha256.is_none() || there.sha256.is_none() {
            there.sha256.clone_from(&here.sha256);
        }
    }
    *one == other
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;
    use crate::testing::stored;
    use hemoscope_core::experiment::Asset;
    use hemoscope_core::modify::{catalogue, knob};
    use hemoscope_core::share::{self, Opened};

    fn names(state: &State) -> Vec<Option<(String, bool)>> {
        let sizes = state.results.sizes(state.link.experiment.sweep());
        sizes
            .iter()
            .map(|(_, shown)| shown.map(|shown| (shown.curve.protocol.model_name.clone(), shown.stored)))
            .collect()
    }

    #[test]
    fn the_stored_curve_of_the_model_and_the_method_is_asked_for_once_and_shown() {
        let mut state = State::open(Opened::default());
        let path = "curves/hemoscope-4m/wanda.json";
        assert_eq!(state.results.ask_for_curves(&state.link), [path]);
        assert_eq!(state.results.ask_for_curves(&state.link), [""; 0]);
        assert!(state.results.is_looking() && state.results.shown.is_none());
        state.take_stored(path, Some(stored("hemoscope-4m", "wanda:sparsity=0..0.8/9")));
        assert!(state.results.shown.as_ref().is_some_and(|shown| shown.stored) && !state.results.is_looking());
        assert!(!state.results.is_outdated(&state.link.experiment));
        assert_eq!(state.results.ask_for_curves(&state.link), [""; 0]);

        // There is no curve for another method: nothing is shown.
        let magnitude = catalogue::find("magnitude").expect("in the catalogue");
        state.change(|e| knob::choose_method(e.sweep_mut(), magnitude));
        let [path] = state.results.ask_for_curves(&state.link).try_into().expect("one");
        state.show();
        assert!(state.results.shown.is_some(), "until the answer comes");
        state.take_stored(&path, None);
        assert_eq!(state.results.shown, None);

        // Nothing is stored for the user's own model.
        state.change(|e| e.model.origin = Origin::Own("mine.gguf".to_owned()));
        assert_eq!(state.results.ask_for_curves(&state.link), [""; 0]);
    }

    #[test]
    fn a_link_keeps_its_point_and_another_curve_takes_it_away() {
        let mut state = State::open(share::open("v=2&at=0.3"));
        state.take_stored("", Some(stored("hemoscope-4m", "wanda:sparsity=0..0.8/9")));
        assert_eq!(state.link.view.at, Some(0.3));
        state.change(|e| e.model = Asset::bundled("hemoscope-1m"));
        state.take_stored("", Some(stored("hemoscope-1m", "wanda:sparsity=0..0.8/9")));
        assert_eq!(state.link.view.at, None);
    }

    #[test]
    fn what_was_measured_here_comes_before_what_is_stored() {
        let mut state = State::open(share::open("view=sizes"));
        assert_eq!(state.results.ask_for_curves(&state.link).len(), 3);
        for model in ["hemoscope-1m", "hemoscope-4m"] {
            let path = bundled::curve_path(model, "wanda");
            state.take_stored(&path, Some(stored(model, "wanda:sparsity=0..0.8/9")));
        }
        let named = |name: &str, stored| Some((name.to_owned(), stored));
        assert_eq!(
            names(&state),
            [named("hemoscope-1m", true), named("hemoscope-4m", true), None]
        );
        let mut measured = state.results.sizes(state.link.experiment.sweep())[0]
            .1
            .expect("stored")
            .clone();
        measured.stored = false;
        state.results.shelve(&measured);
        assert_eq!(names(&state)[0], named("hemoscope-1m", false));
        state.change(|e| e.model = Asset::bundled("hemoscope-1m"));
        state.show();
        assert_eq!(state.results.shown.as_ref(), Some(&measured));
        assert_eq!(state.results.selectable_size(&state.link), Some(0));
        // Other methods, other curves.
        state.change(|e| *e.sweep_mut() = "rtn:bits=8..2/7".parse().expect("a sweep of the grammar"));
        assert_eq!(names(&state), [None, None, None]);
    }
}
