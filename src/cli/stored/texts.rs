//! What a model and its damaged copies write, stored beside its curves.

use std::path::Path;

use hemoscope_core::decode::{Continuation, Continuations, StoredTexts};
use hemoscope_core::experiment::bundled::{self, Bundled};
use hemoscope_core::experiment::{Sampling, Settings, View};
use hemoscope_core::modify::Spec;
use hemoscope_core::share;

use super::lazy_model::{Inputs, LazyModel};
use crate::files::CliError;
use crate::host::print_message;
use crate::output;

/// Has the model write under each of these modifications, unless the texts are already stored.
pub(super) async fn store(
    lazy: &mut LazyModel<'_>,
    model: &Bundled,
    specs: &[Spec],
    inputs: &Inputs,
    file: &Path,
    force: bool,
) -> Result<(), CliError> {
    let link = share::fragment(&Settings {
        experiment: inputs.experiment.clone(),
        ..Settings::default()
    });
    let (prompts, tokens) = (bundled::prompts(model), View::default().tokens);
    if !force && is_up_to_date(file, &link, &prompts, tokens, specs) {
        print_message(format!("{} is up to date", file.display()));
        return Ok(());
    }
    let mut written = Vec::new();
    for prompt in prompts {
        written.push(write(lazy, specs, inputs, prompt, tokens).await?);
    }
    let text = serde_json::to_string_pretty(&StoredTexts { link, written })?;
    output::save_text(file, &(text + "\n"))?;
    print_message(file.display());
    Ok(())
}

fn is_up_to_date(file: &Path, link: &str, prompts: &[String], tokens: usize, specs: &[Spec]) -> bool {
    let stored = std::fs::read_to_string(file).ok();
    let stored = stored.and_then(|text| serde_json::from_str::<StoredTexts>(&text).ok());
    stored.is_some_and(|stored| {
        let of_prompt = |(written, prompt): (&Continuations, &String)| {
            let found = written.modified.iter().map(|modified| &modified.spec);
            written.prompt == *prompt && written.tokens == tokens && found.eq(specs)
        };
        share::open(&stored.link) == share::open(link)
            && stored.written.len() == prompts.len()
            && stored.written.iter().zip(prompts).all(of_prompt)
    })
}

/// The continuations of one prompt.
async fn write(
    lazy: &mut LazyModel<'_>,
    specs: &[Spec],
    inputs: &Inputs,
    prompt: String,
    tokens: usize,
) -> Result<Continuations, CliError> {
    let (experiment, calibration) = (&inputs.experiment, &inputs.calibration);
    let session = lazy.session(&experiment.model).await?;
    let tokenizer = &session.model()?.tokenizer;
    let text = |ids: &[u32]| {
        let end = ids.iter().position(|id| tokenizer.is_eos(*id)).unwrap_or(ids.len());
        tokenizer.decode(&ids[..end])
    };
    let mut base = String::new();
    let mut modified = Vec::new();
    for spec in specs {
        let generated = session
            .generate(experiment, spec, calibration, &prompt, Sampling::Greedy, tokens)
            .await?;
        base = text(&generated.base);
        modified.push(Continuation {
            spec: spec.clone(),
            text: text(&generated.modified),
            first_difference: generated.first_difference(),
        });
    }
    Ok(Continuations {
        prompt,
        tokens,
        base,
        modified,
    })
}
