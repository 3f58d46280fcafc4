//! The texts: what is trained on, what is held out, and both as tokens.
//!
//! Whole books are held out, never parts of a book that is trained on; so that two editions of one book can't be on
//! both sides, a held-out book whose word sequences also occur in the training part is an error.

use std::collections::HashSet;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::TrainError;
use super::vocabulary::{self, END_OF_TEXT, END_OF_TEXT_ID};

/// One book in this many is held out.
const HOLD_OUT_EVERY: usize = 24;
/// Which one of them.
const HOLD_OUT_AT: usize = 11;

/// How often the stories are repeated in the training part: they are few, and small models can learn to write their
/// plain sentences.
const STORY_REPEATS: usize = 2;

/// Words in a sequence that is looked up in the training part.
const SHINGLE_WORDS: usize = 8;
/// The share of a book's sequences that may occur there: it allows stock phrases and quotations, but no second edition.
const OVERLAP_MOST: f64 = 0.02;

/// The files of the texts.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// Novels, separated by `<|endoftext|>`; `.xz` is unpacked.
    pub novels: &'a Path,
    /// Stories to train on.
    pub stories: &'a Path,
    /// Stories that are held out.
    pub stories_held_out: &'a Path,
}

/// A file that the texts came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its name.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// A description of the tokens, stored beside them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Novels, stories, held-out stories.
    pub sources: Vec<Source>,
    /// Tokens that the vocabulary holds.
    pub vocabulary: usize,
    /// SHA-256 of tokenizer.json.
    pub tokenizer_sha256: String,
    /// What is trained on.
    pub training: Part,
    /// How many of its tokens are novels.
    pub training_novel_tokens: usize,
    /// How often the stories are repeated in it.
    pub story_repeats: usize,
    /// Held-out books.
    pub novels: Part,
    /// Held-out stories.
    pub stories: Part,
    /// Share of the held-out stories' eight-word sequences that occur in the training part.
    pub stories_overlap: f64,
    /// The held-out books, by index in the file and first words, with the share of their word sequences that occur in
    /// the training part.
    pub held_out: Vec<HeldOut>,
}

/// A stream of tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Books or stories, repeats not counted.
    pub texts: usize,
    /// Bytes of UTF-8 after normalisation, repeats counted.
    pub bytes: usize,
    /// Tokens, including one at the end of each text, repeats counted.
    pub tokens: usize,
    /// SHA-256 of the tokens' file.
    pub sha256: String,
}

/// A held-out book.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldOut {
    /// Its index in the file, from 0.
    pub book: usize,
    /// How it begins.
    pub title: String,
    /// Share of its eight-word sequences that occur in the training part.
    pub overlap: f64,
}

/// File of the vocabulary.
pub const TOKENIZER_FILE: &str = "tokenizer.json";
/// File of the manifest.
pub const MANIFEST_FILE: &str = "corpus.json";
/// The training tokens, 16 bits each, little-endian.
pub const TRAINING_FILE: &str = "training.tokens";
/// Tokens of the held-out books.
pub const NOVELS_FILE: &str = "novels-held-out.tokens";
/// Tokens of the held-out stories.
pub const STORIES_FILE: &str = "stories-held-out.tokens";

