//! A model or a text, and its text form in a link.
//!
//! `evaluation` (shipped with the page) · `own:notes.txt` · `hub:owner/repository@revision/file` · `url:https://…`

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// What separates the parts of a hub address, and is therefore escaped inside them.
const REPOSITORY: &AsciiSet = &CONTROLS.add(b'%').add(b'@');
const REVISION: &AsciiSet = &REPOSITORY.add(b'/');

/// Where a model or a text comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Shipped with the page, by name.
    Bundled(String),
    /// The reader's own file; the link names it but cannot carry it.
    Own(String),
    /// `owner/repository` on the Hugging Face hub, with a revision and a file.
    Hub {
        /// `owner/repository`.
        repository: String,
        /// Branch, tag or commit.
        revision: String,
        /// File in the repository (a GGUF file, or `model.safetensors`, whose companions are then fetched too).
        file: String,
    },
    /// Any address.
    Url(String),
}

/// A model or a text, with the hash that makes a result repeatable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// Where it comes from.
    pub origin: Origin,
    /// SHA-256, hexadecimal, once known.
    pub sha256: Option<String>,
}

impl Asset {
    /// What to call it: its own name, address, or repository and file.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.origin {
            Origin::Bundled(name) | Origin::Own(name) | Origin::Url(name) => name.clone(),
            Origin::Hub { repository, file, .. } => format!("{repository}/{file}"),
        }
    }

    /// Whether both may be the same: the same origin, and hashes that don't contradict each other.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        let hashes_agree = match (&self.sha256, &other.sha256) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        self.origin == other.origin && hashes_agree
    }

    /// An asset shipped with the page.
    #[must_use]
    pub fn bundled(name: &str) -> Self {
        Self {
            origin: Origin::Bundled(name.to_owned()),
            sha256: None,
        }
    }
}

/// An origin could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a name, own:FILE, hub:OWNER/REPOSITORY@REVISION/FILE or url:https://…")]
pub struct OriginError;

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundled(name) if name.contains(':') => write!(f, "bundled:{name}"),
            Self::Bundled(name) => f.write_str(name),
            Self::Own(name) => write!(f, "own:{name}"),
            Self::Hub {
                repository,
                revision,
                file,
            } => write!(
                f,
                "hub:{}@{}/{}",
                utf8_percent_encode(repository, REPOSITORY),
                utf8_percent_encode(revision, REVISION),
                utf8_percent_encode(file, REPOSITORY),
            ),
            Self::Url(url) => write!(f, "url:{url}"),
        }
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let Some((kind, rest)) = text.split_once(':') else {
            return if text.is_empty() {
                Err(OriginError)
            } else {
                Ok(Self::Bundled(text.to_owned()))
            };
        };
        match kind {
            "bundled" => Ok(Self::Bundled(rest.to_owned())),
            "own" => Ok(Self::Own(rest.to_owned())),
            "hub" => {
                let (repository, place) = rest.split_once('@').ok_or(OriginError)?;
                let (revision, file) = place.split_once('/').ok_or(OriginError)?;
                if repository.is_empty() || revision.is_empty() || file.is_empty() {
                    return Err(OriginError);
                }
                let plain = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
                Ok(Self::Hub {
                    repository: plain(repository),
                    revision: plain(revision),
                    file: plain(file),
                })
            }
            "url" if rest.starts_with("https://") || rest.starts_with("http://") => Ok(Self::Url(rest.to_owned())),
            _ => Err(OriginError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_text_form() {
        let hub = Origin::Hub {
            repository: "owner/model".to_owned(),
            revision: "refs/pr/1".to_owned(),
            file: "sub/model.gguf".to_owned(),
        };
        for (origin, text) in [
            (Origin::Bundled("evaluation".to_owned()), "evaluation"),
            (Origin::Own("my text.txt".to_owned()), "own:my text.txt"),
            (hub, "hub:owner/model@refs%2Fpr%2F1/sub/model.gguf"),
            (
                Origin::Url("https://a.example/m.gguf".to_owned()),
                "url:https://a.example/m.gguf",
            ),
            (Origin::Bundled("own:odd".to_owned()), "bundled:own:odd"),
        ] {
            assert_eq!(origin.to_string(), text);
            assert_eq!(text.parse(), Ok(origin));
        }
    }

    #[test]
    fn an_unknown_hash_contradicts_nothing() {
        let one = Asset::bundled("evaluation");
        let hashed = |hash: &str| Asset {
            sha256: Some(hash.to_owned()),
            ..one.clone()
        };
        assert!(one.may_be(&hashed("a")) && hashed("a").may_be(&hashed("a")));
        assert!(!hashed("a").may_be(&hashed("b")) && !one.may_be(&Asset::bundled("calibration")));
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "",
            "hub:owner/model",
            "hub:@/",
            "url:javascript:alert(1)",
            "data:text/plain,x",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(OriginError), "{text}");
        }
    }
}
