//! Every kind of mistake with its exact message, and what valid configurations mean.
//!
//! A failure here is a message that changed, a mistake that is accepted, or a valid file that is refused.

use std::{fs, path::Path};

use super::{Config, ConfigError, SiteConfig, interpret, raw::Variables};
use crate::vault::SiteLabel;

fn with(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let list = variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    interpret(Path::new("h.toml"), text, Variables::of(list))
}

fn message(text: &str) -> String {
    with(text, &[]).map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
}

/// Mistakes of syntax and type: the file and its message.
const UNREADABLE: &[(&str, &str)] = &[
    ("# one\n[server\n", "h.toml:2: this is not TOML: unclosed table, expected `]`"),
    ("[server]\ndata = \"a\"\ndata = \"b\"\n", "h.toml:3: this is not TOML: duplicate key"),
    (
        "[server]\n\nlisen = \"127.0.0.1:1\"\n",
        "h.toml:3: server.lisen: unknown key; did you mean \"listen\"? allowed: listen, data, keys, archive, tokens, journal_mib, free_space_reserve_mib, links",
    ),
    (
        "[servers]\n",
        "h.toml:1: servers: unknown key; did you mean \"server\"? allowed: server, web, monitor, tls, privacy, bounds, seal, geo, receive, profiles, publish, mail, group, site",
    ),
    ("[privacy]\nbudget_total = 3\n", "h.toml:2: privacy.budget_total: unknown key; allowed: epsilon, delta"),
    (
        "[[site]]\nname = \"a\"\n[[site]]\nname = \"b\"\nquery_alow = [\"id\"]\n",
        "h.toml:5: site[1].query_alow: unknown key; did you mean \"query_allow\"? allowed: name, title, group, country, hosts, time_zone, profile, pages, sitemap, sitemap_refresh_minutes, public, links, links_start, links_ignore, links_delay_ms, query_allow, client_domains, skip_tables",
    ),
    (
        "[[site]]\nname = \"a\"\n\n[[site]]\nhosts = [\"b.jp\"]\n",
        "h.toml:4: site[1].name: is missing; it must be given",
    ),
    (
        "[server]\nfree_space_reserve_mib = \"64\"\n",
        "h.toml:2: server.free_space_reserve_mib: found the text \"64\"; allowed: a whole number",
    ),
    (
        "[bounds]\nviews_per_page = 1.5\n",
        "h.toml:2: bounds.views_per_page: found the number 1.5; allowed: a whole number",
    ),
    ("[privacy]\nepsilon = true\n", "h.toml:2: privacy.epsilon: found true; allowed: a number"),
    ("server = 5\n", "h.toml:1: server: found the number 5; allowed: a table"),
    ("[site]\nname = \"a\"\n", "h.toml:1: site: found a table or a date; allowed: a list in brackets"),
    (
        "[[site]]\nname = \"a\"\npages = [\n  \"/\",\n  7,\n]\n",
        "h.toml:5: site[0].pages[1]: found the number 7; allowed: a text in quotes",
    ),
    ("[[site]]\nname = 2026-01-01\n", "h.toml:2: site[0].name: found a table or a date; allowed: a text in quotes"),
    (
        "[profiles.mine]\nhour = 1\nday_sites = 2\n",
        "h.toml:3: profiles.mine.day_sites: unknown key; did you mean \"day_site\"? allowed: hour, day_site, day_pages, day_attributes, week_site, week_pages, month_site, month_pages, month_attributes, selection",
    ),
    ("[profiles.mine]\nhour = 1\n", "h.toml:1: profiles.mine.day_site: is missing; it must be given"),
];

