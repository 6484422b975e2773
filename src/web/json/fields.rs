//! From named values to a message, one field after the other, so that an error names the field, its value and what is allowed.

use prost_reflect::{DeserializeOptions, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage};
use serde_json::{Map, Value as Json};

use super::fault::Fault;
use crate::text::{nearest, shown};

/// The message that a JSON object describes. Names may be those of the protocol (`from_date`) or in lower camel case
/// (`fromDate`).
pub(super) fn message(of: &MessageDescriptor, object: Map<String, Json>) -> Result<DynamicMessage, Fault> {
    let mut message = DynamicMessage::new(of.clone());
    let mut seen = Vec::new();
    for (name, value) in object {
        let field = field(of, &name)?;
        if seen.contains(&field.number()) {
            return Err(Fault::bad(field.name(), "it is given twice", "once"));
        }
        seen.push(field.number());
        put(&mut message, &field, value)?;
    }
    Ok(message)
}

/// The message of which each parameter gives a field; a repeated field is given several times.
pub(super) fn of_parameters(of: &MessageDescriptor, pairs: &[(String, String)]) -> Result<DynamicMessage, Fault> {
    let mut object = Map::new();
    for (name, text) in pairs {
        let field = field(of, name)?;
        let value = typed(&field, text);
        match object.get_mut(field.name()) {
            Some(Json::Array(list)) => list.push(value),
            Some(_) => return Err(Fault::bad(field.name(), "it is given twice", "once")),
            None if field.is_list() => drop(object.insert(field.name().to_owned(), Json::Array(vec![value]))),
            None => drop(object.insert(field.name().to_owned(), value)),
        }
    }
    message(of, object)
}

/// A parameter's text as JSON of the field's kind; what does not fit stays text, and is refused as such.
fn typed(field: &FieldDescriptor, text: &str) -> Json {
    match field.kind() {
        Kind::Bool => text.parse::<bool>().map_or_else(|_| text.into(), Json::from),
        Kind::Enum(_) => text.parse::<i32>().map_or_else(|_| text.into(), Json::from),
        _ => text.into(),
    }
}

fn field(of: &MessageDescriptor, name: &str) -> Result<FieldDescriptor, Fault> {
    of.get_field_by_name(name).or_else(|| of.get_field_by_json_name(name)).ok_or_else(|| {
        let fields: Vec<FieldDescriptor> = of.fields().collect();
        let hint = nearest(name, fields.iter().map(FieldDescriptor::name));
        let hint = hint.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
        let allowed = fields.iter().map(FieldDescriptor::name).collect::<Vec<_>>().join(", ");
        let allowed = if allowed.is_empty() { "no field at all".to_owned() } else { allowed };
        Fault::bad("message", &format!("{} has no field {}{hint}", of.name(), shown(name)), &allowed)
    })
}

/// Reads a value into a field.
fn put(message: &mut DynamicMessage, field: &FieldDescriptor, value: Json) -> Result<(), Fault> {
    let shown = as_written(&value);
    let alone = Json::Object(Map::from_iter([(field.name().to_owned(), value)]));
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let read = DynamicMessage::deserialize_with_options(message.descriptor(), alone, &options);
    let read = read.map_err(|_| Fault::bad(field.name(), &format!("{shown} cannot be read"), &allowed(field)))?;
    if read.has_field(field) {
        message.set_field(field, read.get_field(field).into_owned());
    }
    Ok(())
}

/// A value for a message.
pub(super) fn as_written(value: &Json) -> String {
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => value.to_string(),
        Json::String(text) => shown(text),
        Json::Array(_) | Json::Object(_) => shown(&value.to_string()),
    }
}

/// What a field may be, in words.
fn allowed(field: &FieldDescriptor) -> String {
    let one = match field.kind() {
        Kind::Bool => "true or false".to_owned(),
        Kind::Uint32 | Kind::Fixed32 => format!("a whole number from 0 to {}", u32::MAX),
        Kind::Uint64 | Kind::Fixed64 => format!("a whole number from 0 to {}", u64::MAX),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => format!("a whole number from {} to {}", i32::MIN, i32::MAX),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => format!("a whole number from {} to {}", i64::MIN, i64::MAX),
        Kind::Float | Kind::Double => "a number".to_owned(),
        Kind::String => "a text".to_owned(),
        Kind::Bytes => "base64".to_owned(),
        Kind::Enum(of) => of.values().map(|value| value.name().to_owned()).collect::<Vec<_>>().join(", "),
        Kind::Message(of) => format!("an object with the fields of {}", of.name()),
    };
    if field.is_list() { format!("a list, each {one}") } else { one }
}
