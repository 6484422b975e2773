//! Files that belong to pages. The server leaves them out by itself; who leaves them out here sends less.

/// Endings of style sheets, scripts, images, fonts, sound and film.
const ENDINGS: &[&str] = &[
    "avif",
    "bmp",
    "css",
    "cur",
    "eot",
    "gif",
    "ico",
    "jpeg",
    "jpg",
    "js",
    "m4a",
    "map",
    "mjs",
    "mov",
    "mp3",
    "mp4",
    "ogg",
    "otf",
    "png",
    "svg",
    "tif",
    "tiff",
    "ttf",
    "wasm",
    "wav",
    "webm",
    "webmanifest",
    "webp",
    "woff",
    "woff2",
];

/// Whether a path is that of such a file.
pub(crate) fn is_asset(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)))
}

#[cfg(test)]
mod tests {
    use super::is_asset;

    #[test]
    fn the_ending_of_the_file_tells() {
        assert!(is_asset("/a/style.CSS") && is_asset("/x.min.js") && is_asset("/.png"));
        assert!(!is_asset("/") && !is_asset("/js") && !is_asset("/a.css/") && !is_asset("/report.pdf"));
    }
}