/// Mistakes of meaning.
const WRONG: &[(&str, &str)] = &[
    (
        "[[group]]\nname = \"Europe\"\n",
        "h.toml:2: group[0].name: \"Europe\" is not the name of a group; allowed: 1 to 64 of the characters a-z, 0-9, '.', '-', '_', beginning with a letter or a digit",
    ),
    (
        "[[group]]\nname = \"asia\"\n[[group]]\nname = \"asia\"\n",
        "h.toml:4: group[1].name: \"asia\" is the name of an earlier group; allowed: a name of its own",
    ),
    (
        "[[group]]\nname = \"europe\"\n[[site]]\nname = \"a\"\ngroup = \"europ\"\n",
        "h.toml:5: site[0].group: \"europ\" is not a group; did you mean \"europe\"? allowed: europe",
    ),
    (
        "[[site]]\nname = \"a\"\ngroup = \"b\"\n",
        "h.toml:3: site[0].group: \"b\" is not a group; allowed: one that a [[group]] names, and there is none",
    ),
    (
        "[[site]]\nname = \"a\"\ncountry = \"France\"\n",
        "h.toml:3: site[0].country: \"France\" is not the code of a country; allowed: two letters of ISO 3166 such as \"FR\" or \"JP\"",
    ),
    (
        "[[site]]\nname = \"a\"\ntitle = \" \"\n",
        "h.toml:3: site[0].title: is empty; allowed: a title, or no key at all",
    ),
    (
        "[[site]]\nname = \"a\"\n[site.title]\nen = \"A\"\nja = \"a\\u0007b\"\n",
        "h.toml:5: site[0].title.ja: \"a\\u{7}b\" holds a control character; allowed: text of one line",
    ),
    (
        "[[site]]\nname = \"a\"\ntitle = { EN = \"A\" }\n",
        "h.toml:3: site[0].title.EN: \"EN\" is not a language; allowed: a tag such as en, ja or pt-br",
    ),
    (
        "[server]\nlisten = \"0.0.0.0:50051\"\n",
        "h.toml:2: server.listen: \"0.0.0.0:50051\" is not loopback; allowed with a certificate and key in [tls], or with `behind_proxy = true` there where a proxy speaks TLS and nobody else reaches the address; else 127.0.0.1 or [::1]",
    ),
    (
        "[server]\nlisten = \"localhost\"\n",
        "h.toml:2: server.listen: \"localhost\" is not an address to listen on; allowed: an IP address with a port, such as \"127.0.0.1:50051\" or \"[::1]:50051\"",
    ),
    (
        "[web]\nlisten = \"8080\"\n",
        "h.toml:2: web.listen: \"8080\" is not an address to listen on; allowed: an IP address with a port, such as \"127.0.0.1:4680\" or \"[::1]:4680\", or \"off\"",
    ),
    (
        "[web]\nhosts = [\"a.jp\", \"https://a.jp\"]\n",
        "h.toml:2: web.hosts[1]: \"https://a.jp\" is not a name; allowed: a host name or an IP address, without scheme, port, path and *, such as \"stats.example.jp\"",
    ),
    ("[server]\ndata = \"\"\n", "h.toml:2: server.data: \"\" is not a directory; allowed: a path"),
    (
        "[server]\ndata = \"d\"\nkeys = \"d\"\n",
        "h.toml:3: server.keys: \"d\" is the data directory itself; allowed: another directory, also one inside it",
    ),
    (
        "[server]\nfree_space_reserve_mib = -1\n",
        "h.toml:2: server.free_space_reserve_mib: -1 is out of range; allowed: 0 to 1048576",
    ),
    ("[privacy]\ndelta = 1e-7\nepsilon = 11\n", "h.toml:3: privacy.epsilon: 11 is out of range; allowed: 0.01 to 10"),
    ("[privacy]\nepsilon = nan\n", "h.toml:2: privacy.epsilon: NaN is out of range; allowed: 0.01 to 10"),
    ("[privacy]\ndelta = 0.01\n", "h.toml:2: privacy.delta: 1e-2 is out of range; allowed: 1e-15 to 1e-4"),
    (
        "[bounds]\nviews_per_visitor_day = 11\n",
        "h.toml:2: bounds.views_per_visitor_day: 11 is out of range; allowed: 1 to 10",
    ),
    (
        "[bounds]\nviews_per_visitor_day = 2\nviews_per_page = 3\n",
        "h.toml:3: bounds.views_per_page: 3 is out of range; allowed: 1 to 2 (views_per_visitor_day)",
    ),
    (
        "[seal]\nmax_lateness_minutes = 43201\n",
        "h.toml:2: seal.max_lateness_minutes: 43201 is out of range; allowed: 0 to 43200",
    ),
    (
        "[[site]]\nname = \"WWW\"\n",
        "h.toml:2: site[0].name: \"WWW\" is not allowed: a site's name has 1 to 64 of the characters a-z, 0-9, '.', '-', '_' and begins with a letter or a digit",
    ),
    (
        "[[site]]\nname = \"a\"\n[[site]]\nname = \"a\"\n",
        "h.toml:4: site[1].name: \"a\" is the name of an earlier site; allowed: a name of its own",
    ),
    (
        "[[site]]\nname = \"a\"\nhosts = [\"a.jp\",\n\"https://b.jp\"]\n",
        "h.toml:4: site[0].hosts[1]: \"https://b.jp\" is not a host name; allowed: a name without scheme, port or path, such as \"www.example.jp\" or \"*.example.jp\" (other scripts in their xn-- form)",
    ),
    (
        "[[site]]\nname = \"a\"\nhosts = [\"a.jp\"]\n[[site]]\nname = \"b\"\nhosts = [\"A.jp\"]\n",
        "h.toml:6: site[1].hosts[0]: \"a.jp\" belongs to the site \"a\" already; allowed: one site a host",
    ),
    (
        "[[site]]\nname = \"a\"\ntime_zone = \"Asia/Tokio\"\n",
        "h.toml:3: site[0].time_zone: \"Asia/Tokio\" is not a time zone; allowed: an IANA name such as \"Asia/Tokyo\"",
    ),
    (
        "[[site]]\nname = \"a\"\nprofile = \"smal\"\n",
        "h.toml:3: site[0].profile: \"smal\" is not a profile; did you mean \"small\"? allowed: small, standard, busy",
    ),
    (
        "[[site]]\nname = \"a\"\npages = [\"visa/\"]\n",
        "h.toml:3: site[0].pages[0]: \"visa/\" is not a page; allowed: a path that begins with \"/\", without spaces and \"#\", at most 8192 bytes",
    ),
    (
        "[[site]]\nname = \"a\"\nquery_allow = [\"a=b\"]\n",
        "h.toml:3: site[0].query_allow[0]: \"a=b\" is not the name of a query parameter; allowed: 1 to 64 bytes, decoded, without spaces and & = ? # %",
    ),
    (
        "[[site]]\nname = \"a\"\nsitemap = \"no-such-file.xml\"\n",
        "h.toml:3: site[0].sitemap: no-such-file.xml: cannot be read: No such file or directory (os error 2)",
    ),
    (
        "[[site]]\nname = \"a\"\nsitemap = \"https://a.jp/sitemap.xml\"\n",
        "h.toml:3: site[0].sitemap: \"https://a.jp/sitemap.xml\" is on the network and the site has no hosts; allowed: a URL on a host that `hosts` names",
    ),
    (
        "[[site]]\nname = \"a\"\nhosts = [\"www.a.jp\"]\nsitemap = \"https://ww.a.jp/sitemap.xml\"\n",
        "h.toml:4: site[0].sitemap: the host \"ww.a.jp\" (near \"www.a.jp\") is not one of the site; add it to the site's hosts or take the URL out",
    ),
    (
        "[[site]]\nname = \"a\"\nhosts = [\"a.jp\"]\nsitemap = \"https://me:secret@a.jp/sitemap.xml\"\n",
        "h.toml:4: site[0].sitemap: the URL has a user name or a password; allowed: a URL without them",
    ),
    (
        "[[site]]\nname = \"a\"\nhosts = [\"a.jp\"]\nsitemap = \"ftp://a.jp/sitemap.xml\"\n",
        "h.toml:4: site[0].sitemap: \"ftp://a.jp/sitemap.xml\" is not a URL that can be fetched; allowed: https:// or http:// with a host and a path, without spaces, other scripts encoded",
    ),
    (
        "[[site]]\nname = \"a\"\nhosts = [\"a.jp\"]\nsitemap = \"https://a.jp/s.xml\"\nsitemap_refresh_minutes = 4\n",
        "h.toml:5: site[0].sitemap_refresh_minutes: 4 is out of range; allowed: 5 to 43200",
    ),
    (
        "[[site]]\nname = \"a\"\nlinks = true\n",
        "h.toml:3: site[0].links: is true and no host is spelled out; allowed: beside \"hosts\" with a name that does not begin with \"*\"",
    ),
    (
        "[[site]]\nname = \"a\"\nhosts = [\"a.jp\"]\nsitemap = \"https://a.jp/s.xml\"\nlinks = true\n",
        "h.toml:5: site[0].links: is beside \"sitemap\", which names the pages already; allowed: one of the two",
    ),
    (
        "[[site]]\nname = \"a\"\nhosts = [\"a.jp\"]\nlinks_start = [\"https://a.jp/\",\n\"https://b.jp/\"]\n",
        "h.toml:5: site[0].links_start[1]: \"https://b.jp/\" is no page to start at; allowed: https:// or http:// with a host that `hosts` spells out",
    ),
    (
        "[[site]]\nname = \"a\"\nlinks_ignore = [\"most read\"]\n",
        "h.toml:3: site[0].links_ignore[0]: \"most read\" is nothing that can be left out; allowed: \".class\" or \"#id\" of an element, or a path such as \"/ranking/*\", without spaces",
    ),
    (
        "[[site]]\nname = \"a\"\nlinks_delay_ms = 60001\n",
        "h.toml:3: site[0].links_delay_ms: 60001 is out of range; allowed: 0 to 60000",
    ),
    (
        "[receive]\ncookie = \"a b\"\n",
        "h.toml:2: receive.cookie: \"a b\" is not the name of a cookie; allowed: 1 to 64 letters, digits and any of \
         !#$%&'*+-.^_`|~",
    ),
    ("[server]\nlinks = 1\n", "h.toml:2: server.links: found the number 1; allowed: true or false"),
    (
        "[[site]]\nname = \"a\"\nsitemap_refresh_minutes = 60\n",
        "h.toml:3: site[0].sitemap_refresh_minutes: there is no sitemap to read again; allowed: beside \"sitemap\"",
    ),
    ("[profiles.busy]\n[profiles.mine]\n", "h.toml:1: profiles.busy.hour: is missing; it must be given"),
];

