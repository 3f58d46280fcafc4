//! A model in Hugging Face's layout: `config.json`, tensors in one safetensors file or in several with an index,
//! `tokenizer.json`.

mod config;
mod files;
mod rope;
mod shard;

use std::collections::BTreeMap;

use super::layout::{Layout, Naming};
use super::tensor::{Entry, RowOrder};
use super::tokens::TokenizerSource;
use super::{NamedFile, OpenedModel, base_name, detect};
use crate::weights::WeightsError;
use config::{Parsed, SpecialTokens};

pub(super) const CONFIG: &str = "config.json";
const GENERATION_CONFIG: &str = "generation_config.json";
pub(super) const TOKENIZER: &str = "tokenizer.json";
/// The largest JSON file that is read; the largest tokenizers have about 35 MB.
const JSON_BYTES_MAX: u64 = 1 << 27;

/// Opens a model of several files; its tensors are read when asked for.
pub(super) fn open(files: &[NamedFile]) -> Result<OpenedModel, WeightsError> {
    let text = needed(files, CONFIG, "the model's sizes")?;
    let Parsed {
        config,
        special,
        warning: limit,
    } = config::parse(CONFIG, &text)?;
    let chosen = files::choose(files)?;
    let entries = entries(&chosen.shards)?;
    let names: Vec<&str> = chosen.shards.iter().map(|(name, _)| base_name(name)).collect();
    let layout = Layout {
        file: &names.join(", "),
        naming: Naming::HuggingFace,
        rotary: RowOrder::AsWanted,
        entries,
        advice: "If the model has more .safetensors files, give all of them together",
        misfit: "Give config.json and all .safetensors files of one model, none of another",
    };
    let (pristine, warnings) = layout.assemble(config)?;
    let bytes = needed(files, TOKENIZER, "the tokenizer")?;
    let generation: SpecialTokens = match json(files, GENERATION_CONFIG)? {
        Some(text) => serde_json::from_slice(&text).map_err(|problem| WeightsError::Config {
            file: GENERATION_CONFIG.to_owned(),
            key: "the JSON".to_owned(),
            problem: format!("can't be read: {problem}"),
        })?,
        None => SpecialTokens::default(),
    };
    let mut eos = special.eos();
    eos.extend(generation.eos());
    eos.sort_unstable();
    eos.dedup();
    let bos = special.bos();
    let whole = files
        .iter()
        .filter(|(name, _)| [CONFIG, TOKENIZER].contains(&base_name(name)));
    Ok(OpenedModel {
        pristine,
        tokenizer: TokenizerSource::Json { bytes, bos, eos },
        files: whole.cloned().chain(chosen.shards).collect(),
        warnings: chosen.warning.into_iter().chain(limit).chain(warnings).collect(),
    })
}

/// All tensors of all shards.
fn entries(shards: &[NamedFile]) -> Result<BTreeMap<String, Entry>, WeightsError> {
    let mut entries = BTreeMap::new();
    for (name, file) in shards {
        for (tensor, entry) in shard::read(name, file)? {
            if entries.contains_key(&tensor) {
                return Err(WeightsError::Files {
                    problem: format!("tensor {tensor} is in two of the files, the second is {name}"),
                    advice: "Give the .safetensors files of one model only".to_owned(),
                });
            }
            entries.insert(tensor, entry);
        }
    }
    Ok(entries)
}

fn needed(files: &[NamedFile], name: &str, holds: &str) -> Result<Vec<u8>, WeightsError> {
    json(files, name)?.ok_or_else(|| WeightsError::Files {
        problem: format!("{name}, which holds {holds}, is not among the files"),
        advice: "Give config.json, tokenizer.json and all .safetensors files of the model together".to_owned(),
    })
}

/// The bytes of a small file by its name, if it is there; refused where it is not a JSON object.
fn json(files: &[NamedFile], wanted: &str) -> Result<Option<Vec<u8>>, WeightsError> {
    let Some((name, file)) = files.iter().find(|(name, _)| base_name(name) == wanted) else {
        return Ok(None);
    };
    let first = detect::peek(file.as_ref(), name)?;
    if first.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(detect::not_a(name, &first, "a JSON file"));
    }
    let size = file.size();
    if size > JSON_BYTES_MAX {
        return Err(WeightsError::Files {
            problem: format!("{name} has {size} bytes, more than {JSON_BYTES_MAX}"),
            advice: "Check that it is the right file".to_owned(),
        });
    }
    let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
    file.fill(name, 0, &mut bytes)?;
    Ok(Some(bytes))
}
