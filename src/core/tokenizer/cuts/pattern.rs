//! Where a regular expression certainly doesn't look across.
//!
//! A backtracking engine only ever reads characters that some path of the expression leads to. So the expression is
//! followed here as an automaton that takes every path at once, ignores what look-ahead says, and counts a repetition
//! as any number of times: all paths that the engine can take are among these. If no path that began before a position
//! reads the character there, or asks whether one is there, then every match before that position is the same whether
//! the text ends there or goes on.

use fancy_regex::{Assertion, Expr, LookAround};
use regex_syntax::hir::{Class, HirKind};

/// A position is clean if nothing that began before it looks at what follows.
pub(super) struct Pattern {
    nodes: Vec<Node>,
    sets: Vec<CharSet>,
    start: usize,
}

enum Node {
    /// Reads one character of a set.
    Read {
        set: usize,
        next: usize,
    },
    /// Goes on at each of these.
    Fork(Vec<usize>),
    /// The same, after asking what the neighbouring characters are.
    Ask {
        next: Vec<usize>,
        of_previous: bool,
    },
    End,
}

/// Larger expressions are not followed: that would take longer than encoding the text at once.
const NODES_MAX: usize = 2000;

impl Pattern {
    /// `None` for expressions that look back, which could not start afresh in the middle of a text, and for those that
    /// are not followed here, such as references to what was matched before.
    pub(super) fn new(expression: &str) -> Option<Self> {
        let tree = Expr::parse_tree(expression).ok()?;
        let mut pattern = Self {
            nodes: vec![Node::End],
            sets: Vec::new(),
            start: 0,
        };
        pattern.start = pattern.add(&tree.expr, 0)?;
        let mut first = Threads::new(&pattern);
        first.reach(&pattern, pattern.start);
        (!first.asked_previous).then_some(pattern)
    }

    fn push(&mut self, node: Node) -> Option<usize> {
        self.nodes.push(node);
        (self.nodes.len() <= NODES_MAX).then_some(self.nodes.len() - 1)
    }

    /// Adds an expression that goes on at `next`; its first node.
    fn add(&mut self, expression: &Expr, next: usize) -> Option<usize> {
        match expression {
            Expr::Empty => Some(next),
            Expr::Any { newline } => self.read(CharSet::parse(if *newline { "(?s:.)" } else { "." }, false)?, next),
            Expr::Literal { val, casei } => {
                let characters = val.chars().rev();
                characters.into_iter().try_fold(next, |next, character| {
                    let set = CharSet::parse(&regex_syntax::escape(character.encode_utf8(&mut [0; 4])), *casei)?;
                    self.read(set, next)
                })
            }
            Expr::Delegate { inner, casei, .. } => self.read(CharSet::parse(inner, *casei)?, next),
            Expr::Concat(parts) => parts.iter().rev().try_fold(next, |next, part| self.add(part, next)),
            Expr::Alt(parts) => {
                let starts: Option<Vec<usize>> = parts.iter().map(|part| self.add(part, next)).collect();
                self.push(Node::Fork(starts?))
            }
            Expr::Group(inner) | Expr::AtomicGroup(inner) => self.add(inner, next),
            Expr::Repeat {
                child, lo: 0, hi: 1, ..
            } => {
                let child = self.add(child, next)?;
                self.push(Node::Fork(vec![child, next]))
            }
            Expr::Repeat { child, lo, .. } => {
                let again = self.push(Node::End)?;
                let child = self.add(child, again)?;
                self.nodes[again] = Node::Fork(vec![child, next]);
                Some(if *lo == 0 { again } else { child })
            }
            Expr::LookAround(inner, LookAround::LookAhead | LookAround::LookAheadNeg) => {
                let inner = self.add(inner, 0)?;
                self.ask(vec![inner, next], false)
            }
            Expr::Assertion(Assertion::EndText | Assertion::EndLine { .. }) => self.ask(vec![next], false),
            Expr::Assertion(_) => self.ask(vec![next], true),
            _ => None,
        }
    }

    fn read(&mut self, set: CharSet, next: usize) -> Option<usize> {
        self.sets.push(set);
        let set = self.sets.len() - 1;
        self.push(Node::Read { set, next })
    }

    fn ask(&mut self, next: Vec<usize>, of_previous: bool) -> Option<usize> {
        self.push(Node::Ask { next, of_previous })
    }

    /// Clears the positions of `text` that are not clean. What `goes_on` from an earlier text may be anywhere in the
    /// expression.
    pub(super) fn keep_clean(&self, text: &str, goes_on: bool, clean: &mut [bool]) {
        let mut first = Threads::new(self);
        first.reach(self, self.start);
        let (mut now, mut next) = (Threads::new(self), Threads::new(self));
        if goes_on {
            for node in 0..self.nodes.len() {
                now.reach(self, node);
            }
        }
        for (at, character) in text.char_indices() {
            next.clear();
            let crossed = next.step(self, &now.reading, character);
            if crossed || now.asked {
                clean[at] = false;
            }
            next.step(self, &first.reading, character);
            std::mem::swap(&mut now, &mut next);
        }
    }
}

/// The nodes that have been reached.
struct Threads {
    reading: Vec<usize>,
    asked: bool,
    asked_previous: bool,
    /// The round in which each node was last reached.
    seen: Vec<u32>,
    round: u32,
    stack: Vec<usize>,
}

