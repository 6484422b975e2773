//! Finds numbers that belong to people: payment cards, telephone numbers, account and customer numbers.
//!
//! It is here, beside the rest of the scrubber, because numbers need more care than text: dates and the numbers of
//! pages look like them and must stay. It takes a place in a piece of a URL and says how many characters the number
//! there takes. It keeps nothing.

use super::Piece;

/// Runs of this many digits are numbers of something (a customer, an order), not of a chapter.
const ID_DIGITS_MIN: usize = 6;
/// Endings of pages whose content management numbers them: `page23_003456.html`.
const NUMBERED_ENDINGS: [&str; 4] = [".html", ".htm", ".php", ".pdf"];

impl Piece<'_> {
    /// 13 to 19 digits that pass the Luhn check, in one run or in groups of three or more.
    pub(super) fn card(&self) -> Option<usize> {
        let groups = self.groups()?;
        let large = groups.iter().take_while(|group| group.digits >= 3).count();
        groups[..large].iter().rev().map(|group| group.end).find(|&end| {
            let digits: Vec<u32> = self.rest[..end].iter().filter_map(|ch| ch.to_digit(10)).collect();
            (13..=19).contains(&digits.len()) && luhn(&digits)
        })
    }

    /// `+81 3-1234-5678`, `03-1234-5678`, `(03)1234-5678`, `0312345678`, `555-123-4567`.
    pub(super) fn phone(&self) -> Option<usize> {
        if self.after(|ch| ch.is_ascii_digit()) {
            return None;
        }
        let first = *self.rest.first()?;
        let is_open = matches!(first, '+' | '(');
        let body = Piece { rest: &self.rest[usize::from(is_open)..], previous: None, ..*self };
        let groups = body.groups()?;
        let digits: usize = groups.iter().map(|group| group.digits).sum();
        let last = groups.last()?;
        let length = usize::from(is_open) + last.end;
        let fits = match (first, groups.len()) {
            ('+', _) => (7..=15).contains(&digits),
            ('0', 1) => matches!(digits, 10 | 11),
            ('0' | '(', 2) => matches!(digits, 9..=11) && (2..=5).contains(&groups[0].digits),
            (_, 3..=5) => {
                let dated = groups[0].digits == 4 && is_year(&body.rest[..4], 1900);
                (9..=15).contains(&digits)
                    && groups.iter().all(|group| group.digits <= 4)
                    && last.digits >= 3
                    && (digits > 9 || first == '0')
                    && !dated
            }
            _ => false,
        };
        fits.then_some(length)
    }

    /// Three or more groups of four digits (an individual number, an account) that are not all years.
    pub(super) fn fours(&self) -> Option<usize> {
        let groups = self.groups()?;
        let fours = groups.iter().take_while(|group| group.digits == 4).count();
        let years = groups[..fours].iter().all(|group| is_year(&self.rest[group.end - 4..group.end], 1900));
        (fours >= 3 && !years).then(|| groups[fours - 1].end)
    }

    /// A run of digits that is no date. The number of a numbered page stays: it is the site's, not a visitor's.
    pub(super) fn long_number(&self) -> Option<usize> {
        let is_digit = |ch: char| ch.is_ascii_digit();
        let length = self.run(is_digit);
        if self.after(is_digit) || length < ID_DIGITS_MIN {
            return None;
        }
        let digits = &self.rest[..length];
        let next = self.rest.get(length);
        let whole = !self.after(|ch| ch.is_ascii_alphabetic()) && !next.is_some_and(|ch| ch.is_ascii_alphabetic());
        let month_and_day = || digits[4..].iter().collect::<String>().parse::<u32>().unwrap_or(0);
        let date = whole
            && is_year(&digits[..4], 1990)
            && match length {
                6 => (1..=12).contains(&month_and_day()),
                8 => (1..=12).contains(&(month_and_day() / 100)) && (1..=31).contains(&(month_and_day() % 100)),
                _ => false,
            };
        let numbered = length == ID_DIGITS_MIN
            && digits[0] == '0'
            && self.previous == Some('_')
            && matches!(next, Some('.' | '_'))
            && NUMBERED_ENDINGS.iter().any(|end| self.rest.ends_with(&end.chars().collect::<Vec<_>>()));
        (!date && !numbered).then_some(length)
    }

    /// The groups of digits from here on, a separator (or a bracket and one) between two of them; at most 20 digits.
    /// None where no group starts here.
    fn groups(&self) -> Option<Vec<Group>> {
        let is_digit = |ch: &char| ch.is_ascii_digit();
        if self.after(|ch| ch.is_ascii_digit()) || !self.rest.first().is_some_and(is_digit) {
            return None;
        }
        let (mut groups, mut at, mut total) = (Vec::new(), 0, 0);
        loop {
            let digits = self.rest[at..].iter().take_while(|ch| is_digit(ch)).count();
            total += digits;
            if digits == 0 || (total > 20 && !groups.is_empty()) {
                return Some(groups);
            }
            at += digits;
            groups.push(Group { digits, end: at });
            let bracket = |at: usize| matches!(self.rest.get(at), Some('(' | ')'));
            at += usize::from(bracket(at));
            at += usize::from(matches!(self.rest.get(at), Some('-' | ' ' | '.' | '_')));
            at += usize::from(bracket(at));
        }
    }
}

/// A group of digits: how many, and where it ends.
struct Group {
    digits: usize,
    end: usize,
}

/// True for four digits that say a year from `first` to 2099.
fn is_year(digits: &[char], first: u32) -> bool {
    digits.len() == 4 && digits.iter().collect::<String>().parse().is_ok_and(|year: u32| (first..2100).contains(&year))
}

/// The check digit rule of payment cards (ISO/IEC 7812-1, annex B).
fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, &digit)| match index % 2 {
            0 => digit,
            _ if digit > 4 => digit * 2 - 9,
            _ => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}
