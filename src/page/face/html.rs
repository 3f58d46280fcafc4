//! What changes its shape: lists, the table, the controls of a method.

use std::fmt::Write as _;

use super::Face;
use crate::doors::fetch::Size;
use crate::state::{Model, State};
use hemoscope_core::curve::threshold::crossing::RATIOS;
use hemoscope_core::curve::{Outcome, Point};
use hemoscope_core::modify::MOST_POINTS;
use hemoscope_core::modify::catalogue::{self, Entry, Family, Kind, Parameter, Unit};
use hemoscope_core::modify::knob;
use hemoscope_core::numeric::NORMAL_95;
use hemoscope_core::plot::{Measure, Role, escape, format_number, format_value};
use hemoscope_core::say;
use hemoscope_core::share::bundled::{self, Bundled};
use hemoscope_core::share::{Origin, Screen};

/// The HTML of a key. Whatever comes from outside is escaped.
#[must_use]
pub fn html(face: Face<'_>, key: &str) -> String {
    let state = face.state;
    match key {
        "messages" => messages(state),
        "metric" => measures(state),
        "views" => views(state),
        "models" => models(state),
        "ratios" => ratios(state),
        "table" => table(state),
        "curves" => curves(state),
        "methods" => methods(),
        "method" => knob::entry(state.link.experiment.sweep()).map_or_else(String::new, method),
        "offers" => offers(state),
        "model" => model(state),
        "question" => question(state),
        "run" => run(state),
        "base-text" => text(&state.writing.base, &state.writing.modified, "rest"),
        "modified-text" => text(&state.writing.modified, &state.writing.base, "rest is-damaged"),
        _ => String::new(),
    }
}

fn option(value: &str, name: &str) -> String {
    format!("<option value=\"{}\">{}</option>", escape(value), escape(name))
}

fn messages(state: &State) -> String {
    let mut html = String::new();
    for message in &state.messages {
        let (class, role, start) = if message.error {
            ("message is-error", "alert", "Error. ")
        } else {
            ("message", "status", "")
        };
        write!(
            html,
            "<div class=\"{class}\" data-testid=\"message\" role=\"{role}\"><p>{start}{}</p>\
             <button type=\"button\" class=\"quiet\" data-act=\"dismiss:{}\">Close</button></div>",
            escape(&message.text),
            message.number,
        )
        .ok();
    }
    html
}

fn measures(state: &State) -> String {
    let buttons = Measure::ALL.into_iter().enumerate().map(|(place, measure)| {
        let pressed = state.link.view.measure == measure;
        segment(&format!("measure:{place}"), pressed, measure.name())
    });
    buttons.collect()
}

/// The chosen model, or the three sizes.
fn views(state: &State) -> String {
    let buttons = [(Screen::Model, "one model"), (Screen::Sizes, "three sizes")];
    let buttons = buttons.into_iter().enumerate().map(|(place, (screen, name))| {
        let pressed = state.link.view.screen == screen;
        segment(&format!("view:{place}"), pressed, name)
    });
    buttons.collect()
}

/// One of several buttons of which one is pressed.
fn segment(act: &str, pressed: bool, name: &str) -> String {
    format!("<button type=\"button\" data-act=\"{act}\" aria-pressed=\"{pressed}\">{name}</button>")
}

/// The models that the page brings along, one of another copy that a link names, and the ways to others.
fn models(state: &State) -> String {
    let chosen = match &state.link.experiment.model.origin {
        Origin::Bundled(name) => name.as_str(),
        _ => "",
    };
    let is_here = |model: &&Bundled| model.name == chosen || state.absent.iter().all(|name| name != model.name);
    let listed = bundled::all().filter(is_here);
    let mut html = listed
        .map(|model| option(model.name, &format!("{} · {}", model.title, model.size)))
        .collect::<String>();
    if !chosen.is_empty() && bundled::find(chosen).is_none() {
        html.push_str(&option(chosen, chosen));
    }
    html + &option("own", "A file of your own") + &option("hub", "Hugging Face hub or URL")
}

