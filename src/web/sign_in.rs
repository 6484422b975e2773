//! Where a browser signs in with a token that reads, and out again: one small page without a script.
//!
//! The token comes once, by POST from this very page; a cookie takes its place, which scripts cannot read and other sites cannot send
//! along. Whoever must sign in before anything can be shown is led here.

use std::sync::Arc;

use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri,
    header::{
        ACCEPT_LANGUAGE, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, LOCATION, ORIGIN,
        REFERRER_POLICY, SET_COOKIE,
    },
};
use percent_encoding::percent_decode_str;
use prost::bytes::Bytes;
use tonic::body::Body;
use zeroize::Zeroizing;

use super::{assets::is_view, body, sentence, sign_in_words::Words};
use crate::access::{Access, Arrival, COOKIE_NAME, Deed, SESSION_LIFE, decide::Denied};

const SIGN_IN: &str = "/sign-in";
const SIGN_OUT: &str = "/sign-out";
const STYLE: &str = "/sign-in.css";
/// A form may be sent to this origin; nothing else differs from the policy of the other pages.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";
const CSS: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1rem;color:#1a1a1a;\
                   background:#fff}label{display:block;font-weight:600}input{width:100%;box-sizing:border-box;font:inherit;padding:.5rem;\
                   margin:.25rem 0 1rem;border:1px solid #767676;border-radius:4px}button{font:inherit;padding:.5rem 1.25rem}\
                   .wrong{color:#a11212;font-weight:600}@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}\
                   input,button{color:#eee;background:#222}.wrong{color:#ff9c9c}a{color:#9cc7ff}}\n";

/// The response of this room to a request; none where it is no matter of signing in.
pub(super) fn answer(access: &Arc<Access>, request: &Request<Bytes>) -> Option<Response<Body>> {
    let path = request.uri().path();
    match path {
        STYLE => Some(text(CSS, "text/css; charset=utf-8")),
        SIGN_IN | SIGN_OUT => {
            let arrival = request.extensions().get::<Arrival>().copied().unwrap_or_default();
            Some(if access.is_in_force(arrival.tokens) { of_form(access, request, arrival) } else { see("/") })
        }
        _ if is_view(path) => match access.pass(request.headers(), request.extensions(), Deed::Read) {
            Err(denied) if denied.is_about_the_token() => Some(see(SIGN_IN)),
            _ => None,
        },
        _ => None,
    }
}

fn of_form(access: &Arc<Access>, request: &Request<Bytes>, arrival: Arrival) -> Response<Body> {
    let words = Words::of(request.uri().query(), request.headers().get(ACCEPT_LANGUAGE));
    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, SIGN_IN) => {
            let pass = access.pass(request.headers(), request.extensions(), Deed::Read);
            page(StatusCode::OK, &words.page(pass.is_ok_and(|pass| pass.is_by_token()), None))
        }
        (&Method::POST, path) => {
            if !is_from_here(request.headers(), request.uri()) {
                let text = "signing in and out is possible from this page alone".to_owned();
                return sentence(StatusCode::FORBIDDEN, text);
            }
            if path == SIGN_OUT {
                access.sign_out(request.headers());
                return with_cookie(see(SIGN_IN), "", 0, arrival);
            }
            signed_in(access, request.body(), arrival, words)
        }
        _ => {
            let mut response = sentence(StatusCode::METHOD_NOT_ALLOWED, "allowed: GET of /sign-in, POST".to_owned());
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
            response
        }
    }
}

fn signed_in(access: &Arc<Access>, form: &Bytes, arrival: Arrival, words: &Words) -> Response<Body> {
    let token = field(form, "token").unwrap_or_default();
    match access.sign_in(&token, arrival) {
        Ok(cookie) => with_cookie(see("/"), &cookie, SESSION_LIFE.as_secs(), arrival),
        Err(denied) => {
            let status = match denied {
                Denied::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
                _ => StatusCode::UNAUTHORIZED,
            };
            page(status, &words.page(false, Some(denied)))
        }
    }
}

/// A field of a form as browsers send it.
fn field(form: &Bytes, name: &str) -> Option<Zeroizing<String>> {
    let text = std::str::from_utf8(form).ok()?;
    let (_, value) = text.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?;
    let spaced = Zeroizing::new(value.replace('+', " "));
    percent_decode_str(&spaced).decode_utf8().ok().map(|value| Zeroizing::new(value.into_owned()))
}

/// Whether a browser sent this from a page of this server. What is no browser says nothing of that, and holds no cookie that somebody
/// else could use.
fn is_from_here(headers: &HeaderMap, uri: &Uri) -> bool {
    let is_foreign = headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin");
    let origin = headers.get_all(ORIGIN).iter().all(|origin| {
        let origin = origin.to_str().ok().and_then(|text| text.parse::<Uri>().ok());
        let host = uri.host().map(str::to_owned).or_else(|| {
            let text = headers.get(HOST)?.to_str().ok()?;
            Some(text.parse::<http::uri::Authority>().ok()?.host().to_owned())
        });
        matches!((origin.as_ref().and_then(Uri::host), host), (Some(a), Some(b)) if a.eq_ignore_ascii_case(&b))
    });
    !is_foreign && origin
}

fn see(place: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(LOCATION, HeaderValue::from_static(place));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn with_cookie(mut response: Response<Body>, value: &str, seconds: u64, arrival: Arrival) -> Response<Body> {
    let secure = if arrival.is_secure { "; Secure" } else { "" };
    let text = format!("{COOKIE_NAME}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    response.headers_mut().extend(HeaderValue::from_str(&text).map(|mut value| {
        value.set_sensitive(true);
        (SET_COOKIE, value)
    }));
    response
}

fn page(status: StatusCode, html: &str) -> Response<Body> {
    let mut response = text(html, "text/html; charset=utf-8");
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // A browser that sends no referrer says of a form that it comes from nowhere.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

fn text(text: &str, kind: &'static str) -> Response<Body> {
    let mut response = Response::new(body(text.to_owned()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_here(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
        is_from_here(&headers.collect(), &Uri::from_static("/sign-in"))
    }

    #[test]
    fn a_form_of_another_site_is_refused() {
        let host = ("host", "stats.example.jp:443");
        for origin in ["https://stats.example.jp", "http://STATS.example.jp:4680"] {
            assert!(from_here(&[host, ("origin", origin)]), "{origin}");
        }
        for origin in ["null", "https://evil.example", "https://stats.example.jp.evil.example", "file://"] {
            assert!(!from_here(&[host, ("origin", origin)]), "{origin}");
        }
        assert!(from_here(&[host]) && from_here(&[host, ("sec-fetch-site", "same-origin")]));
        for site in ["cross-site", "same-site", "none"] {
            assert!(!from_here(&[host, ("sec-fetch-site", site)]), "{site}");
        }
    }

    #[test]
    fn a_field_is_read_as_browsers_write_it() {
        let form = Bytes::from_static(b"a=b&token=hc_read_x%2Dy+z");
        assert_eq!(field(&form, "token").unwrap().as_str(), "hc_read_x-y z");
        assert!(field(&form, "tok").is_none());
    }
}
