//! Which of the files that a person chose are a model.

/// What a safetensors model needs beside its weights.
const COMPANIONS: [&str; 2] = ["config.json", "tokenizer.json"];

/// The file that a model is named after, among the names of files chosen together.
///
/// # Errors
/// What is missing, in words.
pub fn main_file(names: &[String]) -> Result<String, String> {
    let ending = |end: &str| names.iter().find(|name| name.to_lowercase().ends_with(end)).cloned();
    if let Some(name) = ending(".gguf") {
        return Ok(name);
    }
    if let Some(name) = ending(".safetensors") {
        let missing = COMPANIONS
            .into_iter()
            .filter(|file| !names.iter().any(|name| name == file))
            .collect::<Vec<_>>();
        return if missing.is_empty() {
            Ok(name)
        } else {
            let missing = missing.join(" and ");
            Err(format!("{name} needs {missing} beside it. Choose or drop all of the model's files at once."))
        };
    }
    // The llama2.c layout: the tokenizer is a second .bin.
    let weights = names.iter().find(|name| name.to_lowercase().ends_with(".bin") && !name.starts_with("tok"));
    weights.cloned().ok_or_else(|| {
        format!(
            "{} can't be read as a model. Choose one .gguf file, or config.json, tokenizer.json and all .safetensors files \
             at once.",
            names.first().map_or("Nothing", String::as_str)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn main(names: &[&str]) -> Result<String, String> {
        main_file(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_model_is_named_after_its_weights() {
        assert_eq!(main(&["a.txt", "m.GGUF"]), Ok("m.GGUF".to_owned()));
        let whole = ["config.json", "model.safetensors", "tokenizer.json"];
        assert_eq!(main(&whole), Ok("model.safetensors".to_owned()));
        assert_eq!(main(&["stories260K.bin", "tok512.bin"]), Ok("stories260K.bin".to_owned()));
    }

    #[test]
    fn what_is_missing_is_said() {
        let error = main(&["model.safetensors"]).expect_err("no configuration");
        assert!(error.contains("model.safetensors needs config.json and tokenizer.json"), "{error}");
        assert!(main(&["photo.png"]).is_err_and(|error| error.contains("photo.png")));
    }
}
