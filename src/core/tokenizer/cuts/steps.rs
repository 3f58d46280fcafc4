//! What a tokenizer's steps before merging do, from their JSON forms.

use serde_json::Value;
use tokenizers::{NormalizerWrapper, PreTokenizerWrapper};

use super::pattern::Pattern;

/// GPT-2's words, which a `ByteLevel` step cuts. Source: openai/gpt-2, `src/encoder.py`.
pub(in super::super) const GPT2_WORDS: &str =
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

/// SentencePiece's sign for a space.
const META: char = '▁';

/// What normalising does, if each character, or each one with the marks that follow it, is normalised by itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Normalising {
    pub(super) changes: bool,
    pub(super) composes: bool,
    pub(super) prefixes: bool,
}

impl Normalising {
    /// `None` for steps that are not known to be of this kind.
    pub(super) fn of(normalizer: Option<&NormalizerWrapper>) -> Option<Self> {
        let mut all = Self::default();
        for part in parts(&json(normalizer)?, "normalizers") {
            all.changes = true;
            match kind(part) {
                "NFC" | "NFD" | "NFKC" | "NFKD" => all.composes = true,
                "Prepend" => all.prefixes = true,
                "Lowercase" | "ByteLevel" => {}
                "Replace" => {
                    let text = |place: &str| part.pointer(place).and_then(Value::as_str).unwrap_or_default();
                    let is_one = text("/pattern/String").chars().count() == 1;
                    if !is_one || text("/content").is_empty() {
                        return None;
                    }
                }
                _ => return None,
            }
        }
        Some(all)
    }
}

/// Whether normalising never joins this character to what comes before it: ASCII, ideographs with their punctuation, and
/// full-width forms neither decompose into several characters nor compose with an earlier one.
pub(super) fn begins_afresh(character: char) -> bool {
    matches!(character, '\0'..='\x7F' | '、'..='〟' | '一'..='鿿' | '！'..='･')
}

/// How texts are cut into words.
pub(super) enum Words {
    /// By these steps.
    Cut {
        cut: Box<PreTokenizerWrapper>,
        /// What the steps look for, beyond one character at a time.
        patterns: Vec<Pattern>,
        /// What the beginning of a text gets in front.
        prefix: &'static str,
    },
    /// Not at all.
    Whole {
        /// What spaces become.
        meta: Option<char>,
        prefixes: bool,
    },
}

impl Words {
    pub(super) fn prefixes(&self) -> bool {
        match self {
            Self::Cut { prefix, .. } => !prefix.is_empty(),
            Self::Whole { prefixes, .. } => *prefixes,
        }
    }

    /// `None` if the first step that cuts is not known here. Steps after the known ones only cut further.
    pub(super) fn of(pre_tokenizer: Option<&PreTokenizerWrapper>) -> Option<Self> {
        let steps = json(pre_tokenizer)?;
        let (mut known, mut patterns, mut prefix) = (Vec::new(), Vec::new(), "");
        // Without steps, texts are not cut.
        let mut whole = Some((None, false));
        for part in parts(&steps, "pretokenizers") {
            let is = |field: &str| part.get(field) == Some(&Value::Bool(true));
            let mut part = part.clone();
            whole = None;
            match kind(&part) {
                "Split" => {
                    let Some(pattern) = expression(&part).as_deref().and_then(Pattern::new) else {
                        break;
                    };
                    patterns.push(pattern);
                }
                // These look at one character at a time.
                "Digits" | "Punctuation" | "WhitespaceSplit" | "CharDelimiterSplit" | "BertPreTokenizer" => {}
                "Whitespace" => patterns.extend(Pattern::new(r"\w+|[^\w\s]+")),
                "ByteLevel" => {
                    // After another step, every word would get a space in front.
                    let prefixes = is("add_prefix_space");
                    if !is("use_regex") || (prefixes && !known.is_empty()) {
                        break;
                    }
                    if prefixes {
                        prefix = " ";
                    }
                    part["add_prefix_space"] = Value::Bool(false);
                    patterns.extend(Pattern::new(GPT2_WORDS));
                    known.push(part);
                    // What follows sees bytes in place of characters.
                    break;
                }
                "Metaspace" => {
                    let prefixes = !matches!(part.get("prepend_scheme").and_then(Value::as_str), Some("never"));
                    let meta = part
                        .get("replacement")
                        .and_then(Value::as_str)
                        .and_then(|meta| meta.chars().next());
                    if !known.is_empty() || meta != Some(META) {
                        break;
                    }
                    if part.get("split") == Some(&Value::Bool(false)) {
                        whole = Some((meta, prefixes));
                        break;
                    }
                    if prefixes {
                        prefix = "▁";
                    }
                    part["prepend_scheme"] = "never".into();
                    known.push(part);
                    break;
                }
                _ => break,
            }
            known.push(part);
        }
        if !known.is_empty() {
            let sequence = serde_json::json!({"type": "Sequence", "pretokenizers": known});
            let cut = Box::new(serde_json::from_value(sequence).ok()?);
            return Some(Self::Cut { cut, patterns, prefix });
        }
        whole.map(|(meta, prefixes)| Self::Whole { meta, prefixes })
    }
}

