//! Tells what a file is by its first bytes, since servers answer with error pages and files get renamed.

use crate::weights::{ReadAt, WeightsError};

/// How many first bytes are read to tell what a file is.
const PEEK_BYTES: u64 = 256;

/// What GGUF files start with.
pub(super) const GGUF_MAGIC: [u8; 4] = *b"GGUF";

/// The first bytes of a file, fewer where it is shorter.
pub(super) fn peek(file: &dyn ReadAt, name: &str) -> Result<Vec<u8>, WeightsError> {
    let length = file.size().min(PEEK_BYTES);
    let mut first = vec![0; usize::try_from(length).unwrap_or_default()];
    file.fill(name, 0, &mut first)?;
    Ok(first)
}

const DOWNLOAD_AGAIN: &str =
    "A server answered with a page instead of the file: check the address, or download the file again";

/// What the first bytes look like if they certainly are not a model, and what to do about it.
fn impostor(first: &[u8]) -> Option<(&'static str, &'static str)> {
    let text_start = first
        .iter()
        .position(|byte| !byte.is_ascii_whitespace())
        .unwrap_or(first.len());
    let head = first.get(text_start..).unwrap_or_default().to_ascii_lowercase();
    let starts = |prefix: &[u8]| first.starts_with(prefix);
    if starts(b"version https://git-lfs") {
        return Some((
            "a Git LFS pointer, a few lines that stand for the real file",
            "Fetch the real file: run `git lfs pull` in the repository, or download it from its page",
        ));
    }
    if [&b"<!doctype"[..], b"<html", b"<?xml", b"<!--"]
        .iter()
        .any(|tag| head.starts_with(tag))
    {
        return Some(("a web page", DOWNLOAD_AGAIN));
    }
    if starts(b"PK\x03\x04") {
        return Some((
            "a zip archive (PyTorch's .bin and .pt files are zip archives too)",
            "Unpack it, or take the model as .safetensors or .gguf",
        ));
    }
    if starts(b"\x80\x02") || starts(b"\x80\x04") {
        return Some((
            "a Python pickle, as old PyTorch files are",
            "Take the model as .safetensors or .gguf",
        ));
    }
    if starts(b"\x1f\x8b") || starts(b"\xfd7zXZ") || starts(b"\x28\xb5\x2f\xfd") || starts(b"7z\xbc\xaf") {
        return Some(("a compressed file", "Unpack it first"));
    }
    if [&b"ggml"[..], b"lmgg", b"ggjt", b"tjgg", b"ggmf", b"fmgg", b"algg"]
        .iter()
        .any(|tag| starts(tag))
    {
        return Some(("a model in a format from before GGUF", "Take the model as .gguf"));
    }
    if first.iter().all(|byte| *byte == 0) {
        return Some((
            "nothing but zeros",
            "Download the file again: an interrupted download leaves such files",
        ));
    }
    None
}

/// Refuses a file whose first bytes show that it is not `expected`.
///
/// # Errors
/// [`WeightsError::NotAModel`], with what it looks like and what to do.
pub(super) fn check(file: &str, first: &[u8], expected: &str) -> Result<(), WeightsError> {
    let error = |looks_like: String, advice: &str| WeightsError::NotAModel {
        file: file.to_owned(),
        expected: expected.to_owned(),
        looks_like,
        advice: advice.to_owned(),
    };
    if first.is_empty() {
        return Err(error("an empty file".to_owned(), "Download the file again"));
    }
    match impostor(first) {
        Some((looks_like, advice)) => Err(error(looks_like.to_owned(), advice)),
        None => Ok(()),
    }
}

/// The error for a file that should start with certain bytes and doesn't: says what it looks like, and quotes text.
pub(super) fn not_a(file: &str, first: &[u8], expected: &str) -> WeightsError {
    if let Err(error) = check(file, first, expected) {
        return error;
    }
    let quoted = std::str::from_utf8(first.get(..first.len().min(60)).unwrap_or_default())
        .ok()
        .filter(|text| !text.contains(|c: char| c.is_control() && !c.is_whitespace()));
    let looks_like = match quoted {
        Some(text) => format!("text that begins with {text:?}"),
        None => "something else: its first bytes are unknown here".to_owned(),
    };
    WeightsError::NotAModel {
        file: file.to_owned(),
        expected: expected.to_owned(),
        looks_like,
        advice: "Check that it is the right file, or download it again".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impostors_are_named_with_advice() {
        let cases: [(&[u8], &str, &str); 8] = [
            (b"<!DOCTYPE html><html>", "a web page", "check the address"),
            (b"\n  <html lang=en>", "a web page", "check the address"),
            (
                b"version https://git-lfs.github.com/spec/v1\noid",
                "Git LFS pointer",
                "git lfs pull",
            ),
            (b"PK\x03\x04\x14\0", "zip archive", "Unpack"),
            (b"\x1f\x8b\x08\0", "compressed", "Unpack"),
            (b"\x80\x02\x8a\n", "pickle", ".safetensors"),
            (b"\0\0\0\0\0\0\0\0", "zeros", "Download"),
            (b"", "empty", "Download"),
        ];
        for (first, looks_like, advice) in cases {
            let message = check("m.gguf", first, "a GGUF model").unwrap_err().to_string();
            assert!(
                message.starts_with("m.gguf is not a GGUF model: it looks like "),
                "{message}"
            );
            assert!(message.contains(looks_like), "{message}");
            assert!(message.contains(advice), "{message}");
        }
    }

    #[test]
    fn unknown_text_is_quoted_and_unknown_bytes_are_not() {
        let message = not_a("m.gguf", b"Entry not found", "a GGUF model").to_string();
        assert!(message.contains("\"Entry not found\""), "{message}");
        let message = not_a("m.gguf", b"\xff\xd8\xff\xe0", "a GGUF model").to_string();
        assert!(message.contains("first bytes are unknown"), "{message}");
    }

    #[test]
    fn real_beginnings_pass() {
        for first in [
            &b"GGUF\x03\0\0\0"[..],
            b"\x40\0\0\0\0\0\0\0{\"a\"",
            b"{\"architectures\"",
        ] {
            check("m", first, "a model").unwrap();
        }
    }
}
