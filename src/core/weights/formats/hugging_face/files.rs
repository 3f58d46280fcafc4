//! Which safetensors files make up a model, among those that lie beside each other.
//!
//! As in transformers' `from_pretrained`: `model.safetensors` before an index, and of an index only the files that it
//! lists. Without either, numbered files (`…-00001-of-00003.safetensors`) that are complete before others, and else all.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::super::{NamedFile, base_name, has_extension};
use super::json;
use crate::weights::WeightsError;

const WHOLE: &str = "model.safetensors";
const INDEX_SUFFIX: &str = ".safetensors.index.json";
const GIVE_ALL: &str = "Give all .safetensors files of the model together";

/// Which shard holds which tensor; only the shards' names matter, since each shard lists its own tensors.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// The files to read.
pub(super) struct Chosen {
    pub(super) shards: Vec<NamedFile>,
    /// Which files are left aside, and why.
    pub(super) warning: Option<String>,
}

/// The safetensors files of a model.
///
/// # Errors
/// An index that can't be read, or a file of the model that is missing.
pub(super) fn choose(files: &[NamedFile]) -> Result<Chosen, WeightsError> {
    let all: Vec<&NamedFile> = files
        .iter()
        .filter(|(name, _)| has_extension(name, "safetensors"))
        .collect();
    let index = files.iter().find(|(name, _)| name.ends_with(INDEX_SUFFIX));
    let (wanted, why): (BTreeSet<String>, String) = if all.iter().any(|(name, _)| base_name(name) == WHOLE) {
        ([WHOLE.to_owned()].into(), format!("{WHOLE} holds the whole model"))
    } else if let Some((name, _)) = index {
        (listed(files, name)?, format!("{name} does not list it"))
    } else if let Some(numbered) = numbered(&all)? {
        (numbered, "its name has no number as the others do".to_owned())
    } else {
        (
            all.iter().map(|(name, _)| base_name(name).to_owned()).collect(),
            String::new(),
        )
    };
    let (shards, aside): (Vec<&NamedFile>, Vec<&NamedFile>) =
        all.into_iter().partition(|(name, _)| wanted.contains(base_name(name)));
    let aside: Vec<&str> = aside.into_iter().map(|(name, _)| base_name(name)).collect();
    let stale = index
        .filter(|_| wanted.contains(WHOLE))
        .map(|(name, _)| base_name(name));
    let unread: Vec<&str> = aside.into_iter().chain(stale).collect();
    let warning = (!unread.is_empty()).then(|| format!("{} is not read: {why}.", unread.join(", ")));
    Ok(Chosen {
        shards: shards.into_iter().cloned().collect(),
        warning,
    })
}

/// The files that an index lists, all of which have to be there.
fn listed(files: &[NamedFile], index: &str) -> Result<BTreeSet<String>, WeightsError> {
    let text = json(files, base_name(index))?.unwrap_or_default();
    let parsed: Index = serde_json::from_slice(&text).map_err(|problem| WeightsError::Config {
        file: index.to_owned(),
        key: "weight_map".to_owned(),
        problem: format!("can't be read: {problem}"),
    })?;
    let wanted: BTreeSet<String> = parsed
        .weight_map
        .into_values()
        .map(|shard| base_name(&shard).to_owned())
        .collect();
    let missing = wanted
        .iter()
        .find(|shard| !files.iter().any(|(name, _)| base_name(name) == shard.as_str()));
    match missing {
        None => Ok(wanted),
        Some(shard) => Err(WeightsError::Files {
            problem: format!("{index} lists {shard}, which is not among the files"),
            advice: GIVE_ALL.to_owned(),
        }),
    }
}

