//! Which page of a breakdown is asked for: which keys, how many rows, and from where on.

use crate::{AskError, token};

/// Rows of a page where none is asked for.
pub const PAGE_SIZE_DEFAULT: u32 = 20;
/// The most rows of a page.
pub const PAGE_SIZE_MAX: u32 = 1_000;
/// The longest text that keys are searched for, in characters.
pub const CONTAINS_CHARACTERS_MAX: usize = 200;

/// The page of a breakdown that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PageAsk {
    /// Only keys that start with this.
    pub prefix: String,
    /// Only keys that hold this, whatever its case.
    pub contains: Contains,
    /// Rows of a page.
    pub size: PageSize,
    /// From the page before; empty for the first.
    pub token: String,
}

/// A text that keys are searched for, in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Contains(String);

impl Contains {
    /// The text as it was typed; an empty one is in every key.
    ///
    /// # Errors
    /// When it is longer than [`CONTAINS_CHARACTERS_MAX`].
    pub fn new(text: &str) -> Result<Self, AskError> {
        let characters = text.chars().count();
        if characters > CONTAINS_CHARACTERS_MAX {
            let what = format!("a text of {characters} characters is too long");
            return Err(AskError::field("contains", what, format!("at most {CONTAINS_CHARACTERS_MAX} characters")));
        }
        Ok(Self(text.to_lowercase()))
    }

    /// What it takes in memory, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    /// The text in lower case.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a key holds it.
    pub(super) fn is_in(&self, key: &str) -> bool {
        self.0.is_empty() || key.to_lowercase().contains(&self.0)
    }
}

/// How many rows a page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageSize(u32);

impl PageSize {
    /// All rows in one page, for whoever sends them nowhere; what comes from outside goes through [`PageSize::new`].
    pub const ALL: Self = Self(u32::MAX);

    /// So many rows; 0 means [`PAGE_SIZE_DEFAULT`].
    ///
    /// # Errors
    /// When it is more than [`PAGE_SIZE_MAX`].
    pub fn new(rows: u32) -> Result<Self, AskError> {
        match rows {
            0 => Ok(Self::default()),
            1..=PAGE_SIZE_MAX => Ok(Self(rows)),
            _ => {
                let allowed = format!("1 to {PAGE_SIZE_MAX}; 0 means {PAGE_SIZE_DEFAULT}");
                Err(AskError::field("page_size", format!("{rows} rows a page are too many"), allowed))
            }
        }
    }

    /// The same as a length.
    pub(super) fn rows(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(PAGE_SIZE_DEFAULT)
    }
}

/// Where the page of a token begins.
pub(super) fn offset(token: &str, question: u64, matching: usize) -> Result<usize, AskError> {
    if token.is_empty() {
        return Ok(0);
    }
    let offset = token::read(token, question).and_then(|offset| usize::try_from(offset).ok());
    offset.filter(|offset| *offset < matching).ok_or_else(|| {
        AskError::field(
            "page_token",
            "this token belongs to another request, or something was published since",
            "the next_page_token of the answer before, with the rest of the request unchanged; or empty, to begin again",
        )
    })
}
