//! The page's own elements: filled by the keys that stand in index.html, and heard when a person uses them.
//!
//! Only what changed is written, and nothing is built anew but `data-html`; so a field that is being typed into and a
//! button that has the keyboard stay as they are.

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{DragEvent, Element, Event, File, HtmlInputElement};

use super::browser::document;
use super::error::BrowserError;
use super::files::listed;

/// What a key fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// `data-html`: what stands inside; may hold further keys, but no further `data-html`.
    Html,
    /// `data-text`.
    Text,
    /// `data-value`: what a field holds.
    Value,
    /// `data-if`: whether it is shown.
    If,
    /// `data-off`: whether it is off.
    Off,
    /// `data-open`: unfolds it; folding is left to the person.
    Open,
    /// `data-state`: a word for style, in `data-is`.
    State,
}

const REST: [(&str, Slot); 6] = [
    ("data-text", Slot::Text),
    ("data-value", Slot::Value),
    ("data-if", Slot::If),
    ("data-off", Slot::Off),
    ("data-open", Slot::Open),
    ("data-state", Slot::State),
];

/// Marks a number that a person entered until it is compared with the one in use.
const ENTERED: &str = "data-entered";

/// One key at one element.
#[derive(Debug)]
struct Bound {
    element: Element,
    slot: Slot,
    key: String,
    last: Option<String>,
}

/// The keys of the page.
#[derive(Debug, Default)]
pub struct Bindings {
    /// Those that hold others, each with the keys inside.
    shapes: Vec<(Bound, Vec<Bound>)>,
    rest: Vec<Bound>,
}

impl Bindings {
    /// All keys in the document.
    ///
    /// # Errors
    /// Where there is no document.
    pub fn of_page() -> Result<Self, BrowserError> {
        let root = document()?
            .document_element()
            .ok_or_else(|| BrowserError::missing("document"))?;
        let shapes = within(&root, "data-html", Slot::Html)
            .into_iter()
            .map(|shape| (shape, Vec::new()));
        Ok(Self {
            shapes: shapes.collect(),
            rest: all_within(&root),
        })
    }

    /// Fills every key with what `read` says of it; `true` and `false` stand for yes and no.
    pub fn fill(&mut self, read: &dyn Fn(Slot, &str) -> String) {
        for (shape, inside) in &mut self.shapes {
            if shape.fill(read) {
                *inside = all_within(&shape.element);
            }
            for bound in inside {
                bound.fill(read);
            }
        }
        for bound in &mut self.rest {
            bound.fill(read);
        }
    }
}

fn all_within(root: &Element) -> Vec<Bound> {
    REST.iter()
        .flat_map(|(attribute, slot)| within(root, attribute, *slot))
        .collect()
}

fn within(root: &Element, attribute: &str, slot: Slot) -> Vec<Bound> {
    let Ok(found) = root.query_selector_all(&format!("[{attribute}]")) else {
        return Vec::new();
    };
    (0..found.length())
        .filter_map(|place| {
            let element = found.item(place)?.dyn_into::<Element>().ok()?;
            Some(Bound {
                key: element.get_attribute(attribute)?,
                element,
                slot,
                last: None,
            })
        })
        .collect()
}

impl Bound {
    /// Whether something changed.
    fn fill(&mut self, read: &dyn Fn(Slot, &str) -> String) -> bool {
        let new = read(self.slot, &self.key);
        let element = &self.element;
        // Another list of options may have changed what a select holds, and what a person entered needn't be used.
        let stale = self.slot == Slot::Value
            && (element.tag_name() == "SELECT" || was_entered(element))
            && property(element, "value") != new;
        if !stale && self.last.as_ref() == Some(&new) {
            return false;
        }
        let yes = JsValue::from_bool(new == "true");
        match self.slot {
            Slot::Html => refill(element, &new),
            Slot::Text => element.set_text_content(Some(&new)),
            Slot::State => {
                element.set_attribute("data-is", &new).ok();
            }
            Slot::Value if is_checkbox(element) => set(element, "checked", &yes),
            // A bar without a value shows that something is done and not how much.
            Slot::Value => set(element, "value", &JsValue::from_str(&new)),
            Slot::If => set(element, "hidden", &JsValue::from_bool(new != "true")),
            Slot::Off => set(element, "disabled", &yes),
            Slot::Open if new == "true" => set(element, "open", &yes),
            Slot::Open => {}
        }
        self.last = Some(new);
        true
    }
}

fn was_entered(element: &Element) -> bool {
    let entered = element.has_attribute(ENTERED);
    if entered {
        element.remove_attribute(ENTERED).ok();
    }
    entered
}