fn ratios(state: &State) -> String {
    let own = Some(state.link.view.threshold).filter(|own| !RATIOS.contains(own));
    let all = RATIOS.into_iter().chain(own);
    all.map(|ratio| option(&ratio.to_string(), &format!("perplexity × {ratio}")))
        .collect()
}

/// The names of the table's columns after the first.
const COLUMNS: [&str; 8] = [
    "perplexity",
    "× untouched",
    "hemorrhage ± 95 %",
    "KL divergence",
    "same next word",
    "zeros",
    "bits a weight",
    "seconds",
];

fn table(state: &State) -> String {
    let Some(shown) = &state.shown else {
        return String::new();
    };
    let curve = &shown.curve;
    let knob = knob::knob(&curve.sweep);
    let unit = knob.and_then(|knob| knob.unit()).unwrap_or(Unit::Count);
    let mut html = "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of points\">\
                    <table data-testid=\"table\"><thead><tr>"
        .to_owned();
    for name in std::iter::once(knob.map_or("value", |knob| knob.term)).chain(COLUMNS) {
        write!(html, "<th scope=\"col\">{name}</th>").ok();
    }
    html.push_str("</tr></thead><tbody>");
    let zero = || "0".to_owned();
    let all = format_value(1.0, Unit::Share);
    row(
        &mut html,
        "untouched",
        &[four(curve.base.ppl), "1".to_owned(), zero(), zero(), all],
    );
    for point in &curve.points {
        row(&mut html, &format_value(point.value, unit), &cells(point));
    }
    html.push_str("</tbody></table></div>");
    html
}

fn cells(point: &Point) -> Vec<String> {
    let measured = match &point.outcome {
        Outcome::Measured(measured) => measured,
        Outcome::Observed(_) => return Vec::new(),
        Outcome::Failed(reason) => return vec![format!("not measured: {reason}")],
    };
    let loss = measured.hemorrhage;
    vec![
        four(measured.stats.ppl),
        four(loss.ln_ratio.exp()),
        format!("{} ± {}", four(loss.ln_ratio), four(NORMAL_95 * loss.ln_ratio_se)),
        four(measured.stats.kld_mean),
        format_value(measured.stats.same_top, Unit::Share),
        format_value(measured.sparsity_achieved, Unit::Share),
        four(measured.bits_per_weight),
        four(measured.duration_secs),
    ]
}

fn row(html: &mut String, head: &str, cells: &[String]) {
    write!(html, "<tr><th scope=\"row\">{head}</th>").ok();
    // A reason takes the whole line.
    let span = if cells.len() == 1 { COLUMNS.len() } else { 1 };
    for cell in cells {
        write!(html, "<td colspan=\"{span}\">{}</td>", escape(cell)).ok();
    }
    html.push_str("</tr>");
}

fn four(value: f64) -> String {
    format_number(say::round_to(value, 4))
}

fn curves(state: &State) -> String {
    if state.kept.is_empty() {
        return "<p class=\"hint\">A kept curve stays in the chart, so that the next one can be compared with it.</p>"
            .to_owned();
    }
    let mut html = "<ul class=\"kept\">".to_owned();
    for kept in &state.kept {
        let protocol = say::protocol(&kept.curve.protocol, &kept.curve.device, kept.curve.duration_secs);
        write!(
            html,
            "<li><span class=\"swatch\" style=\"background:{}\" aria-hidden=\"true\"></span>\
             <span><strong>{}</strong><br><span class=\"hint\">{}</span></span>\
             <button type=\"button\" class=\"quiet\" data-act=\"remove:{}\">Remove</button></li>",
            Role::Kept(kept.slot).css(),
            escape(&kept.name),
            escape(&protocol),
            kept.slot,
        )
        .ok();
    }
    html.push_str("</ul>");
    html
}

