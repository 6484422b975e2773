//! `dcat.jsonld`: what is here, in the words that data portals harvest (W3C DCAT 3): a catalogue, a data set for each site, and a
//! distribution for each file.

use serde_json::{Value as Json, json};

use super::{
    Catalogue, Entry, PublishError,
    data::Resource,
    datapackage::{put, schema_place},
    encoding::Encoding,
    readme,
    tree::Tree,
};

/// Writes it.
pub(super) fn write(catalogue: &Catalogue<'_>, tree: &mut Tree) -> Result<(), PublishError> {
    put("dcat.jsonld", &of_all(catalogue), tree)
}

fn of_all(catalogue: &Catalogue<'_>) -> Json {
    let about = catalogue.publication;
    let mut context = json!({
        "dcat": "http://www.w3.org/ns/dcat#",
        "dct": "http://purl.org/dc/terms/",
        "foaf": "http://xmlns.com/foaf/0.1/",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    });
    // Names of files are relative to where they will be; where that is not known, to this file.
    if let Some(url) = &about.url {
        context["@base"] = json!(url);
    }
    let last = catalogue.sites.iter().map(|entry| entry.site.last_date.as_str()).max().unwrap_or_default();
    let mut all = json!({
        "@context": context,
        "@id": "./",
        "@type": "dcat:Catalog",
        "dct:title": titles(&readme::title(about), &readme::title_ja(about)),
        "dct:description": descriptions("all sites", "全サイト"),
        "dct:language": languages(),
        "dct:modified": date(last),
        "dcat:dataset": catalogue.sites.iter().map(|entry| data_set(catalogue, entry)).collect::<Vec<_>>(),
    });
    with_publisher(catalogue, &mut all);
    with_licence(catalogue, &mut all);
    all
}

fn data_set(catalogue: &Catalogue<'_>, entry: &Entry) -> Json {
    let site = &entry.site;
    let files = catalogue.resources.iter().filter(|resource| resource.site == site.site);
    let mut set = json!({
        "@id": format!("data/{}/", site.site),
        "@type": "dcat:Dataset",
        "dct:identifier": site.site,
        "dct:title": titles(
            &format!("{}: {}", readme::title(catalogue.publication), site.site),
            &format!("{}：{}", readme::title_ja(catalogue.publication), site.site),
        ),
        "dct:description": descriptions(&site.site, &site.site),
        "dct:language": languages(),
        "dct:modified": date(&site.last_date),
        "dct:accrualPeriodicity": { "@id": "http://publications.europa.eu/resource/authority/frequency/DAILY" },
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": date(&site.first_date),
            "dcat:endDate": date(&site.last_date),
        },
        "dcat:keyword": [
            { "@value": "web statistics", "@language": "en" },
            { "@value": "differential privacy", "@language": "en" },
            { "@value": "ウェブ利用統計", "@language": "ja" },
        ],
        "dcat:distribution": files.flat_map(|resource| distributions(catalogue, resource)).collect::<Vec<_>>(),
    });
    with_publisher(catalogue, &mut set);
    with_licence(catalogue, &mut set);
    set
}

fn distributions(catalogue: &Catalogue<'_>, resource: &Resource) -> Vec<Json> {
    let one = |(encoding, bytes): &(&Encoding, usize)| {
        let place = format!("{}.{}", resource.place, encoding.extension);
        let (media, format) = (encoding.media, encoding.name);
        let mut made = json!({
            "@id": place,
            "@type": "dcat:Distribution",
            "dct:title": [{ "@value": resource.title, "@language": "en" }],
            "dcat:accessURL": { "@id": place },
            "dcat:downloadURL": { "@id": place },
            "dcat:mediaType": { "@id": format!("https://www.iana.org/assignments/media-types/{media}") },
            "dct:format": { "@id": format!("http://publications.europa.eu/resource/authority/file-type/{format}") },
            "dcat:byteSize": { "@value": bytes.to_string(), "@type": "xsd:nonNegativeInteger" },
            "dct:conformsTo": { "@id": schema_place(resource.form) },
        });
        with_licence(catalogue, &mut made);
        made
    };
    resource.sizes.iter().map(one).collect()
}

fn titles(english: &str, japanese: &str) -> Json {
    json!([{ "@value": english, "@language": "en" }, { "@value": japanese, "@language": "ja" }])
}

fn descriptions(english: &str, japanese: &str) -> Json {
    titles(
        &format!(
            "Visits, page views and visitors of {english} by day, week and month, published under differential privacy, each with its \
             95 % interval."
        ),
        &format!(
            "{japanese}の訪問数、ページビュー数、訪問者数（日・週・月別）。差分プライバシーを適用し、すべての値に95%信頼区間を付けています。"
        ),
    )
}

fn languages() -> Json {
    let of = |code: &str| json!({ "@id": format!("http://publications.europa.eu/resource/authority/language/{code}") });
    json!([of("ENG"), of("JPN")])
}

fn date(date: &str) -> Json {
    json!({ "@value": date, "@type": "xsd:date" })
}

fn with_publisher(catalogue: &Catalogue<'_>, of: &mut Json) {
    if let Some(name) = &catalogue.publication.publisher {
        of["dct:publisher"] = json!({ "@type": "foaf:Agent", "foaf:name": name });
    }
}

fn with_licence(catalogue: &Catalogue<'_>, of: &mut Json) {
    if let Some(licence) = &catalogue.publication.licence {
        of["dct:license"] = json!({ "@id": licence.url });
    }
}
