//! Finds numbers that belong to people: payment cards, telephone numbers, account, customer and national numbers.
//!
//! It is here, beside the rest of the scrubber, because numbers need more care than text: dates, the numbers of articles
//! and of books, quantities and versions look like them and must stay. A check digit, a calendar, or the word before tells
//! them apart. It takes a place in a piece of a URL and says how many characters the number there takes. It keeps nothing.

use super::{
    Found, Piece,
    checks::{
        is_account_number, is_article_number, is_date, is_individual_number, is_issued, is_month, is_month_day,
        is_old_book_number, is_year, luhn,
    },
    words::Context,
};

/// Runs of this many digits are numbers of something (a customer, an order), not of a chapter.
const ID_DIGITS_MIN: usize = 6;
/// The same after the word for a person or an order.
const PERSONAL_DIGITS_MIN: usize = 4;
/// The most digits of the number of a page's file.
const PAGE_DIGITS_MAX: usize = 14;
/// The most digits that are looked at in one run of groups.
const DIGITS_MAX: usize = 24;
/// The least digits of a bank account number.
const ACCOUNT_DIGITS_MIN: usize = 8;
/// Endings of files whose content management numbers them: `page23_003456.html`.
const NUMBERED_ENDINGS: [&str; 7] = [".html", ".htm", ".php", ".pdf", ".shtml", ".aspx", ".jsp"];
/// What is counted: a number before it is a quantity, or a number in a series.
const COUNTERS: &str = "円万億兆人名件回年月日時分号%％個本冊台度点位票戸枚頭隻棟世歳才章条項話";

/// A group of digits: how many, and where it ends.
struct Group {
    digits: usize,
    end: usize,
}

/// Groups of digits with a separator between two of them.
struct Number {
    groups: Vec<Group>,
    /// All digits.
    digits: Vec<u32>,
    end: usize,
    /// The separators.
    signs: Vec<char>,
}

impl Number {
    /// The digits of the groups from one on to another.
    fn slice(&self, from: usize, to: usize) -> &[u32] {
        let count = |groups: &[Group]| groups.iter().map(|group| group.digits).sum::<usize>();
        let start = count(&self.groups[..from]);
        &self.digits[start..start + count(&self.groups[from..to])]
    }

    fn value(&self, group: usize) -> u32 {
        self.slice(group, group + 1).iter().take(9).fold(0, |sum, digit| sum * 10 + digit)
    }

    fn is_year(&self, group: usize) -> bool {
        self.groups[group].digits == 4 && is_year(self.value(group), 1800)
    }

    fn lengths(&self) -> Vec<usize> {
        self.groups.iter().map(|group| group.digits).collect()
    }

    fn has(&self, sign: char) -> bool {
        self.signs.contains(&sign)
    }
}