fn methods() -> String {
    let mut html = String::new();
    for (family, name) in [
        (Family::Pruning, "Pruning: weights set to zero"),
        (Family::Quantization, "Quantization: weights rounded"),
        (Family::Depth, "Depth: blocks removed or repeated"),
    ] {
        write!(html, "<optgroup label=\"{name}\">").ok();
        for entry in catalogue::ALL.iter().filter(|entry| entry.family == family) {
            html.push_str(&option(entry.name, entry.title));
        }
        html.push_str("</optgroup>");
    }
    html
}

/// The controls of one method, all from its catalogue entry.
fn method(entry: &Entry) -> String {
    let mut html = format!(
        "<p class=\"hint\">{}</p><details class=\"more\"><summary>What it does, why it hurts</summary><p>{}</p><p>{}</p>\
         <p class=\"formula\">{}</p><p><a href=\"{}\" target=\"_blank\" rel=\"noopener\">{} ({}): {}</a></p></details>",
        escape(first_sentence(entry.what)),
        escape(entry.what),
        escape(entry.why),
        escape(entry.formula),
        entry.source.url,
        escape(entry.source.authors),
        entry.source.year,
        escape(entry.source.title),
    );
    if let Some(knob) = entry.knob() {
        html.push_str(&range(knob));
    }
    let more = entry.parameters.iter().skip(1).map(further).collect::<String>();
    if !more.is_empty() {
        write!(
            html,
            "<details class=\"more\"><summary>More settings</summary>{more}</details>"
        )
        .ok();
    }
    html
}

/// A dot followed by a space ends a sentence; one inside a number doesn't.
fn first_sentence(text: &str) -> &str {
    text.find(". ").and_then(|end| text.get(..=end)).unwrap_or(text)
}

/// The two ends of the knob's range and the number of points.
fn range(knob: &Parameter) -> String {
    let Kind::Number { min, max, whole, .. } = knob.kind else {
        return String::new();
    };
    let title = escape(&say::knob_title(knob));
    let step = if whole { "1" } else { "0.05" };
    let mut html = format!("<fieldset class=\"knob\"><legend>{title}</legend>");
    for (end, testid) in [("from", "range"), ("to", "knob")] {
        write!(
            html,
            "<label class=\"slider\"><span>{end}</span><input type=\"range\" min=\"{min}\" max=\"{max}\" step=\"{step}\" \
             data-testid=\"{testid}\" data-value=\"range:{end}\" aria-label=\"{title}, {end}\">\
             <output data-text=\"range:{end}\"></output></label>",
        )
        .ok();
    }
    let most = if whole { max - min + 1.0 } else { MOST_POINTS as f64 };
    write!(
        html,
        "<label class=\"field\"><span>points</span><input type=\"number\" min=\"2\" max=\"{most}\" data-testid=\"points\" \
         data-value=\"range:points\"></label><p class=\"problem\" role=\"status\" data-text=\"limit:range:points\"></p></fieldset>",
    )
    .ok();
    if knob.harm_grows_downwards() {
        html.push_str("<p class=\"hint\">Fewer bits are more damage.</p>");
    }
    html
}

/// A setting beside the knob.
fn further(parameter: &Parameter) -> String {
    let key = parameter.key;
    let options = match parameter.kind {
        Kind::Choice { options, .. } => options
            .iter()
            .map(|(value, name)| option(value, name))
            .collect::<String>(),
        Kind::Pattern { options } => std::iter::once(option("", "none: the share above"))
            .chain(options.iter().map(|pattern| option(pattern, pattern)))
            .collect(),
        Kind::Number { .. } | Kind::Blocks => String::new(),
    };
    let field = if options.is_empty() {
        format!(
            "<input type=\"text\" placeholder=\"the method's own choice\" data-testid=\"{key}\" data-value=\"parameter:{key}\">"
        )
    } else {
        format!("<select data-testid=\"{key}\" data-value=\"parameter:{key}\">{options}</select>")
    };
    format!(
        "<label class=\"field\"><span>{}</span>{field}</label>",
        escape(&say::knob_title(parameter))
    )
}

