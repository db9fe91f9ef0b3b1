//! The `say` grammar: what the rules want to say, as a row of clips, in English and in Chinese.
//!
//! Digits, numbers, lengths of time and windows by the clock are put together from short recordings, in the word order
//! of each language. Nothing here knows audio: [`tokens`] names clips, and the
//! [prompt library](crate::prompts::PromptLibrary) has them.
//!
//! **How digits are read.** English reads each by its name. Chinese reads 1 as 幺 (*yāo*) wherever two or more digits
//! stand together, which are telephone numbers, their last four digits and agent numbers; a digit by itself is a key to
//! press and is read 一. Numbers that count something take 两 for two before a measure word (两分钟), 二 elsewhere
//! (二十二分钟, 第二位).
//!
//! **How windows are read.** Relative to the moment of speaking, in the given zone: today, tomorrow, the weekday within
//! a week, the date beyond it. A window that has begun is told by its end ("by eleven this morning"). One that is over,
//! or whose zone is unknown, is told as "soon", because a wrong hour would be worse than none.

mod chinese;
mod english;
mod moment;
#[cfg(test)]
mod tests;

use std::fmt;

use nohold_model::{Language, PromptKey, Spoken, Timestamp};

/// At most so many characters of a row of digits are spoken; a telephone number has 15 (ITU-T E.164).
pub const MOST_DIGITS: usize = 32;

/// One clip, pause or sound of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Token {
    /// A prompt (提示音).
    Prompt(PromptKey),
    /// A word of the grammar.
    Word(Word),
    /// Silence.
    Pause(Pause),
    /// The tone before a recording.
    Tone,
}

/// A silence within a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pause {
    /// Between the groups of a long number, and between words that introduce something and what they introduce.
    Short,
    /// Between clauses.
    Long,
}

impl Pause {
    /// How long it is, in milliseconds, in whole frames.
    #[must_use]
    pub const fn length_ms(self) -> u32 {
        match self {
            Pause::Short => 100,
            Pause::Long => 300,
        }
    }
}

/// A word of the grammar, such as `number-12` or `unit-minutes`. Its clip has this text as its key, so that an
/// administrator can replace it like any other prompt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word {
    stem: &'static str,
    number: Option<u8>,
}

impl Word {
    const fn plain(stem: &'static str) -> Word {
        Word { stem, number: None }
    }

    const fn numbered(stem: &'static str, number: u8) -> Word {
        Word { stem, number: Some(number) }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(f, "{}-{number}", self.stem),
            None => f.write_str(self.stem),
        }
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A sentence as it is spoken at a moment: its clips in order, with pauses between its pieces.
///
/// Total: whatever the pieces hold, what comes out can be played. A piece without words (no digits, say) is left out.
#[must_use]
pub fn tokens(language: Language, sentence: &[Spoken], at: Timestamp) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut before: Option<&Spoken> = None;
    for piece in sentence {
        let words = piece_in(language, piece, at);
        if words.is_empty() {
            continue;
        }
        if let Some(before) = before {
            tokens.push(Token::Pause(pause_between(before, piece)));
        }
        tokens.extend(words);
        before = Some(piece);
    }
    tokens
}

/// Every word that the grammar may use in a language: all of them need a clip.
#[must_use]
pub fn words(language: Language) -> Vec<Word> {
    let mut words: Vec<Word> = (0..=9).map(digit_word).collect();
    words.extend([STAR, HASH, PLUS, AGENT_BEFORE, AGENT_AFTER]);
    words.extend((0..=99).map(number_word));
    words.extend(match language {
        Language::English => english::words(),
        Language::Chinese => chinese::words(),
    });
    words
}

const STAR: Word = Word::plain("digit-star");
const HASH: Word = Word::plain("digit-hash");
const PLUS: Word = Word::plain("digit-plus");
const AGENT_BEFORE: Word = Word::plain("agent-before");
const AGENT_AFTER: Word = Word::plain("agent-after");

const fn digit_word(digit: u8) -> Word {
    Word::numbered("digit", digit)
}

