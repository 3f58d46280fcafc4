//! Keys that work wherever the reader is.

use super::share::copy_link;
use crate::doors::browser;
use crate::doors::keyboard::{Key, on_key};
use crate::views::View;
use crate::work::Page;

/// Hears the keyboard for as long as the page lives. A browser that refuses leaves a page that works by pointer.
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

/// Selects the next or the last mark and gives it the keyboard.
fn walk(page: Page, step: isize) {
    let place = page.update(|state| {
        let view = View::of(state.run.question(&state.link));
        (view.walk)(state, step)
    });
    if let Some(place) = place {
        browser::focus(&format!(".mark[data-index='{place}']"));
    }
}
