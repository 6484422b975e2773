//! Finds identifiers of machines: UUIDs, IP addresses of both kinds, addresses of network cards.
//!
//! It is here, beside the rest of the scrubber. It takes a place in a piece of a URL and says how many characters the
//! identifier there takes. It keeps nothing. A version with four numbers is told from an address by the word before it.

use std::net::Ipv6Addr;

use super::{Piece, words::Context};

/// The longest IPv6 address with an IPv4 address in it and the name of a network card, in characters.
const ADDRESS_CHARS_MAX: usize = 64;

impl Piece<'_> {
    /// 8-4-4-4-12 hexadecimal digits.
    pub(super) fn uuid(&self) -> Option<usize> {
        let text = self.rest.get(..36)?;
        text.iter()
            .enumerate()
            .all(|(index, ch)| match index {
                8 | 13 | 18 | 23 => matches!(ch, '-' | '_'),
                _ => ch.is_ascii_hexdigit(),
            })
            .then_some(36)
    }

    pub(super) fn ip(&self, context: Context) -> Option<usize> {
        if context != Context::Version
            && let Some(length) = self.quad('.')
        {
            return Some(length);
        }
        if context == Context::Computer
            && let Some(length) = self.quad('-').or_else(|| self.quad('_'))
        {
            return Some(length);
        }
        self.ipv6().or_else(|| self.hyphenated())
    }

    /// Four numbers up to 255.
    fn quad(&self, separator: char) -> Option<usize> {
        if self.after(|ch| ch.is_ascii_digit()) {
            return None;
        }
        let mut length = 0;
        for group in 0..4 {
            if group > 0 {
                (self.rest.get(length) == Some(&separator)).then_some(())?;
                length += 1;
            }
            let digits: String = self.rest[length..].iter().take_while(|ch| ch.is_ascii_digit()).take(4).collect();
            digits.parse::<u8>().ok().filter(|_| digits.len() <= 3)?;
            length += digits.len();
        }
        Some(length)
    }

    fn ipv6(&self) -> Option<usize> {
        if self.after(|ch| ch.is_alphanumeric() || ch == ':') {
            return None;
        }
        let near = &self.rest[..self.rest.len().min(ADDRESS_CHARS_MAX)];
        let run = near.iter().take_while(|&&ch| ch.is_ascii_hexdigit() || matches!(ch, ':' | '.')).count();
        if self.rest.get(run).is_some_and(|ch| ch.is_alphanumeric()) {
            return None;
        }
        let text: String = self.rest[..run].iter().collect();
        let text = text.trim_end_matches('.');
        // Two words with colons between them are names in a program.
        let is_name = !text.bytes().any(|b| b.is_ascii_digit()) && text.bytes().any(|b| b.is_ascii_alphabetic());
        if is_name {
            return None;
        }
        text.parse::<Ipv6Addr>().ok()?;
        let zone = match near.get(text.len()) {
            Some('%') => near[text.len() + 1..].iter().take_while(|ch| ch.is_ascii_alphanumeric()).count() + 1,
            _ => 0,
        };
        Some(text.len() + zone)
    }

    /// Eight groups of hexadecimal digits with hyphens, as some resolvers write an address.
    fn hyphenated(&self) -> Option<usize> {
        let length = self.hex_groups(8, 1..=4, &['-', '_'])?;
        let digits = self.rest[..4].iter().all(char::is_ascii_hexdigit);
        digits.then_some(length)
    }

    /// `00-1A-2B-3C-4D-5E`, `00:1a:2b:3c:4d:5e`, `001a.2b3c.4d5e`.
    pub(super) fn mac(&self) -> Option<usize> {
        self.hex_groups(6, 2..=2, &['-', ':', '_']).or_else(|| self.hex_groups(3, 4..=4, &['.'])).filter(|&length| {
            let text = &self.rest[..length];
            text.iter().any(char::is_ascii_digit) && text.iter().any(char::is_ascii_alphabetic) || text.contains(&':')
        })
    }

    /// So many groups of hexadecimal digits with one separator between them, and nothing of the kind around.
    fn hex_groups(&self, count: usize, each: std::ops::RangeInclusive<usize>, separators: &[char]) -> Option<usize> {
        if self.after(|ch| ch.is_ascii_alphanumeric()) {
            return None;
        }
        let (mut length, mut separator) = (0, None);
        for group in 0..count {
            if group > 0 {
                let next = *self.rest.get(length)?;
                let fits = separator.map_or_else(|| separators.contains(&next), |first| first == next);
                fits.then_some(())?;
                separator = Some(next);
                length += 1;
            }
            let digits =
                self.rest[length..].iter().take(*each.end() + 1).take_while(|ch| ch.is_ascii_hexdigit()).count();
            each.contains(&digits).then_some(())?;
            length += digits;
        }
        (!self.rest.get(length).is_some_and(char::is_ascii_alphanumeric)).then_some(length)
    }
}
