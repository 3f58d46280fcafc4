//! Cuts a text into windows of tokens.

use super::EngineError;
use hemoscope_core::tokenizer::Tokenizer;

/// Consecutive windows of equal length from the start of a text, without overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Windows {
    tokens: Vec<u32>,
    window: usize,
}

impl Windows {
    /// The first `windows` windows of `window` tokens, as if the whole text were tokenised.
    ///
    /// # Errors
    /// [`EngineError::TextTooShort`], or what the tokenizer reports.
    pub(super) fn cut(
        tokenizer: &Tokenizer,
        name: &str,
        text: &str,
        windows: usize,
        window: usize,
    ) -> Result<Self, EngineError> {
        let tokens = tokenizer.encode_first(text, windows.saturating_mul(window))?;
        let whole = tokens.len() / window.max(1);
        if whole < windows {
            let text = name.to_owned();
            return Err(EngineError::TextTooShort {
                text,
                tokens: tokens.len(),
                window,
                whole,
                windows,
            });
        }
        Ok(Self { tokens, window })
    }

    /// The first of them, alone.
    pub(super) fn first(&self) -> Self {
        Self {
            tokens: self.tokens.iter().take(self.window).copied().collect(),
            window: self.window,
        }
    }

    /// Tokens per window.
    pub(super) fn length(&self) -> usize {
        self.window
    }

    /// The number of windows.
    pub(super) fn count(&self) -> usize {
        self.tokens.len() / self.window
    }

    /// Groups of up to `size` windows.
    pub(super) fn batches(&self, size: usize) -> impl Iterator<Item = Vec<&[u32]>> {
        let windows: Vec<&[u32]> = self.tokens.chunks_exact(self.window).collect();
        windows
            .chunks(size.max(1))
            .map(<[&[u32]]>::to_vec)
            .collect::<Vec<_>>()
            .into_iter()
    }
}
