//! Closures behind one type each.
//!
//! Leptos builds separate code for every type of closure that a view holds. Behind a box they are all of one type, which
//! makes the page's module half as large.

use leptos::ev::{Event, MouseEvent};
use leptos::prelude::*;

use super::context::Page;
use crate::app::state::State;

/// Text that changes.
pub(super) type Text = Signal<String>;
/// What is or isn't so.
pub(super) type Flag = Signal<bool>;

/// Text from signals.
pub(super) fn text(read: impl Fn() -> String + Send + Sync + 'static) -> Text {
    boxed_text(Box::new(read))
}

fn boxed_text(read: Box<dyn Fn() -> String + Send + Sync>) -> Text {
    Signal::derive(read)
}

/// A yes or no from signals.
pub(super) fn flag(read: impl Fn() -> bool + Send + Sync + 'static) -> Flag {
    boxed_flag(Box::new(read))
}

fn boxed_flag(read: Box<dyn Fn() -> bool + Send + Sync>) -> Flag {
    Signal::derive(read)
}

/// A piece of the page that is built anew when what it reads changes.
pub(super) fn piece(build: impl Fn() -> AnyView + Send + Sync + 'static) -> AnyView {
    boxed_piece(Box::new(build))
}

fn boxed_piece(build: Box<dyn Fn() -> AnyView + Send + Sync>) -> AnyView {
    (move || build()).into_any()
}

/// What a press of a button does.
pub(super) fn press(act: impl Fn() + 'static) -> Box<dyn FnMut(MouseEvent)> {
    Box::new(move |_| act())
}

/// What a field's new value does.
pub(super) fn entered(take: impl Fn(String) + 'static) -> Box<dyn FnMut(Event)> {
    Box::new(move |event| take(event_target_value(&event)))
}

impl Page {
    /// Text of the state, which changes its readers only when it is another.
    pub(super) fn text(self, read: impl Fn(&State) -> String + Send + Sync + 'static) -> Text {
        self.boxed_text(Box::new(read))
    }

    fn boxed_text(self, read: Box<dyn Fn(&State) -> String + Send + Sync>) -> Text {
        self.part(read).into()
    }

    /// A yes or no of the state.
    pub(super) fn flag(self, read: impl Fn(&State) -> bool + Send + Sync + 'static) -> Flag {
        self.boxed_flag(Box::new(read))
    }

    fn boxed_flag(self, read: Box<dyn Fn(&State) -> bool + Send + Sync>) -> Flag {
        self.part(read).into()
    }

    /// A piece of the page that follows a part of the state.
    pub(super) fn piece<T: PartialEq + Clone + Send + Sync + 'static>(
        self,
        read: fn(&State) -> T,
        build: impl Fn(T) -> AnyView + Send + Sync + 'static,
    ) -> AnyView {
        let part = self.part(read);
        piece(move || build(part.get()))
    }
}
