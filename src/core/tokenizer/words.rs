//! How text is cut into words before merging, by the name that a GGUF file gives it (`tokenizer.ggml.pre`).
//!
//! Names and which of them mean the same: ggml-org/llama.cpp, `src/llama-vocab.cpp`. The steps are those of the models'
//! own tokenizer.json files, which llama.cpp's expressions restate; where it names one as the original, it is that one
//! here. NFC is applied where a model's tokenizer.json does; llama.cpp never does.

use tokenizers::normalizers::unicode::NFC;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::punctuation::Punctuation;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{SplitDelimiterBehavior, Tokenizer};

use super::TokenizerError;
use crate::weights::formats::tokens::keys::PRE;

/// One way of cutting text into words.
#[derive(Debug)]
pub(super) struct WordRule {
    /// What files call it.
    names: &'static [&'static str],
    steps: &'static [Step],
    /// Whether text is first normalised to NFC.
    composes: bool,
    /// Whether a word that is a token is left as it is, whatever the merges.
    pub(super) keeps_whole_words: bool,
    /// Whether texts begin with BOS unless the file says otherwise.
    pub(super) adds_bos: bool,
}

#[derive(Debug)]
enum Step {
    /// Each match becomes a word.
    Split(&'static str),
    /// Digits, each one a word or all that follow each other.
    Digits { each: bool },
    /// Punctuation that follows each other.
    Punctuation,
    /// GPT-2's words, as bytes.
    Words,
}
use Step::{Punctuation as Marks, Split as Matches, Words};

const EACH_DIGIT: Step = Step::Digits { each: true };

/// Of all rules that are not known to say otherwise.
const PLAIN: WordRule = WordRule {
    names: &[],
    steps: &[],
    composes: false,
    keeps_whole_words: false,
    adds_bos: false,
};

const GPT2: &str = super::cuts::GPT2_WORDS;
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN2: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN35: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const GPT4O: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const TEKKEN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Three range ends are escaped: their characters normalise to others, which would turn the ranges round.
const DEEPSEEK_LETTERS: &str = "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\u{1F7D}ᾀ-ᾴᾶ-ᾼ\u{1FBE}ῂ-ῄῆ-ῌῐ-\u{1FD3}ῖ-\u{1FDB}ῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ\u{2126}ℨ\u{212A}-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+";
const IDEOGRAPHS: &str = "[一-龥ࠀ-一가-\u{D7FF}]+";
const DEEPSEEK3: &str = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const BLOOM: &str = r" ?[^(\s|[.,!?…。，、।۔،])]+";

/// All rules; the names of one are the same to llama.cpp.
const RULES: &[WordRule] = &[
    WordRule {
        names: &[
            "llama-bpe",
            "llama3",
            "llama-v3",
            "falcon3",
            "falcon-h1",
            "pixtral",
            "midm-2.0",
            "lfm2",
            "jina-v5-nano",
        ],
        steps: &[Matches(LLAMA3)],
        keeps_whole_words: true,
        adds_bos: true,
        ..PLAIN
    },
    WordRule {
        names: &["dbrx", "smaug-bpe", "glm4", "chatglm-bpe"],
        steps: &[Matches(LLAMA3)],
        ..PLAIN
    },
    // Source: Qwen/Qwen2-7B, tokenizer.json.
    WordRule {
        names: &["qwen2"],
        steps: &[Matches(QWEN2)],
        composes: true,
        ..PLAIN
    },
    WordRule {
        names: &[
            "deepseek-r1-qwen",
            "kormo",
            "f2llmv2",
            "megrez",
            "stablelm2",
            "hunyuan",
            "solar-open",
            "grok-2",
        ],
        steps: &[Matches(QWEN2)],
        ..PLAIN
    },
    WordRule {
        names: &["qwen35"],
        steps: &[Matches(QWEN35)],
        composes: true,
        ..PLAIN
    },
    WordRule {
        names: &[
            "smollm",
            "starcoder",
            "refact",
            "codeshell",
            "exaone",
            "minerva-7b",
            "mellum2",
        ],
        steps: &[EACH_DIGIT, Words],
        ..PLAIN
    },
    // Source: CohereForAI/c4ai-command-r-v01, tokenizer.json.
    WordRule {
        names: &["command-r"],
        steps: &[EACH_DIGIT, Words],
        composes: true,
        ..PLAIN
    },
    WordRule {
        names: &[
            "gpt-2",
            "phi-2",
            "jina-es",
            "jina-de",
            "jina-v2-es",
            "jina-v2-de",
            "jina-v1-en",
            "jina-v2-code",
            "roberta-bpe",
            "gigachat",
            "a.x-4.0",
            "mellum",
            "modern-bert",
            "exaone4",
            "mpt",
            "olmo",
            "jais",
            "trillion",
            "granite-docling",
        ],
        steps: &[Words],
        ..PLAIN
    },
    // Source: tiiuae/falcon-7b, tokenizer.json.
    WordRule {
        names: &["falcon"],
        steps: &[Marks, Words, Step::Digits { each: false }, Matches("[0-9][0-9][0-9]")],
        ..PLAIN
    },
    // What llama.cpp does with files that name no rule.
    WordRule {
        names: &["default"],
        steps: &[
            Matches(r"[\p{P}\$\+<=>\^~\|]+"),
            Matches(GPT2),
            Matches(r"\p{N}+"),
            Matches("[0-9][0-9][0-9]"),
        ],
        ..PLAIN
    },
    // Source: deepseek-ai/deepseek-llm-7b-base, tokenizer.json.
    WordRule {
        names: &["deepseek-llm"],
        steps: &[
            Matches("[\r\n]"),
            Matches(DEEPSEEK_LETTERS),
            Matches(r"\s?[!-/:-~！-／：-～‘-‟　-。]+"),
            Matches(r"\s+$"),
            Matches(IDEOGRAPHS),
            EACH_DIGIT,
        ],
        ..PLAIN
    },
    // Source: deepseek-ai/deepseek-coder-6.7b-instruct, tokenizer.json.
    WordRule {
        names: &["deepseek-coder"],
        steps: &[
            Matches("[\r\n]"),
            Matches(r"\s?\p{L}+"),
            Matches(r"\s?\p{P}+"),
            Matches(IDEOGRAPHS),
            EACH_DIGIT,
        ],
        ..PLAIN
    },
    WordRule {
        names: &["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"],
        steps: &[Matches(r"\p{N}{1,3}"), Matches("[一-龥぀-ゟ゠-ヿ]+"), Matches(DEEPSEEK3)],
        ..PLAIN
    },
    WordRule {
        names: &["tekken"],
        steps: &[Matches(TEKKEN)],
        keeps_whole_words: true,
        adds_bos: true,
        ..PLAIN
    },
    WordRule {
        names: &["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"],
        steps: &[Matches(GPT4O)],
        ..PLAIN
    },
    WordRule {
        names: &["tiny_aya", "cohere2moe"],
        steps: &[Matches(r"\d{1,3}(?=(?:\d{3})*\b)"), Matches(GPT4O)],
        ..PLAIN
    },
    WordRule {
        names: &["minicpm5"],
        steps: &[
            Matches(r"\p{N}{1,3}"),
            Matches(
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            ),
        ],
        keeps_whole_words: true,
        ..PLAIN
    },
    WordRule {
        names: &["bailingmoe", "bailingmoe2", "llada-moe"],
        steps: &[Matches(
            r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
        )],
        ..PLAIN
    },
    WordRule {
        names: &["seed-coder"],
        steps: &[Matches(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+",
        )],
        ..PLAIN
    },
    WordRule {
        names: &["laguna"],
        steps: &[Matches(r"[^\n]+|[\n]+"), Matches(QWEN2)],
        ..PLAIN
    },
    WordRule {
        names: &["superbpe"],
        steps: &[Matches(r"\p{N}+"), Matches(r"(?=(\d{3})+(?!\d))")],
        ..PLAIN
    },
    WordRule {
        names: &["bloom", "poro-chat", "gpt3-finnish"],
        steps: &[Matches(BLOOM)],
        ..PLAIN
    },
    WordRule {
        names: &["viking"],
        steps: &[Matches(BLOOM), EACH_DIGIT],
        ..PLAIN
    },
];

impl WordRule {
    /// The rule of this name.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn named(name: &str) -> Result<&'static Self, TokenizerError> {
        let found = RULES.iter().find(|rule| rule.names.contains(&name));
        found.ok_or_else(|| TokenizerError::Unsupported {
            what: format!("the way {name:?} of cutting text ({PRE})"),
            supported: RULES
                .iter()
                .flat_map(|rule| rule.names)
                .copied()
                .collect::<Vec<_>>()
                .join(", "),
        })
    }

