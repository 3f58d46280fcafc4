//! llama2.c's tokenizer file.
//!
//! The longest piece's length u32, then for each piece its score f32, its length u32 and its bytes. The pieces of single
//! bytes come right after the first three. A text begins with BOS and, unless it is empty, a space. Source:
//! karpathy/llama2.c, `run.c` (`build_tokenizer`, `encode`, `decode`).

use tokenizers::models::bpe::BPE;
use tokenizers::normalizers::Prepend;

use super::pipeline::Pipeline;
use super::score_bpe::ScoreBpe;
use super::{Built, Named, TokenizerError, invalid};

/// Begins a text.
const BOS: u32 = 1;
/// Ends a text.
const EOS: u32 = 2;
/// Unknown, BOS and EOS come before the tokens of single bytes.
const FIRST_BYTE: u32 = 3;
const BYTES: u32 = 256;

/// The bytes that each token adds to a text.
type Spelled = Vec<Box<[u8]>>;

/// Makes the tokenizer.
pub(super) fn build(bytes: &[u8], vocabulary: usize) -> Result<Built, TokenizerError> {
    let (scores, spelled) = read(bytes, vocabulary)?;
    // Its model merges nothing: the scores do.
    let mut tokenizer = tokenizers::Tokenizer::new(BPE::default());
    tokenizer.with_normalizer(Some(Prepend::new(" ".to_owned())));
    let pipeline = Pipeline::with_scores(tokenizer, scores).between(vec![BOS], Vec::new());
    let key = "llama2.c's token";
    Ok(Built {
        pipeline,
        spelled,
        size: vocabulary,
        size_without_added: vocabulary,
        added_key: "the llama2.c tokenizer's pieces",
        bos: Named { id: Some(BOS), key },
        eos: vec![EOS],
        eos_key: key,
        space_at_start: true,
        warnings: Vec::new(),
    })
}

/// Reads a tokenizer file of `vocabulary` pieces: how it merges, and what each token adds to a text.
fn read(bytes: &[u8], vocabulary: usize) -> Result<(ScoreBpe, Spelled), TokenizerError> {
    let invalid = |problem: String| invalid("the llama2.c tokenizer", problem);
    let (_longest, mut rest) = bytes
        .split_first_chunk::<4>()
        .ok_or_else(|| invalid("the file is shorter than its header".to_owned()))?;
    let (mut pieces, mut spelled) = (Vec::new(), Vec::new());
    for id in 0..vocabulary {
        let (score, piece) = next_piece(&mut rest).ok_or_else(|| {
            invalid(format!(
                "the file ends in piece {id}, but the model has {vocabulary} tokens"
            ))
        })?;
        let number = u32::try_from(id).map_err(|error| invalid(error.to_string()))?;
        // A text is whole characters, and so is whatever is merged from it.
        if let Ok(text) = std::str::from_utf8(piece) {
            pieces.push((text.into(), number, score));
        }
        spelled.push(match super::spelling::hex_byte(piece) {
            Some(byte) => Box::from([byte]),
            None => piece.into(),
        });
    }
    if !rest.is_empty() {
        let problem = format!("{} bytes follow the model's {vocabulary} tokens", rest.len());
        return Err(invalid(problem));
    }
    if vocabulary < (FIRST_BYTE + BYTES) as usize {
        return Err(invalid(format!("{vocabulary} tokens leave no room for the 256 bytes")));
    }
    let bytes = (FIRST_BYTE..FIRST_BYTE + BYTES).collect();
    let scores = ScoreBpe::new(pieces.into_iter(), false).with_fallback(Some(bytes), None);
    Ok((scores, spelled))
}

/// Takes one score and piece off the front.
fn next_piece<'a>(rest: &mut &'a [u8]) -> Option<(f32, &'a [u8])> {
    let (score, after) = rest.split_first_chunk::<4>()?;
    let (length, after) = after.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (piece, after) = after.split_at_checked(length)?;
    *rest = after;
    Some((f32::from_le_bytes(*score), piece))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Three special tokens, 256 bytes, then these pieces with their scores.
    pub(in super::super) fn file(pieces: &[(&str, f32)]) -> (Vec<u8>, usize) {
        let mut file = 9_u32.to_le_bytes().to_vec();
        let mut push = |piece: &[u8], score: f32| {
            file.extend(score.to_le_bytes());
            file.extend(u32::try_from(piece.len()).unwrap().to_le_bytes());
            file.extend(piece);
        };
        for special in ["<unk>", "\n<s>\n", "\n</s>\n"] {
            push(special.as_bytes(), 0.0);
        }
        for byte in 0..=255 {
            push(format!("<0x{byte:02X}>").as_bytes(), 0.0);
        }
        for (piece, score) in pieces {
            push(piece.as_bytes(), *score);
        }
        (file, 259 + pieces.len())
    }

    #[test]
    fn bytes_are_spelled_as_they_are_and_come_fourth() {
        let (bytes, vocabulary) = file(&[("a", -1.0)]);
        let (scores, spelled) = read(&bytes, vocabulary).unwrap();
        assert_eq!(scores.tokens("aé").unwrap(), [259, 3 + 0xC3, 3 + 0xA9]);
        assert_eq!(spelled[3 + 0xC3].as_ref(), [0xC3]);
        assert_eq!(spelled[259].as_ref(), b"a");
    }

    #[test]
    fn bad_files_are_refused() {
        let message = |file: &[u8], pieces| match read(file, pieces) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        assert!(message(b"", 1).contains("shorter than its header"));
        assert!(message(&[0; 11], 1).contains("ends in piece 0"));
        assert!(message(&[0; 20], 1).contains("8 bytes follow"));
        assert!(message(&[0; 12], 1).contains("no room for the 256 bytes"));
        let mut huge = vec![0; 8];
        huge.extend(u32::MAX.to_le_bytes());
        assert!(message(&huge, 1).contains("ends in piece 0"));
    }
}