impl Threads {
    fn new(pattern: &Pattern) -> Self {
        Self {
            reading: Vec::new(),
            asked: false,
            asked_previous: false,
            seen: vec![0; pattern.nodes.len()],
            round: 1,
            stack: Vec::new(),
        }
    }

    fn clear(&mut self) {
        self.reading.clear();
        self.asked = false;
        self.asked_previous = false;
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.seen.fill(0);
            self.round = 1;
        }
    }

    /// Reaches what follows those of `reading` that accept a character; whether any did.
    fn step(&mut self, pattern: &Pattern, reading: &[usize], character: char) -> bool {
        let mut any = false;
        for node in reading {
            if let Node::Read { set, next } = &pattern.nodes[*node]
                && pattern.sets[*set].contains(character)
            {
                any = true;
                self.reach(pattern, *next);
            }
        }
        any
    }

    /// Adds a node and all that follow it without reading a character.
    fn reach(&mut self, pattern: &Pattern, node: usize) {
        self.stack.push(node);
        while let Some(node) = self.stack.pop() {
            if std::mem::replace(&mut self.seen[node], self.round) == self.round {
                continue;
            }
            match &pattern.nodes[node] {
                Node::Read { .. } => self.reading.push(node),
                Node::Fork(next) => self.stack.extend(next),
                Node::Ask { next, of_previous } => {
                    self.asked = true;
                    self.asked_previous |= of_previous;
                    self.stack.extend(next);
                }
                Node::End => {}
            }
        }
    }
}

/// A set of characters.
struct CharSet {
    /// A bit for each ASCII character.
    ascii: u128,
    /// First and last of each range, in order.
    ranges: Vec<(char, char)>,
}

impl CharSet {
    /// The set of an expression that matches one character.
    fn parse(expression: &str, ignore_case: bool) -> Option<Self> {
        let mut parser = regex_syntax::ParserBuilder::new().case_insensitive(ignore_case).build();
        let ranges: Vec<(char, char)> = match parser.parse(expression).ok()?.into_kind() {
            HirKind::Class(Class::Unicode(class)) => class
                .ranges()
                .iter()
                .map(|range| (range.start(), range.end()))
                .collect(),
            HirKind::Class(Class::Bytes(class)) => {
                let ranges = class.ranges().iter();
                ranges
                    .map(|range| (char::from(range.start()), char::from(range.end())))
                    .collect()
            }
            HirKind::Literal(literal) => {
                let mut characters = std::str::from_utf8(&literal.0).ok()?.chars();
                let (only, None) = (characters.next()?, characters.next()) else {
                    return None;
                };
                vec![(only, only)]
            }
            _ => return None,
        };
        let among = |character: char| ranges.iter().any(|(first, last)| (*first..=*last).contains(&character));
        let ascii = (0..128_u8)
            .filter(|byte| among(char::from(*byte)))
            .fold(0, |set, byte| set | 1_u128 << byte);
        Some(Self { ascii, ranges })
    }

    fn contains(&self, character: char) -> bool {
        if character.is_ascii() {
            return self.ascii >> u32::from(character) & 1 == 1;
        }
        let after = self.ranges.partition_point(|(first, _)| *first <= character);
        after.checked_sub(1).is_some_and(|at| self.ranges[at].1 >= character)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(expression: &str, text: &str) -> Vec<usize> {
        let mut clean = vec![true; text.len()];
        Pattern::new(expression).unwrap().keep_clean(text, false, &mut clean);
        (0..text.len())
            .filter(|at| text.is_char_boundary(*at) && clean[*at])
            .collect()
    }

    #[test]
    fn positions_that_nothing_looks_across_are_clean() {
        // Nothing begins before 0. `\w+` reads the letters to its right, but not the space.
        assert_eq!(clean(r"\w+", "ab cd"), [0, 2, 3]);
        // ` ?\w+` that began with the space goes on in the letter.
        assert_eq!(clean(r" ?\w+", "ab cd"), [0, 2]);
        // After white space, the look-ahead asks what follows.
        assert_eq!(clean(r"\s+(?!\S)|\w+", "ab  cd"), [0, 2]);
        // The number's groups depend on where it ends.
        assert_eq!(clean(r"\d{1,3}(?=(?:\d{3})*\b)", "1234 a"), [0, 5]);
        assert_eq!(clean(r"(?i:'s)|.", "x'S"), [0, 1]);
        assert_eq!(clean("[一-龥]+|é", "一二é"), [0, 6]);
    }

    #[test]
    fn what_may_be_anywhere_is_over_after_a_while() {
        let mut clean = [true; 6];
        Pattern::new(r" ?\w+").unwrap().keep_clean("ab cd ", true, &mut clean);
        assert_eq!(clean, [false, false, true, false, false, true]);
    }

    #[test]
    fn expressions_that_look_back_are_not_followed() {
        for expression in [r"\bab", r"^a|b", r"(?<=a)b", r"(a)\1", r"a\Kb", r"(?=\b)a", "("] {
            assert!(Pattern::new(expression).is_none(), "{expression}");
        }
        assert!(Pattern::new(r"a\b|c$").is_some());
        assert!(Pattern::new(&"(ab|cd)".repeat(NODES_MAX)).is_none());
    }
}
