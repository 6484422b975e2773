//! The pages that a feed names: RSS 2.0, RSS 1.0 and Atom.
//!
//! It is here because a feed names new pages before anything else links them. What is damaged is read up to the damage.
//!
//! It never takes a link that is not of an entry, such as that of the site itself.

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
};

/// The most entries that are taken.
const ENTRIES_MAX: usize = 5_000;
/// The longest link, in bytes.
const LINK_BYTES_MAX: usize = 8_192;

/// The links of all entries, as written.
pub(super) fn links(text: &str) -> Vec<String> {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim_start());
    reader.config_mut().check_end_names = false;
    let mut found = Vec::new();
    let mut is_entry = false;
    // The text of the open `<link>`.
    let mut open: Option<String> = None;
    while found.len() < ENTRIES_MAX {
        let Ok(event) = reader.read_event() else { break };
        match event {
            Event::Eof => break,
            Event::Start(start) => {
                is_entry |= begins_entry(&start);
                if is_entry && start.local_name().as_ref() == "link" {
                    found.extend(reference(&start));
                    open = Some(String::new());
                }
            }
            Event::Empty(empty) if is_entry && empty.local_name().as_ref() == "link" => found.extend(reference(&empty)),
            Event::End(end) => match end.local_name().as_ref() {
                "item" | "entry" => is_entry = false,
                "link" => found.extend(open.take().map(|link| link.trim().to_owned()).filter(|link| !link.is_empty())),
                _ => {}
            },
            Event::Text(text) => add(&mut open, &text),
            Event::CData(text) => add(&mut open, &text),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().ok().flatten().map(String::from);
                let named = || resolve_predefined_entity(&reference).map(str::to_owned);
                add(&mut open, &character.or_else(named).unwrap_or_default());
            }
            _ => {}
        }
    }
    found
}

fn begins_entry(start: &BytesStart<'_>) -> bool {
    matches!(start.local_name().as_ref(), "item" | "entry")
}

/// The page that an Atom link leads to. RSS has the link as text.
fn reference(start: &BytesStart<'_>) -> Option<String> {
    let attribute = |name: &str| {
        let found = start.attributes().with_checks(false).filter_map(Result::ok).find(|one| one.key.as_ref() == name);
        found.and_then(|one| Some(one.normalized_value(XmlVersion::Explicit1_0).ok()?.into_owned()))
    };
    let is_page = attribute("rel").is_none_or(|rel| rel == "alternate");
    attribute("href").filter(|href| is_page && href.len() <= LINK_BYTES_MAX)
}

fn add(open: &mut Option<String>, text: &str) {
    if let Some(link) = open
        && link.len() + text.len() <= LINK_BYTES_MAX
    {
        link.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::links;

    #[test]
    fn each_kind_of_feed_is_read() {
        let rss = "<rss><channel><link>https://a.test/</link><item><title>x</title><link> https://a.test/1?a=1&amp;b=2\n</link></item>\
            <item><link><![CDATA[/2]]></link><guid>no</guid></item></channel></rss>";
        assert_eq!(links(rss), ["https://a.test/1?a=1&b=2", "/2"]);
        let rdf = "<?xml version='1.0'?><rdf:RDF><channel><link>/</link></channel><item rdf:about='x'><link>/3</link></item></rdf:RDF>";
        assert_eq!(links(rdf), ["/3"]);
        let atom = "<feed><link href='/'/><entry><link rel='edit' href='/no'/><link href='/4?a=1&amp;b=2'/></entry>\
            <entry><link rel='alternate' href='/5'></link></entry></feed>";
        assert_eq!(links(atom), ["/4?a=1&b=2", "/5"]);
    }

    #[test]
    fn what_is_damaged_is_read_up_to_the_damage() {
        assert_eq!(links("<rss><item><link>/1</link></item><item><link>/2"), ["/1"]);
        assert_eq!(links("<html><body><a href=/>no feed"), Vec::<String>::new());
        assert_eq!(links("<!DOCTYPE x [<!ENTITY e '/evil'>]><rss><item><link>&e;/1</link></item></rss>"), ["/1"]);
        assert!(links("").is_empty() && links("<").is_empty());
    }
}
