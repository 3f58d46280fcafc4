//! The bytes that a token adds to a text: each kind of vocabulary spells bytes as characters in its own way.

/// How a vocabulary spells bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// GPT-2's: each byte is one character; those that don't print are moved to U+0100 and up.
    ByteLevel,
    /// SentencePiece's: text as it is with `▁` for a space, and `<0xAB>` for single bytes.
    Metaspace,
}

impl Spelling {
    /// The bytes of a token that is not a special one.
    pub(super) fn bytes(self, token: &str) -> Box<[u8]> {
        match self {
            // A character outside the table stands for itself.
            Self::ByteLevel => {
                let mut bytes = Vec::with_capacity(token.len());
                for character in token.chars() {
                    match byte_of(character) {
                        Some(byte) => bytes.push(byte),
                        None => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
                    }
                }
                bytes.into()
            }
            Self::Metaspace => match hex_byte(token.as_bytes()) {
                Some(byte) => Box::from([byte]),
                None => token.replace('▁', " ").into_bytes().into(),
            },
        }
    }
}

/// The byte of a piece `<0xAB>`.
pub(super) fn hex_byte(piece: &[u8]) -> Option<u8> {
    let digits = piece.strip_prefix(b"<0x")?.strip_suffix(b">")?;
    let &[high, low] = digits else { return None };
    let value = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
    };
    Some(16 * value(high)? + value(low)?)
}

/// Bytes that GPT-2's table leaves as they are.
fn prints(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF)
}

/// The byte that a character stands for: the ones that don't print are numbered in order from U+0100.
/// Source: openai/gpt-2, `src/encoder.py` (`bytes_to_unicode`).
fn byte_of(character: char) -> Option<u8> {
    if let Ok(byte) = u8::try_from(u32::from(character)) {
        return prints(byte).then_some(byte);
    }
    let number = u32::from(character).checked_sub(0x100)?;
    let moved = (0..=u8::MAX).filter(|byte| !prints(*byte));
    moved.zip(0..).find(|(_, place)| *place == number).map(|(byte, _)| byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_level_spelling() {
        // Ġ is the space, Ċ the newline; Ã© are the two bytes of é.
        assert_eq!(Spelling::ByteLevel.bytes("ĠaĊ").as_ref(), b" a\n");
        assert_eq!(Spelling::ByteLevel.bytes("Ã©").as_ref(), "é".as_bytes());
        assert_eq!(Spelling::ByteLevel.bytes("▁").as_ref(), "▁".as_bytes());
        let mut seen: Vec<u8> = (0..0x180).filter_map(char::from_u32).filter_map(byte_of).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..=u8::MAX).collect::<Vec<_>>());
    }

    #[test]
    fn metaspace_spelling() {
        assert_eq!(Spelling::Metaspace.bytes("▁the").as_ref(), b" the");
        assert_eq!(Spelling::Metaspace.bytes("<0x0A>").as_ref(), b"\n");
        assert_eq!(Spelling::Metaspace.bytes("<0x0A").as_ref(), b"<0x0A");
        assert_eq!(hex_byte(b"<0x+1>"), None);
    }
}
