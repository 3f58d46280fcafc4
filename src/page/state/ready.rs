//! Whether the settings on screen can be run, and if not, why.

use super::{Machine, ModelKind, Ui};
use hemoscope_core::experiment::bundled;
use hemoscope_core::experiment::{Asset, BUNDLED_CALIBRATION, BUNDLED_TEXT, Experiment, Origin};
use hemoscope_core::wording;

/// The bundled texts: their tokens under the sizes' tokenizer, and their bytes.
const TEXTS: [(&str, usize, usize); 2] = [(BUNDLED_TEXT, 11_065, 40_476), (BUNDLED_CALIBRATION, 11_121, 39_537)];

/// What keeps the settings from being run as they are on screen; `None` if nothing does.
#[must_use]
pub fn obstacle(e: &Experiment, ui: &Ui, machine: &Machine) -> Option<String> {
    if !ui.spec_problem.is_empty() {
        return Some("The damage can't be used as it is written.".to_owned());
    }
    let kind = ui.model_kind(&e.model.origin);
    let chosen = match &e.model.origin {
        Origin::Own(_) => ui.own_model && kind == ModelKind::Own,
        Origin::Hub { .. } | Origin::Url(_) => kind == ModelKind::Hub,
        Origin::Bundled(_) => matches!(kind, ModelKind::Bundled(_)),
    };
    if !chosen {
        let what = match kind {
            ModelKind::Own => "Choose the model's file first.",
            ModelKind::Hub => "Choose a model from the hub first.",
            ModelKind::Bundled(_) => "Choose a model first.",
        };
        return Some(what.to_owned());
    }
    if ui.bundled_text(&e.text.origin).is_none()
        && is_own(&e.text.origin, ui)
        && ui.own_text.is_none()
        && !ui.typing_text
    {
        return Some("Paste or drop a text of your own first.".to_owned());
    }
    sample_problem(e, ui, machine).or_else(|| calibration_problem(e, ui))
}

/// Whether the text is, or is about to be, the user's own.
fn is_own(origin: &Origin, ui: &Ui) -> bool {
    ui.picking_text || matches!(origin, Origin::Own(_))
}

/// Why the chosen windows can't be measured; `None` if they can, or if that is not known before the files are read.
#[must_use]
pub fn sample_problem(e: &Experiment, ui: &Ui, machine: &Machine) -> Option<String> {
    let text = (!ui.picking_text).then_some(&e.text);
    window_problem(e, machine).or_else(|| windows_problem(text?, e.windows, e, ui))
}

/// Why the calibration text is too short for its windows; `None` if it is long enough, or no method is calibrated.
#[must_use]
pub fn calibration_problem(e: &Experiment, ui: &Ui) -> Option<String> {
    if !e.sweep().needs_calibration() {
        return None;
    }
    let problem = windows_problem(&e.calibration_text, e.calibration_windows, e, ui)?;
    Some(format!("Too many windows to calibrate on: {problem}"))
}

/// Why the model can't read windows of this length.
fn window_problem(e: &Experiment, machine: &Machine) -> Option<String> {
    let (name, context) = match (bundled::of(&e.model), machine.report()) {
        (Some(model), _) => (model.title, model.context),
        (None, Some(report)) => (report.name.as_str(), report.context),
        (None, None) => return None,
    };
    (e.window > context).then(|| format!("{name} reads at most {context} tokens at once."))
}

/// Why a text is too short for this many windows.
fn windows_problem(text: &Asset, windows: usize, e: &Experiment, ui: &Ui) -> Option<String> {
    let most = tokens_at_most(text, &e.model, ui)?;
    let name = match &text.origin {
        Origin::Bundled(name) => wording::title(name),
        _ => "Your text",
    };
    let holds = most / e.window.max(1);
    (windows > holds).then(|| {
        if holds == 0 {
            return format!("{name} has at most {most} tokens; one window needs {}.", e.window);
        }
        let windows = wording::counted(holds, "window");
        format!("{name} holds at most {windows} of {} tokens.", e.window)
    })
}

