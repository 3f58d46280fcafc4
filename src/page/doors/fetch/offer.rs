//! Which files of a folder make up a model.

use super::FetchError;
use super::source::Listed;

/// A model in a repository: its weights and what belongs to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The file that names the model in a link: a GGUF file, `model.safetensors`, `stories260K.bin`.
    pub file: String,
    /// All its files, `file` among them.
    pub files: Vec<Listed>,
    /// Bytes of all of them.
    pub bytes: u64,
}

/// Quantizations by how suitable they are as a starting point: those near the original first, then small before large.
const PREFERENCE: [&str; 14] = [
    "q8_0", "q6_k", "q5_k_m", "q5_1", "q5_k_s", "q5_0", "q4_k_m", "q4_1", "q4_k_s", "q4_0", "bf16", "f16", "f32", "q",
];

/// The models in a folder, most suitable first: GGUF (one file) before safetensors before llama2.c.
#[must_use]
pub fn offers(folder: &[Listed]) -> Vec<Offer> {
    // Insertion sort: a folder holds tens of models, and the standard library's sort would add 4 kB to the page.
    let mut found: Vec<(usize, Offer)> = Vec::new();
    for file in folder {
        let Some((rank, offer)) = rank(file).and_then(|rank| Some((rank, offer(&file.path, folder).ok()?))) else {
            continue;
        };
        let place = found.partition_point(|(other_rank, other)| {
            (*other_rank, other.bytes, &other.file) <= (rank, offer.bytes, &offer.file)
        });
        found.insert(place, (rank, offer));
    }
    found.into_iter().map(|(_, offer)| offer).collect()
}

/// How suitable a file is as a starting point, 0 being best; `None` if it is not a model.
fn rank(file: &Listed) -> Option<usize> {
    let name = base_name(&file.path).to_ascii_lowercase();
    if name.ends_with(".gguf") {
        gguf_rank(&name)
    } else if name == "model.safetensors" || name == "model.safetensors.index.json" {
        Some(PREFERENCE.len() + 1)
    } else if name.ends_with(".bin") && !name.starts_with("tok") {
        Some(PREFERENCE.len() + 2)
    } else {
        None
    }
}

/// `None` for files that are not a whole model or cannot be read: one part of several, a vision projector, i-quants.
fn gguf_rank(name: &str) -> Option<usize> {
    if name.contains("-of-") || name.contains("mmproj") || is_i_quant(name) {
        return None;
    }
    Some(
        PREFERENCE
            .iter()
            .position(|kind| name.contains(kind))
            .unwrap_or(PREFERENCE.len()),
    )
}

/// `iq1` to `iq4` as a word of the name, not as a part of one.
fn is_i_quant(name: &str) -> bool {
    let mut words = name.split(['.', '-', '_']);
    words.any(|word| matches!(word.as_bytes(), [b'i', b'q', b'1'..=b'4', ..]))
}

/// The model whose weights are in `file`, with its other files from `folder`.
///
/// # Errors
/// [`FetchError::NoModel`] where `file` or one of its companions is not in the folder.
pub fn offer(file: &str, folder: &[Listed]) -> Result<Offer, FetchError> {
    let inside = file.rsplit_once('/').map_or("", |(inside, _)| inside);
    let find = |name: &str| {
        let path = if inside.is_empty() {
            name.to_owned()
        } else {
            format!("{inside}/{name}")
        };
        folder.iter().find(|listed| listed.path == path).cloned().ok_or(path)
    };
    let missing = |path: String| FetchError::NoModel {
        repository: if inside.is_empty() { "what was chosen" } else { inside }.to_owned(),
        reason: format!("{file} needs {path}, which is not there"),
    };
    let name = base_name(file);
    let mut files = vec![find(name).map_err(missing)?];
    if name.ends_with(".safetensors") || name.ends_with(".safetensors.index.json") {
        files.push(find("config.json").map_err(missing)?);
        files.push(find("tokenizer.json").map_err(missing)?);
        files.extend(find("tokenizer_config.json"));
        if let Some(stem) = name.strip_suffix(".safetensors.index.json") {
            let part = |listed: &&Listed| {
                let other = base_name(&listed.path);
                listed.path.len() - other.len() == file.len() - name.len()
                    && other.starts_with(stem)
                    && other.contains("-of-")
                    && other.ends_with(".safetensors")
            };
            let parts = folder.iter().filter(part).cloned();
            let before = files.len();
            files.extend(parts);
            if files.len() == before {
                return Err(missing(format!("{stem}-….safetensors")));
            }
        }
    } else if name.ends_with(".bin") {
        let tokenizer = |listed: &&Listed| {
            let other = base_name(&listed.path);
            listed.path.len() - other.len() == file.len() - name.len()
                && other.starts_with("tok")
                && other.ends_with(".bin")
        };
        let found = folder.iter().find(tokenizer).cloned();
        files.push(found.ok_or_else(|| missing("tok….bin".to_owned()))?);
    }
    Ok(Offer {
        file: file.to_owned(),
        bytes: files.iter().fold(0, |sum, listed| listed.bytes.saturating_add(sum)),
        files,
    })
}