fn profile_of(hour: i64, month_pages: i64) -> String {
    format!(
        "[profiles.mine]\nhour = {hour}\nday_site = 1500\nday_pages = 300\nday_attributes = 300\nweek_site = 500\n\
         month_site = 700\nmonth_pages = {month_pages}\nmonth_attributes = 900\nselection = 200\n"
    )
}

fn assert_messages(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(message(text), *expected, "for the file:\n{text}");
    }
}

#[test]
fn what_cannot_be_read_is_told_with_its_line() {
    assert_messages(UNREADABLE);
}

#[test]
fn what_makes_no_sense_is_told_with_its_line_and_what_is_allowed() {
    assert_messages(WRONG);
}

#[test]
fn shares_of_a_profile_are_within_the_budget() {
    assert_eq!(
        message(&profile_of(0, 5)),
        "h.toml:2: profiles.mine.hour: 0 is out of range; allowed: 1 to 10000 basis points"
    );
    assert_eq!(
        message(&profile_of(100, 5501)),
        "h.toml:1: profiles.mine: the shares add up to 10001 basis points; allowed: at most 10000"
    );
    assert_eq!(
        message(&profile_of(70_000, 1)),
        "h.toml:2: profiles.mine.hour: 70000 is out of range; allowed: 1 to 10000 basis points"
    );
    assert_eq!(message(&profile_of(100, 5500)), "accepted");
}

