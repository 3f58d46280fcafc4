//! The one list of the models that come with the page.
//!
//! A model is a folder `models/{name}/` with the files listed here, or the one file `models/{name}.gguf`. Results
//! measured on them in advance, one per question and method, are at [`result_path`], and the texts they wrote at
//! [`texts_path`].

use super::{Ask, Asset, Experiment, Origin, Question, View};
use crate::modify::{Sweep, catalogue, knob};

/// A model that comes with the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bundled {
    /// Its name in links and files.
    pub name: &'static str,
    /// What the page calls it.
    pub title: &'static str,
    /// Its short name beside models of other sizes.
    pub short: &'static str,
    /// How much is downloaded, in words.
    pub size: &'static str,
    /// Transformer blocks.
    pub blocks: usize,
    /// The most tokens it reads at once.
    pub context: usize,
    /// The files in its folder, in name order; empty for a single GGUF file.
    pub files: &'static [&'static str],
    /// SHA-256 of its files' bytes one after the other, hexadecimal.
    pub sha256: &'static str,
}

/// A model as Hugging Face keeps it.
const FOLDER: &[&str] = &["config.json", "model.safetensors", "tokenizer.json"];

/// The models that differ only in size, smallest first.
pub const SIZES: [Bundled; 3] = [
    Bundled {
        name: "hemoscope-1m",
        title: "hemoscope 1M",
        short: "1M",
        size: "2.5 MB",
        blocks: 4,
        context: 512,
        files: FOLDER,
        sha256: "602c5efd715f1110e66e14fe76d05d7d265a3a05069f634c0fc16071f303a463",
    },
    Bundled {
        name: "hemoscope-4m",
        title: "hemoscope 4M",
        short: "4M",
        size: "8 MB",
        blocks: 8,
        context: 512,
        files: FOLDER,
        sha256: "0a5b31901aea01a774596fc64d357852582ecc4b889642b06ee0b91056d97a96",
    },
    Bundled {
        name: "hemoscope-16m",
        title: "hemoscope 16M",
        short: "16M",
        size: "33 MB",
        blocks: 14,
        context: 512,
        files: FOLDER,
        sha256: "6976ce379244a805c76dbbaf6dadc53a3ddcb03efb3ebf3bbfa347378e1b793e",
    },
];

/// A third-party model, fetched when the page is built; a copy of the page may lack it.
pub const SMOLLM2: Bundled = Bundled {
    name: "SmolLM2-135M-Instruct.Q4_1",
    title: "SmolLM2-135M-Instruct",
    short: "SmolLM2",
    size: "98 MB",
    blocks: 30,
    context: 8192,
    files: &[],
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
};

/// The model that the page opens with.
pub const FIRST: &str = SIZES[1].name;

/// All of them, in the order in which the page lists them.
pub fn all() -> impl Iterator<Item = &'static Bundled> {
    const SMOLLM2_ALONE: &[Bundled] = &[SMOLLM2];
    const SIZES_LISTED: &[Bundled] = &SIZES;
    SIZES_LISTED.iter().chain(SMOLLM2_ALONE)
}

/// The model of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Bundled> {
    all().find(|model| model.name == name)
}

/// The bundled model that an asset refers to.
#[must_use]
pub fn of(asset: &Asset) -> Option<&'static Bundled> {
    match &asset.origin {
        Origin::Bundled(name) => find(name),
        _ => None,
    }
}

/// The place of a model among [`SIZES`].
#[must_use]
pub fn size_of(asset: &Asset) -> Option<usize> {
    let name = of(asset)?.name;
    SIZES.iter().position(|model| model.name == name)
}

/// Where a bundled model's files are, below `models/`. An unknown name is taken for a GGUF file.
#[must_use]
pub fn files(name: &str) -> Vec<String> {
    match find(name) {
        Some(model) if !model.files.is_empty() => model.files.iter().map(|file| format!("{name}/{file}")).collect(),
        _ => vec![format!("{name}.gguf")],
    }
}

/// The experiments stored for a model. For each of the sizes: every question about every method, with the page's
/// defaults. For SmolLM2: what version 1 of the page opened with, which takes minutes to measure.
#[must_use]
pub fn stored(model: &Bundled) -> Vec<Experiment> {
    let of_model = |experiment: Experiment| Experiment {
        model: Asset::bundled(model.name),
        ..experiment
    };
    if SIZES.iter().all(|size| size.name != model.name) {
        return vec![of_model(Experiment::version_1())];
    }
    let of_method = |entry| {
        let mut sweep = Experiment::default().sweep().clone();
        knob::choose_method(&mut sweep, entry);
        Question::ALL.map(|question| {
            of_model(Experiment {
                ask: question.of(sweep.clone()),
                ..Experiment::default()
            })
        })
    };
    catalogue::ALL.iter().flat_map(of_method).collect()
}

