//! The fragment of the page's address: `#v=3&ask=curve&model=…&m=wanda:sparsity=0..0.8/9&text=…&windows=…&seed=…`.
//!
//! Flat and readable. Every value that changes a result is always written, even where it is the default, so that a later
//! change of a default does not change an old link. What can't be understood is reported as a [`Notice`] and replaced by
//! something sensible; unknown keys are kept and written again.

mod reader;

use std::fmt::{self, Display};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::fields::FIELDS;
use super::{Experiment, View};
use reader::Reader;

/// The version that is written. Versions differ in the defaults of what a link leaves out.
const VERSION: u64 = 3;
/// What separates pairs, what an address may not hold, and what mail and chat programs take for the end of a link.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'\'')
    .add(b'(')
    .add(b')')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
/// Keys are as values, but end at the first `=`.
const ESCAPED_KEY: &AsciiSet = &ESCAPED.add(b'=');

/// Everything that a link holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Link {
    /// What to run.
    pub experiment: Experiment,
    /// How to look at it.
    pub view: View,
    /// The digest of the result that it was copied with.
    pub expect: Option<String>,
    /// What another version wrote, as it was.
    pub unknown: Vec<(String, String)>,
}

/// A link as it was understood.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Opened {
    /// What to use.
    pub link: Link,
    /// What could not be used as it was written.
    pub notices: Vec<Notice>,
}

/// One value of a link that could not be used as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The key in the link.
    pub key: String,
    /// What it was given.
    pub given: String,
    /// What is possible.
    pub allowed: String,
    /// What is used instead.
    pub used: String,
}

impl Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            key,
            given,
            allowed,
            used,
        } = self;
        write!(f, "Link: “{key}={given}” can't be used ({allowed}). Instead: {used}.")
    }
}

impl Link {
    /// The fragment, without `#`.
    #[must_use]
    pub fn to_fragment(&self) -> String {
        let mut writer = Writer(String::new());
        writer.pair("v", &VERSION.to_string());
        for field in FIELDS {
            if let Some(value) = (field.write)(self) {
                writer.pair(field.key, &value);
            }
        }
        for (key, value) in &self.unknown {
            writer.pair(key, value);
        }
        writer.0
    }

    /// Reads a fragment, with or without `#`. Never fails: what can't be used becomes a notice.
    #[must_use]
    pub fn open(fragment: &str) -> Opened {
        let mut reader = Reader::new(fragment);
        if reader.is_empty() {
            return Opened::default();
        }
        let mut link = reader.version();
        for field in FIELDS {
            reader.field(field, &mut link);
        }
        let (unknown, notices) = reader.finish();
        link.unknown = unknown;
        Opened { link, notices }
    }
}

struct Writer(String);

impl Writer {
    fn pair(&mut self, key: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend(utf8_percent_encode(key, ESCAPED_KEY));
        self.0.push('=');
        self.0.extend(utf8_percent_encode(value, ESCAPED));
    }
}

#[cfg(test)]
mod tests;
