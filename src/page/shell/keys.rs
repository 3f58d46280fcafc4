//! Keys that work anywhere on the page.

use super::share::copy_link;
use crate::doors::keyboard::{Key, on_key};
use crate::parts::chart::Focus;
use crate::views::View;
use crate::work::Page;
use leptos::prelude::Set as _;

/// Listens to the keyboard for as long as the page lives. If the browser refuses, the page still works with a pointer.
pub(crate) fn listen(page: Page) {
    on_key(move |key| match key {
        Key::Run => page.measure(),
        Key::Cancel => page.stop(),
        Key::CopyLink => copy_link(page),
        Key::Previous => walk(page, -1),
        Key::Next => walk(page, 1),
    })
    .ok();
}

/// Selects the next or previous mark and gives it the keyboard focus.
fn walk(page: Page, step: isize) {
    let place = page.update(|state| {
        let view = View::of(state.run.question(&state.link));
        (view.walk)(state, step)
    });
    if let Some(place) = place {
        page.focus.set(Some(Focus::Mark(place)));
    }
}
