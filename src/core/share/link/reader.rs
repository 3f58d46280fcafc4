//! Reading a link: each key is read once, and what can't be used is reported.

use std::fmt::Display;

use percent_encoding::percent_decode_str;

use super::{Link, Notice, TEMPERATURE, VERSION, Words, word_of};
use crate::modify::Sweep;
use crate::numeric::parse_finite;
use crate::share::{Asset, Experiment, Origin, Sampling, View};

/// A number in a link.
pub(super) trait Number: PartialOrd + Display + Copy {
    fn read(text: &str) -> Option<Self>;
}

impl Number for usize {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Number for u64 {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Number for f64 {
    fn read(text: &str) -> Option<Self> {
        parse_finite(text)
    }
}

/// The pairs of a link that were not asked for yet, and what could not be used.
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

    /// What a link of this version leaves out. The first version was understood without being named; its links have none
    /// of the keys that came later.
    pub(super) fn version(&mut self) -> Link {
        let version_1 = || Link {
            experiment: Experiment::version_1(),
            view: View::version_1(),
            ..Link::default()
        };
        let Some(given) = self.take("v") else {
            let later = self.pairs.iter().any(|(key, _)| key == "view");
            return if later { Link::default() } else { version_1() };
        };
        match given.parse() {
            Ok(1) => return version_1(),
            Ok(VERSION) => {}
            _ => self.notice(
                "v",
                &given,
                format!("this page writes version {VERSION}"),
                "everything in it that is known",
            ),
        }
        Link::default()
    }

    /// A number in `min..=max`; out of it, the nearer end is used.
    pub(super) fn within<T: Number>(&mut self, key: &str, slot: &mut T, (min, max): (T, T)) {
        let Some(given) = self.take(key) else { return };
        let allowed = || format!("a number from {min} to {max}");
        match T::read(&given) {
            Some(value) if value >= min && value <= max => *slot = value,
            Some(value) if value < min => {
                *slot = min;
                self.notice(key, &given, allowed(), min.to_string());
            }
            Some(value) if value > max => {
                *slot = max;
                self.notice(key, &given, allowed(), max.to_string());
            }
            _ => self.notice(key, &given, allowed(), slot.to_string()),
        }
    }

    pub(super) fn number(&mut self, key: &str) -> Option<f64> {
        let given = self.take(key)?;
        let number = parse_finite(&given);
        if number.is_none() {
            self.notice(key, &given, "a number", "the page's own choice");
        }
        number
    }

    pub(super) fn word<T: PartialEq + Copy>(&mut self, key: &str, slot: &mut T, words: Words<T>) {
        let Some(given) = self.take(key) else { return };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == given) {
            *slot = *value;
        } else {
            let allowed = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
            self.notice(key, &given, allowed, word_of(words, slot));
        }
    }

    pub(super) fn asset(&mut self, key: &str, slot: &mut Asset) {
        let mut taken = true;
        if let Some(given) = self.take(key) {
            match given.parse::<Origin>() {
                Ok(origin) => slot.origin = origin,
                Err(error) => {
                    taken = false;
                    self.notice(key, &given, error.to_string(), slot.origin.to_string());
                }
            }
        }
        let key = format!("{key}-sha256");
        // The hash of something else would have what takes its place refused.
        if let Some(given) = self.take(&key).filter(|_| taken) {
            if given.len() == 64 && given.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
                slot.sha256 = Some(given);
            } else {
                self.notice(&key, &given, "64 hexadecimal digits", "no check of the file");
            }
        }
    }

    pub(super) fn sweep(&mut self, key: &str, slot: &mut Sweep) {
        let Some(given) = self.take(key) else { return };
        match given.parse::<Sweep>() {
            Ok(sweep) => *slot = sweep,
            Err(error) => self.notice(key, &given, error.to_string(), slot.to_string()),
        }
    }

    pub(super) fn sampling(&mut self) -> Sampling {
        let mut temperature = 0.0;
        self.within("temperature", &mut temperature, TEMPERATURE);
        let mut seed = 0;
        self.within("draw", &mut seed, (0, u64::MAX));
        if temperature > 0.0 {
            Sampling::Temperature { temperature, seed }
        } else {
            Sampling::Greedy
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
