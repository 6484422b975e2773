//! `datapackage.json` and the schemas of its files, as Frictionless Data Package describes them
//! (<https://datapackage.org/standard/data-package/>): a program that knows them reads every file with its types.

use serde_json::{Value as Json, json};

use super::{Catalogue, PublishError, data::Form, data::Resource, readme, tree::Tree};
use crate::files::{Column, Kind};

/// Writes them.
pub(super) fn write(catalogue: &Catalogue<'_>, tree: &mut Tree) -> Result<(), PublishError> {
    for form in Form::ALL {
        put(&schema_place(form), &schema(form), tree)?;
    }
    put("datapackage.json", &package(catalogue), tree)
}

/// Writes a value with a line for each member, so that a difference between two days can be read.
pub(super) fn put(place: &str, json: &Json, tree: &mut Tree) -> Result<(), PublishError> {
    tree.put(place, format!("{json:#}\n").as_bytes())
}

/// Where the schema of a form is.
pub(super) fn schema_place(form: Form) -> String {
    format!("schemas/{}.json", form.name())
}

fn schema(form: Form) -> Json {
    json!({ "fields": form.columns().iter().map(field).collect::<Vec<_>>(), "missingValues": [""] })
}

fn field(column: &Column) -> Json {
    let mut field = json!({ "name": column.name, "type": kind(column.kind), "description": column.meaning });
    if column.kind == Kind::Time {
        field["format"] = json!("%Y-%m-%dT%H:%M:%S%z");
    }
    if !column.may_be_empty {
        field["constraints"] = json!({ "required": true });
    }
    field
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Time => "datetime",
        Kind::Date => "date",
        Kind::Text => "string",
        Kind::Count => "integer",
        Kind::Number => "number",
    }
}

fn package(catalogue: &Catalogue<'_>) -> Json {
    let about = catalogue.publication;
    let mut package = json!({
        "name": "web-statistics",
        "title": readme::title(about),
        "description": "Visits, page views and visitors of websites, published under differential privacy: every number has noise \
                        that hides any one visitor's day, and comes with its 95 % interval. README.md says how they were made.",
        "keywords": ["web statistics", "differential privacy", "ウェブ利用統計"],
        "resources": catalogue.resources.iter().map(resource).collect::<Vec<_>>(),
    });
    if let Some(licence) = &about.licence {
        let mut named = json!({ "path": licence.url });
        if let Some(name) = licence.name {
            named["name"] = json!(name);
        }
        package["licenses"] = json!([named]);
    }
    if let Some(publisher) = &about.publisher {
        package["contributors"] = json!([{ "title": publisher, "role": "publisher" }]);
    }
    if let Some(url) = &about.url {
        package["homepage"] = json!(url);
    }
    package
}

fn resource(resource: &Resource) -> Json {
    let bytes = resource.sizes.iter().find(|(encoding, _)| encoding.extension == "csv").map(|(_, bytes)| bytes);
    json!({
        "name": resource.place.trim_start_matches("data/").replace('/', "-"),
        "title": resource.title,
        "path": format!("{}.csv", resource.place),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "profile": "tabular-data-resource",
        "schema": schema_place(resource.form),
        "bytes": bytes,
    })
}
