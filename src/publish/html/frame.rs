//! What all pages have around their content: the head, the way back, the other language, and the foot.

use super::words::Words;
use crate::{config::Publication, publish::readme, report::escaped};

/// A page while it is put together.
pub(super) struct Page<'a> {
    pub about: &'a Publication,
    pub words: &'a Words,
    /// The heading, as text.
    pub title: &'a str,
    /// From here to the root of the report: empty, or `../` once or twice.
    pub root: &'a str,
    /// What lies between the heading and the foot.
    pub content: String,
}

impl Page<'_> {
    /// The whole page.
    pub(super) fn text(&self) -> String {
        let Self { words, root, content, .. } = self;
        let title = escaped(self.title);
        let name = escaped(&if words.code == "ja" { readme::title_ja(self.about) } else { readme::title(self.about) });
        let head = if title == name { title.clone() } else { format!("{title} · {name}") };
        format!(
            "<!doctype html>\n<html lang=\"{code}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n<title>{head}</title>\n\
             <link rel=\"stylesheet\" href=\"{root}style.css\">\n\
             <link rel=\"alternate\" hreflang=\"{other_code}\" href=\"{other_file}\">\n</head>\n<body>\n\
             <a class=\"skip\" href=\"#content\">{skip}</a>\n\
             <header class=\"bar\"><a class=\"brand\" href=\"{root}{file}\">{name}</a>\
             <a class=\"language\" href=\"{other_file}\" lang=\"{other_code}\" hreflang=\"{other_code}\">{other_name}</a></header>\n\
             <main id=\"content\">\n<h1>{title}</h1>\n{content}</main>\n{foot}</body>\n</html>\n",
            code = words.code,
            other_code = words.other_code,
            other_file = words.other_file,
            other_name = words.other_name,
            skip = words.skip,
            file = words.file,
            foot = self.foot(),
        )
    }

    fn foot(&self) -> String {
        let Self { about, words, root, .. } = self;
        let publisher = about.publisher.as_ref().map(|name| format!("{} · ", escaped(name))).unwrap_or_default();
        let licence = about.licence.as_ref().map(|licence| {
            let url = escaped(&licence.url);
            format!(" · <a rel=\"license\" href=\"{url}\">{}</a>", licence.name.unwrap_or(&url))
        });
        format!(
            "<footer><p>{promise}</p><p>{intervals}</p><p>{publisher}<a href=\"{root}{readme_file}\">{readme}</a>{licence}</p></footer>\n",
            promise = words.promise,
            intervals = words.intervals,
            readme_file = words.readme_file,
            readme = words.readme,
            licence = licence.unwrap_or_default(),
        )
    }
}

/// A table that scrolls by itself where a page is narrow; whoever has only a keyboard can reach it.
pub(super) fn table(words: &Words, caption: &str, columns: &[&str], rows: &str) -> String {
    let heads: String = columns
        .iter()
        .enumerate()
        .map(|(at, column)| format!("<th scope=\"col\"{}>{column}</th>", if at == 0 { "" } else { " class=\"right\"" }))
        .collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{label}: {caption}\"><table><caption class=\"unseen\">{caption}</caption>\
         <thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n",
        label = words.scroll,
    )
}