    /// Lets a tokenizer follow the rule.
    ///
    /// # Errors
    /// Not with the rules above: their expressions are tested.
    pub(super) fn apply(&self, tokenizer: &mut Tokenizer) -> Result<(), TokenizerError> {
        let mut steps = Vec::new();
        for step in self.steps {
            steps.push(match step {
                Matches(expression) => split(expression)?,
                Step::Digits { each } => Digits::new(*each).into(),
                Marks => Punctuation::new(SplitDelimiterBehavior::Contiguous).into(),
                Words => ByteLevel::new(false, true, true).into(),
            });
        }
        if !self.steps.iter().any(|step| matches!(step, Words)) {
            steps.push(ByteLevel::new(false, true, false).into());
        }
        tokenizer.with_pre_tokenizer(Some(Sequence::new(steps)));
        if self.composes {
            tokenizer.with_normalizer(Some(NFC));
        }
        Ok(())
    }
}

fn split(expression: &str) -> Result<PreTokenizerWrapper, TokenizerError> {
    let pattern = SplitPattern::Regex(expression.to_owned());
    let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false);
    let split = split.map_err(|error| TokenizerError::Invalid {
        what: format!("the expression {expression}"),
        problem: error.to_string(),
    })?;
    Ok(split.into())
}

#[cfg(test)]
mod tests {
    use tokenizers::models::bpe::BPE;
    use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

