//! The fields of a line as they are found, in any order, and the access that they make together.

use std::borrow::Cow;

use super::Malformed;
use super::access::{Access, Field};
use super::clf::method_and_target;
use super::role::{Ranked, Role};
use crate::ship::any_time::{any_time_unix_ms, date_and_clock_unix_ms};
use crate::ship::units::{Unit, duration_ms};

/// The status of a request that got no answer because the client went away: what nginx writes for it, where others write 0, -1
/// or nothing.
const STATUS_NO_ANSWER: u32 = 499;

/// The fields of a line.
pub(super) struct Draft<'a> {
    slots: [Option<(u8, Field<'a>)>; Role::COUNT],
    /// The unit of a duration that neither says its unit nor has a fraction.
    pub(super) whole_duration: Unit,
}

impl Default for Draft<'_> {
    fn default() -> Self {
        Self { slots: [const { None }; Role::COUNT], whole_duration: Unit::Milliseconds }
    }
}

impl<'a> Draft<'a> {
    /// Takes a field in, if none of a lower rank is there.
    pub(super) fn set(&mut self, (role, rank): Ranked, value: Field<'a>) {
        let is_time = role == Role::DurationOrTime && value.iter().any(|byte| matches!(byte, b':' | b'/'));
        let role = match role {
            Role::Ignore => return,
            Role::DurationOrTime if is_time => Role::Time,
            Role::DurationOrTime => Role::Seconds,
            role => role,
        };
        // A request whose client the log does not have is one all the same, and the server says so.
        let role = if role == Role::Forwarded && is_none(&value) { Role::Address } else { role };
        if is_none(&value) && !matches!(role, Role::Status | Role::Address) {
            return;
        }
        let slot = &mut self.slots[role as usize];
        match slot {
            None => *slot = Some((rank, value)),
            Some((known, _)) if rank < *known && !is_none(&value) => *slot = Some((rank, value)),
            Some((known, old)) if rank == *known => join(role, old, &value),
            Some((_, old)) if is_none(old) => *slot = Some((rank, value)),
            Some(_) => {}
        }
    }

