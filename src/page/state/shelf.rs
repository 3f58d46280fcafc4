//! The curves that are here, stored ones and measured ones, and which of them the settings call for.

use super::{Shown, State, Wish};
use hemoscope_core::curve::Curve;
use hemoscope_core::modify::Sweep;
use hemoscope_core::modify::catalogue;
use hemoscope_core::share::bundled::{self, Bundled, SIZES};
use hemoscope_core::share::{Experiment, Origin, Screen};

/// Curves of one model and the same methods take each other's place in the chart, whatever their range and protocol.
fn is_of(experiment: &Experiment, model: &Origin, sweep: &Sweep) -> bool {
    let names = |sweep: &Sweep| sweep.steps.iter().map(|step| step.name.clone()).collect::<Vec<_>>();
    experiment.model.origin == *model && names(experiment.sweep()) == names(sweep)
}

impl State {
    /// The best curve of a model under the present methods: the one that is shown, else the last that was measured here,
    /// else the stored one.
    fn curve_of(&self, model: &Origin) -> Option<&Shown> {
        let fits = |shown: &&Shown| is_of(&shown.experiment, model, self.link.experiment.sweep());
        let measured = || self.shelf.iter().rfind(|shown| !shown.stored && fits(shown));
        let shown = self.shown.as_ref().filter(|shown| !shown.stored && fits(shown));
        shown.or_else(measured).or_else(|| self.shelf.iter().find(fits))
    }

    /// The models that differ in size, each with its curve under the present methods.
    #[must_use]
    pub fn sizes(&self) -> Vec<(&'static Bundled, Option<&Shown>)> {
        const ALL: &[Bundled] = &SIZES;
        let curve = |model: &Bundled| self.curve_of(&Origin::Bundled(model.name.to_owned()));
        ALL.iter().map(|model| (model, curve(model))).collect()
    }

    /// The size whose points can be selected, by its place: that of the shown curve, else the chosen one.
    #[must_use]
    pub fn selectable_size(&self) -> Option<usize> {
        let shown = self.shown.as_ref().map(|shown| &shown.experiment.model);
        shown
            .and_then(bundled::size_of)
            .or_else(|| bundled::size_of(&self.link.experiment.model))
    }

