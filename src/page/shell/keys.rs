//! Keys that work wherever the reader is.

use super::share::copy_link;
use crate::doors::browser;
use crate::doors::keyboard::{Key, on_key};
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

/// Selects the next or the last point and gives it the keyboard.
fn walk(page: Page, step: isize) {
    let place = page.update(|state| {
        let place = state.results.selected(&state.link.view)?;
        let points = &state.results.shown.as_ref()?.curve.points;
        let place = place.saturating_add_signed(step).min(points.len().saturating_sub(1));
        state.link.view.at = Some(points.get(place)?.value);
        Some(place)
    });
    if let Some(place) = place {
        browser::focus(&format!(".mark[data-index='{place}']"));
    }
}