/// The path, relative to the page, of the stored answer to a question about a model; `None` where none is stored.
#[must_use]
pub fn result_path(model: &str, ask: &Ask) -> Option<String> {
    let method = stored_method(model, ask)?;
    Some(match ask.question() {
        Question::Curve => curve_path(model, method),
        other => format!("curves/{model}/{}/{method}.json", other.word()),
    })
}

/// The path, relative to the page, of the stored texts that a model writes under a modification; `None` where none are
/// stored.
#[must_use]
pub fn texts_path(model: &str, sweep: &Sweep) -> Option<String> {
    let ask = Ask::Curve(sweep.clone());
    let method = stored_method(model, &ask)?;
    Some(format!("curves/{model}/writing/{method}.json"))
}

/// The question's only method, if its answer is stored.
fn stored_method<'a>(model: &str, ask: &'a Ask) -> Option<&'a str> {
    let [step] = ask.sweep().steps.as_slice() else {
        return None;
    };
    let is_it = |stored: &Experiment| stored.ask.is_like(ask) && stored.sweep().has_methods_of(ask.sweep());
    stored(find(model)?).iter().any(is_it).then_some(&step.name)
}

/// The prompts whose continuations are stored for a model: the defaults that the page opens with.
#[must_use]
pub fn prompts(model: &Bundled) -> Vec<String> {
    let mut prompts = vec![View::default().prompt];
    if model.name == SMOLLM2.name {
        prompts.push(View::version_1().prompt);
    }
    prompts
}

/// The path, relative to the page, of a model's stored curve for a method.
#[must_use]
pub fn curve_path(model: &str, method: &str) -> String {
    format!("curves/{model}/{method}.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_hashes_are_hashes() {
        for (place, model) in all().enumerate() {
            assert!(all().take(place).all(|other| other.name != model.name));
            assert!(model.files.is_sorted(), "the hash is taken in the order of names");
            let hex = |hash: &str| hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            assert!(hex(model.sha256), "{}", model.name);
        }
        assert!(find(FIRST).is_some());
    }

    #[test]
    fn a_model_is_a_folder_or_a_file() {
        assert_eq!(
            files("hemoscope-1m"),
            ["config.json", "model.safetensors", "tokenizer.json"].map(|file| format!("hemoscope-1m/{file}"))
        );
        assert_eq!(files(SMOLLM2.name), ["SmolLM2-135M-Instruct.Q4_1.gguf"]);
        // A link from another copy of the page may name a model that this one doesn't know.
        assert_eq!(files("other"), ["other.gguf"]);
        assert_eq!(size_of(&Asset::bundled("hemoscope-16m")), Some(2));
        assert_eq!(size_of(&Asset::bundled(SMOLLM2.name)), None);
    }

    #[test]
    fn nothing_is_looked_for_that_is_not_stored() {
        let ask = |text: &str| Ask::Curve(text.parse().expect("a sweep of the grammar"));
        let wanda = ask("wanda:sparsity=0..0.6/4");
        let depth = Ask::Depth(wanda.sweep().clone());
        assert_eq!(
            result_path(FIRST, &wanda).as_deref(),
            Some("curves/hemoscope-4m/wanda.json")
        );
        assert_eq!(
            result_path(FIRST, &depth).as_deref(),
            Some("curves/hemoscope-4m/depth/wanda.json")
        );
        assert!(result_path(SMOLLM2.name, &wanda).is_some());
        assert_eq!(result_path(SMOLLM2.name, &depth), None);
        assert_eq!(result_path(SMOLLM2.name, &ask("rtn:bits=8..2/7")), None);
        assert_eq!(result_path(FIRST, &ask("wanda:sparsity=0..0.6/4+rtn:bits=4")), None);
        assert_eq!(result_path("other", &wanda), None);
        let texts = texts_path(FIRST, depth.sweep());
        assert_eq!(texts.as_deref(), Some("curves/hemoscope-4m/writing/wanda.json"));
        assert_eq!(texts_path("other", wanda.sweep()), None);
    }
}
