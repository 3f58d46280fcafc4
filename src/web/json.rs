//! JSON as the page reads it: the engine's messages, stored curves, listings of files.
//!
//! serde's types are read by a reader that knows JSON and nothing else: an object for a struct, never a list, and errors
//! without the text around them. With `serde_json` in its place the page's module is a tenth larger.

mod parts;

use std::borrow::Cow;
use std::fmt::Display;

use serde::Deserialize;
use serde::de::{self, Deserializer, Expected, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use self::parts::{Entries, Variant};
use crate::numeric::parse_f64;

/// Lists and objects inside each other. What comes from a server must not exhaust the stack.
const DEEPEST: usize = 64;

/// What is wrong with a text that should be JSON of a certain shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// It is no JSON there.
    #[error("it is no JSON from byte {0} on")]
    Broken(usize),
    /// An object lacks something.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A value is of another kind than it should be.
    #[error("a value in it is of another kind than it should be")]
    Unfit,
    /// What a type says of its value.
    #[error("{0}")]
    Said(String),
}

impl de::Error for JsonError {
    fn custom<T: Display>(said: T) -> Self {
        Self::Said(said.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::Unfit
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::Unfit
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self::Unfit
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self::Unfit
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::Unfit
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self::Unfit
    }
}

/// Reads a value from a text that holds it and nothing else.
///
/// # Errors
/// Where the text is no JSON, or another value.
pub fn from_str<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, JsonError> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = T::deserialize(&mut reader)?;
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.broken()),
    }
}

struct Reader<'de> {
    text: &'de str,
    at: usize,
    depth: usize,
}

impl<'de> Reader<'de> {
    fn broken(&self) -> JsonError {
        JsonError::Broken(self.at)
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        self.at += rest.iter().take_while(|byte| b" \n\r\t".contains(byte)).count();
        self.text.as_bytes().get(self.at).copied()
    }

    /// Steps over a byte where it comes next.
    fn skip(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.skip(byte) { Ok(()) } else { Err(self.broken()) }
    }

    fn skip_word(&mut self, word: &str) -> bool {
        let there = self.peek().is_some() && self.text[self.at..].starts_with(word);
        self.at += if there { word.len() } else { 0 };
        there
    }

    /// Opens a list or an object.
    fn enter(&mut self, open: u8) -> Result<(), JsonError> {
        self.expect(open)?;
        self.depth += 1;
        if self.depth > DEEPEST {
            Err(self.broken())
        } else {
            Ok(())
        }
    }

    /// Closes it.
    fn leave(&mut self, close: u8) -> Result<(), JsonError> {
        self.depth -= 1;
        self.expect(close)
    }

    fn string(&mut self) -> Result<Cow<'de, str>, JsonError> {
        self.expect(b'"')?;
        let mut read = Cow::Borrowed("");
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|c: char| c == '"' || c == '\\' || c < ' ');
            let plain = plain.ok_or_else(|| self.broken())?;
            if plain > 0 {
                read += &rest[..plain];
            }
            self.at += plain + 1;
            match rest.as_bytes()[plain] {
                b'"' => return Ok(read),
                b'\\' => read.to_mut().push(self.escaped()?),
                _ => return Err(self.broken()),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, JsonError> {
        let letter = self.text.as_bytes().get(self.at).copied();
        self.at += 1;
        Ok(match letter {
            Some(letter @ (b'"' | b'\\' | b'/')) => char::from(letter),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let mut code = self.hexadecimal()?;
                // What needs more than 16 bits is written as two escapes.
                if (0xd800..0xdc00).contains(&code) && self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    code = 0x1_0000 + ((code - 0xd800) << 10) + (self.hexadecimal()?.wrapping_sub(0xdc00) & 0x3ff);
                }
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return Err(JsonError::Broken(self.at - 1)),
        })
    }

    fn hexadecimal(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.get(self.at..self.at + 4);
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let code = code.ok_or_else(|| self.broken())?;
        self.at += 4;
        Ok(code)
    }

    fn number(&mut self) -> Result<Number, JsonError> {
        if !matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
            return Err(JsonError::Unfit);
        }
        let rest = &self.text[self.at..];
        let length = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte))
            .count();
        let text = &rest[..length];
        let read = if let Ok(whole) = text.parse() {
            Number::Whole(whole)
        } else if let Some(below) = text.parse().ok().filter(|&below| below < 0) {
            Number::Below(below)
        } else {
            Number::Real(parse_f64(text).ok_or_else(|| self.broken())?)
        };
        self.at += length;
        Ok(read)
    }

    fn read_number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, JsonError> {
        match self.number()? {
            Number::Whole(whole) => visitor.visit_u64(whole),
            Number::Below(below) => visitor.visit_i64(below),
            Number::Real(real) => visitor.visit_f64(real),
        }
    }

    fn read_string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, JsonError> {
        match self.string()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }
}

enum Number {
    Whole(u64),
    /// A whole one below zero; −0 is none.
    Below(i64),
    Real(f64),
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = JsonError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.peek() {
            Some(b'"') => self.read_string(visitor),
            Some(b'[') => self.deserialize_seq(visitor),
            Some(b'{') => self.deserialize_map(visitor),
            Some(b'-' | b'0'..=b'9') => self.read_number(visitor),
            _ if self.skip_word("null") => visitor.visit_unit(),
            _ if self.skip_word("true") => visitor.visit_bool(true),
            _ if self.skip_word("false") => visitor.visit_bool(false),
            _ => Err(self.broken()),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        if self.skip_word("null") {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, JsonError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.enter(b'{')?;
        let value = visitor.visit_map(Entries {
            reader: &mut *self,
            close: b'}',
            first: true,
        })?;
        self.leave(b'}')?;
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, JsonError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.enter(b'[')?;
        let value = visitor.visit_seq(Entries {
            reader: &mut *self,
            close: b']',
            first: true,
        })?;
        self.leave(b']')?;
        Ok(value)
    }

    /// A variant without content is its name, one with content an object of one entry.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        let with_content = self.peek() == Some(b'{');
        if with_content {
            self.enter(b'{')?;
        }
        let value = visitor.visit_enum(Variant {
            reader: self,
            with_content,
        })?;
        if with_content {
            self.leave(b'}')?;
        }
        Ok(value)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        visitor.visit_str(&self.string()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.read_number(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.read_number(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.read_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.read_string(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 char bytes byte_buf unit unit_struct tuple_struct ignored_any
    }
}

#[cfg(test)]
mod tests;
