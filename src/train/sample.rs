//! Held-out windows as token ids: enough to check a model's quality without the texts.

use std::num::NonZeroUsize;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::TrainError;
use super::corpus::{self, NOVELS_FILE, Part, STORIES_FILE};

/// Windows of held-out tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldOutSample {
    /// SHA-256 of the tokenizer.json that the tokens belong to.
    pub tokenizer_sha256: String,
    /// From the held-out books.
    pub novels: Vec<Vec<u16>>,
    /// From the held-out stories.
    pub stories: Vec<Vec<u16>>,
}

impl HeldOutSample {
    /// These numbers of windows of each kind, with `window` tokens each, evenly spread over the held-out text.
    ///
    /// # Errors
    /// If the folder was not made by [`corpus::prepare`].
    pub fn take(data: &Path, window: NonZeroUsize, novels: usize, stories: usize) -> Result<Self, TrainError> {
        let manifest = corpus::manifest(data)?;
        let windows = |file, part: &Part, count| Ok(spread(&corpus::tokens(data, file, part)?, window, count));
        Ok(Self {
            novels: windows(NOVELS_FILE, &manifest.novels, novels)?,
            stories: windows(STORIES_FILE, &manifest.stories, stories)?,
            tokenizer_sha256: manifest.tokenizer_sha256,
        })
    }
}

/// `count` windows of `window` tokens, evenly spread over a stream; all of them if it has fewer.
fn spread(tokens: &[u16], window: NonZeroUsize, count: usize) -> Vec<Vec<u16>> {
    let all: Vec<&[u16]> = tokens.chunks_exact(window.get()).collect();
    let count = count.min(all.len());
    (0..count)
        .map(|index| all[index * all.len() / count].to_vec())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_spread_over_the_whole_stream() {
        let tokens: Vec<u16> = (0..100).collect();
        let window = |length| NonZeroUsize::new(length).unwrap();
        let windows = spread(&tokens, window(10), 3);
        assert_eq!(windows.iter().map(|window| window[0]).collect::<Vec<_>>(), [0, 30, 60]);
        assert_eq!(spread(&tokens, window(30), 9).len(), 3);
    }
}
