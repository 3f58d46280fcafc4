//! Decoding token by token: a character spread over several tokens appears once it is complete.

use std::sync::Arc;

use super::Pieces;

/// Collects tokens and gives the text that is certain so far.
#[derive(Debug, Clone)]
pub struct StreamDecoder {
    pieces: Arc<Pieces>,
    /// Bytes of an incomplete character; never more than three.
    pending: Vec<u8>,
    /// Whether the last token was the beginning of a text that has a space of its own in front.
    at_start: bool,
}

impl StreamDecoder {
    pub(super) fn new(pieces: Arc<Pieces>) -> Self {
        Self {
            pieces,
            pending: Vec::new(),
            at_start: false,
        }
    }

    /// The text that `token` completes, empty while a character is incomplete. Bytes that can't become a character are
    /// replaced by U+FFFD, as is a token that the vocabulary doesn't have.
    pub fn push(&mut self, token: u32) -> String {
        if self.pieces.bos == Some(token) {
            self.at_start = self.pieces.space_at_start;
            return String::new();
        }
        let bytes = usize::try_from(token)
            .ok()
            .and_then(|token| self.pieces.bytes.get(token));
        let mut bytes = bytes.map_or("\u{FFFD}".as_bytes(), AsRef::as_ref);
        if std::mem::take(&mut self.at_start) {
            bytes = bytes.strip_prefix(b" ").unwrap_or(bytes);
        }
        self.pending.extend_from_slice(bytes);
        self.take_whole()
    }

    /// What is left at the end of the stream: U+FFFD for a character that was never completed.
    pub fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.pending)).into_owned()
    }

    fn take_whole(&mut self) -> String {
        let mut text = String::new();
        let mut rest = self.pending.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(whole) => {
                    text.push_str(whole);
                    rest = &[];
                    break;
                }
                Err(error) => {
                    let (whole, after) = rest.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(whole));
                    rest = after;
                    // No length: the character may yet be completed.
                    let Some(broken) = error.error_len() else { break };
                    text.push('\u{FFFD}');
                    rest = rest.get(broken..).unwrap_or_default();
                }
            }
        }
        self.pending = rest.to_vec();
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One token for each byte, and BOS.
    fn decoder(space_at_start: bool) -> StreamDecoder {
        let pieces = Pieces {
            bytes: (0..=u8::MAX).map(|byte| Box::from([byte])).collect(),
            bos: Some(256),
            space_at_start,
        };
        StreamDecoder::new(Arc::new(pieces))
    }

    #[test]
    fn characters_appear_when_they_are_whole() {
        let mut decoder = decoder(false);
        let out: Vec<String> = "a€b".bytes().map(|byte| decoder.push(byte.into())).collect();
        assert_eq!(out, ["a", "", "", "€", "b"]);
        assert_eq!(decoder.finish(), "");
    }

    #[test]
    fn broken_bytes_are_replaced_once_and_nothing_is_lost() {
        let mut decoder = decoder(false);
        assert_eq!(decoder.push(0xE2), "");
        // A lead byte followed by a letter can't become a character.
        assert_eq!(decoder.push(b'x'.into()), "\u{FFFD}x");
        assert_eq!(decoder.push(0x80), "\u{FFFD}");
        assert_eq!(decoder.push(0xF0), "");
        assert_eq!(decoder.finish(), "\u{FFFD}");
        assert_eq!(decoder.push(999), "\u{FFFD}");
    }

    #[test]
    fn the_space_after_bos_is_dropped_where_the_tokenizer_adds_one() {
        let run = |mut decoder: StreamDecoder| [256, 32, 32, 97].map(|token| decoder.push(token)).concat();
        assert_eq!(run(decoder(true)), " a");
        assert_eq!(run(decoder(false)), "  a");
    }

    proptest::proptest! {
        #[test]
        fn the_pieces_together_are_the_lossy_text(bytes in proptest::collection::vec(0_u8..=255, 0..64)) {
            let mut decoder = decoder(false);
            let mut text: String = bytes.iter().map(|byte| decoder.push((*byte).into())).collect();
            text.push_str(&decoder.finish());
            proptest::prop_assert_eq!(text, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
}
