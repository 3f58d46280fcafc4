//! From a link as it arrives to its pairs. Mail, chat, HTML and QR readers encode links again, wrap them, add what
//! stands around them, and cut them off.
//!
//! What is undone here never occurs in a link as it is written: there, nothing is encoded twice, no character is
//! invisible, and separators stand as they are. Links of versions before 4 have no end mark; of what follows them, only
//! what can't be a part of their last value is taken away.

use percent_encoding::{percent_decode_str, utf8_percent_encode};

use super::{END, ESCAPED, VERSION};
use crate::experiment::fields::{self, FIELDS};

/// How often separators may be encoded. A link inside another address inside a mail has three layers.
const LAYERS: usize = 3;
/// What stands around links and between them and the rest of a sentence.
const AROUND: [char; 31] = [
    '.', ',', ';', ':', '!', '?', '…', '"', '\'', '`', '´', '“', '”', '„', '‘', '’', '«', '»', '‹', '›', '<', '>', '(',
    ')', '[', ']', '{', '}', '*', '#', '\\',
];
/// Brackets and quotes that the writer encodes, so that one without its partner at the end is not the link's.
const CLOSING: [(char, char); 8] = [
    ('(', ')'),
    ('[', ']'),
    ('{', '}'),
    ('<', '>'),
    ('"', '"'),
    ('“', '”'),
    ('«', '»'),
    ('»', '«'),
];
/// Keys that are added to addresses to follow who opens them.
const TRACKING: [&str; 8] = [
    "fbclid", "gclid", "dclid", "msclkid", "igshid", "mc_cid", "mc_eid", "_gl",
];
/// Where browsers begin the directives that follow a fragment (wicg.github.io/scroll-to-text-fragment).
const DIRECTIVE: &str = ":~:";

/// The pairs of a link, and whether its end is missing.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Delivered {
    pub(super) pairs: Vec<(String, String)>,
    pub(super) cut: bool,
}

/// The part of the page's own address that holds settings: the fragment, or the query if the settings were moved
/// there; empty if neither does.
#[must_use]
pub fn part_of(address: &str) -> &str {
    let (before, fragment) = address.split_once('#').unwrap_or((address, ""));
    if !fragment.is_empty() {
        return fragment;
    }
    versioned(before).unwrap_or_default()
}

/// Reads the pairs of a link, or of a text with a link in it.
pub(super) fn pairs(text: &str) -> Delivered {
    let text = visible(text);
    let text = located(&text);
    let text = text.split(DIRECTIVE).next().unwrap_or_default();
    let text = separated(&joined(&of_quoted_printable(text)));
    let mut pieces = Vec::new();
    split(&text, 0, &mut pieces);
    let marked = pieces.iter().position(|piece| is_end(piece));
    pieces.truncate(marked.unwrap_or(pieces.len()));
    let ends_early = pieces.last().is_some_and(|last| is_cut(last, pieces.len()));
    let pieces = pieces.iter().map(|piece| piece.split_once('=').unwrap_or((piece, "")));
    let pieces = pieces.collect::<Vec<_>>();
    let newest = |(key, value): &(&str, &str)| name(key) == "v" && squeezed(&decoded(value)).parse() == Ok(VERSION);
    let sealed = marked.is_some() || pieces.iter().any(newest);
    let pairs = pieces.iter().enumerate().map(|(place, (key, value))| {
        let key = if sealed {
            name(&key.replace('+', " "))
        } else {
            name(key)
        };
        let last = marked.is_none() && place + 1 == pieces.len();
        let value = self::value(&key, value, sealed, last);
        (key, value)
    });
    let followed = |key: &str| TRACKING.contains(&key) || key.starts_with("utm_");
    let pairs = pairs.filter(|(key, _)| !followed(key)).collect();
    let cut = marked.is_none() && (sealed || ends_early);
    Delivered { pairs, cut }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Without invisible characters, which the writer encodes. Between letters other than ASCII's they join emoji and
/// Persian words, and are kept.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if !is_invisible(c) || out.chars().next_back().is_some_and(|before| !before.is_ascii()) {
            out.push(c);
        }
    }
    out
}

/// What follows this ASCII character, which may be percent-encoded any number of times.
fn after(text: &str, plain: char) -> Option<&str> {
    if let Some(rest) = text.strip_prefix(plain) {
        return Some(rest);
    }
    let mut rest = text.strip_prefix('%')?;
    while let Some(deeper) = rest.strip_prefix("25") {
        rest = deeper;
    }
    let found = u8::from_str_radix(rest.get(..2)?, 16).ok()?;
    (char::from(found) == plain).then(|| rest.get(2..).unwrap_or_default())
}

