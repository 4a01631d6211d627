//! The table of a kind that somebody asks for: fixed for built-in kinds, read from
//! `additionalPrinterColumns` of the definition for custom ones.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    built_in_definitions,
    cells::{Cell, Cells},
    definitions,
};
use crate::demo::{
    kinds::{CUSTOMRESOURCEDEFINITIONS, Kind},
    object::Object,
    store::Store,
};

/// Prints rows of one kind.
#[derive(Debug)]
pub struct Printer {
    definitions: Value,
    /// Type and path of each column after the name; absent for built-in kinds.
    custom: Option<Vec<(String, String)>>,
}

impl Printer {
    /// The printer of a kind as its definition stands now.
    pub fn new(store: &Store, kind: &'static Kind) -> Self {
        if !kind.custom() {
            return Self {
                definitions: built_in_definitions(kind),
                custom: None,
            };
        }
        let columns = printer_columns(store, kind);
        let text = |column: &Value, key: &str| column[key].as_str().unwrap_or_default().to_owned();
        let told: Vec<_> = columns
            .iter()
            .map(|column| {
                let priority = u8::try_from(column["priority"].as_i64().unwrap_or(0)).unwrap_or(1);
                (
                    text(column, "name"),
                    text(column, "type"),
                    priority,
                    text(column, "description"),
                )
            })
            .collect();
        let name = [("Name", "string", 0, "")].into_iter();
        let rest = told.iter().map(|(name, r#type, priority, description)| {
            (
                name.as_str(),
                r#type.as_str(),
                *priority,
                description.as_str(),
            )
        });
        Self {
            definitions: definitions(name.chain(rest)),
            custom: Some(
                columns
                    .iter()
                    .map(|column| (text(column, "type"), text(column, "jsonPath")))
                    .collect(),
            ),
        }
    }

    /// `columnDefinitions`.
    pub fn definitions(&self) -> &Value {
        &self.definitions
    }

    /// The cells of an object at a moment, added to `out`.
    pub fn write(&self, object: &Object, now: Timestamp, out: &mut Vec<u8>) {
        let Some(columns) = &self.custom else {
            return object.cells.write(now, out);
        };
        let value = object.value();
        let cell = |(r#type, path): &(String, String)| match at(&value, path) {
            found if r#type == "date" => Cell::age(found),
            Value::Null => Cell::text(""),
            Value::Array(items) => Cell::text(Value::Array(items.clone()).to_string()),
            found => Cell::Fixed(found.clone()),
        };
        let cells: Vec<_> = std::iter::once(Cell::text(object.name.as_ref()))
            .chain(columns.iter().map(cell))
            .collect();
        Cells::new(&cells).write(now, out);
    }
}

fn printer_columns(store: &Store, kind: &Kind) -> Vec<Value> {
    let age =
        || vec![json!({"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"})];
    let Some(definition) = store.get(&CUSTOMRESOURCEDEFINITIONS, "", &kind.resource()) else {
        return age();
    };
    let definition = definition.value();
    let versions = definition["spec"]["versions"].as_array();
    let version = versions
        .into_iter()
        .flatten()
        .find(|version| version["name"] == kind.version);
    version
        .and_then(|version| version["additionalPrinterColumns"].as_array().cloned())
        .unwrap_or_else(age)
}

/// What a simple JSON path such as `.spec.routes[0].match` names.
fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split(['.', '['])
        .filter(|step| !step.is_empty())
        .fold(value, |value, step| match step.strip_suffix(']') {
            Some(index) => index
                .parse::<usize>()
                .map_or(&Value::Null, |index| &value[index]),
            None => &value[step],
        })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::demo::{kinds::INGRESSROUTES, store::StoreOptions};

    #[test]
    fn a_custom_kind_prints_what_its_definition_says() {
        let store = Store::new(StoreOptions::default());
        let columns = json!([{"name": "Match", "type": "string", "jsonPath": ".spec.routes[0].match"}, {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}]);
        let definition = json!({"metadata": {"name": "ingressroutes.traefik.io"}, "spec": {"versions": [{"name": "v1alpha1", "additionalPrinterColumns": columns}]}});
        store
            .create(&CUSTOMRESOURCEDEFINITIONS, definition)
            .unwrap();
        let route = json!({"metadata": {"name": "r", "namespace": "a", "creationTimestamp": "2026-01-01T00:00:00Z"}, "spec": {"routes": [{"match": "Host(`x`)"}]}});
        let route = store.create(&INGRESSROUTES, route).unwrap();
        let printer = Printer::new(&store, &INGRESSROUTES);
        let mut out = Vec::new();
        printer.write(&route, "2026-01-01T00:00:09Z".parse().unwrap(), &mut out);
        assert_eq!(
            serde_json::from_slice::<Value>(&out).unwrap(),
            json!(["r", "Host(`x`)", "9s"])
        );
        assert_eq!(printer.definitions()[0]["format"], "name");
        assert_eq!(printer.definitions().as_array().unwrap().len(), 3);
    }
}