/// Names of the files that belong to `file` at a plain address, where there is no listing.
#[must_use]
pub fn companions(file: &str) -> &'static [&'static str] {
    if file.ends_with(".safetensors") {
        &["config.json", "tokenizer.json"]
    } else {
        &[]
    }
}

/// The last part of a path.
#[must_use]
pub fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(paths: &[(&str, u64)]) -> Vec<Listed> {
        let listed = |&(path, bytes): &(&str, u64)| Listed {
            path: path.to_owned(),
            bytes,
            sha256: None,
        };
        paths.iter().map(listed).collect()
    }

    #[test]
    fn gguf_near_the_original_comes_first_and_unreadable_ones_never() {
        let folder = folder(&[
            ("README.md", 1),
            ("m.Q2_K.gguf", 2),
            ("m.IQ4_XS.gguf", 2),
            ("unique.Q5_0.gguf", 5),
            ("m.Q4_K_M.gguf", 4),
            ("m.Q8_0.gguf", 8),
            ("m-00001-of-00002.gguf", 8),
            ("m.f16.gguf", 16),
            ("mmproj.f16.gguf", 1),
        ]);
        let files: Vec<String> = offers(&folder).into_iter().map(|offer| offer.file).collect();
        assert_eq!(
            files,
            [
                "m.Q8_0.gguf",
                "unique.Q5_0.gguf",
                "m.Q4_K_M.gguf",
                "m.f16.gguf",
                "m.Q2_K.gguf"
            ]
        );
    }

    #[test]
    fn safetensors_bring_their_configuration_and_tokenizer() {
        let folder = folder(&[
            ("config.json", 1),
            ("model.safetensors", 10),
            ("tokenizer.json", 2),
            ("tokenizer_config.json", 3),
            ("onnx.bin", 9),
        ]);
        let offers = offers(&folder);
        assert_eq!(offers.len(), 1, "a .bin without its tokenizer is none");
        assert_eq!(
            (offers[0].file.as_str(), offers[0].bytes, offers[0].files.len()),
            ("model.safetensors", 16, 4)
        );
    }

    #[test]
    fn an_index_brings_its_parts_and_a_llama2c_file_its_tokenizer() {
        let split = folder(&[
            ("config.json", 1),
            ("tokenizer.json", 1),
            ("model.safetensors.index.json", 1),
            ("model-00001-of-00002.safetensors", 5),
            ("model-00002-of-00002.safetensors", 5),
        ]);
        assert_eq!(offers(&split)[0].bytes, 13);
        let stories = folder(&[("s/stories260K.bin", 7), ("s/tok512.bin", 2)]);
        let found = offers(&stories);
        assert_eq!((found[0].file.as_str(), found[0].bytes), ("s/stories260K.bin", 9));
    }

    #[test]
    fn a_missing_companion_is_named() {
        let folder = folder(&[("model.safetensors", 1), ("config.json", 1)]);
        let error = offer("model.safetensors", &folder).unwrap_err();
        assert!(error.to_string().contains("needs tokenizer.json"), "{error}");
        assert!(offer("other.gguf", &folder).is_err());
    }
}