    use super::super::spelling::Spelling;
    use super::*;

    fn words(rule: &WordRule, text: &str) -> Vec<Box<[u8]>> {
        let mut tokenizer = Tokenizer::new(BPE::default());
        rule.apply(&mut tokenizer).unwrap();
        let mut split = PreTokenizedString::from(text);
        tokenizer.get_pre_tokenizer().unwrap().pre_tokenize(&mut split).unwrap();
        let words = split.get_splits(OffsetReferential::Normalized, OffsetType::Byte);
        words
            .into_iter()
            .map(|(word, ..)| Spelling::ByteLevel.bytes(word))
            .collect()
    }

    #[test]
    fn rules_cut_as_the_originals_do() {
        let text = "It'S we'll  cost $1234567.\n\n  Bücher: 東京 12 e\u{301} McCoy's\tx/\n";
        // The pre-tokenizers of the models' tokenizer.json files, run by Python's tokenizers 0.23.3, which has another
        // engine for regular expressions (Oniguruma). Falcon cuts ü in two: it looks for digits among bytes, and one of
        // the two is spelled ¼.
        let cases = [
            (
                "llama-bpe",
                "It|'S| we|'ll| | cost| $|123|456|7|.\n\n| | Bücher|:| 東京| |12| e|\u{301}| McCoy|'s|\tx|/\n",
            ),
            (
                "qwen2",
                "It|'S| we|'ll| | cost| $|1|2|3|4|5|6|7|.\n\n| | Bücher|:| 東京| |1|2| e|\u{301}| McCoy|'s|\tx|/\n",
            ),
            (
                "qwen35",
                "It|'S| we|'ll| | cost| $|1|2|3|4|5|6|7|.\n\n| | Bücher|:| 東京| |1|2| e\u{301}| McCoy|'s|\tx|/\n",
            ),
            (
                "smollm",
                "It|'|S| we|'ll| | cost| $|1|2|3|4|5|6|7|.|\n\n | Bücher|:| 東京| |1|2| e|\u{301}| McCoy|'s|\t|x|/|\n",
            ),
            (
                "gpt-2",
                "It|'|S| we|'ll| | cost| $|1234567|.|\n\n | Bücher|:| 東京| 12| e|\u{301}| McCoy|'s|\t|x|/|\n",
            ),
            (
                "falcon",
                "It|'|S| we|'|ll| | cost| |$|123|456|7|.|\n\n | B\u{FFFD}|\u{FFFD}|cher|:| 東京| |12| e|\u{301}| McCoy|'|s|\t|x|/|\n",
            ),
            (
                "default",
                "It|'|S| we|'|ll| | cost| |$|123|456|7|.|\n\n | Bücher|:| 東京| |12| e|\u{301}| McCoy|'|s|\t|x|/|\n",
            ),
            (
                "deepseek-coder",
                "It|'|S| we|'|ll| | cost| $|1|2|3|4|5|6|7|.|\n|\n| | Bücher|:| |東京| |1|2| e|\u{301}| McCoy|'|s|\tx|/|\n",
            ),
            (
                "deepseek-v3",
                "It|'S| we|'ll| | cost| $|123|456|7|.\n\n| | Bücher|:| |東京| |12| e\u{301}| McCoy|'s|\tx|/\n",
            ),
            (
                "tekken",
                "It|'S| we|'ll| | cost| $|1|2|3|4|5|6|7|.\n\n| | Bücher|:| 東京| |1|2| e\u{301}| Mc|Coy|'s|\tx|/\n",
            ),
            (
                "gpt-4o",
                "It'S| we'll| | cost| $|123|456|7|.\n\n| | Bücher|:| 東京| |12| e\u{301}| Mc|Coy's|\tx|/\n",
            ),
            (
                "bailingmoe",
                "It|'S| we|'ll| | cost| $|1|2|3|4|5|6|7|.\n\n| | Bücher|:| 東京| |1|2| e|\u{301}| McCoy|'s|\tx|/\n",
            ),
            (
                "seed-coder",
                "It|'S| we|'ll| | cost| $|1|2|3|4|5|6|7|.|\n\n| | Bücher|:| 東京| |1|2| e|\u{301}| McCoy|'s|\tx|/|\n",
            ),
            (
                "bloom",
                "It'S| we'll| | cost| $1234567|.\n\n | Bücher:| 東京| 12| e\u{301}| McCoy's|\t|x/|\n",
            ),
            (
                "tiny_aya",
                "It'S| we'll| | cost| $|1|234|567|.\n\n| | Bücher|:| 東京| |12| e\u{301}| Mc|Coy's|\tx|/\n",
            ),
            (
                "superbpe",
                "It'S we'll  cost $|1|234|567|.\n\n  Bücher: 東京 |12| e\u{301} McCoy's\tx/\n",
            ),
            (
                "deepseek-llm",
                "It|'|S| we|'|ll| | cost| $|1|2|3|4|5|6|7|.|\n|\n| | B|ü|cher|:| |東京| |1|2| e|\u{301}| McCoy|'|s|\tx|/|\n",
            ),
            (
                "minicpm5",
                "It|'S| we|'ll| | cost| $|123|456|7|.\n\n| | Bücher|:| 東京| |12| e|\u{301}| McCoy|'s|\tx|/\n",
            ),
            (
                "laguna",
                "It|'S| we|'ll| | cost| $|1|2|3|4|5|6|7|.|\n\n| | Bücher|:| 東京| |1|2| e|\u{301}| McCoy|'s|\tx|/|\n",
            ),
            (
                "viking",
                "It'S| we'll| | cost| $|1|2|3|4|5|6|7|.\n\n | Bücher:| 東京| |1|2| e\u{301}| McCoy's|\t|x/|\n",
            ),
        ];
        for (name, expected) in cases {
            let words = words(WordRule::named(name).unwrap(), text);
            let words: Vec<_> = words.iter().map(|word| String::from_utf8_lossy(word)).collect();
            assert_eq!(words.join("|"), expected, "{name}");
        }
    }

    #[test]
    fn every_rule_can_be_applied_and_keeps_the_whole_text() {
        let text = "a  b\r\n1٣. 你好—Ça va?\u{A0}x";
        let mut names: Vec<&str> = RULES.iter().flat_map(|rule| rule.names).copied().collect();
        for rule in RULES {
            assert!(!rule.names.is_empty());
            assert_eq!(words(rule, text).concat(), text.as_bytes(), "{:?}", rule.names);
        }
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn unknown_rules_are_named_with_the_known_ones() {
        let message = WordRule::named("kimi-k2").unwrap_err().to_string();
        assert!(
            message.contains("\"kimi-k2\"") && message.contains("smollm"),
            "{message}"
        );
    }
}