#[test]
fn variables_stand_over_the_file_and_are_named_in_mistakes() {
    let text = "[privacy]\nepsilon = 1\n";
    let set = |name, value| with(text, &[(name, value)]).map_err(|e| e.to_string());
    assert_eq!(set("HEADCOUNT_SERVER__DATA", "2024").unwrap().data, Path::new("2024"));
    assert_eq!(set("HEADCOUNT_PRIVACY__EPSILON", "2.5").unwrap().epsilon, 2.5);
    // The address for clients is not a setting of the server.
    assert_eq!(set("HEADCOUNT_SERVER", "x").unwrap().epsilon, 1.0);
    let wrong = set("HEADCOUNT_PRIVACY__EPSILN", "1").unwrap_err();
    assert!(
        wrong.starts_with("environment variable HEADCOUNT_PRIVACY__EPSILN: privacy.epsiln: unknown key"),
        "{wrong}"
    );
    let wrong = set("HEADCOUNT_PRIVACY__EPSILON", "99").unwrap_err();
    assert!(wrong.ends_with("99 is out of range; allowed: 0.01 to 10"), "{wrong}");
    let wrong = set("HEADCOUNT_SITE__NAME", "1").unwrap_err();
    assert!(wrong.contains("is not a key that a variable can set"), "{wrong}");
}