/// The most tokens that a text can have: an exact count for a bundled text under one of the sizes, otherwise one per
/// byte.
fn tokens_at_most(text: &Asset, model: &Asset, ui: &Ui) -> Option<usize> {
    match &text.origin {
        Origin::Bundled(name) => {
            let (_, tokens, bytes) = TEXTS.iter().find(|(text, ..)| text == name)?;
            Some(if bundled::size_of(model).is_some() {
                *tokens
            } else {
                *bytes
            })
        }
        Origin::Own(_) => ui.own_text.as_ref().map(|text| text.bytes),
        Origin::Hub { .. } | Origin::Url(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{OwnText, Picking, State};
    use super::*;
    use hemoscope_core::modify::{catalogue, knob};
    use hemoscope_core::share::Opened;

    #[test]
    fn texts_are_as_long_as_their_list_says() {
        let list: serde_json::Value =
            serde_json::from_str(include_str!("../../../web/texts/manifest.json")).expect("a list of texts");
        for (name, tokens, bytes) in TEXTS {
            let texts = list.as_array().expect("a list");
            let text = texts.iter().find(|text| text["name"] == name).expect("in the list");
            assert_eq!(
                (&text["tokens"], &text["bytes"]),
                (&tokens.into(), &bytes.into()),
                "{name}"
            );
        }
    }

    fn obstacle_of(state: &State) -> String {
        obstacle(&state.link.experiment, &state.ui, &state.machine).unwrap_or_default()
    }

    #[test]
    fn the_first_visit_can_be_run_and_half_made_choices_cannot() {
        let mut state = State::open(Opened::default());
        assert_eq!(obstacle_of(&state), "");
        state.ui.spec_problem = "unknown method".to_owned();
        assert!(obstacle_of(&state).contains("damage"));
        state.ui.spec_problem.clear();
        // The model on screen is not the one in use.
        state.ui.picking_model = Some(Picking::Own);
        assert!(obstacle_of(&state).contains("file"));
        state.ui.picking_model = Some(Picking::Hub);
        assert!(obstacle_of(&state).contains("hub"));
        state.ui.picking_model = None;
        state.change(|e| e.model.origin = Origin::Own("mine.gguf".to_owned()));
        assert!(obstacle_of(&state).contains("file"), "a link can't carry it");
        state.ui.own_model = true;
        assert_eq!(obstacle_of(&state), "");
        state.ui.picking_text = true;
        assert!(obstacle_of(&state).contains("text of your own"));
        state.ui.typing_text = true;
        assert_eq!(obstacle_of(&state), "");
    }

    #[test]
    fn windows_beyond_the_text_or_the_model_are_said() {
        let mut state = State::open(Opened::default());
        state.change(|e| e.window = 1024);
        assert_eq!(obstacle_of(&state), "hemoscope 4M reads at most 512 tokens at once.");
        state.change(|e| (e.window, e.calibration_windows) = (256, 44));
        assert_eq!(
            obstacle_of(&state),
            "Too many windows to calibrate on: Household prose holds at most 43\u{a0}windows of 256 tokens."
        );
        state.change(|e| knob::choose_method(e.sweep_mut(), catalogue::find("rtn").expect("a method")));
        assert_eq!(obstacle_of(&state), "", "it looks at no text");
        state.change(|e| e.calibration_windows = 8);
        state.change(|e| (e.window, e.windows) = (512, 4000));
        assert!(obstacle_of(&state).starts_with("Everyday prose holds at most "));
        state.change(|e| e.windows = 8);
        assert_eq!(obstacle_of(&state), "");
        state.change(|e| e.text.origin = Origin::Own("pasted text".to_owned()));
        state.ui.own_text = Some(OwnText {
            beginning: "Too short.".to_owned(),
            bytes: 10,
        });
        assert_eq!(
            obstacle_of(&state),
            "Your text has at most 10 tokens; one window needs 512."
        );
    }
}