/// Reads the texts, learns the vocabulary and writes everything as tokens into the folder `out`.
///
/// # Errors
/// If a file can't be read or written, a held-out book overlaps the training part, or the tokenizer library fails.
pub fn prepare(sources: Sources<'_>, vocabulary_size: usize, out: &Path) -> Result<Manifest, TrainError> {
    let (novels, novels_source) = read_texts(sources.novels)?;
    let (stories, stories_source) = read_texts(sources.stories)?;
    let (stories_held_out, held_out_source) = read_texts(sources.stories_held_out)?;
    let is_held_out = |book: usize| book % HOLD_OUT_EVERY == HOLD_OUT_AT.min(novels.len().saturating_sub(1));
    let (mut training, mut kept) = (Vec::new(), Vec::new());
    for (book, text) in novels.iter().enumerate() {
        if is_held_out(book) {
            kept.push((book, text.as_str()));
        } else {
            training.push(text.as_str());
        }
    }
    let all_kept = kept.iter().map(|(_, text)| *text);
    let all_kept: Vec<&str> = all_kept.chain(stories_held_out.iter().map(String::as_str)).collect();
    let learnt_from: Vec<&str> = training
        .iter()
        .copied()
        .chain(stories.iter().map(String::as_str))
        .collect();
    let overlaps = overlaps(&all_kept, &learnt_from);
    let (of_books, of_stories) = overlaps.split_at(kept.len());
    let held_out = check_overlap(&kept, of_books)?;
    let stories_overlap = of_stories.iter().copied().sum::<Overlap>().share();
    fs::create_dir_all(out).map_err(TrainError::file(out))?;
    let tokenizer = vocabulary::learn(vocabulary_size, learnt_from.into_iter())?;
    let json = tokenizer.to_string(false).map_err(|error| TrainError::Vocabulary {
        problem: error.to_string(),
    })?;
    write(&out.join(TOKENIZER_FILE), json.as_bytes())?;

    let mut tokens = Stream::default();
    for text in &training {
        tokens.push(&tokenizer, text)?;
    }
    let training_novel_tokens = tokens.tokens.len();
    let mut once = Stream::default();
    for text in &stories {
        once.push(&tokenizer, text)?;
    }
    for _ in 0..STORY_REPEATS {
        tokens.append(&once);
    }
    let mut novel_stream = Stream::default();
    for (_, text) in &kept {
        novel_stream.push(&tokenizer, text)?;
    }
    let mut story_stream = Stream::default();
    for text in &stories_held_out {
        story_stream.push(&tokenizer, text)?;
    }
    let manifest = Manifest {
        sources: vec![novels_source, stories_source, held_out_source],
        vocabulary: tokenizer.get_vocab_size(true),
        tokenizer_sha256: hex::encode(Sha256::digest(json.as_bytes())),
        training: tokens.write(out, TRAINING_FILE, training.len() + stories.len())?,
        training_novel_tokens,
        story_repeats: STORY_REPEATS,
        novels: novel_stream.write(out, NOVELS_FILE, kept.len())?,
        stories: story_stream.write(out, STORIES_FILE, stories_held_out.len())?,
        stories_overlap,
        held_out,
    };
    let text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
    write(&out.join(MANIFEST_FILE), text.as_bytes())?;
    Ok(manifest)
}

/// The manifest of a prepared folder.
///
/// # Errors
/// If it is missing or can't be read.
pub fn manifest(folder: &Path) -> Result<Manifest, TrainError> {
    let path = folder.join(MANIFEST_FILE);
    let text = fs::read(&path).map_err(TrainError::file(&path))?;
    serde_json::from_slice(&text).map_err(|error| TrainError::Content {
        problem: format!("{error}; run `train prepare` again"),
        path,
    })
}

/// Tokens from a file that [`prepare`] wrote, checked against its manifest.
///
/// # Errors
/// If it can't be read, or is not the file that the manifest describes.
pub fn tokens(folder: &Path, file: &str, part: &Part) -> Result<Vec<u16>, TrainError> {
    let path = folder.join(file);
    let bytes = fs::read(&path).map_err(TrainError::file(&path))?;
    if hex::encode(Sha256::digest(&bytes)) != part.sha256 {
        return Err(TrainError::Content {
            problem: format!("not the tokens that {MANIFEST_FILE} describes; run `train prepare` again"),
            path,
        });
    }
    Ok(bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect())
}

/// The texts of a file, normalised, empty ones left out.
fn read_texts(path: &Path) -> Result<(Vec<String>, Source), TrainError> {
    let bytes = fs::read(path).map_err(TrainError::file(path))?;
    let source = Source {
        file: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        sha256: hex::encode(Sha256::digest(&bytes)),
    };
    let problem = |problem: String| TrainError::Content {
        path: path.to_owned(),
        problem,
    };
    let bytes = if path.extension().is_some_and(|ending| ending == "xz") {
        let mut plain = Vec::new();
        lzma_rs::xz_decompress(&mut bytes.as_slice(), &mut plain).map_err(|error| problem(format!("{error:?}")))?;
        plain
    } else {
        bytes
    };
    let mut text = String::new();
    bytes
        .as_slice()
        .read_to_string(&mut text)
        .map_err(|error| problem(error.to_string()))?;
    let texts: Vec<String> = text
        .split(END_OF_TEXT)
        .map(|text| normalise(text.trim()))
        .filter(|text| !text.is_empty())
        .collect();
    if texts.is_empty() {
        return Err(problem("there is no text in it".to_owned()));
    }
    Ok((texts, source))
}

