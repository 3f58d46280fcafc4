//! The supported architectures: one file each, and the list of them.

mod llama;
mod qwen2;

use std::fmt;

use serde::{Serialize, Serializer};

use super::Role;

pub use llama::LLAMA;
pub use qwen2::QWEN2;

/// All of them.
pub const ALL: [&Architecture; 2] = [&LLAMA, &QWEN2];

/// How files describe an architecture and store its tensors.
pub struct Architecture {
    /// The name that GGUF and config.json use.
    pub name: &'static str,
    /// Its class in config.json.
    pub class: &'static str,
    /// The biases of each block, beside [`WEIGHTS`].
    pub(crate) biases: &'static [Role],
    /// Its biases, in words.
    pub(crate) biases_in_words: &'static str,
    /// How GGUF files order the rows of query and key.
    pub(crate) gguf_rows: GgufRows,
    /// Context length where config.json doesn't state it.
    pub(crate) context_default: usize,
    /// What a `sliding_window` in config.json means where `use_sliding_window` is missing.
    pub(crate) stated_window: StatedWindow,
}

/// The order of the rows of query and key in GGUF files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GgufRows {
    /// The two channels of a rotation are adjacent.
    Interleaved,
    /// The two channels of a rotation are in the two halves of a head, as in Hugging Face's files.
    Halves,
}

/// What a sliding window in a configuration means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatedWindow {
    /// It is used.
    Used,
    /// It is off.
    Off,
}

/// The weights of each block, which all architectures have.
pub(crate) const WEIGHTS: [Role; 9] = [
    Role::AttentionNorm,
    Role::Query,
    Role::Key,
    Role::Value,
    Role::AttentionOutput,
    Role::MlpNorm,
    Role::Gate,
    Role::Up,
    Role::Down,
];

impl Architecture {
    /// The architecture of that name, if it is supported.
    #[must_use]
    pub fn from_name(name: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|known| known.name == name)
    }

    /// All names, for messages.
    #[must_use]
    pub fn names() -> String {
        ALL.map(|known| known.name).join(", ")
    }

    /// All classes, for messages.
    #[must_use]
    pub fn classes() -> String {
        ALL.map(|known| known.class).join(", ")
    }
}

/// Each is there once.
impl PartialEq for Architecture {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Serialize for Architecture {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl fmt::Debug for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name_of_its_own_and_is_found_by_it() {
        for architecture in ALL {
            assert_eq!(Architecture::from_name(architecture.name), Some(architecture));
        }
        assert_eq!(Architecture::from_name("gpt2"), None);
        assert_eq!(Architecture::names(), "llama, qwen2");
    }
}
