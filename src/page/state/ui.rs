//! What the reader has in hand and no link holds: messages, half-made choices, fields that can't be used as they stand.

use crate::doors::fetch::Offer;
use hemoscope_core::experiment::Origin;
use hemoscope_core::say;

/// What the reader has in hand and no link holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ui {
    /// Errors and notices, oldest first.
    pub messages: Vec<Message>,
    /// The kind of model that is being chosen, before one is.
    pub picking_model: Option<Picking>,
    /// Whether a text of one's own is being given.
    pub picking_text: bool,
    /// Models of a repository to choose from.
    pub offers: Option<Offers>,
    /// What is wrong with the modification written as text; empty where nothing is.
    pub spec_problem: String,
    /// Whether the page is dark.
    pub dark: bool,
    /// The reader's own text, once it is here.
    pub own_text: Option<OwnText>,
    /// Whether a text of the reader's own is being typed that is not in use yet.
    pub typing_text: bool,
    /// Whether the files of the reader's own model are here.
    pub own_model: bool,
    next_message: u64,
}

/// A kind of model that is not bundled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picking {
    /// A file of the reader's own.
    Own,
    /// From the hub or any address.
    Hub,
}

/// What a model is, as the list of models offers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelKind {
    /// One that the page brings along, by name.
    Bundled(String),
    /// A file of the reader's own.
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
    /// The models, the best start first.
    pub models: Vec<Offer>,
}

/// A text of the reader's own, as far as the page shows it.
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
    /// What, where, and what to do.
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
        let text = say::sentence(text);
        // The same thing twice needs saying once.
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

    /// The bundled text that is measured on; `None` where it is, or will be, the reader's own.
    #[must_use]
    pub fn bundled_text<'a>(&self, origin: &'a Origin) -> Option<&'a str> {
        match origin {
            Origin::Bundled(name) if !self.picking_text => Some(name),
            _ => None,
        }
    }
}
