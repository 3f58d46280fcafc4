//! Reading a link: each key is read once, and what can't be used is reported.

use super::delivered::{self, Delivered};
use super::{Notice, VERSION};
use crate::experiment::fields::{ASK, FIELDS, Field, MODEL_SHA256, Rejected, TEXT_SHA256, THRESHOLD};
use crate::experiment::{Experiment, Settings, View};

/// The pairs of a link that are not read yet, and what could not be used.
pub(super) struct Reader {
    pairs: Vec<(String, String)>,
    notices: Vec<Notice>,
}

impl Reader {
    pub(super) fn new(link: &str) -> Self {
        let Delivered { pairs, cut } = delivered::pairs(link);
        let mut reader = Self {
            pairs: Vec::new(),
            notices: Vec::new(),
        };
        for (key, value) in pairs {
            if reader.has(&key) {
                reader.notice(&key, &value, "each key once", "the first of them");
            } else {
                reader.pairs.push((key, value));
            }
        }
        if cut || reader.lacks_its_end() {
            reader.cut_off();
        }
        reader
    }

    fn has(&self, key: &str) -> bool {
        self.pairs.iter().any(|(other, _)| other == key)
    }

    /// The keys that are written whatever the settings are.
    fn always_written(&self) -> impl Iterator<Item = &'static str> {
        let first_versions = self
            .pairs
            .iter()
            .any(|(key, value)| key == "v" && ["1", "2"].contains(&value.as_str()));
        let usual = Settings::default();
        let fields = FIELDS.iter().filter(move |field| (field.write)(&usual).is_some());
        fields
            .map(|field| field.key)
            .filter(move |key| *key != ASK.key || !first_versions)
    }

    /// Whether a link without an end mark was surely written by the page, since nobody types a hash, and lacks the last
    /// of the values that the page always writes and none before them.
    fn lacks_its_end(&self) -> bool {
        let hashed = [MODEL_SHA256, TEXT_SHA256].iter().any(|hash| self.has(hash.key));
        let whole = FIELDS.iter().filter(|field| self.has(field.key));
        let whole = whole.filter_map(|field| field.only_with).all(|key| self.has(key));
        let mut missing = self.always_written().skip_while(|key| self.has(key)).peekable();
        hashed && whole && !self.has(THRESHOLD.key) && missing.peek().is_some() && missing.all(|key| !self.has(key))
    }

    /// The last pair of a link that was cut off can't be trusted, and what followed it is lost.
    fn cut_off(&mut self) {
        let Some((key, given)) = self.pairs.pop() else { return };
        let lost = self.always_written().filter(|other| !self.has(other) && *other != key);
        let field = FIELDS.iter().find(|field| field.key == key);
        let lost = field.map(|field| field.key).into_iter().chain(lost).collect::<Vec<_>>();
        let used = if lost.is_empty() {
            "nothing".to_owned()
        } else {
            format!("the defaults of {}", lost.join(", "))
        };
        self.notice(&key, &given, "the link is cut off here", used);
        if key == "v" {
            self.pairs.push((key, given));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty() && self.notices.is_empty()
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
            // These have the same defaults; links of version 2 name no question and ask for curves.
            Ok(2..=VERSION) => {}
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
