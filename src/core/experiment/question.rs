//! The questions that can be asked about a model, and their properties.

use serde::{Deserialize, Serialize};

use crate::modify::Sweep;

/// A question, whatever the modification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Where does it break? Perplexity and divergence at each strength.
    #[default]
    Curve,
    /// Where does the damage start? The residual stream's error after each block, at each strength.
    Depth,
}

/// A question about a modification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// [`Question::Curve`].
    Curve(Sweep),
    /// [`Question::Depth`].
    Depth(Sweep),
}

impl Question {
    /// All of them, in the order in which the page lists them.
    pub const ALL: [Self; 2] = [Self::Curve, Self::Depth];

    /// Their words in links and files, in the same order.
    pub(super) const WORDS: [&'static str; Self::ALL.len()] = {
        let mut words = [""; Self::ALL.len()];
        let mut i = 0;
        while i < words.len() {
            words[i] = Self::ALL[i].word();
            i += 1;
        }
        words
    };

    /// Its word in links and files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Curve => "curve",
            Self::Depth => "depth",
        }
    }

    /// The question with this word.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|question| question.word() == word)
    }

    /// The question, asked about a modification.
    #[must_use]
    pub fn of(self, sweep: Sweep) -> Ask {
        match self {
            Self::Curve => Ask::Curve(sweep),
            Self::Depth => Ask::Depth(sweep),
        }
    }

    /// How many models run over the windows at each point.
    #[must_use]
    pub fn models_a_point(self) -> usize {
        match self {
            // The untouched model's loss is known before the first point.
            Self::Curve => 1,
            Self::Depth => 2,
        }
    }

    /// Whether the unmodified point takes as long as the others.
    #[must_use]
    pub fn measures_the_untouched(self) -> bool {
        self.models_a_point() > 1
    }

    /// Whether it is the default, which files leave out.
    pub(crate) fn is_curve(&self) -> bool {
        *self == Self::Curve
    }
}

impl Ask {
    /// The question, without the modification.
    #[must_use]
    pub fn question(&self) -> Question {
        match self {
            Self::Curve(_) => Question::Curve,
            Self::Depth(_) => Question::Depth,
        }
    }

    /// The modification, with its range.
    #[must_use]
    pub fn sweep(&self) -> &Sweep {
        match self {
            Self::Curve(sweep) | Self::Depth(sweep) => sweep,
        }
    }

    /// The same, mutably.
    pub fn sweep_mut(&mut self) -> &mut Sweep {
        match self {
            Self::Curve(sweep) | Self::Depth(sweep) => sweep,
        }
    }

    /// Whether both are the same question, whatever the modification.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.question() == other.question()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_found_by_its_word_and_knows_itself_when_it_is_asked() {
        let sweep: Sweep = "rtn:bits=8..2/7".parse().expect("a sweep of the grammar");
        for question in Question::ALL {
            assert_eq!(Question::find(question.word()), Some(question));
            let ask = question.of(sweep.clone());
            assert_eq!((ask.question(), ask.sweep()), (question, &sweep));
            let json = serde_json::to_string(&question).expect("a word");
            assert_eq!(json, format!("\"{}\"", question.word()));
        }
        assert_eq!(Question::find("heads"), None);
    }
}
