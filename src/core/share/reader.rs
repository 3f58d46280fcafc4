//! Reading a link: each key is read once, and what can't be used is reported.

use percent_encoding::percent_decode_str;

use super::{Notice, VERSION};
use crate::experiment::fields::{Field, Rejected};
use crate::experiment::{Experiment, Settings, View};

/// The pairs of a link that are not read yet, and what could not be used.
pub(super) struct Reader {
    pairs: Vec<(String, String)>,
    notices: Vec<Notice>,
}

impl Reader {
    pub(super) fn new(fragment: &str) -> Self {
        let mut reader = Self {
            pairs: Vec::new(),
            notices: Vec::new(),
        };
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
        for pair in fragment.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let [key, value] = [key, value].map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned());
            if reader.pairs.iter().any(|(other, _)| *other == key) {
                reader.notice(&key, &value, "each key once", "the first of them");
            } else {
                reader.pairs.push((key, value));
            }
        }
        reader
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    pub(super) fn take(&mut self, key: &str) -> Option<String> {
        let place = self.pairs.iter().position(|(other, _)| other == key)?;
        Some(self.pairs.remove(place).1)
    }

    fn notice(&mut self, key: &str, given: &str, allowed: impl Into<String>, used: impl Into<String>) {
        self.notices.push(Notice {
            key: key.to_owned(),
            given: given.to_owned(),
            allowed: allowed.into(),
            used: used.into(),
        });
    }

    /// The defaults for what a link of this version leaves out. Links of the first version need not name it; they have
    /// none of the later keys.
    pub(super) fn version(&mut self) -> Settings {
        let version_1 = || Settings {
            experiment: Experiment::version_1(),
            view: View::version_1(),
            ..Settings::default()
        };
        let Some(given) = self.take("v") else {
            let later = self.pairs.iter().any(|(key, _)| key == "view");
            return if later { Settings::default() } else { version_1() };
        };
        match given.parse() {
            Ok(1) => return version_1(),
            // Version 2 has the same defaults as version 3; its links only ask for curves.
            Ok(2 | VERSION) => {}
            _ => self.notice(
                "v",
                &given,
                format!("this page writes version {VERSION}"),
                "everything in it that is known",
            ),
        }
        Settings::default()
    }

    /// Reads a field's value from the link.
    pub(super) fn field(&mut self, field: &Field, link: &mut Settings) {
        let Some(given) = self.take(field.key) else { return };
        let refused = |key: &str| self.notices.iter().any(|notice| notice.key == key);
        if field.only_with.is_some_and(refused) {
            return;
        }
        if let Err(Rejected { allowed, used }) = (field.read)(link, &given) {
            self.notice(field.key, &given, allowed, used);
        }
    }

    pub(super) fn finish(mut self) -> (Vec<(String, String)>, Vec<Notice>) {
        let unknown = std::mem::take(&mut self.pairs);
        for (key, value) in &unknown {
            self.notice(
                key,
                value,
                "this page doesn't know the key",
                "nothing; the link keeps it",
            );
        }
        (unknown, self.notices)
    }
}
