//! Links: the settings of the page as the fragment of its address,
//! `#v=4&ask=curve&model=…&m=wanda:sparsity=0..0.8/9&text=…&windows=…&seed=…&end`.
//!
//! Flat and readable. Every value that changes a result is always written, even where it is the default, so that
//! changing a default later does not change old links. What can't be understood is reported as a [`Notice`] and
//! replaced by a sensible value; unknown keys are kept and written back. A link ends with a mark, so that one that was
//! cut off is recognised.

mod delivered;
mod reader;

use std::fmt::{self, Display};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::experiment::Settings;
use crate::experiment::fields::FIELDS;
use reader::Reader;

pub use delivered::part_of;

/// The version that is written. Versions differ in the defaults of what a link leaves out, and since version 4 links
/// have an end mark, without which they are cut off, and encode `+`, which else may stand for a blank.
const VERSION: u64 = 4;
/// The last part of a link.
const END: &str = "end";
/// What separates pairs, what an address may not contain, and what mail and chat programs take for the end of a link.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'\'')
    .add(b'(')
    .add(b')')
    .add(b'+')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'~');
/// Keys are escaped like values, and also at `=`, which ends a key, and at `;`, which ends an HTML entity.
const ESCAPED_KEY: &AsciiSet = &ESCAPED.add(b';').add(b'=');

/// A link as it was understood.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Opened {
    /// What to use.
    pub link: Settings,
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
    /// What is allowed.
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
        let equals = if given.is_empty() { "" } else { "=" };
        write!(
            f,
            "Link: “{key}{equals}{given}” can't be used ({allowed}). Instead: {used}."
        )
    }
}

/// The fragment that holds these settings, without `#`.
#[must_use]
pub fn fragment(settings: &Settings) -> String {
    let mut writer = Writer(String::new());
    writer.pair("v", &VERSION.to_string());
    for field in FIELDS {
        if let Some(value) = (field.write)(settings) {
            writer.pair(field.key, &value);
        }
    }
    for (key, value) in &settings.unknown {
        writer.pair(key, value);
    }
    format!("{}&{END}", writer.0)
}

/// Reads a link: a fragment, a whole address, or a text with one in it. Never fails: what can't be used becomes a
/// notice.
#[must_use]
pub fn open(link: &str) -> Opened {
    let mut reader = Reader::new(link);
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