    /// The models whose curves are looked at.
    #[must_use]
    pub fn models(&self) -> Vec<&'static Bundled> {
        match self.link.view.screen {
            Screen::Sizes => self.sizes().into_iter().map(|(model, _)| model).collect(),
            Screen::Model => bundled::of(&self.link.experiment.model).into_iter().collect(),
        }
    }

    /// The paths of the stored curves that the settings call for and that nobody has asked for yet; from here on they are
    /// asked for.
    pub fn ask_for_curves(&mut self) -> Vec<String> {
        let sweep = self.link.experiment.sweep();
        let [step] = sweep.steps.as_slice() else {
            return Vec::new();
        };
        let Some(method) = catalogue::find(&step.name) else {
            return Vec::new();
        };
        let mut wanted = Vec::new();
        for model in self.models() {
            let origin = Origin::Bundled(model.name.to_owned());
            let path = bundled::curve_path(model.name, method.name);
            let is_here = |shown: &Shown| shown.stored && is_of(&shown.experiment, &origin, sweep);
            if !self.asked.contains(&path) && !self.shelf.iter().any(is_here) {
                wanted.push(path);
            }
        }
        self.asked.extend(wanted.iter().cloned());
        wanted
    }

    /// What came of asking for a stored curve.
    pub fn take_stored(&mut self, path: &str, curve: Option<Curve>) {
        self.asked.retain(|asked| asked != path);
        self.shelf.extend(curve.map(|curve| Shown {
            experiment: Experiment::of_stored(&curve),
            curve,
            stored: true,
            complete: true,
        }));
        self.show();
    }

    /// Puts a curve that was measured here on the shelf, in the place of the one before.
    pub(super) fn shelve(&mut self, measured: &Shown) {
        let Experiment { model, sweep, .. } = &measured.experiment;
        self.shelf
            .retain(|other| other.stored || !is_of(&other.experiment, &model.origin, sweep));
        self.shelf.push(measured.clone());
    }

    /// Shows the curve that the model and the methods of the settings call for. What a run is measuring stays.
    pub fn show(&mut self) {
        if self.task.as_ref().is_some_and(|task| task.wish == Wish::Run) {
            return;
        }
        let found = self.curve_of(&self.link.experiment.model.origin).cloned();
        // An answer that is still to come takes the place of what is there, so that nothing flickers.
        if found == self.shown || (found.is_none() && !self.asked.is_empty()) {
            return;
        }
        if self.shown.is_some() {
            self.link.view.at = None;
        }
        self.shown = found;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stored;
    use hemoscope_core::modify::knob;
    use hemoscope_core::share::{Asset, Link, Opened};

    fn names(state: &State) -> Vec<Option<(String, bool)>> {
        let sizes = state.sizes();
        sizes
            .iter()
            .map(|(_, shown)| shown.map(|shown| (shown.curve.protocol.model_name.clone(), shown.stored)))
            .collect()
    }

    #[test]
    fn the_stored_curve_of_the_model_and_the_method_is_asked_for_once_and_shown() {
        let mut state = State::open(Opened::default());
        let path = "curves/hemoscope-4m/wanda.json";
        assert_eq!(state.ask_for_curves(), [path]);
        assert_eq!(state.ask_for_curves(), [""; 0]);
        assert!(state.is_looking() && state.shown.is_none());
        state.take_stored(path, Some(stored("hemoscope-4m", "wanda:sparsity=0..0.8/9")));
        assert!(state.shown.as_ref().is_some_and(|shown| shown.stored) && !state.is_looking());
        assert!(!state.is_outdated());
        assert_eq!(state.ask_for_curves(), [""; 0]);

        // Another method has none: nothing is shown.
        let magnitude = catalogue::find("magnitude").expect("in the catalogue");
        state.change(|e| knob::choose_method(e.sweep_mut(), magnitude));
        let [path] = state.ask_for_curves().try_into().expect("one");
        state.show();
        assert!(state.shown.is_some(), "until the answer comes");
        state.take_stored(&path, None);
        assert_eq!(state.shown, None);

        // Of a model of one's own, nothing is stored.
        state.change(|e| e.model.origin = Origin::Own("mine.gguf".to_owned()));
        assert_eq!(state.ask_for_curves(), [""; 0]);
    }

    #[test]
    fn a_link_keeps_its_point_and_another_curve_takes_it_away() {
        let mut state = State::open(Link::open("v=2&at=0.3"));
        state.take_stored("", Some(stored("hemoscope-4m", "wanda:sparsity=0..0.8/9")));
        assert_eq!(state.link.view.at, Some(0.3));
        state.change(|e| e.model = Asset::bundled("hemoscope-1m"));
        state.take_stored("", Some(stored("hemoscope-1m", "wanda:sparsity=0..0.8/9")));
        assert_eq!(state.link.view.at, None);
    }

    #[test]
    fn what_was_measured_here_comes_before_what_is_stored() {
        let mut state = State::open(Link::open("view=sizes"));
        assert_eq!(state.ask_for_curves().len(), 3);
        for model in ["hemoscope-1m", "hemoscope-4m"] {
            let path = bundled::curve_path(model, "wanda");
            state.take_stored(&path, Some(stored(model, "wanda:sparsity=0..0.8/9")));
        }
        let named = |name: &str, stored| Some((name.to_owned(), stored));
        assert_eq!(
            names(&state),
            [named("hemoscope-1m", true), named("hemoscope-4m", true), None]
        );
        let mut measured = state.sizes()[0].1.expect("stored").clone();
        measured.stored = false;
        state.shelve(&measured);
        assert_eq!(names(&state)[0], named("hemoscope-1m", false));
        state.change(|e| e.model = Asset::bundled("hemoscope-1m"));
        state.show();
        assert_eq!(state.shown.as_ref(), Some(&measured));
        assert_eq!(state.selectable_size(), Some(0));
        // Other methods, other curves.
        state.change(|e| *e.sweep_mut() = "rtn:bits=8..2/7".parse().expect("a sweep of the grammar"));
        assert_eq!(names(&state), [None, None, None]);
    }
}