/// A known key at the beginning, with what follows it.
fn key_of(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let (key, rest) = text.split_at(end.unwrap_or(text.len()));
    known(key).map(|_| (key, rest))
}

/// Whether a pair with a known key begins here.
fn begins(text: &str) -> bool {
    key_of(text).is_some_and(|(_, rest)| after(rest, '=').is_some())
}

/// The known key that this is, in any case.
fn known(key: &str) -> Option<&'static str> {
    let keys = FIELDS.iter().map(|field| field.key);
    let mut keys = std::iter::once("v").chain(keys);
    keys.find(|known| known.eq_ignore_ascii_case(key))
}

/// The text from the first pair on: at its beginning, behind a `#` with a known pair, or where the query names the
/// version of a link. Otherwise all that follows `#`.
fn located(text: &str) -> &str {
    let around = |c: char| c.is_whitespace() || AROUND.contains(&c);
    let bare = text.trim_start_matches(around);
    if begins(bare) {
        return bare;
    }
    // A link encodes `#`, so that an encoded one behind its version is in a value.
    let found = |raw: bool| {
        let marks = text.char_indices().filter(|(_, c)| (*c == '#') == raw);
        let marks = marks.filter_map(|(place, _)| after(&text[place..], '#'));
        let mut marks = marks.map(|rest| rest.trim_start_matches(|c: char| c != '#' && around(c)));
        marks.find(|rest| begins(rest))
    };
    let encoded = || {
        found(false)
            .into_iter()
            .chain(versioned(text))
            .max_by_key(|rest| rest.len())
    };
    found(true).or_else(encoded).unwrap_or_else(|| {
        let after = text.split_once('#').map_or(text, |(_, fragment)| fragment);
        after.trim()
    })
}

/// The text from a version on that begins a pair of a query or a word.
fn versioned(text: &str) -> Option<&str> {
    let version = |rest: &str| {
        let value = key_of(rest).filter(|(key, _)| known(key) == Some("v"));
        let value = value.and_then(|(_, rest)| after(rest, '='));
        value.is_some_and(|value| value.starts_with(|c: char| c.is_ascii_digit()))
    };
    let separators = ['?', '&', ';', '/', ' ', '\n', '\t', '<', '(', '"'];
    text.char_indices().find_map(|(place, _)| {
        let rest = separators
            .iter()
            .find_map(|separator| after(&text[place..], *separator))?;
        version(rest).then_some(rest)
    })
}

/// Undoes the encoding that mails are sent in (RFC 2045, section 6.7), in which `v=3` is `v=3D3`.
fn of_quoted_printable(text: &str) -> String {
    if !text.starts_with("v=3D") {
        return text.to_owned();
    }
    let joined = text.replace("=\r\n", "").replace("=\n", "");
    joined.replace("=3D", "=")
}

/// In one line: without line breaks, the blanks around them, and the marks of a quoted mail.
fn joined(text: &str) -> String {
    let mut lines = text.lines();
    let mut out = lines.next().unwrap_or_default().trim_end().to_owned();
    for line in lines {
        out.truncate(out.trim_end().len());
        out.push_str(line.trim_start_matches(|c: char| c == '>' || c.is_whitespace()));
    }
    out
}

