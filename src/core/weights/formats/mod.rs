//! Readers of model files: GGUF, Hugging Face's safetensors, llama2.c.
//!
//! Each gives a [`Pristine`] whose tensors stay in their file until they are read, with the rows of query and key in
//! Hugging Face's half-split order whatever the file has. Files may be anything, even hostile: what a file claims is
//! checked against its size before anything is allocated for it, and an error says what is wrong, where, and what to
//! do.

mod detect;
mod encoding;
#[cfg(not(target_family = "wasm"))]
mod file;
mod gguf;
mod hash;
mod hugging_face;
mod layout;
mod llama2c;
mod rotary;
mod tensor;
pub mod tokens;

use std::sync::Arc;

use super::{Pristine, ReadAt, WeightsError};

#[cfg(not(target_family = "wasm"))]
pub use file::{files, open_path};
pub use hash::{sha256, sha256_hex, sha256_of_files};
pub use rotary::{half_split_from_interleaved, interleaved_from_half_split};
pub use tokens::{GgufVocabulary, TokenKind, TokenizerSource};

/// A file and its name, which may have folders in front.
pub type NamedFile = (String, Arc<dyn ReadAt>);

/// A model whose files could be read.
#[derive(Clone)]
pub struct OpenedModel {
    /// Configuration and tensors.
    pub pristine: Pristine,
    /// What the tokenizer is made of.
    pub tokenizer: TokenizerSource,
    /// The files that the model consists of, by name.
    pub files: Vec<NamedFile>,
    /// What had to be assumed, or was left aside, so that the numbers can be judged: a sentence each.
    pub warnings: Vec<String>,
}

impl OpenedModel {
    /// SHA-256 of the model's files, in the order of their names, in lower-case hexadecimal. Reads all of them.
    ///
    /// # Errors
    /// If a file can't be read.
    pub fn sha256(&self) -> Result<String, WeightsError> {
        sha256_of_files(&self.files)
    }
}

impl std::fmt::Debug for OpenedModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.files.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("OpenedModel")
            .field("pristine", &self.pristine)
            .field("files", &names)
            .finish_non_exhaustive()
    }
}

/// What can be opened, for messages.
const ACCEPTED: &str = "Give one .gguf file, or config.json, tokenizer.json and all .safetensors files of a model \
                        together, or a llama2.c .bin file with its tokenizer (tok….bin)";

/// Opens the model that these files make up: one GGUF file (known by its first bytes, whatever its name), or
/// `config.json` with `*.safetensors` and `tokenizer.json`, or a llama2.c model with its `tok….bin`. Files that are
/// not part of the model are ignored.
///
/// # Errors
/// A [`WeightsError`] that says what is wrong with which file, where, and what to do.
pub fn open(mut files: Vec<NamedFile>) -> Result<OpenedModel, WeightsError> {
    // A file may be given twice, on its own and as part of a folder.
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files.dedup_by(|a, b| a.0 == b.0);
    let mut ggufs = Vec::new();
    for named in &files {
        let first = detect::peek(named.1.as_ref(), &named.0)?;
        if first.starts_with(&detect::GGUF_MAGIC) || has_extension(&named.0, "gguf") {
            ggufs.push(named.clone());
        }
    }
    let mut opened = match ggufs.as_slice() {
        [gguf] => gguf::open(gguf)?,
        [] => open_several(&files)?,
        [(first, _), (second, _), ..] => {
            return Err(WeightsError::Files {
                problem: format!("{first} and {second} are two models"),
                advice: "Give one of them".to_owned(),
            });
        }
    };
    opened.files.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(opened)
}

/// Whether a file counts for the identity of a model in safetensors. Files that only some copies have don't count: an
/// index, settings of the tokenizer or of generation.
#[must_use]
pub fn is_part_of_safetensors(name: &str) -> bool {
    has_extension(name, "safetensors") || [hugging_face::CONFIG, hugging_face::TOKENIZER].contains(&base_name(name))
}

/// Opens the formats that keep a model in several files.
fn open_several(files: &[NamedFile]) -> Result<OpenedModel, WeightsError> {
    let only = |wanted: &dyn Fn(&str) -> bool| -> Vec<NamedFile> {
        let wanted = files.iter().filter(|(name, _)| wanted(base_name(name)));
        wanted.cloned().collect()
    };
    if files.iter().any(|(name, _)| has_extension(name, "safetensors")) {
        return hugging_face::open(files);
    }
    let tokenizers = only(&|name| has_extension(name, "bin") && name.starts_with("tok"));
    let models = only(&|name| has_extension(name, "bin") && !name.starts_with("tok"));
    match (models.as_slice(), tokenizers.as_slice()) {
        ([model], [tokenizer]) => llama2c::open(model, tokenizer),
        // If the file is something else altogether, saying so is more helpful.
        ([(name, file)], []) => {
            detect::check(name, &detect::peek(file.as_ref(), name)?, "a llama2.c model")?;
            Err(WeightsError::Files {
                problem: format!("{name} has no tokenizer beside it"),
                advice: ACCEPTED.to_owned(),
            })
        }
        _ => {
            for (name, file) in files {
                detect::check(name, &detect::peek(file.as_ref(), name)?, "a model")?;
            }
            let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
            let problem = match names.as_slice() {
                [] => "there is no file here that belongs to a model".to_owned(),
                names => format!("{} does not make up a model", names.join(", ")),
            };
            Err(WeightsError::Files {
                problem,
                advice: ACCEPTED.to_owned(),
            })
        }
    }
}

/// A name without folders.
fn base_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn has_extension(name: &str, wanted: &str) -> bool {
    let extension = base_name(name).rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}
