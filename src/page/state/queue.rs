//! The models of all sizes, measured one after the other.

use super::{State, agree};
use hemoscope_core::experiment::bundled::{SIZES, SMOLLM2};
use hemoscope_core::experiment::{Asset, Experiment, Question, Screen, bundled};

/// Models that wait for their run.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    /// By name; the next one is last.
    models: Vec<&'static str>,
    /// The model whose turn it is.
    turn: Option<&'static str>,
    /// The experiment, with the model that was chosen before; once the user changes it, the queue is dropped.
    experiment: Experiment,
}

/// Windows, tokens per window and calibration windows for a model that takes a CPU minutes per point.
const HEAVY: (usize, usize, usize) = (2, 128, 2);

/// The same for every other model.
fn usual_windows() -> (usize, usize, usize) {
    let usual = Experiment::default();
    (usual.windows, usual.window, usual.calibration_windows)
}

impl State {
    /// Queues all sizes for a run, if they are being compared.
    pub fn queue_sizes(&mut self) {
        if self.run.task.is_none() && self.link.view.screen == Screen::Sizes {
            self.run.queue = Some(Queue {
                models: SIZES.iter().rev().map(|model| model.name).collect(),
                turn: None,
                experiment: self.link.experiment.clone(),
            });
        }
    }

    /// Chooses the next model in the queue; `false` if none is left, and then the previously chosen one is chosen
    /// again.
    pub fn choose_next(&mut self) -> bool {
        let Some(mut queue) = self.run.queue.take() else {
            return false;
        };
        let here = &self.link.experiment;
        // If another model was chosen meanwhile, that is the one to return to.
        if queue
            .turn
            .is_some_and(|turn| here.model.origin != Asset::bundled(turn).origin)
        {
            queue.experiment.model = here.model.clone();
        }
        let planned = Experiment {
            model: here.model.clone(),
            ..queue.experiment.clone()
        };
        let same = agree(&planned, here) && self.link.view.screen == Screen::Sizes;
        queue.turn = queue.models.pop().filter(|_| same);
        if let Some(name) = queue.turn {
            self.change(|e| e.model = Asset::bundled(name));
            // Select its curve right away, not only from its first point on.
            self.show();
            self.run.queue = Some(queue);
            return true;
        }
        if same {
            self.change(|e| e.model = queue.experiment.model);
        }
        false
    }

    /// Compares models of several sizes, or shows a single one.
    pub fn look_at(&mut self, screen: Screen) {
        self.link.view.screen = screen;
        self.settle_screen();
    }

    /// Comparing sizes needs the question where they break, and one of the sizes chosen.
    pub(super) fn settle_screen(&mut self) {
        if self.link.experiment.ask.question() != Question::Curve {
            self.link.view.screen = Screen::Model;
        }
        if self.link.view.screen == Screen::Sizes && bundled::size_of(&self.link.experiment.model).is_none() {
            let before = std::mem::replace(&mut self.link.experiment.model, Asset::bundled(bundled::FIRST));
            self.link.expect = None;
            self.forget_other_model(&before);
        }
    }

    /// Chooses a bundled model. If the windows are still at their defaults, they follow the model: a CPU takes minutes
    /// for a point of the large one.
    pub fn choose_bundled(&mut self, name: &str) {
        let usual = |name: &str| {
            let heavy = self.machine.webgpu == Some(false) && name == SMOLLM2.name;
            if heavy { HEAVY } else { usual_windows() }
        };
        let e = &self.link.experiment;
        let before = bundled::of(&e.model).map(|model| usual(model.name));
        let follow = before == Some((e.windows, e.window, e.calibration_windows));
        let now = usual(name);
        self.change(|e| {
            e.model = Asset::bundled(name);
            if follow {
                (e.windows, e.window, e.calibration_windows) = now;
            }
        });
        if follow && before != Some(now) && now == HEAVY {
            self.ui.notify(
                "This browser has no WebGPU, and a CPU takes minutes for a point of a model of this size. So the windows \
                 are fewer and shorter, with wider error bars.",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Goal;
    use hemoscope_core::share::{self, Opened};

    fn chosen(state: &State) -> Option<&'static str> {
        bundled::of(&state.link.experiment.model).map(|model| model.short)
    }

    #[test]
    fn all_sizes_are_measured_in_turn_and_the_choice_comes_back() {
        let mut state = State::open(share::open("view=sizes"));
        state.queue_sizes();
        for name in ["1M", "4M", "16M"] {
            assert!(state.choose_next());
            assert_eq!(chosen(&state), Some(name));
        }
        assert!(!state.choose_next());
        assert_eq!((chosen(&state), &state.run.queue), (Some("4M"), &None));
        // There is no queue for a single model.
        state.look_at(Screen::Model);
        state.queue_sizes();
        assert!(!state.choose_next());
    }

    #[test]
    fn other_settings_end_the_queue_and_keep_the_choice() {
        let mut state = State::open(share::open("view=sizes"));
        state.queue_sizes();
        assert!(state.choose_next());
        state.change(|e| *e.sweep_mut() = "rtn:bits=8..2/7".parse().expect("a sweep of the grammar"));
        assert!(!state.choose_next());
        assert_eq!((chosen(&state), &state.run.queue), (Some("1M"), &None));
        // With changed windows, the sizes would not be comparable.
        state.queue_sizes();
        assert!(state.choose_next());
        state.change(|e| e.windows = 3);
        assert!(!state.choose_next());
        // Nothing is queued while a task is running.
        assert!(state.begin(Goal::Load));
        state.queue_sizes();
        assert_eq!(state.run.queue, None);
    }

    #[test]
    fn another_size_chosen_meanwhile_stays_chosen() {
        let mut state = State::open(share::open("view=sizes"));
        state.queue_sizes();
        assert!(state.choose_next());
        state.choose_bundled("hemoscope-16m");
        assert!(state.choose_next());
        assert_eq!(chosen(&state), Some("4M"));
        assert!(state.choose_next());
        assert!(!state.choose_next());
        assert_eq!((chosen(&state), &state.run.queue), (Some("16M"), &None));
    }

    #[test]
    fn the_sizes_are_compared_with_one_of_them_chosen() {
        let mut state = State::open(share::open("v=1&view=sizes"));
        assert_eq!(chosen(&state), Some("4M"));
        state.choose_bundled(SMOLLM2.name);
        assert_eq!(state.link.view.screen, Screen::Model);
        state.look_at(Screen::Sizes);
        assert_eq!(chosen(&state), Some("4M"));
        state.choose_bundled("hemoscope-16m");
        assert_eq!((state.link.view.screen, chosen(&state)), (Screen::Sizes, Some("16M")));
    }

    #[test]
    fn without_webgpu_only_the_large_model_has_smaller_windows() {
        let windows = |state: &State| {
            let Experiment {
                windows,
                window,
                calibration_windows,
                ..
            } = state.link.experiment;
            (windows, window, calibration_windows)
        };
        let mut state = State::open(Opened::default());
        state.machine.webgpu = Some(false);
        assert_eq!(windows(&state), (8, 256, 8));
        state.choose_bundled(SMOLLM2.name);
        assert_eq!(windows(&state), (2, 128, 2));
        assert!(
            state
                .ui
                .messages
                .iter()
                .any(|message| message.text.contains("no WebGPU"))
        );
        state.choose_bundled("hemoscope-1m");
        assert_eq!(windows(&state), (8, 256, 8));
        // The user's choice stays.
        state.change(|e| e.windows = 4);
        state.choose_bundled(SMOLLM2.name);
        assert_eq!(windows(&state), (4, 256, 8));
    }
}
