//! From headers to a decision, and how it changes while the server runs.

use std::collections::BTreeSet;

use http::HeaderValue;

use super::{
    record::{Record, Role},
    *,
};
use crate::{clock::SystemClock, units::SiteName};

fn site(name: &str) -> SiteName {
    SiteName::new(name).unwrap()
}

/// A file with one token that reads `www`, and the token.
struct Given {
    _directory: tempfile::TempDir,
    file: TokenFile,
    token: Token,
}

fn given() -> Given {
    let directory = tempfile::tempdir().unwrap();
    let file = TokenFile::new(directory.path().join("tokens.toml"));
    let token = Token::new(Role::Read).unwrap();
    let record = Record {
        id: "a".to_owned(),
        role: Role::Read,
        all: false,
        sites: vec![site("www")],
        groups: Vec::new(),
        note: String::new(),
        digest: token.digest().to_string(),
        created: Date::at(0),
        expires: None,
        revoked: None,
        before: None,
    };
    change(&file, |records| records.push(record));
    Given { _directory: directory, file, token }
}

fn change(file: &TokenFile, change: impl FnOnce(&mut Vec<Record>)) {
    let done = file.change(|records| {
        change(records);
        Ok::<(), FileFault>(())
    });
    done.unwrap();
}

fn opened(file: &TokenFile, public: &[&str]) -> Arc<Access> {
    let public = Arc::new(public.iter().map(|name| site(name)).collect::<BTreeSet<_>>());
    let rules = Rules { groups: BTreeMap::new(), public };
    Access::open(file.clone(), rules, Arc::new(SystemClock)).unwrap()
}

fn headers(name: http::HeaderName, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
}

fn bearer(token: &str) -> HeaderMap {
    headers(AUTHORIZATION, &format!("Bearer {token}"))
}

fn read(access: &Arc<Access>, headers: &HeaderMap) -> Result<Pass, Denied> {
    access.pass(headers, &Extensions::new(), Deed::Read)
}

#[test]
fn until_the_first_token_anybody_may_and_then_nobody_without() {
    let given = given();
    let empty = TokenFile::new(given.file.path().with_file_name("none.toml"));
    let open = opened(&empty, &[]);
    assert_eq!(read(&open, &HeaderMap::new()).unwrap().scope(), &Scope::All);
    // Also somebody who sends a token that nothing is known of.
    assert!(read(&open, &bearer(given.token.reveal())).is_ok());
    let closed = opened(&given.file, &[]);
    assert_eq!(read(&closed, &HeaderMap::new()).err(), Some(Denied::NoToken));
    let write = closed.pass(&bearer(given.token.reveal()), &Extensions::new(), Deed::Write);
    assert_eq!(write.err(), Some(Denied::WrongRole(Role::Read, Deed::Write)));
}

#[test]
fn a_wrong_token_is_refused_also_where_none_is_needed() {
    let given = given();
    let access = opened(&given.file, &["open"]);
    assert!(read(&access, &HeaderMap::new()).unwrap().scope().allows(&site("open")));
    let other = Token::new(Role::Read).unwrap();
    assert_eq!(read(&access, &bearer(other.reveal())).err(), Some(Denied::Unknown));
    for text in ["", "Basic abc", "Bearer", "Bearer hc_read_x"] {
        assert!(matches!(read(&access, &headers(AUTHORIZATION, text)).err(), Some(Denied::NotOne(_))), "{text}");
    }
    let scope = read(&access, &bearer(given.token.reveal())).unwrap().scope().clone();
    assert!(scope.allows(&site("www")) && scope.allows(&site("open")) && !scope.allows(&site("other")));
}

#[test]
fn a_rule_of_the_listener_goes_before_the_file() {
    let given = given();
    let access = opened(&given.file, &[]);
    let of = |tokens| with(Arrival { tokens, ..Arrival::default() });
    assert!(access.pass(&HeaderMap::new(), &of(TokenRule::Never), Deed::Write).is_ok());
    let none = Access::without_tokens(Arc::new(SystemClock));
    assert_eq!(none.pass(&HeaderMap::new(), &of(TokenRule::Always), Deed::Read).err(), Some(Denied::NoToken));
}

