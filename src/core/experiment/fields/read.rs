//! How the values of fields are read and written.

use super::{Field, Kind, Rejected};
use crate::experiment::{Asset, Origin, Settings, View};
use crate::numeric::parse_finite;

/// The words of a table of words and what they stand for.
pub(super) const fn names<T, const N: usize>(words: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut i = 0;
    while i < N {
        names[i] = words[i].0;
        i += 1;
    }
    names
}

pub(super) fn word_of<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    let found = words.iter().find(|(_, other)| other == value);
    found.map_or("", |(word, _)| word)
}

pub(super) fn rejected(allowed: impl ToString, used: impl ToString) -> Rejected {
    Rejected {
        allowed: allowed.to_string(),
        used: used.to_string(),
    }
}

pub(super) fn not_among(field: &Field, used: &str) -> Rejected {
    let Kind::Word(words) = field.kind else {
        return rejected("", used);
    };
    rejected(words.join(", "), used)
}

pub(super) fn word<T: PartialEq + Copy>(
    field: &Field,
    words: &[(&'static str, T)],
    given: &str,
    slot: &mut T,
) -> Result<(), Rejected> {
    let found = words.iter().find(|(word, _)| *word == given);
    let (_, value) = found.ok_or_else(|| not_among(field, word_of(words, slot)))?;
    *slot = *value;
    Ok(())
}

/// A whole number within the field's limits; beyond them, the nearer end is used.
pub(super) fn whole<T: TryFrom<u64> + ToString>(field: &Field, given: &str, slot: &mut T) -> Result<(), Rejected> {
    let (min, max) = field.whole();
    let allowed = || format!("a number from {min} to {max}");
    // A number too long for the type is beyond its upper end, and −1 is below its lower end.
    let Ok(value) = given.parse::<i128>() else {
        return Err(rejected(allowed(), slot.to_string()));
    };
    let nearest = value.clamp(i128::from(min), i128::from(max));
    let Some(used) = u64::try_from(nearest)
        .ok()
        .and_then(|nearest| T::try_from(nearest).ok())
    else {
        return Err(rejected(allowed(), slot.to_string()));
    };
    *slot = used;
    if nearest == value {
        Ok(())
    } else {
        Err(rejected(allowed(), slot.to_string()))
    }
}

/// A number within the field's limits; beyond them, the nearer end is used.
pub(super) fn number(field: &Field, given: &str, slot: &mut f64) -> Result<(), Rejected> {
    let (min, max) = field.range().unwrap_or((f64::MIN, f64::MAX));
    let value = parse_finite(given);
    if let Some(value) = value {
        *slot = value.clamp(min, max);
    }
    if value == Some(*slot) {
        Ok(())
    } else {
        Err(rejected(format!("a number from {min} to {max}"), *slot))
    }
}

pub(super) fn origin(given: &str, slot: &mut Asset) -> Result<(), Rejected> {
    match given.parse::<Origin>() {
        Ok(origin) => slot.origin = origin,
        Err(error) => return Err(rejected(error, &slot.origin)),
    }
    Ok(())
}

pub(super) fn sha256(given: &str, slot: &mut Asset) -> Result<(), Rejected> {
    if given.len() == 64 && given.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        slot.sha256 = Some(given.to_owned());
        Ok(())
    } else {
        Err(rejected("64 hexadecimal digits", "no check of the file"))
    }
}

pub(super) fn unusual<T: PartialEq + ToString>(value: &T, usual: &T) -> Option<String> {
    (value != usual).then(|| value.to_string())
}

pub(super) fn unusual_word<T: PartialEq>(
    words: &[(&'static str, T)],
    of: fn(&View) -> T,
    link: &Settings,
) -> Option<String> {
    let (value, usual) = (of(&link.view), of(&View::default()));
    (value != usual).then(|| word_of(words, &value).to_owned())
}
