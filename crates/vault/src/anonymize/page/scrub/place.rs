//! Finds positions on the earth: degrees as decimals, as minutes and seconds, plus codes, geohashes.
//!
//! It is here, beside the rest of the scrubber, because a position with four decimals is a house. It takes a place in a piece
//! of a URL and says how many characters the position there takes. It keeps nothing.

use super::{Piece, checks::is_date, words::Context};

/// The characters of open location codes ("plus codes").
const PLUS_CODE: &str = "23456789CFGHJMPQRVWX";
const GEOHASH: &str = "0123456789bcdefghjkmnpqrstuvwxyz";
/// Decimals from which a number is a position by itself (4: some ten metres), and where another one follows.
const DECIMALS_MIN: usize = 4;
const DECIMALS_OF_PAIR_MIN: usize = 2;
/// The longest position in degrees, minutes and seconds, in characters.
const DEGREES_CHARS_MAX: usize = 40;

const DEGREES_MAX: u32 = 180;

impl Piece<'_> {
    pub(super) fn place(&self, context: Context) -> Option<usize> {
        self.plus_code()
            .or_else(|| self.degrees())
            .or_else(|| self.decimals(context))
            .or_else(|| if context == Context::Place { self.geohash() } else { None })
    }

    /// `8Q7XMQJ8+5V`, or the short form with a digit in it.
    fn plus_code(&self) -> Option<usize> {
        if self.after(char::is_alphanumeric) {
            return None;
        }
        let is_code = |ch: &char| PLUS_CODE.contains(ch.to_ascii_uppercase());
        let before = self.rest.iter().take(9).take_while(|ch| is_code(ch)).count();
        let after = self.rest.get(before + 1..)?.iter().take(4).take_while(|ch| is_code(ch)).count();
        let text = &self.rest[..before + 1 + after];
        let is_short = matches!(before, 4 | 6)
            && text.iter().any(char::is_ascii_digit)
            && !text.iter().any(char::is_ascii_lowercase);
        let ends = !self.rest.get(text.len()).is_some_and(|ch| ch.is_alphanumeric());
        (self.rest[before] == '+' && (before == 8 || is_short) && matches!(after, 2 | 3) && ends).then_some(text.len())
    }

    /// `35°40'52.4"N 139°46'1"E`.
    fn degrees(&self) -> Option<usize> {
        let digits = self.rest.iter().take(4).take_while(|ch| ch.is_ascii_digit()).count();
        if digits == 0 || self.after(|ch| ch.is_ascii_digit()) || self.rest.get(digits) != Some(&'°') {
            return None;
        }
        let is_part = |ch: &&char| ch.is_ascii_digit() || "°'\"′″.,NSEW ".contains(**ch);
        let length = self.rest.iter().take(DEGREES_CHARS_MAX).take_while(is_part).count();
        // "10°" and "35°C" are temperatures.
        self.rest[digits + 1..length].iter().any(char::is_ascii_digit).then_some(length)
    }

    fn decimals(&self, context: Context) -> Option<usize> {
        if self.after(|ch| ch.is_ascii_digit() || ch == '.') || context == Context::Version {
            return None;
        }
        let (first, decimals) = decimal(self.rest)?;
        let gap = self.rest[first..].iter().take(3).take_while(|ch| matches!(ch, ',' | ';' | ' ' | '/')).count();
        let second = if gap > 0 { decimal(&self.rest[first + gap..]) } else { None };
        match second {
            Some((length, others)) if decimals.min(others) >= DECIMALS_OF_PAIR_MIN => Some(first + gap + length),
            _ => {
                let least = if context == Context::Place { DECIMALS_OF_PAIR_MIN } else { DECIMALS_MIN };
                (decimals >= least && !self.is_document(first)).then_some(first)
            }
        }
    }

    /// The start of a digital object identifier: `10.1038`.
    fn is_document(&self, length: usize) -> bool {
        self.rest.starts_with(&['1', '0', '.']) && matches!(length, 7 | 8)
    }

    fn geohash(&self) -> Option<usize> {
        let length = self.run(|ch| GEOHASH.contains(ch));
        let ends = !self.rest.get(length).is_some_and(|ch| ch.is_alphanumeric());
        let mixed = self.rest[..length].iter().any(char::is_ascii_digit)
            && self.rest[..length].iter().any(char::is_ascii_alphabetic);
        ((5..=12).contains(&length) && ends && mixed && !self.after(char::is_alphanumeric)).then_some(length)
    }
}

/// A number up to 180 with decimals that are no date: how many characters it takes, and how many decimals it has.
fn decimal(text: &[char]) -> Option<(usize, usize)> {
    let sign = usize::from(matches!(text.first(), Some('-' | '+')));
    let digits =
        |from: usize| text.get(from..).unwrap_or_default().iter().take(17).take_while(|ch| ch.is_ascii_digit()).count();
    let whole = digits(sign);
    if !(1..=3).contains(&whole) || text.get(sign + whole) != Some(&'.') {
        return None;
    }
    let value = text[sign..sign + whole].iter().fold(0, |sum, ch| sum * 10 + ch.to_digit(10).unwrap_or(0));
    if value > DEGREES_MAX {
        return None;
    }
    let start = sign + whole + 1;
    let decimals = digits(start);
    let length = start + decimals;
    let number: Vec<u32> = text[start..length].iter().filter_map(|ch| ch.to_digit(10)).collect();
    let goes_on = text.get(length) == Some(&'.') && text.get(length + 1).is_some_and(char::is_ascii_digit);
    (decimals > 0 && !goes_on && !is_date(&number)).then_some((length, decimals))
}