/// With `&` where it alone was encoded: in front of a known key or the end mark, in a text without any `&`.
fn separated(text: &str) -> String {
    let plain = key_of(text).is_some_and(|(_, rest)| rest.starts_with('='));
    if !plain || text.contains('&') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let next = after(rest, '&').map(without_entity);
        let next = next.filter(|next| is_end(next) || key_of(next).is_some_and(|(_, rest)| rest.starts_with('=')));
        if let Some(next) = next {
            out.push('&');
            rest = next;
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// Without what is left of an HTML entity for `&` once the text is split there: `&amp;`, `&#38;`, `&#x26;`, and those
/// encoded again.
fn without_entity(piece: &str) -> &str {
    let mut rest = piece;
    loop {
        let Some((entity, after)) = rest.split_once(';') else {
            return rest;
        };
        let number = entity.trim_start_matches('#').trim_start_matches(['x', 'X', '0']);
        if entity.eq_ignore_ascii_case("amp") || (entity.starts_with('#') && matches!(number, "38" | "26")) {
            rest = after;
        } else {
            return rest;
        }
    }
}

/// Splits at `&`, and where a pair's `=` is encoded, decodes it first. What follows a link that is encoded as one
/// value of another address is that address's.
fn split(text: &str, layer: usize, pieces: &mut Vec<String>) {
    let all = text.split('&').map(without_entity).map(str::trim);
    for (place, piece) in all.filter(|piece| !piece.is_empty()).enumerate() {
        if layer >= LAYERS || !is_encoded(piece) {
            pieces.push(piece.to_owned());
            continue;
        }
        let before = pieces.len();
        split(&without_layer(piece), layer + 1, pieces);
        if place == 0 && pieces.len() > before + 1 {
            return;
        }
    }
}

/// Decodes once. What the writer encodes itself would stand encoded twice if all had been encoded again; where it does
/// not, only separators were, and it stays.
fn without_layer(text: &str) -> String {
    let written = |byte: u8| {
        let character = char::from(byte).to_string();
        !b"%&".contains(&byte) && utf8_percent_encode(&character, ESCAPED).to_string() != character
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('%') {
        let (before, escape) = rest.split_at(place);
        out.push_str(before);
        let byte = escape.get(1..3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte.filter(|byte| byte.is_ascii() && !written(*byte)) {
            Some(byte) => {
                out.push(char::from(byte));
                rest = escape.get(3..).unwrap_or_default();
            }
            None => {
                out.push('%');
                rest = escape.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

/// Whether the `=` of a pair is encoded.
fn is_encoded(piece: &str) -> bool {
    let encoded = |text: &str| !text.starts_with('=') && after(text, '=').is_some();
    match key_of(piece) {
        Some((_, rest)) => encoded(rest),
        None => !piece.contains('=') && piece.char_indices().any(|(place, _)| encoded(&piece[place..])),
    }
}

/// Whether a piece is the end mark, whatever follows it.
fn is_end(piece: &str) -> bool {
    let piece = percent_decode_str(piece).decode_utf8_lossy();
    let rest = piece.trim_start().strip_prefix(END);
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_'))
        || squeezed(&piece) == END
}

/// Whether a link without an end mark ends inside this piece, the last of so many.
fn is_cut(last: &str, count: usize) -> bool {
    let (_, value) = last.split_once('=').unwrap_or(("", last));
    let escape = value.rfind('%').is_some_and(|place| value.len() - place < 3);
    let letter = match std::str::from_utf8(&percent_decode_str(value).collect::<Vec<_>>()) {
        Ok(_) => false,
        Err(error) => error.error_len().is_none(),
    };
    escape || letter || (count > 1 && !last.contains('='))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn squeezed(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && !is_invisible(*c))
        .collect()
}

/// A key: a known one in any case and whatever blanks are in it, others without blanks around.
fn name(raw: &str) -> String {
    let key = decoded(raw);
    known(&squeezed(&key)).unwrap_or_else(|| key.trim()).to_owned()
}

/// A value. `sealed`: its writer encoded `+`, which therefore stands for a blank. `last`: it may be followed by what
/// does not belong to the link.
fn value(key: &str, raw: &str, sealed: bool, last: bool) -> String {
    let prose = key == fields::PROMPT.key || known(key).is_none();
    let text = prose || TEXTS.contains(&key);
    let spaced = sealed && text;
    let raw = if last && prose { without_closing(raw) } else { raw };
    let mut value = if spaced {
        decoded(&raw.replace('+', " "))
    } else {
        decoded(raw)
    };
    if !text {
        value = squeezed(&value);
        for _ in 0..LAYERS {
            value = decoded(&value);
        }
    }
    if last && !prose {
        let ends = |c: char| c.is_whitespace() || is_invisible(c) || AROUND.contains(&c);
        value.truncate(value.trim_end_matches(ends).len());
    }
    value
}

/// Values in which every character counts, as in a file's name.
const TEXTS: [&str; 4] = [
    fields::MODEL.key,
    fields::TEXT.key,
    fields::CALIBRATION.key,
    fields::EXPECT.key,
];

/// Without closing brackets and quotes at the end that nothing in the value opens.
fn without_closing(raw: &str) -> &str {
    /// More than these don't follow a link, and a hostile one must not take long.
    const MOST: usize = 8;
    let mut rest = raw.trim_end();
    for last in raw.trim_end().chars().rev().take(MOST) {
        let alone = CLOSING.iter().any(|(open, close)| {
            let count = |c: char| rest.chars().filter(|other| *other == c).count();
            let unopened = if open == close {
                count(*open) % 2 == 1
            } else {
                count(*close) > count(*open)
            };
            last == *close && unopened
        });
        if !alone {
            break;
        }
        rest = rest.strip_suffix(last).unwrap_or_default();
    }
    rest
}