fn offers(state: &State) -> String {
    let Some((_, _, offers)) = &state.ui.offers else {
        return String::new();
    };
    let mut html = "<ul class=\"offers\" aria-label=\"Models in this repository\">".to_owned();
    for (place, offer) in offers.iter().enumerate() {
        write!(
            html,
            "<li><button type=\"button\" class=\"offer\" data-act=\"offer:{place}\"><span>{}</span><span>{}</span></button></li>",
            escape(&offer.file),
            Size(offer.bytes),
        )
        .ok();
    }
    html.push_str("</ul>");
    html
}

/// The question before a download.
fn question(state: &State) -> String {
    let Model::Asking(consent) = &state.model else {
        return String::new();
    };
    let size = Size(consent.bytes);
    let after = if consent.lasting {
        "It stays in this browser for the next visit."
    } else {
        "This browser keeps nothing: it will be fetched again on the next visit."
    };
    format!(
        "<div class=\"question\" role=\"alertdialog\" aria-label=\"Download\" tabindex=\"-1\">\
         <p><strong>Download {size} from {}?</strong></p><p>{}. {after}</p><div class=\"row\">\
         <button type=\"button\" class=\"primary\" data-testid=\"consent\" data-act=\"consent\">Download {size}</button>\
         <button type=\"button\" data-act=\"stop\">No</button></div></div>",
        escape(&consent.host),
        escape(&consent.name),
    )
}

/// What is known of the model.
fn model(state: &State) -> String {
    match &state.model {
        Model::Missing(reason) => format!("<p class=\"problem\">{}</p>", escape(reason)),
        Model::Ready(report) => format!(
            "<p class=\"hint\" title=\"{}\">{} parameters · {} bits a weight · {} blocks · SHA-256 {}…</p>",
            escape(&report.sha256),
            say::count(report.parameters),
            four(report.bits_per_weight),
            report.blocks,
            escape(report.sha256.get(..12).unwrap_or(&report.sha256)),
        ),
        Model::Absent | Model::Asking(_) | Model::Fetching(_) | Model::Loading { .. } => String::new(),
    }
}

fn run(state: &State) -> String {
    if let Some(task) = &state.task {
        let name = if task.cancelling { "Stop at once" } else { "Cancel" };
        return format!(
            "<button type=\"button\" class=\"run\" data-testid=\"cancel\" data-act=\"stop\" title=\"Key: Esc\">\
             <span class=\"run-word\">{name}</span><span class=\"run-cost\">what is finished stays</span></button>"
        );
    }
    let points = state.link.experiment.sweep().points().len();
    let points = match state.link.view.screen {
        Screen::Model => say::counted(points, "point"),
        Screen::Sizes => format!("3\u{a0}×\u{a0}{}", say::counted(points, "point")),
    };
    let offer = match (state.estimate_secs(), state.cost) {
        (Some(seconds), _) => format!("{points}, about {}", say::duration(seconds)),
        (None, Some(bytes)) if bytes > 0 => format!("{points}; downloads {} first", Size(bytes)),
        _ => points,
    };
    format!(
        "<button type=\"button\" class=\"primary run\" data-testid=\"run\" data-act=\"run\" title=\"Key: R\">\
         <span class=\"run-word\">Run</span><span class=\"run-cost\">{offer}</span></button>"
    )
}

/// One side's text, with what it shares with the other set apart from what it doesn't.
fn text(own: &str, other: &str, class: &str) -> String {
    let differs = own.char_indices().zip(other.chars()).find(|((_, a), b)| a != b);
    // While the other side is still shorter, nothing differs yet.
    let (same, rest) = own.split_at(differs.map_or(own.len(), |((end, _), _)| end));
    format!("{}<span class=\"{class}\">{}</span>", escape(same), escape(rest))
}
