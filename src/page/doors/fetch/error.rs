//! What can go wrong between an address and a model's bytes.

use super::Size;

/// A download could not be planned or finished. The text says what, where and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// What was typed is neither a repository nor an address.
    #[error(
        "'{text}' is not a model address: {reason}. Write owner/name of a Hugging Face repository, or an address that starts with https://"
    )]
    Address {
        /// What was typed, or came with a link.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The origin is a file on the reader's disk.
    #[error("'{name}' is a file of whoever made this link, and a link cannot carry it: choose the file on your disk")]
    Own {
        /// The file's name.
        name: String,
    },
    /// This site was built without the model.
    #[error("this site does not include {name}. Choose a model file of your own, or a Hugging Face repository")]
    NotBundled {
        /// The model.
        name: String,
    },
    /// The browser says that there is no network.
    #[error("offline: {address} cannot be reached. Connect, then try again: what was already downloaded is kept")]
    Offline {
        /// The address that was requested.
        address: String,
    },
    /// No response, or one that the browser hides from the page; it doesn't say which.
    #[error(
        "no answer from {address}: the address is wrong, the server is down, or it doesn't let other pages read its files (CORS). Try again, or download the file yourself and drop it here"
    )]
    Unreachable {
        /// The address that was requested.
        address: String,
    },
    /// 404 or 410.
    #[error("there is nothing at {address} (the server answers {status}). Check the name, the revision and the file")]
    NotFound {
        /// The address that was requested.
        address: String,
        /// The response's status.
        status: u16,
    },
    /// 401 or 403.
    #[error(
        "{address} is not public (the server answers {status}): it doesn't exist, is private, or wants a licence accepted first. Download the file with your own account and drop it here"
    )]
    Refused {
        /// The address that was requested.
        address: String,
        /// The response's status.
        status: u16,
    },
    /// Any other status that is not a file.
    #[error(
        "the server answers {status} for {address}. Wait a little and try again: what was already downloaded is kept"
    )]
    Server {
        /// The address that was requested.
        address: String,
        /// The response's status.
        status: u16,
    },
    /// An HTML page where a file should be.
    #[error(
        "{address} is a web page, not a model file. Copy the address of the download itself (on Hugging Face: of the arrow beside the file)"
    )]
    WebPage {
        /// The address that was requested.
        address: String,
    },
    /// A `.gguf` file that doesn't begin like one.
    #[error("{address} is not a GGUF file: it doesn't begin with the letters GGUF. Choose another file")]
    NotGguf {
        /// The address that was requested.
        address: String,
    },
    /// An empty file.
    #[error("{address} is empty (0 bytes). Choose another file")]
    Empty {
        /// The address that was requested.
        address: String,
    },
    /// The server doesn't say how large the file is.
    #[error(
        "the server doesn't say how large {address} is, so it is not downloaded unasked. Download it yourself and drop it here"
    )]
    SizeUnknown {
        /// The address that was requested.
        address: String,
    },
    /// A listing or small text file is unreasonably large.
    #[error("{address} is larger than the {} that is read of such a file. Check the address", Size(*limit))]
    TooLarge {
        /// The address that was requested.
        address: String,
        /// The most that is read.
        limit: u64,
    },
    /// The hub's listing, or a text, could not be understood.
    #[error("the answer from {address} cannot be read: {reason}. Check the address, or try again later")]
    Answer {
        /// The address that was requested.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A repository without a usable model.
    #[error("no readable model in {repository}: {reason}")]
    NoModel {
        /// `owner/name`, with its revision.
        repository: String,
        /// What is missing, and what would be accepted.
        reason: String,
    },
    /// The connection broke off more than once.
    #[error("the connection to {address} broke after {} of {}. Try again: it goes on from there", Size(*done), Size(*total))]
    CutOff {
        /// The address that was requested.
        address: String,
        /// Bytes that arrived.
        done: u64,
        /// Bytes of the whole file.
        total: u64,
    },
    /// The file changed and is now larger than the user agreed to.
    #[error("{address} changed on the server while it was read: it now has {} instead of {}. Request it again", Size(*found), Size(*planned))]
    Grew {
        /// The address that was requested.
        address: String,
        /// Bytes that the user agreed to.
        planned: u64,
        /// Bytes that it has now.
        found: u64,
    },
    /// The bytes' hash is not the one in the hub's listing.
    #[error(
        "{name} arrived damaged: its SHA-256 is {found}, the hub's listing says {expected}. It was thrown away; download it again"
    )]
    Damaged {
        /// The file.
        name: String,
        /// What the listing says.
        expected: String,
        /// What arrived.
        found: String,
    },
    /// The bytes' hash is not the one that the link was made with.
    #[error(
        "{name} is not the model that this link was made with: its SHA-256 is {found}, the link's is {expected}. The file at this address has changed; the link's result cannot be reproduced with it. Choose the model again to measure this file instead"
    )]
    WrongHash {
        /// The model.
        name: String,
        /// What the link says.
        expected: String,
        /// What arrived.
        found: String,
    },
    /// The browser won't store that much.
    #[error("the browser has no room for {} more{}. Free disk space, clear this page's data in the browser's settings (the models that it has stored go with it), or choose a smaller model", Size(*needed), room(*available))]
    Quota {
        /// Bytes still to be stored.
        needed: u64,
        /// Bytes that the browser would still store, if it says.
        available: Option<u64>,
    },
    /// The user stopped it.
    #[error("cancelled: what was already downloaded is kept, and the next try goes on from there")]
    Cancelled,
    /// The browser failed in a way that has no better name.
    #[error("the browser could not {doing} {address}: {reason}. Reload the page and try again")]
    Browser {
        /// What was being done: "store", "read".
        doing: String,
        /// The address that was requested.
        address: String,
        /// The browser's message.
        reason: String,
    },
}

impl FetchError {
    /// Whether the same request may succeed a moment later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::CutOff { .. } | Self::Unreachable { .. } => true,
            Self::Server { status, .. } => *status == 429 || *status >= 500,
            _ => false,
        }
    }

    /// Whether the server could not be asked at all, so that a stored copy is the best there is.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Offline { .. } | Self::Unreachable { .. })
    }
}

fn room(available: Option<u64>) -> String {
    available.map_or_else(String::new, |bytes| format!(" (it offers {})", Size(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_place_and_numbers() {
        let text = FetchError::CutOff {
            address: "https://host.example/m.gguf".to_owned(),
            done: 10,
            total: 20,
        }
        .to_string();
        assert!(
            text.contains("https://host.example/m.gguf") && text.contains("after 10 bytes of 20 bytes"),
            "{text}"
        );
        let quota = |available| FetchError::Quota { needed: 7, available }.to_string();
        assert!(quota(Some(3)).contains("7 bytes more (it offers 3 bytes)"));
        assert!(quota(None).contains("7 bytes more. Free"));
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let address = || "a".to_owned();
        let server = |status| FetchError::Server {
            address: address(),
            status,
        };
        assert!(server(503).is_passing() && server(429).is_passing());
        assert!(!server(400).is_passing() && !FetchError::Cancelled.is_passing());
        assert!(FetchError::Unreachable { address: address() }.is_unreachable());
    }
}