/// The expression of a `Split`.
fn expression(split: &Value) -> Option<String> {
    let pattern = split.get("pattern")?;
    let literal = pattern.get("String").and_then(Value::as_str).map(regex_syntax::escape);
    pattern
        .get("Regex")
        .and_then(Value::as_str)
        .map(str::to_owned)
        .or(literal)
}

/// The steps of a tokenizer for a text that goes on: without what they put in front of its beginning.
pub(in super::super) struct Unprefixed {
    pub(in super::super) normalizer: Option<NormalizerWrapper>,
    pub(in super::super) pre_tokenizer: Option<PreTokenizerWrapper>,
}

impl Unprefixed {
    /// `None` if the steps can't be written as JSON and read again.
    pub(in super::super) fn of(
        normalizer: Option<&NormalizerWrapper>,
        pre_tokenizer: Option<&PreTokenizerWrapper>,
    ) -> Option<Self> {
        let normalizer = json(normalizer)?;
        let kept: Vec<&Value> = parts(&normalizer, "normalizers");
        let kept: Vec<&Value> = kept.into_iter().filter(|part| kind(part) != "Prepend").collect();
        let normalizer = serde_json::json!({"type": "Sequence", "normalizers": kept});
        let pre_tokenizer = json(pre_tokenizer)?;
        let mut words: Vec<Value> = parts(&pre_tokenizer, "pretokenizers").into_iter().cloned().collect();
        // Only the first step sees where a text begins; steps after it see words.
        if let Some(first) = words.first_mut() {
            match kind(first) {
                "ByteLevel" => first["add_prefix_space"] = Value::Bool(false),
                "Metaspace" => first["prepend_scheme"] = "never".into(),
                _ => {}
            }
        }
        let pre_tokenizer = serde_json::json!({"type": "Sequence", "pretokenizers": words});
        Some(Self {
            normalizer: serde_json::from_value(normalizer).ok()?,
            pre_tokenizer: serde_json::from_value(pre_tokenizer).ok()?,
        })
    }
}

fn json(step: Option<&impl serde::Serialize>) -> Option<Value> {
    serde_json::to_value(step).ok()
}

/// The steps that a step consists of, in order.
fn parts<'a>(step: &'a Value, list: &str) -> Vec<&'a Value> {
    match step.get(list).and_then(Value::as_array) {
        Some(steps) => steps.iter().flat_map(|step| parts(step, list)).collect(),
        None if step.is_null() => Vec::new(),
        None => vec![step],
    }
}

fn kind(step: &Value) -> &str {
    step.get("type").and_then(Value::as_str).unwrap_or_default()
}