fn set(element: &JsValue, name: &str, value: &JsValue) {
    // Only a property without a setter throws, and these have one.
    Reflect::set(element, &name.into(), value).ok();
}

fn property(element: &Element, name: &str) -> String {
    Reflect::get(element, &name.into())
        .ok()
        .and_then(|value| value.as_string())
        .unwrap_or_default()
}

fn is_checkbox(element: &Element) -> bool {
    element.get_attribute("type").as_deref() == Some("checkbox")
}

/// Puts new HTML into an element. What had the keyboard inside has it again, or what came in its place.
pub fn refill(element: &Element, html: &str) {
    let active = document().ok().and_then(|document| document.active_element());
    let active = active.filter(|active| active != element && element.contains(Some(active)));
    element.set_inner_html(html);
    let Some(active) = active else { return };
    let same = NAMES.iter().find_map(|name| {
        let value = active.get_attribute(name)?;
        let found = element.query_selector(&format!("[{name}='{value}']"));
        found.ok().flatten()
    });
    let heir = same.or_else(|| element.query_selector("button").ok().flatten());
    if let Some(heir) = heir {
        focus_in_place(&heir);
    }
}

/// What an element is known by after it was built anew, the most telling first.
const NAMES: [&str; 3] = ["data-index", "data-act", "data-testid"];

/// Gives an element the keyboard and leaves the page where it is scrolled to.
fn focus_in_place(element: &Element) {
    let options = Object::new();
    set(&options, "preventScroll", &JsValue::TRUE);
    // Marks in an SVG are no HTML elements, and can be focused all the same.
    if let Ok(focus) = Reflect::get(element, &"focus".into())
        && let Some(focus) = focus.dyn_ref::<Function>()
    {
        focus.call1(element, &options).ok();
    }
}

/// What a person did.
#[derive(Debug)]
pub enum Happening {
    /// Folded or unfolded what has this `data-open`.
    Fold(String, bool),
    /// Pressed what has this `data-act`.
    Press(String),
    /// Gave the field with this `data-value` a new content.
    Enter(String, String),
    /// Chose files in `data-files`, or dropped them on `data-drop`; the latter is empty where they fell elsewhere.
    Files(String, Vec<File>),
}

/// Tells whatever a person does with the page's elements, for as long as the page lives.
///
/// # Errors
/// Where there is no document.
pub fn listen(happened: impl Fn(Happening) + Clone + 'static) -> Result<(), BrowserError> {
    for kind in ["click", "input", "change", "toggle", "dragover", "drop"] {
        let happened = happened.clone();
        let listener = Closure::<dyn Fn(Event)>::new(move |event: Event| {
            if let Some(what) = read(&event, kind) {
                happened(what);
            }
        });
        // A toggle is told to nobody but its element, so all are heard on their way there.
        document()?.add_event_listener_with_callback_and_bool(kind, listener.as_ref().unchecked_ref(), true)?;
        listener.forget();
    }
    Ok(())
}

fn read(event: &Event, kind: &str) -> Option<Happening> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let at = |attribute: &str| {
        let element = target.closest(&format!("[{attribute}]")).ok().flatten()?;
        let key = element.get_attribute(attribute)?;
        Some((element, key))
    };
    match kind {
        "click" => at("data-act").map(|(_, key)| Happening::Press(key)),
        "toggle" => {
            let (element, key) = at("data-open")?;
            (element == target).then(|| Happening::Fold(key, element.has_attribute("open")))
        }
        "dragover" => {
            // Without it, the browser would open a dropped file in place of the page.
            event.prevent_default();
            None
        }
        "drop" => {
            event.prevent_default();
            let data = event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer);
            let key = at("data-drop").map(|(_, key)| key).unwrap_or_default();
            Some(Happening::Files(key, listed(data.and_then(|data| data.files()))))
        }
        _ => {
            if kind == "change"
                && let Some((element, key)) = at("data-files")
            {
                let input = element.dyn_into::<HtmlInputElement>().ok()?;
                return Some(Happening::Files(key, listed(input.files())));
            }
            let (element, key) = at("data-value")?;
            // Sliders are heard while they move, fields when they are left.
            let slides = element.get_attribute("type").as_deref() == Some("range");
            if slides != (kind == "input") {
                return None;
            }
            if element.get_attribute("type").as_deref() == Some("number") {
                element.set_attribute(ENTERED, "").ok();
            }
            let value = if is_checkbox(&element) {
                let checked = Reflect::get(&element, &"checked".into()).ok()?;
                checked.is_truthy().to_string()
            } else {
                property(&element, "value")
            };
            Some(Happening::Enter(key, value))
        }
    }
}
