//! The page and its files, as `build.rs` put them into the binary: compressed once, and never again while serving.

use std::collections::HashMap;

use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY},
};
use prost::bytes::Bytes;
use tonic::body::Body;

use super::{
    coding::{Coding, is_known, tag},
    only_reading,
};

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The page itself.
const INDEX: &str = "index.html";
/// Files in this folder have the digest of their content in their name.
const HASHED: &str = "assets/";
/// What the page shows under addresses of its own: whole paths, and beginnings of paths.
const VIEWS: [&str; 3] = ["/", "/privacy", "/reading"];
const VIEWS_BELOW: [&str; 2] = ["/s/", "/privacy/"];

/// What is said where there is nothing.
const NOTHING_HERE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>headcount: not found</title>\
    <p>There is nothing at this address. <a href=\"/\">The statistics are here.</a></p></html>\n";

/// A file of the page.
struct File {
    /// From the root of the page, with `/`.
    path: &'static str,
    plain: &'static [u8],
    /// Absent where it would not be shorter.
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// A file in one coding.
struct Coded {
    coding: Coding,
    bytes: &'static [u8],
    /// Each coding has its own, because its bytes are others.
    tag: String,
}

/// All files, by path.
pub(super) struct Assets(HashMap<&'static str, Vec<Coded>>);

impl Assets {
    pub(super) fn new() -> Self {
        Self(FILES.iter().map(|file| (file.path, codings(file))).collect())
    }

    /// The file that a request asks for.
    pub(super) fn answer(&self, request: &Request<Bytes>) -> Response<Body> {
        let path = request.uri().path();
        let name = if is_view(path) { INDEX } else { path.trim_start_matches('/') };
        match self.0.get_key_value(name) {
            Some(_) if !matches!(*request.method(), Method::GET | Method::HEAD) => only_reading(request.method()),
            Some((name, codings)) => file(request, name, codings),
            None => nothing_here(),
        }
    }
}

/// Whether a path is an address of the page itself.
pub(super) fn is_view(path: &str) -> bool {
    VIEWS.contains(&path) || VIEWS_BELOW.iter().any(|start| path.starts_with(start))
}

fn codings(file: &File) -> Vec<Coded> {
    let all = [(Coding::Brotli, file.brotli), (Coding::Gzip, file.gzip), (Coding::Plain, Some(file.plain))];
    let coded =
        |(coding, bytes): (Coding, Option<&'static [u8]>)| Some(Coded { coding, bytes: bytes?, tag: tag(bytes?) });
    all.into_iter().filter_map(coded).collect()
}

fn file(request: &Request<Bytes>, name: &str, codings: &[Coded]) -> Response<Body> {
    let offered: Vec<Coding> = codings.iter().map(|coded| coded.coding).collect();
    let coding = Coding::chosen(request.headers(), &offered);
    let Some(chosen) = codings.iter().find(|coded| coded.coding == coding) else { return nothing_here() };
    let is_known = is_known(request.headers(), &chosen.tag);
    let mut response =
        Response::new(if is_known { Body::empty() } else { super::body(Bytes::from_static(chosen.bytes)) });
    let headers = response.headers_mut();
    // The name of a hashed file changes with its content; everything else is asked for again.
    let keep = if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    headers.extend(HeaderValue::from_str(&format!("\"{}\"", chosen.tag)).map(|tag| (ETAG, tag)));
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    headers.extend(coding.name().map(|name| (CONTENT_ENCODING, name)));
    response
}

fn nothing_here() -> Response<Body> {
    let mut response = Response::new(super::body(NOTHING_HERE));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("txt") => "text/plain; charset=utf-8",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT_ENCODING, IF_NONE_MATCH};

    use super::*;

    fn asked(path: &str, accept: &str, known: &str) -> Response<Body> {
        let request = Request::get(path).header(ACCEPT_ENCODING, accept).header(IF_NONE_MATCH, known);
        Assets::new().answer(&request.body(Bytes::new()).unwrap())
    }

    #[test]
    fn every_file_has_a_type_and_every_view_is_the_page() {
        assert!(FILES.iter().all(|file| content_type(file.path) != "application/octet-stream"));
        for path in ["/", "/s/www", "/s/www/2026-10?lang=ja", "/privacy", "/privacy/www", "/reading", "/index.html"] {
            let response = asked(path, "", "");
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(response.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
            assert_eq!(response.headers()[CACHE_CONTROL], "no-cache");
        }
        for path in ["/s", "/readings", "/assets/", "/assets/none.js", "/../Cargo.toml"] {
            assert_eq!(asked(path, "", "").status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn a_coding_has_a_tag_of_its_own_which_is_recognised() {
        let tags = ["", "gzip", "br"].map(|accept| {
            let response = asked("/", accept, "\"other\"");
            let coding = response.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(coding.unwrap_or_default(), accept);
            assert_eq!(response.headers()[VARY], "accept-encoding");
            let tag = response.headers()[ETAG].to_str().unwrap().to_owned();
            assert_eq!(asked("/", accept, &tag).status(), StatusCode::NOT_MODIFIED);
            tag
        });
        assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2]);
        assert_eq!(asked("/", "br", &tags[0]).status(), StatusCode::OK);
    }

    #[test]
    fn a_file_can_only_be_read() {
        let request = Request::post("/").body(Bytes::new()).unwrap();
        assert_eq!(Assets::new().answer(&request).status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