#[tokio::test]
async fn a_pass_ends_with_its_token() {
    let given = given();
    let access = opened(&given.file, &[]);
    let pass = read(&access, &bearer(given.token.reveal())).unwrap();
    assert_eq!(pass.check(), Ok(()));
    change(&given.file, |records| records[0].revoked = Some(Date::at(0)));
    access.reload();
    assert_eq!(pass.ended().await, Denied::Changed);
    assert_eq!(read(&access, &bearer(given.token.reveal())).err(), Some(Denied::Revoked(Date::at(0))));
    // Taking the file away opens nothing.
    std::fs::remove_file(given.file.path()).unwrap();
    access.reload();
    assert!(read(&access, &HeaderMap::new()).is_err());
}

#[test]
fn what_began_without_a_token_ends_with_the_first_one() {
    let given = given();
    let empty = TokenFile::new(given.file.path().with_file_name("none.toml"));
    let access = opened(&empty, &[]);
    let pass = read(&access, &HeaderMap::new()).unwrap();
    std::fs::copy(given.file.path(), empty.path()).unwrap();
    access.reload();
    assert_eq!(pass.check(), Err(Denied::NoToken));
}

#[test]
fn a_session_is_its_tokens() {
    let given = given();
    let access = opened(&given.file, &[]);
    let cookie = access.sign_in(given.token.reveal(), Arrival::default()).unwrap();
    let with = headers(COOKIE, &format!("other=1; {COOKIE_NAME}={}", &*cookie));
    let pass = read(&access, &with).unwrap();
    assert!(pass.scope().allows(&site("www")) && !cookie.contains(&given.token.reveal()[10..]));
    access.sign_out(&with);
    assert_eq!(pass.check(), Err(Denied::Changed));
    assert_eq!(read(&access, &with).err(), Some(Denied::NoToken));
    let cookie = access.sign_in(given.token.reveal(), Arrival::default()).unwrap();
    let with = headers(COOKIE, &format!("{COOKIE_NAME}={}", &*cookie));
    change(&given.file, |records| records[0].revoked = Some(Date::at(0)));
    access.reload();
    assert_eq!(read(&access, &with).err(), Some(Denied::NoToken));
}

#[test]
fn wrong_tokens_of_one_address_are_limited_and_good_ones_are_not() {
    let given = given();
    let access = opened(&given.file, &[]);
    let arrival = Arrival { peer: Some([192, 0, 2, 1].into()), ..Arrival::default() };
    let extensions = with(arrival);
    let other = Token::new(Role::Read).unwrap();
    for _ in 0..attempts::WRONG_MAX {
        let refused = access.pass(&bearer(other.reveal()), &extensions, Deed::Read).err();
        assert_eq!(refused, Some(Denied::Unknown));
    }
    let refused = access.pass(&bearer(other.reveal()), &extensions, Deed::Read).err();
    assert!(matches!(refused, Some(Denied::TooMany(_))), "{refused:?}");
    assert!(access.pass(&bearer(given.token.reveal()), &extensions, Deed::Read).is_ok());
}

#[test]
fn the_day_of_the_last_use_is_kept() {
    let given = given();
    let access = opened(&given.file, &[]);
    access.keep_last_used();
    assert!(given.file.last_used().is_empty());
    read(&access, &bearer(given.token.reveal())).unwrap();
    access.keep_last_used();
    let today = Date::at(SystemClock.now_unix_ms());
    assert_eq!(given.file.last_used(), BTreeMap::from([("a".to_owned(), today)]));
}

fn with(arrival: Arrival) -> Extensions {
    let mut extensions = Extensions::new();
    extensions.insert(arrival);
    extensions
}