/// The clip of a whole number under a hundred; larger ones are put together.
const fn number_word(number: u8) -> Word {
    Word::numbered("number", number)
}

fn piece_in(language: Language, piece: &Spoken, at: Timestamp) -> Vec<Token> {
    let words = match piece {
        Spoken::Prompt(key) => return vec![Token::Prompt(key.clone())],
        Spoken::Tone => return vec![Token::Tone],
        Spoken::Digits(text) => return digits(language, text),
        Spoken::AgentNumber(text) => {
            let mut tokens = digits(language, text);
            if !tokens.is_empty() {
                tokens.insert(0, Token::Word(AGENT_BEFORE));
                tokens.push(Token::Word(AGENT_AFTER));
            }
            return tokens;
        }
        Spoken::Number(number) => match language {
            Language::English => english::number(*number),
            Language::Chinese => chinese::number(*number),
        },
        Spoken::Position(position) => match language {
            Language::English => english::number(*position),
            Language::Chinese => chinese::position(*position),
        },
        Spoken::WaitUnder { minutes } => match language {
            Language::English => english::wait_under(*minutes),
            Language::Chinese => chinese::wait_under(*minutes),
        },
        Spoken::WaitBetween { from_minutes, to_minutes } => match language {
            Language::English => english::wait_between(*from_minutes, *to_minutes),
            Language::Chinese => chinese::wait_between(*from_minutes, *to_minutes),
        },
        Spoken::Soon => soon(language),
        Spoken::SoonBy { minutes } => match language {
            Language::English => english::soon_by(*minutes),
            Language::Chinese => chinese::soon_by(*minutes),
        },
        Spoken::Window { from, to, zone } => match (moment::told(*from, *to, zone, at), language) {
            (None, _) => soon(language),
            (Some(told), Language::English) => english::window(&told),
            (Some(told), Language::Chinese) => chinese::window(&told),
        },
    };
    words.into_iter().map(Token::Word).collect()
}

fn soon(language: Language) -> Vec<Word> {
    match language {
        Language::English => english::soon(),
        Language::Chinese => chinese::soon(),
    }
}

/// Digits one by one. Long rows get pauses where a person would make them, counted from the end: 138 0013 8000.
fn digits(language: Language, text: &str) -> Vec<Token> {
    let spoken: Vec<char> =
        text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '*' | '#' | '+')).take(MOST_DIGITS).collect();
    let count = spoken.iter().filter(|c| c.is_ascii_digit()).count();
    let mut left = count;
    let mut tokens = Vec::new();
    for c in spoken {
        let word = match (c, c.to_digit(10)) {
            (_, Some(digit)) => {
                if left < count && pauses_before(language, count, left) {
                    tokens.push(Token::Pause(Pause::Short));
                }
                left -= 1;
                let digit = u8::try_from(digit).unwrap_or(0);
                match language {
                    Language::Chinese if digit == 1 && count > 1 => chinese::ONE_IN_A_ROW,
                    Language::Chinese | Language::English => digit_word(digit),
                }
            }
            ('*', None) => STAR,
            ('#', None) => HASH,
            (_, None) => PLUS,
        };
        tokens.push(Token::Word(word));
    }
    tokens
}

/// Whether a row of `count` digits has a pause where `left` of them are still to come.
fn pauses_before(language: Language, count: usize, left: usize) -> bool {
    match (language, count) {
        (_, 0..=6) => false,
        // The North American way: 212 555 0123.
        (Language::English, 10) => matches!(left, 7 | 4),
        (Language::English | Language::Chinese, _) => left.is_multiple_of(4),
    }
}

fn pause_between(before: &Spoken, after: &Spoken) -> Pause {
    match (is_prompt(before), is_prompt(after)) {
        // "Your position in the line is … three".
        (true, false) if !matches!(after, Spoken::Tone) => Pause::Short,
        (true | false, true | false) => Pause::Long,
    }
}

fn is_prompt(piece: &Spoken) -> bool {
    matches!(piece, Spoken::Prompt(_))
}