    /// A field that was found.
    pub(super) fn get(&self, role: Role) -> Option<&Field<'a>> {
        self.slots[role as usize].as_ref().map(|(_, value)| value)
    }

    /// Takes a field out.
    pub(super) fn take(&mut self, role: Role) -> Option<Field<'a>> {
        self.slots[role as usize].take().map(|(_, value)| value)
    }

    /// Whether anything of a request is there.
    pub(super) fn is_request(&self) -> bool {
        [Role::Method, Role::Target, Role::Path, Role::Request].iter().any(|role| self.get(*role).is_some())
    }

    /// The access that the fields make.
    ///
    /// # Errors
    /// The first part that is missing or cannot be read.
    pub(super) fn finish(mut self) -> Result<Access<'a>, Malformed> {
        let time_unix_ms = self.time_unix_ms()?;
        let forwarded = self.take(Role::Forwarded).unwrap_or_default();
        let address = match self.take(Role::Address) {
            Some(address) => address,
            // Where nothing else tells the client, the proxy that wrote the line put its neighbour last.
            None if !forwarded.is_empty() => Cow::Owned(last_of_list(&forwarded).to_vec()),
            None => return Err(Malformed::NoHost),
        };
        let (method, target) = self.method_and_target().ok_or(Malformed::NoRequest)?;
        let mut access = Access::new(time_unix_ms, self.status()?);
        access.combined = self.get(Role::Agent).is_some();
        access.bytes = self.take(Role::Bytes).and_then(|value| whole_number(&value));
        access.response_time_ms = self.response_time_ms();
        (access.address, access.forwarded, access.method, access.target) = (address, forwarded, method, target);
        access.referrer = self.take(Role::Referrer).unwrap_or_default();
        access.agent = self.take(Role::Agent).unwrap_or_default();
        access.virtual_host = self.take(Role::Host).unwrap_or_default();
        access.accept_language = self.take(Role::Language).unwrap_or_default();
        access.cookie = self.take(Role::Cookie).unwrap_or_default();
        Ok(access)
    }

    fn time_unix_ms(&self) -> Result<i64, Malformed> {
        let time = match (self.get(Role::Time), self.get(Role::Date), self.get(Role::Clock)) {
            (Some(time), ..) => any_time_unix_ms(time),
            (None, Some(date), Some(clock)) => date_and_clock_unix_ms(date, clock),
            _ => return Err(Malformed::NoTime),
        };
        time.ok_or(Malformed::BadTime)
    }

    /// Method and target; a line that has no method at all speaks of what was got.
    fn method_and_target(&mut self) -> Option<(Field<'a>, Field<'a>)> {
        if let Some(request) = self.take(Role::Request)
            && let Some(found) = split_request(request)
        {
            return Some(found);
        }
        let method = self.take(Role::Method).unwrap_or(Cow::Borrowed(b"GET"));
        let mut target = self.take(Role::Target).or_else(|| self.take(Role::Path))?;
        if let Some(query) = self.take(Role::Query)
            && !is_none(&query)
            && !target.contains(&b'?')
        {
            let query = query.strip_prefix(b"?").unwrap_or(&query);
            target = Cow::Owned([&target[..], b"?", query].concat());
        }
        Some((method, target))
    }

    fn status(&mut self) -> Result<u32, Malformed> {
        let status = self.take(Role::Status).ok_or(Malformed::BadStatus)?;
        if is_none(&status) || status[..] == *b"-1" {
            return Ok(STATUS_NO_ANSWER);
        }
        match whole_number(&status) {
            Some(0) => Ok(STATUS_NO_ANSWER),
            Some(code @ 1..=999) => u32::try_from(code).map_err(|_| Malformed::BadStatus),
            _ => Err(Malformed::BadStatus),
        }
    }

    fn response_time_ms(&self) -> Option<u32> {
        let units = [
            (Role::Milliseconds, Unit::Milliseconds),
            (Role::Seconds, Unit::Seconds),
            (Role::Microseconds, Unit::Microseconds),
            (Role::Nanoseconds, Unit::Nanoseconds),
        ];
        let known = units.iter().find_map(|(role, unit)| duration_ms(self.get(*role)?, *unit));
        known.or_else(|| {
            let value = self.get(Role::Duration)?;
            let unit = if value.contains(&b'.') { Unit::Seconds } else { self.whole_duration };
            duration_ms(value, unit)
        })
    }
}

/// What a second field of the same meaning and rank does: parts of a duration add up, addresses make one list.
fn join(role: Role, old: &mut Field<'_>, value: &[u8]) {
    let separator: &[u8] = match role {
        Role::Seconds | Role::Milliseconds | Role::Microseconds | Role::Nanoseconds => b"+",
        Role::Forwarded => b", ",
        _ => return,
    };
    let old = old.to_mut();
    old.extend_from_slice(separator);
    old.extend_from_slice(value);
}

/// Whether a field says that there is nothing.
pub(super) fn is_none(value: &[u8]) -> bool {
    matches!(value, b"" | b"-" | b"\"-\"")
}

/// The last entry of a list with commas; of `Forwarded`, the address that it is for.
fn last_of_list(list: &[u8]) -> &[u8] {
    let last = list.rsplit(|&byte| byte == b',').next().unwrap_or_default().trim_ascii();
    let for_at = last.windows(4).position(|part| part.eq_ignore_ascii_case(b"for="));
    let Some(at) = for_at else { return last };
    let value = last[at + 4..].split(|&byte| byte == b';').next().unwrap_or_default();
    value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value)
}

/// Method and target of a request line.
fn split_request(request: Field<'_>) -> Option<(Field<'_>, Field<'_>)> {
    match request {
        Cow::Borrowed(text) => {
            let (method, target) = method_and_target(text)?;
            Some((Cow::Borrowed(method), Cow::Borrowed(target)))
        }
        Cow::Owned(text) => {
            let (method, target) = method_and_target(&text)?;
            Some((Cow::Owned(method.to_vec()), Cow::Owned(target.to_vec())))
        }
    }
}

/// A number without sign; what follows a point is left out.
fn whole_number(text: &[u8]) -> Option<u64> {
    let whole = text.split(|&byte| byte == b'.').next()?;
    std::str::from_utf8(whole).ok()?.parse().ok()
}
