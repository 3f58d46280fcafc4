//! The supported architectures: one file each, and the list of them.

mod llama;
mod phi3;
mod qwen2;
mod qwen3;

use std::fmt;

use serde::{Serialize, Serializer};

use super::Role;

pub use llama::LLAMA;
pub use phi3::PHI3;
pub use qwen2::QWEN2;
pub use qwen3::QWEN3;

/// All of them.
pub const ALL: [&Architecture; 4] = [&LLAMA, &QWEN2, &QWEN3, &PHI3];

/// How files describe an architecture and store its tensors.
pub struct Architecture {
    /// The name that GGUF and config.json use.
    pub name: &'static str,
    /// Its class in config.json.
    pub class: &'static str,
    /// The vectors of each block beside [`WEIGHTS`]: biases, norms of heads.
    pub(crate) vectors: &'static [Role],
    /// Its biases, in words.
    pub(crate) biases_in_words: &'static str,
    /// Tensors that hold the rows of several roles, one after the other.
    pub(crate) fused: &'static [Fused],
    /// How GGUF files order the rows of query and key.
    pub(crate) gguf_rows: GgufRows,
    /// Context length where config.json doesn't state it.
    pub(crate) context_default: usize,
    /// Channels of a head where config.json doesn't state them; `None`: width / heads.
    pub(crate) head_dim_default: Option<usize>,
    /// Epsilon of RMSNorm where config.json doesn't state it.
    pub(crate) epsilon_default: f64,
    /// What a `sliding_window` in config.json means where `use_sliding_window` is missing.
    pub(crate) stated_window: StatedWindow,
}

/// One tensor of a block that holds the rows of several roles.
pub(crate) struct Fused {
    /// Its name in GGUF files, inside a block.
    pub(crate) gguf: &'static str,
    /// Its name in Hugging Face's files, inside a block.
    pub(crate) hugging_face: &'static str,
    /// What it holds, in this order.
    pub(crate) parts: &'static [Role],
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
        assert_eq!(Architecture::names(), "llama, qwen2, qwen3, phi3");
    }
}