impl Piece<'_> {
    /// What the number that starts here is; `None` where none starts or it may be anything.
    pub(super) fn number(&self, context: Context) -> Option<Found> {
        if self.after(|ch| ch.is_ascii_digit()) {
            return None;
        }
        let first = *self.rest.first()?;
        if matches!(first, '+' | '(') {
            return self.opened(first);
        }
        let number = self.groups()?;
        // One letter directly before a number is a part of it: `A12345678`.
        let is_letter = self.after(char::is_alphabetic) && !(self.at > 1 && self.all[self.at - 2].is_alphabetic());
        let context = if is_letter && context.is_public() { self.around } else { context };
        if let Some(end) = self.book(&number, context).or_else(|| self.date(&number, context)) {
            return Some(Found::Stays(end));
        }
        let replaced = |label, length: Option<usize>| length.map(|length| Found::Replaced(label, length));
        replaced("{card}", self.card(&number, context))
            .or_else(|| replaced("{id}", self.national(&number, context)))
            .or_else(|| replaced("{phone}", self.phone(&number, context)))
            .or_else(|| replaced("{id}", personal(&number, context)))
            .or_else(|| self.public(&number, context).map(Found::Stays))
            .or_else(|| replaced("{id}", self.long(&number)))
    }

    /// `+81 3-1234-5678`, `(03)1234-5678`.
    fn opened(&self, first: char) -> Option<Found> {
        let body = Piece { rest: &self.rest[1..], previous: None, ..*self };
        let number = body.groups()?;
        let (count, digits) = (number.groups.len(), number.digits.len());
        let fits = match first {
            '+' => (7..=15).contains(&digits),
            _ => (9..=11).contains(&digits) && (2..=3).contains(&count) && (2..=5).contains(&number.groups[0].digits),
        };
        fits.then_some(Found::Replaced("{phone}", 1 + number.end))
    }

    /// An international bank account number, in one piece or in groups.
    pub(super) fn bank_account(&self) -> Option<usize> {
        if self.after(|ch| ch.is_ascii_alphanumeric()) || !self.rest.get(2).is_some_and(char::is_ascii_digit) {
            return None;
        }
        let near = &self.rest[..self.rest.len().min(44)];
        let run =
            near.iter().take_while(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '-' | ' ' | '_' | '.')).count();
        let ends = (1..=run).rev().filter(|&end| {
            let next_ends = !near.get(end).is_some_and(char::is_ascii_alphanumeric);
            near[end - 1].is_ascii_alphanumeric() && next_ends
        });
        ends.into_iter().find(|&end| {
            let text: Vec<char> = near[..end].iter().copied().filter(char::is_ascii_alphanumeric).collect();
            text.iter().filter(|ch| ch.is_ascii_digit()).count() >= ACCOUNT_DIGITS_MIN && is_account_number(&text)
        })
    }

    /// The number of a book, or of an article of trade where the word before says so.
    fn book(&self, number: &Number, context: Context) -> Option<usize> {
        let ends = (1..=number.groups.len()).rev();
        ends.into_iter().find_map(|count| {
            let (digits, end) = (number.slice(0, count), number.groups[count - 1].end);
            let is_book = matches!(digits, [9, 7, 8 | 9, ..]) || context.is_public();
            let check = matches!(self.rest.get(end + 1), Some('X' | 'x')) && self.rest.get(end) == Some(&'-');
            let is_old = count >= 3 && number.groups[..count].iter().all(|group| group.digits != 3 || count < 3);
            if is_book && is_article_number(digits) {
                Some(end)
            } else if check && digits.len() == 9 && is_old_book_number(&[digits, &[10]].concat()) {
                Some(end + 2)
            } else {
                let grouped =
                    (is_old && count == 4 && number.groups[3].digits == 1) || (context.is_public() && count == 1);
                (grouped && is_old_book_number(digits)).then_some(end)
            }
        })
    }

    /// Days, months, ranges of years. After the word for a birth it is no date that may stay.
    fn date(&self, number: &Number, context: Context) -> Option<usize> {
        if context == Context::Personal {
            return None;
        }
        let first = &number.groups[0];
        let era = || self.era(number.slice(0, 1));
        // A word or the end follows: a number that goes on in letters is a code.
        if is_date(number.slice(0, 1)) || era() {
            return Some(first.end);
        }
        if number.groups.len() >= 3 {
            let (a, b, c) = (number.value(0), number.value(1), number.value(2));
            let short = |group: usize| number.groups[group].digits <= 2;
            let forwards = number.is_year(0) && short(1) && short(2) && is_month_day(b, c);
            let backwards = number.is_year(2)
                && short(0)
                && short(1)
                && (is_month_day(b, a) || is_month_day(a, b))
                && number.value(2) >= 1990;
            if forwards || backwards {
                return Some(number.groups[2].end);
            }
        }
        let years = (0..number.groups.len()).take_while(|&group| number.is_year(group)).count();
        (years == number.groups.len() && years > 1).then_some(number.end)
    }

    /// `r081124`: year of the era, month and day after the letter of a Japanese era.
    fn era(&self, digits: &[u32]) -> bool {
        let letter = self.previous.is_some_and(|ch| "rhstmRHSTM".contains(ch));
        let alone = self.at < 2 || !self.all[self.at - 2].is_alphanumeric();
        let day = matches!(digits, [_, _, a, b, c, d] if is_month_day(a * 10 + b, c * 10 + d));
        letter && alone && day && digits[0] * 10 + digits[1] <= 64
    }

    /// 13 to 19 digits that pass the check, in one run or in groups of three or more.
    fn card(&self, number: &Number, context: Context) -> Option<usize> {
        let large = number.groups.iter().take_while(|group| group.digits >= 3).count();
        (1..=large).rev().find_map(|count| {
            let digits = number.slice(0, count);
            let issued = is_issued(digits);
            let is_card = (13..=19).contains(&digits.len()) && luhn(digits);
            // A long number without a word says nothing else than that it is one.
            let fits = issued || (digits.len() >= 15 && !context.is_public());
            let page = count == 1 && !issued && digits.len() < 15;
            (is_card && fits && !page).then_some(number.groups[count - 1].end)
        })
    }

    /// Numbers that states give to people, by their shape or their check digit.
    fn national(&self, number: &Number, context: Context) -> Option<usize> {
        let digits = &number.digits;
        if is_individual_number(digits) && !context.is_public() {
            return Some(number.end);
        }
        let fours = number.groups.iter().take_while(|group| group.digits == 4).count();
        if fours >= 3 && !(0..fours).all(|group| number.is_year(group)) {
            return Some(number.groups[fours - 1].end);
        }
        let lengths = number.lengths();
        let is_shape = match lengths.as_slice() {
            // The United States; Brazil.
            [3, 2, 4] | [3, 3, 3, 2] => true,
            // Korea, Sweden, Denmark: the day of birth and a serial number.
            [6, 7 | 4] | [8, 4] => is_birth(number.slice(0, 1)),
            // France: sex, year, month, department, commune, order.
            [1, 2, 2, 2, 3, 3] | [1, 2, 2, 2, 3, 3, 2] => true,
            _ => false,
        };
        (is_shape && (!context.is_public() || lengths == [3, 2, 4])).then_some(number.end)
    }

    /// `03-1234-5678`, `0312345678`, `555-123-4567`, `01 23 45 67 89`.
    fn phone(&self, number: &Number, context: Context) -> Option<usize> {
        let (lengths, digits) = (number.lengths(), number.digits.len());
        let starts = number.digits[0] == 0 && number.digits.get(1).is_some_and(|&second| second != 0);
        let is_mobile = matches!(number.digits[..], [0, 5 | 7 | 8 | 9, 0, ..]) && digits == 11;
        let fits = match lengths.as_slice() {
            [_] => starts && (matches!(digits, 10 | 11) && !context.is_public() || is_mobile),
            [first, _] => starts && (9..=11).contains(&digits) && (2..=5).contains(first),
            [2, 2, 2, 2, 2] => starts && !number.has('-'),
            [3, 3, 4] | [1, 3, 3, 4] => true,
            [_, .., last] if lengths.len() <= 5 => {
                let is_version = number.signs.iter().all(|&sign| sign == '.') && !starts;
                (9..=15).contains(&digits)
                    && lengths.iter().all(|&group| group <= 4)
                    && *last >= 3
                    && (digits > 9 || number.digits[0] == 0)
                    && !number.is_year(0)
                    && !is_version
                    && (starts || !context.is_public())
                    && !is_thousands(number)
            }
            _ => false,
        };
        fits.then_some(number.end)
    }

    /// What is the site's own: a quantity, the number of a page, what a public word says.
    fn public(&self, number: &Number, context: Context) -> Option<usize> {
        let first = &number.groups[0];
        let zeros = number.slice(0, 1).iter().rev().take_while(|&&digit| digit == 0).count();
        let is_round = number.digits[0] != 0 && zeros >= 3 && zeros * 2 >= first.digits && first.digits <= 13;
        if is_round || is_thousands(number) {
            return Some(if is_round { first.end } else { number.end });
        }
        if context.is_public() {
            return Some(number.end);
        }
        if context == Context::Unknown && self.rest.get(first.end).is_some_and(|&ch| COUNTERS.contains(ch)) {
            return Some(first.end);
        }
        (context == Context::Unknown && self.is_page_file(number)).then_some(number.end)
    }

    /// The number of a numbered file stays: it is the site's, not a visitor's.
    fn is_page_file(&self, number: &Number) -> bool {
        let rest = &self.rest[number.end..];
        let letter = usize::from(rest.first().is_some_and(char::is_ascii_lowercase));
        let ends = |from: usize| {
            let ending: String = rest.iter().skip(from).take(8).collect();
            NUMBERED_ENDINGS.contains(&ending.to_ascii_lowercase().as_str())
        };
        number.groups.iter().all(|group| group.digits <= PAGE_DIGITS_MAX) && (ends(0) || ends(letter))
    }

    /// A number that nothing explains, with all groups beside it: half of a number is a number as well.
    fn long(&self, number: &Number) -> Option<usize> {
        let is_long = |group: usize| {
            let digits = number.slice(group, group + 1);
            digits.len() >= ID_DIGITS_MIN && !is_date(digits)
        };
        (0..number.groups.len()).any(is_long).then_some(number.end)
    }

    /// The groups of digits from here on, a separator (or a bracket and one) between two of them.
    /// None where no group starts here.
    fn groups(&self) -> Option<Number> {
        let is_digit = |ch: &&char| ch.is_ascii_digit();
        let (mut at, mut number) = (0, Number { groups: Vec::new(), digits: Vec::new(), end: 0, signs: Vec::new() });
        loop {
            let run = self.rest[at..].iter().take_while(is_digit).count();
            if run == 0 || (number.digits.len() + run > DIGITS_MAX && !number.groups.is_empty()) {
                number.signs.truncate(number.groups.len().saturating_sub(1));
                return (!number.groups.is_empty()).then_some(number);
            }
            number.digits.extend(self.rest[at..at + run].iter().filter_map(|ch| ch.to_digit(10)));
            at += run;
            number.groups.push(Group { digits: run, end: at });
            number.end = at;
            let bracket = |at: usize| matches!(self.rest.get(at), Some('(' | ')'));
            at += usize::from(bracket(at));
            let sign = self.rest.get(at).copied().filter(|sign| matches!(sign, '-' | ' ' | '.' | '_'));
            number.signs.push(sign.unwrap_or(' '));
            at += usize::from(sign.is_some());
            at += usize::from(bracket(at));
        }
    }
}

/// Digits that end in month and day, or in month and year.
fn is_birth(digits: &[u32]) -> bool {
    let [.., a, b, c, d] = *digits else { return false };
    let (first, second) = (a * 10 + b, c * 10 + d);
    is_month_day(first, second) || (is_month(first) || is_month(second)) && first <= 31
}

/// After the word for a person or an order.
fn personal(number: &Number, context: Context) -> Option<usize> {
    let is_year = number.groups.len() == 1 && number.is_year(0) && number.value(0) >= 1990;
    (context == Context::Personal && number.digits.len() >= PERSONAL_DIGITS_MIN && !is_year).then_some(number.end)
}

/// `1-000-000`: groups of three for the eye.
fn is_thousands(number: &Number) -> bool {
    let (first, rest) = (&number.groups[0], &number.groups[1..]);
    let zeros = number.slice(number.groups.len() - 1, number.groups.len());
    first.digits <= 3 && !rest.is_empty() && rest.iter().all(|group| group.digits == 3) && zeros == [0, 0, 0]
}
