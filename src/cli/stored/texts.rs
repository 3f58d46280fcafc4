//! What a model and its damaged copies write, stored beside its curves.

use std::path::Path;

use hemoscope_core::decode::{StoredTexts, Written, WrittenAt};
use hemoscope_core::experiment::bundled::{self, Bundled};
use hemoscope_core::experiment::{Sampling, Settings, View};
use hemoscope_core::modify::Sweep;
use hemoscope_core::share;

use super::subject::{Inputs, Subject};
use crate::files::CliError;
use crate::host::say;
use crate::output;

/// Has the model write at every strength, unless its texts are there.
pub(super) async fn store(
    subject: &mut Subject<'_>,
    model: &Bundled,
    sweep: &Sweep,
    inputs: &Inputs,
    file: &Path,
    force: bool,
) -> Result<(), CliError> {
    let link = share::fragment(&Settings {
        experiment: inputs.experiment.clone(),
        ..Settings::default()
    });
    let (prompts, tokens) = (bundled::prompts(model), View::default().tokens);
    if !force && is_up_to_date(file, &link, &prompts, tokens) {
        say(format!("{} is up to date", file.display()));
        return Ok(());
    }
    let mut written = Vec::new();
    for prompt in prompts {
        written.push(write(subject, sweep, inputs, prompt, tokens).await?);
    }
    let text = serde_json::to_string_pretty(&StoredTexts { link, written })?;
    output::save_text(file, &(text + "\n"))?;
    say(file.display());
    Ok(())
}

fn is_up_to_date(file: &Path, link: &str, prompts: &[String], tokens: usize) -> bool {
    let stored = std::fs::read_to_string(file).ok();
    let stored = stored.and_then(|text| serde_json::from_str::<StoredTexts>(&text).ok());
    stored.is_some_and(|stored| {
        let of_prompt = |(written, prompt): (&Written, &String)| written.prompt == *prompt && written.tokens == tokens;
        stored.link == link
            && stored.written.len() == prompts.len()
            && stored.written.iter().zip(prompts).all(of_prompt)
    })
}

/// The continuation of one prompt at every strength that the model can take.
async fn write(
    subject: &mut Subject<'_>,
    sweep: &Sweep,
    inputs: &Inputs,
    prompt: String,
    tokens: usize,
) -> Result<Written, CliError> {
    let (experiment, calibration) = (&inputs.experiment, &inputs.calibration);
    let session = subject.session(&experiment.model).await?;
    let tokenizer = &session.model()?.tokenizer;
    let text = |ids: &[u32]| {
        let end = ids.iter().position(|id| tokenizer.is_eos(*id)).unwrap_or(ids.len());
        tokenizer.decode(&ids[..end])
    };
    let mut base = String::new();
    let mut modified = Vec::new();
    for (_, spec) in sweep.points() {
        let generated = session
            .generate(experiment, &spec, calibration, &prompt, Sampling::Greedy, tokens)
            .await;
        let generated = match generated {
            Ok(generated) => generated,
            Err(error) if error.is_device_failure() => return Err(error.into()),
            // As in the curve: what can't be done at one strength is no reason to do without the others.
            Err(_) => continue,
        };
        base = text(&generated.base);
        modified.push(WrittenAt {
            spec,
            text: text(&generated.modified),
            first_difference: generated.first_difference(),
        });
    }
    Ok(Written {
        prompt,
        tokens,
        base,
        modified,
    })
}
