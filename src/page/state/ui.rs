//! User-interface state that is not part of a link: messages, unfinished choices, fields with unusable content.

use crate::doors::fetch::Offer;
use hemoscope_core::experiment::Origin;
use hemoscope_core::wording;

/// User-interface state that is not part of a link.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ui {
    /// Errors and notices, oldest first.
    pub messages: Vec<Message>,
    /// The kind of model being chosen, until one is.
    pub picking_model: Option<Picking>,
    /// Whether the user is about to provide a text.
    pub picking_text: bool,
    /// Models of a repository to choose from.
    pub offers: Option<Offers>,
    /// What is wrong with the modification written as text; empty if nothing is.
    pub spec_problem: String,
    /// Whether the page is dark.
    pub dark: bool,
    /// The user's own text, once provided.
    pub own_text: Option<OwnText>,
    /// Whether the user is typing a text that is not in use yet.
    pub typing_text: bool,
    /// Whether the files of the user's own model are available.
    pub own_model: bool,
    next_message: u64,
}

/// A kind of model that is not bundled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picking {
    /// The user's own file.
    Own,
    /// From the hub or any address.
    Hub,
}

/// The kinds of model that the list offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelKind {
    /// A bundled one, by name.
    Bundled(String),
    /// The user's own file.
    Own,
    /// From the hub or any address.
    Hub,
}

/// Models of a repository to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offers {
    /// `owner/name`.
    pub repository: String,
    /// Branch, tag or commit.
    pub revision: String,
    /// The models, most suitable first.
    pub models: Vec<Offer>,
}

/// The user's own text, as far as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnText {
    /// How it begins.
    pub beginning: String,
    /// How long it is.
    pub bytes: usize,
}

/// An error or a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Unique.
    pub number: u64,
    /// Whether something failed.
    pub error: bool,
    /// What happened, where, and what to do.
    pub text: String,
}

impl Ui {
    /// Adds a notice.
    pub fn notify(&mut self, text: impl AsRef<str>) {
        self.push(false, text.as_ref());
    }

    /// Adds an error.
    pub fn report(&mut self, text: impl AsRef<str>) {
        self.push(true, text.as_ref());
    }

    fn push(&mut self, error: bool, text: &str) {
        let text = wording::sentence(text);
        // A repeated message replaces the earlier one.
        self.messages.retain(|message| message.text != text);
        self.next_message += 1;
        self.messages.push(Message {
            number: self.next_message,
            error,
            text,
        });
    }

    /// Removes a message.
    pub fn dismiss(&mut self, number: u64) {
        self.messages.retain(|message| message.number != number);
    }

    /// Removes the errors, which are about a task that is over.
    pub(super) fn dismiss_errors(&mut self) {
        self.messages.retain(|message| !message.error);
    }

    /// The number of the newest error; 0 where there is none.
    #[must_use]
    pub fn newest_error(&self) -> u64 {
        let newest = self.messages.last().filter(|message| message.error);
        newest.map_or(0, |message| message.number)
    }

    /// The model that is chosen or being chosen.
    #[must_use]
    pub fn model_kind(&self, origin: &Origin) -> ModelKind {
        match (self.picking_model, origin) {
            (Some(Picking::Own), _) | (None, Origin::Own(_)) => ModelKind::Own,
            (Some(Picking::Hub), _) | (None, Origin::Hub { .. } | Origin::Url(_)) => ModelKind::Hub,
            (None, Origin::Bundled(name)) => ModelKind::Bundled(name.clone()),
        }
    }

    /// The bundled text that is measured on; `None` if it is, or will be, the user's own.
    #[must_use]
    pub fn bundled_text<'a>(&self, origin: &'a Origin) -> Option<&'a str> {
        match origin {
            Origin::Bundled(name) if !self.picking_text => Some(name),
            _ => None,
        }
    }
}