/// A configuration with every key, and the files it names.
#[test]
fn a_profile_may_share_with_weeks_of_pages() {
    let profile = |more: &str| format!("{}{more}[[site]]\nname = \"a\"\nprofile = \"mine\"\n", profile_of(1, 1));
    let week_pages = |text: &str| with(text, &[]).unwrap().sites[0].shares.week_pages;
    assert_eq!((week_pages(&profile("")), week_pages(&profile("week_pages = 0\n"))), (0, 0));
    assert_eq!(week_pages(&profile("week_pages = 1500\n")), 1_500);
    assert_eq!(
        message(&profile("week_pages = -1\n")),
        "h.toml:11: profiles.mine.week_pages: -1 is out of range; allowed: 0 to 10000 basis points"
    );
}

#[test]
fn small_sites_count_fewer_views_unless_the_file_says_how_many() {
    let sites = "[[site]]\nname = \"a\"\nprofile = \"small\"\n[[site]]\nname = \"b\"\n";
    let views = |text: &str| {
        let config = with(&format!("{text}{sites}"), &[]).unwrap();
        let of = |site: &SiteConfig| site.bounds.map(|bounds| (bounds.views_per_visitor_day, bounds.views_per_page));
        (config.views_per_visitor_day, of(&config.sites[0]), of(&config.sites[1]))
    };
    assert_eq!(views(""), (8, Some((5, 2)), None));
    assert_eq!(views("[bounds]\nviews_per_page = 1\n"), (8, Some((5, 1)), None));
    assert_eq!(views("[bounds]\nviews_per_page = 7\n"), (8, Some((5, 5)), None));
    assert_eq!(views("[bounds]\nviews_per_visitor_day = 8\n"), (8, None, None));
    assert_eq!(views("[bounds]\nviews_per_visitor_day = 3\n"), (3, None, None));
}