/// The files of a set whose names count it, `stem-00001-of-00003.safetensors`; `None` if no name does.
fn numbered(all: &[&NamedFile]) -> Result<Option<BTreeSet<String>>, WeightsError> {
    let count = |name: &str| -> Option<(String, usize)> {
        let (front, total) = name.strip_suffix(".safetensors")?.rsplit_once("-of-")?;
        let (stem, place) = front.rsplit_once('-')?;
        place.parse::<usize>().ok()?;
        Some((stem.to_owned(), total.parse().ok()?))
    };
    let mut names = BTreeSet::new();
    let mut first: Option<(String, usize)> = None;
    for (name, _) in all {
        let name = base_name(name);
        let Some(found) = count(name) else { continue };
        if *first.get_or_insert_with(|| found.clone()) != found {
            return Err(WeightsError::Files {
                problem: format!("{name} belongs to another model than the files before it"),
                advice: "Give the .safetensors files of one model only".to_owned(),
            });
        }
        names.insert(name.to_owned());
    }
    match first {
        None => Ok(None),
        Some((_, total)) if names.len() >= total => Ok(Some(names)),
        Some((stem, total)) => Err(WeightsError::Files {
            problem: format!(
                "{stem} has {total} .safetensors files, of which {} came along",
                names.len()
            ),
            advice: GIVE_ALL.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::weights::Bytes;

    fn chosen(names: &[&str], index: Option<&[&str]>) -> Result<(Vec<String>, Option<String>), WeightsError> {
        let file = |text: String| -> Arc<dyn crate::weights::ReadAt> { Arc::new(Bytes(text.into_bytes().into())) };
        let mut files: Vec<NamedFile> = names
            .iter()
            .map(|name| ((*name).to_owned(), file(String::new())))
            .collect();
        if let Some(listed) = index {
            let map: BTreeMap<usize, &str> = listed.iter().copied().enumerate().collect();
            let text = serde_json::json!({ "weight_map": map }).to_string();
            files.push(("model.safetensors.index.json".to_owned(), file(text)));
        }
        let chosen = choose(&files)?;
        Ok((
            chosen.shards.into_iter().map(|(name, _)| name).collect(),
            chosen.warning,
        ))
    }

    const A: &str = "model-00001-of-00002.safetensors";
    const B: &str = "model-00002-of-00002.safetensors";
    const CONSOLIDATED: &str = "consolidated.safetensors";

    #[test]
    fn the_whole_model_comes_before_an_index_stale_or_not() {
        for files in [&[WHOLE][..], &[WHOLE, A, B], &[CONSOLIDATED, WHOLE]] {
            let (shards, warning) = chosen(files, Some(&[A, B])).unwrap();
            assert_eq!(shards, [WHOLE]);
            let warning = warning.unwrap();
            assert!(
                warning.contains("index.json is not read: model.safetensors holds the whole model"),
                "{warning}"
            );
        }
        assert_eq!(chosen(&[WHOLE], None).unwrap(), (vec![WHOLE.to_owned()], None));
    }

    #[test]
    fn files_that_the_index_does_not_list_are_left_aside() {
        let (shards, warning) = chosen(&[CONSOLIDATED, A, B], Some(&[A, B, A])).unwrap();
        assert_eq!(shards, [A, B]);
        let wanted = "consolidated.safetensors is not read: model.safetensors.index.json does not list it.";
        assert_eq!(warning.as_deref(), Some(wanted));
        assert_eq!(chosen(&[A, B], Some(&[A, B])).unwrap().1, None);
        let message = chosen(&[A], Some(&[A, B])).unwrap_err().to_string();
        assert!(
            message.contains(&format!("lists {B}, which is not among the files")),
            "{message}"
        );
    }

    #[test]
    fn without_an_index_numbers_decide() {
        let (shards, warning) = chosen(&[CONSOLIDATED, A, B], None).unwrap();
        assert_eq!(shards, [A, B]);
        assert!(warning.unwrap().starts_with("consolidated.safetensors is not read"));
        let message = chosen(&[A], None).unwrap_err().to_string();
        assert!(
            message.contains("model has 2 .safetensors files, of which 1 came along"),
            "{message}"
        );
        let other = "other-00001-of-00002.safetensors";
        assert!(
            chosen(&[A, B, other], None)
                .unwrap_err()
                .to_string()
                .contains("another model")
        );
        // Names without numbers are all read.
        assert_eq!(chosen(&["a.safetensors", "b.safetensors"], None).unwrap().0.len(), 2);
    }
}
