//! What a word beside a number or a token says of it: a person's, the site's own, a secret, a place.
//!
//! It is here because `/customer/48213` and `/article/48213` look alike but for the word. It takes a word (the segment before, the
//! name of a parameter, or what stands before a number in the same segment) and says what follows it. It knows nouns of URLs,
//! and no person's name.

mod lists;

use std::{collections::HashMap, sync::LazyLock};

use lists::{COMPUTER, KEY, PARAMETERS, PERSONAL, PLACE, PUBLIC, SECRET, VERSION};

/// What follows a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::anonymize) enum Context {
    /// Nothing is known of it.
    Unknown,
    /// Numbers and codes that the site or a public register gives: articles, goods, laws, versions of files.
    Public,
    /// The same of a programme: four numbers with dots are no address.
    Version,
    /// Numbers and codes of people and of what they ordered.
    Personal,
    /// Perhaps a key that opens something.
    Key,
    /// A session, a password.
    Secret,
    /// A position.
    Place,
    /// The address of a computer.
    Computer,
    /// A value that is personal whatever it is: replaced by this.
    Whole(&'static str),
}

/// Longer words say nothing; bounds how far is looked back, in characters.
pub(super) const WORD_CHARS_MAX: usize = 24;

impl Context {
    /// What follows the word of a path.
    pub(in crate::anonymize) fn of_word(word: &str) -> Self {
        if word.is_ascii() {
            return Self::of_ascii_word(word.as_bytes());
        }
        if word.chars().count() > WORD_CHARS_MAX {
            return Self::Unknown;
        }
        let word: String = word.to_lowercase().chars().filter(|ch| ch.is_alphabetic()).collect();
        Self::known(&word).unwrap_or(Self::Unknown)
    }

    /// The same for bytes, of which those that are no ASCII letters do not count.
    pub(in crate::anonymize::page) fn of_ascii_word(word: &[u8]) -> Self {
        let (mut buffer, mut length) = ([0; WORD_CHARS_MAX], 0);
        for byte in word.iter().filter(|byte| byte.is_ascii_alphabetic()) {
            let Some(place) = buffer.get_mut(length) else { return Self::Unknown };
            *place = byte.to_ascii_lowercase();
            length += 1;
        }
        let word = std::str::from_utf8(&buffer[..length]).unwrap_or_default();
        Self::known(word).or_else(|| Self::known(singular(word)?)).unwrap_or(Self::Unknown)
    }

    /// What follows a segment of ASCII letters, digits and signs.
    pub(in crate::anonymize::page) fn after_ascii_segment(segment: &[u8]) -> Self {
        match Self::of_ascii_word(segment) {
            Self::Unknown => {
                let last = segment.split(|byte| !byte.is_ascii_alphabetic()).rfind(|word| !word.is_empty());
                last.map_or(Self::Unknown, Self::of_ascii_word)
            }
            known => known,
        }
    }

    /// What the value of a parameter is.
    pub(in crate::anonymize) fn of_parameter(name: &str) -> Self {
        if name.is_empty() || name.chars().count() > WORD_CHARS_MAX {
            return Self::Unknown;
        }
        let plain: String = name.to_lowercase().chars().filter(|ch| ch.is_alphanumeric()).collect();
        let whole = PARAMETERS.iter().find(|(_, names)| names.split_whitespace().any(|name| name == plain));
        match whole {
            Some((label, _)) => Self::Whole(label),
            None if Self::of_word(name) == Self::Secret => Self::Whole("{token}"),
            None => Self::of_word(name),
        }
    }

    /// What follows a segment of a path, after which there was `before`: numbers (a year, a month) go with what stands before them.
    pub(in crate::anonymize) fn after_segment(segment: &str, before: Self) -> Self {
        if !segment.chars().any(char::is_alphabetic) {
            return before;
        }
        if segment.is_ascii() {
            return Self::after_ascii_segment(segment.as_bytes());
        }
        match Self::of_word(segment) {
            Self::Unknown => segment
                .split(|ch: char| !ch.is_alphabetic())
                .rfind(|word| !word.is_empty())
                .map_or(Self::Unknown, Self::of_word),
            known => known,
        }
    }

    fn known(word: &str) -> Option<Self> {
        static KNOWN: LazyLock<HashMap<&str, Context>> = LazyLock::new(|| {
            let lists = [
                (PUBLIC, Context::Public),
                (VERSION, Context::Version),
                (COMPUTER, Context::Computer),
                (PLACE, Context::Place),
                (PERSONAL, Context::Personal),
                (KEY, Context::Key),
                (SECRET, Context::Secret),
            ];
            // Of a word that stands in two lists, the last counts: the one that keeps less.
            lists
                .into_iter()
                .flat_map(|(words, context)| words.split_whitespace().map(move |word| (word, context)))
                .collect()
        });
        KNOWN.get(word).copied()
    }

    /// Whether numbers and codes that follow are the site's own.
    pub(super) fn is_public(self) -> bool {
        matches!(self, Self::Public | Self::Version)
    }
}

/// The word without the ending of an English plural.
fn singular(word: &str) -> Option<&str> {
    word.strip_suffix("ies").filter(|stem| *stem == "repositor").map(|_| "repository").or_else(|| match word {
        "stories" => Some("story"),
        "entries" => Some("entry"),
        "categories" => Some("category"),
        "galleries" => Some("gallery"),
        "companies" => Some("company"),
        _ => word.strip_suffix('s').filter(|stem| stem.len() > 2),
    })
}

/// For each letter, the letters that follow it in words of the languages of this world that are written with these letters: the 250
/// pairs that are most frequent in English texts, in transcribed Japanese and in words of German, French, Spanish, Italian and Dutch.
const FOLLOWERS: [&str; 26] = [
    "bcdfghiklmnprstuy",
    "aeilouy",
    "acehiklortu",
    "abdeiorsu",
    "abcdefghiklmnprstvwxy",
    "aefiou",
    "aeiorsuy",
    "aeiouy",
    "abcdefgklmnoprstvz",
    "aeo",
    "aeioy",
    "adeilostuy",
    "abeimopsuy",
    "abcdefghikmnoprstuy",
    "bcdfghklmnoprstuvw",
    "aeiloprstuy",
    "u",
    "acdegilmnorstuy",
    "acehilopstu",
    "acehilorstuy",
    "abcdefgiklmnprst",
    "aei",
    "aeio",
    "",
    "aeiopu",
    "aei",
];

/// Whether most pairs of letters are usual ones. `percent`: how many of a hundred.
pub(super) fn is_pronounceable(letters: &[char], percent: usize) -> bool {
    let usual = letters.windows(2).filter(|pair| {
        let place = u32::from(pair[0].to_ascii_lowercase()).wrapping_sub(u32::from('a'));
        let followers = usize::try_from(place).ok().and_then(|place| FOLLOWERS.get(place));
        followers.is_some_and(|letters| letters.contains(pair[1].to_ascii_lowercase()))
    });
    usual.count() * 100 >= letters.len().saturating_sub(1) * percent
}