#[test]
fn a_whole_configuration_means_what_it_says() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write(
        "sitemap.xml",
        "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\
         <url><loc>https://www.example.jp/visa/?a=1&amp;b=2</loc></url><url><loc>https://www.example.jp/</loc></url></urlset>",
    );
    let text = "[server]\ndata = \"d\"\n[bounds]\nviews_per_visitor_day = 5\n[seal]\nmax_lateness_minutes = 2\n\
                [[site]]\nname = \"www\"\nhosts = [\"WWW.example.jp\"]\ntime_zone = \"Asia/Tokyo\"\nprofile = \"small\"\n\
                pages = [\"/\"]\nsitemap = \"sitemap.xml\"\nquery_allow = [\"id\"]\n";
    write("headcount.toml", text);
    let config = super::load(&directory.path().join("headcount.toml")).unwrap();
    assert_eq!((config.views_per_visitor_day, config.views_per_page, config.max_lateness_ms), (5, 2, 120_000));
    assert_eq!(config.keys, Path::new("d/keys"));
    let site = &config.sites[0];
    assert_eq!((site.hosts[0].as_str(), site.calendar.zone_name()), ("www.example.jp", "Asia/Tokyo"));
    assert_eq!(Some(site.shares), crate::vault::Shares::named("small"));
    assert_eq!(site.pages, ["/", "/visa/?a=1&b=2"]);
    let sitemap = site.sitemap.as_ref().unwrap();
    assert_eq!((sitemap.refresh_minutes, sitemap.listed.len(), sitemap.sitemap.is_remote()), (1_440, 1, false));
}

#[test]
fn sites_have_titles_by_language_a_group_and_a_country() {
    let config = with(
        "[[group]]\nname = \"europe\"\ntitle = { en = \"Europe\", ja = \"欧州\" }\n\
         [[site]]\nname = \"a\"\ntitle = \"Embassy\"\ngroup = \"europe\"\ncountry = \"FR\"\n[[site]]\nname = \"b\"\n",
        &[],
    )
    .unwrap();
    assert_eq!((config.groups[0].name.as_str(), config.groups[0].titles["ja"].as_str()), ("europe", "欧州"));
    let label = &config.sites[0].label;
    assert_eq!(
        (label.titles["en"].as_str(), label.group.as_str(), label.country.as_str()),
        ("Embassy", "europe", "FR")
    );
    assert_eq!(config.sites[1].label, SiteLabel::default());
    let long = message(&format!("[[site]]\nname = \"a\"\ntitle = \"{}\"\n", "長".repeat(101)));
    assert_eq!(long, "h.toml:3: site[0].title: has 101 characters; allowed: at most 100");
}

#[test]
fn links_are_followed_where_no_sitemap_is_and_nobody_says_no() {
    let links = |text: &str, variables: &[(&str, &str)]| {
        let config = with(&format!("[[site]]\nname = \"a\"\n{text}"), variables).unwrap();
        config.sites[0].links.as_ref().map(ToString::to_string)
    };
    let hosts = "hosts = [\"A.jp\", \"*.a.jp\", \"b.jp\"]\n";
    assert_eq!(links(hosts, &[]).as_deref(), Some("https://a.jp/ https://b.jp/"));
    let start = format!("{hosts}links = true\nlinks_start = [\"http://b.jp:8080/x\"]\npages = [\"/\"]\n");
    assert_eq!(links(&start, &[]).as_deref(), Some("http://b.jp:8080/x"));
    for off in ["links = false\n", "sitemap = \"https://a.jp/s.xml\"\n"] {
        assert_eq!(links(&format!("{hosts}{off}"), &[]), None, "{off}");
    }
    assert_eq!(links("", &[]), None);
    assert_eq!(links("hosts = [\"*.a.jp\"]\n", &[]), None);
    assert_eq!(links(&start, &[("HEADCOUNT_SERVER__LINKS", "false")]), None);
}

#[test]
fn an_url_is_left_to_the_server() {
    let text = "[[site]]\nname = \"a\"\nhosts = [\"*.a.jp\"]\npages = [\"/\"]\n\
                sitemap = \"HTTPS://WWW.a.jp:8443/sitemap.xml.gz\"\nsitemap_refresh_minutes = 60\n";
    let config = with(text, &[]).unwrap();
    let site = &config.sites[0];
    let sitemap = site.sitemap.as_ref().unwrap();
    assert_eq!(sitemap.sitemap.source.to_string(), "https://WWW.a.jp:8443/sitemap.xml.gz");
    assert!(sitemap.sitemap.is_remote());
    assert_eq!(
        (sitemap.refresh_minutes, &sitemap.listed, &site.pages),
        (60, &vec!["/".to_owned()], &vec!["/".to_owned()])
    );
}