/// Typographic quotation marks, dashes and spaces become plain ASCII ones, since editions differ in them and 4,096
/// tokens are few.
fn normalise(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' => plain.push('\''),
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' => plain.push('"'),
            '\u{2010}' | '\u{2011}' => plain.push('-'),
            '\u{2012}' | '\u{2013}' | '\u{2014}' | '\u{2015}' => {
                // A dash gets spaces around it.
                if !plain.ends_with([' ', '\n']) && !plain.is_empty() {
                    plain.push(' ');
                }
                plain.push_str("- ");
            }
            '\u{2026}' => plain.push_str("..."),
            '\u{a0}' | '\u{2009}' | '\u{202f}' | '\t' => plain.push(' '),
            ' ' if plain.ends_with("- ") => {}
            '\u{ad}' | '\u{200b}' | '\u{feff}' | '\r' => {}
            other => plain.push(other),
        }
    }
    plain
}

/// Hashes of all sequences of [`SHINGLE_WORDS`] words, ignoring case and punctuation.
fn shingles(text: &str) -> Vec<u64> {
    let words: Vec<u64> = text
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            fnv(word
                .chars()
                .flat_map(char::to_lowercase)
                .map(|letter| u64::from(u32::from(letter))))
        })
        .collect();
    words
        .windows(SHINGLE_WORDS)
        .map(|words| fnv(words.iter().copied()))
        .collect()
}

/// Fowler, Noll and Vo's hash, FNV-1a, over 64-bit units.
fn fnv(units: impl Iterator<Item = u64>) -> u64 {
    units.fold(0xcbf2_9ce4_8422_2325, |hash, unit| {
        (hash ^ unit).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Sequences of a text, and how many of them occur in the training part.
#[derive(Debug, Clone, Copy, Default)]
struct Overlap {
    all: usize,
    shared: usize,
}

impl Overlap {
    fn share(self) -> f64 {
        self.shared as f64 / self.all.max(1) as f64
    }
}

impl std::iter::Sum for Overlap {
    fn sum<I: Iterator<Item = Self>>(overlaps: I) -> Self {
        overlaps.fold(Self::default(), |sum, one| Self {
            all: sum.all + one.all,
            shared: sum.shared + one.shared,
        })
    }
}

/// How much of each text occurs in the training part.
fn overlaps(kept: &[&str], training: &[&str]) -> Vec<Overlap> {
    let of_kept: Vec<Vec<u64>> = kept.iter().map(|text| shingles(text)).collect();
    let wanted: HashSet<u64> = of_kept.iter().flatten().copied().collect();
    let mut found = HashSet::new();
    for text in training {
        found.extend(shingles(text).into_iter().filter(|shingle| wanted.contains(shingle)));
    }
    let overlap = |shingles: &Vec<u64>| Overlap {
        all: shingles.len(),
        shared: shingles.iter().filter(|shingle| found.contains(shingle)).count(),
    };
    of_kept.iter().map(overlap).collect()
}

/// The held-out books, after checking that none is in the training part in another edition.
fn check_overlap(kept: &[(usize, &str)], overlaps: &[Overlap]) -> Result<Vec<HeldOut>, TrainError> {
    kept.iter()
        .zip(overlaps)
        .map(|(&(book, text), overlap)| {
            let overlap = overlap.share();
            let title: String = text
                .split_whitespace()
                .take(SHINGLE_WORDS)
                .collect::<Vec<_>>()
                .join(" ");
            if overlap > OVERLAP_MOST {
                return Err(TrainError::Overlap {
                    book,
                    title,
                    share: 100.0 * overlap,
                    words: SHINGLE_WORDS,
                });
            }
            Ok(HeldOut { book, title, overlap })
        })
        .collect()
}

/// Tokens, with the number of bytes they came from.
#[derive(Default)]
struct Stream {
    tokens: Vec<u16>,
    bytes: usize,
}

impl Stream {
    fn push(&mut self, tokenizer: &tokenizers::Tokenizer, text: &str) -> Result<(), TrainError> {
        self.tokens.extend(vocabulary::encode(tokenizer, text)?);
        self.tokens.push(END_OF_TEXT_ID);
        self.bytes += text.len();
        Ok(())
    }

    fn append(&mut self, other: &Self) {
        self.tokens.extend_from_slice(&other.tokens);
        self.bytes += other.bytes;
    }

    fn write(&self, folder: &Path, file: &str, texts: usize) -> Result<Part, TrainError> {
        let bytes: Vec<u8> = self.tokens.iter().flat_map(|token| token.to_le_bytes()).collect();
        write(&folder.join(file), &bytes)?;
        Ok(Part {
            texts,
            bytes: self.bytes,
            tokens: self.tokens.len(),
            sha256: hex::encode(Sha256::digest(&bytes)),
        })
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    fs::write(path, bytes).map_err(TrainError::file(path))
}
