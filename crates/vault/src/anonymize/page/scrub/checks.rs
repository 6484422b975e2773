//! The check digits of numbers, and what is a date.
//!
//! It is here because a check digit or a calendar tells one number from another where no word does. It takes digits and says yes
//! or no. It keeps nothing.

/// The check digit rule of payment cards and of devices (ISO/IEC 7812-1, annex B).
pub(super) fn luhn(digits: &[u32]) -> bool {
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

/// Whether a card's network issues numbers that start and are as long as these.
pub(super) fn is_issued(digits: &[u32]) -> bool {
    let start = |count: usize| digits.iter().take(count).fold(0, |sum, digit| sum * 10 + digit);
    match digits.len() {
        13 | 19 => start(1) == 4,
        14 => matches!(start(2), 36 | 38 | 39) || matches!(start(3), 300..=305),
        15 => matches!(start(2), 34 | 37),
        16 => {
            start(1) == 4
                || matches!(start(2), 51..=55 | 62 | 65)
                || matches!(start(4), 2221..=2720 | 3528..=3589 | 6011)
                || matches!(start(3), 644..=649)
        }
        _ => false,
    }
}

/// The check digit of an individual number ("My Number"; Ministerial Ordinance 85 of 2014, article 5).
pub(super) fn is_individual_number(digits: &[u32]) -> bool {
    let [body @ .., check] = digits else { return false };
    if body.len() != 11 {
        return false;
    }
    let sum: u32 = body.iter().rev().zip((2..=7).chain(2..=6)).map(|(digit, weight)| digit * weight).sum();
    let rest = sum % 11;
    *check == if rest <= 1 { 0 } else { 11 - rest }
}

/// The check digit of articles of trade and of books (GS1; ISO 2108): weights 1 and 3.
pub(super) fn is_article_number(digits: &[u32]) -> bool {
    let sum: u32 = digits.iter().zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    digits.len() == 13 && sum.is_multiple_of(10)
}

/// The check digit of books before 2007 (ISO 2108:1992). The last may be 10, written X.
pub(super) fn is_old_book_number(digits: &[u32]) -> bool {
    let sum: u32 = digits.iter().zip((1..=10).rev()).map(|(digit, weight)| digit * weight).sum();
    digits.len() == 10 && sum.is_multiple_of(11)
}

/// The check of an international bank account number (ISO 13616, ISO 7064 mod 97-10): letters count from 10 on.
pub(super) fn is_account_number(text: &[char]) -> bool {
    let upper = |ch: &char| ch.to_ascii_uppercase();
    let shape = |at: usize, is_in: fn(&char) -> bool| text.get(at).is_some_and(is_in);
    let starts = shape(0, char::is_ascii_alphabetic) && shape(1, char::is_ascii_alphabetic);
    if !starts || !shape(2, char::is_ascii_digit) || !shape(3, char::is_ascii_digit) || !(15..=34).contains(&text.len())
    {
        return false;
    }
    let moved = text[4..].iter().chain(&text[..4]);
    let rest = moved.map(upper).try_fold(0_u32, |rest, ch| {
        let value = ch.to_digit(36)?;
        Some(if value < 10 { (rest * 10 + value) % 97 } else { (rest * 100 + value) % 97 })
    });
    rest == Some(1)
}

/// True for a year from `first` to 2099.
pub(super) fn is_year(year: u32, first: u32) -> bool {
    (first..2100).contains(&year)
}

pub(super) fn is_month(month: u32) -> bool {
    (1..=12).contains(&month)
}

pub(super) fn is_month_day(month: u32, day: u32) -> bool {
    is_month(month) && (1..=31).contains(&day)
}

/// Digits without a separator that say a day, a month, or a day with an hour, a time or a serial number:
/// `20261124`, `202611`, `2026112401`, `20261124093000`.
pub(super) fn is_date(digits: &[u32]) -> bool {
    let number = |from: usize, to: usize| digits[from..to].iter().fold(0, |sum, digit| sum * 10 + digit);
    match digits.len() {
        6 => is_year(number(0, 4), 1990) && is_month(number(4, 6)),
        8 => is_year(number(0, 4), 1990) && is_month_day(number(4, 6), number(6, 8)),
        9..=11 => (2000..2040).contains(&number(0, 4)) && is_month_day(number(4, 6), number(6, 8)),
        12 | 14 => {
            is_date(&digits[..8])
                && number(8, 10) < 24
                && number(10, 12) < 60
                && (digits.len() == 12 || number(12, 14) < 61)
        }
        _ => false,
    }
}
