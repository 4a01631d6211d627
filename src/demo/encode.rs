//! Objects in the form that a client asked for, written from stored bytes without parsing them.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    gzip::Member,
    kinds::Kind,
    object::Object,
    request::{Form, Include},
    store::Store,
    table::Printer,
};

/// Where encoded bytes go.
#[derive(Debug)]
pub enum Sink {
    /// As they are.
    Plain(Vec<u8>),
    /// Into one gzip member.
    Gzip(Member),
}

impl Sink {
    /// Text that belongs to this answer only.
    pub fn text(&mut self, bytes: &[u8]) {
        match self {
            Self::Plain(out) => out.extend_from_slice(bytes),
            Self::Gzip(member) => member.store(bytes),
        }
    }

    fn after_type(&mut self, object: &Object) {
        match self {
            Self::Plain(out) => out.extend_from_slice(object.after_type()),
            Self::Gzip(member) => member.add(object.deflated()),
        }
    }

    fn metadata(&mut self, object: &Object) {
        match self {
            Self::Plain(out) => out.extend_from_slice(object.metadata()),
            Self::Gzip(member) => member.add(object.deflated_metadata()),
        }
    }

    /// How many bytes wait to be sent.
    pub fn len(&self) -> usize {
        match self {
            Self::Plain(out) => out.len(),
            Self::Gzip(member) => member.len(),
        }
    }

    /// The bytes that wait to be sent.
    pub fn take(&mut self) -> Bytes {
        match self {
            Self::Plain(out) => std::mem::take(out).into(),
            Self::Gzip(member) => member.take().into(),
        }
    }

    /// Ends the answer and returns its last bytes.
    pub fn finish(self) -> Bytes {
        match self {
            Self::Plain(out) => out.into(),
            Self::Gzip(member) => member.finish().into(),
        }
    }
}

/// Writes objects of one kind in one form.
#[derive(Debug)]
pub struct Encoder {
    kind: &'static Kind,
    form: Form,
    printer: Option<Printer>,
    type_head: String,
}

/// The type part of an object that is told by its metadata only.
const PARTIAL: &[u8] =
    br#"{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":"#;

impl Encoder {
    /// An encoder for one answer.
    pub fn new(store: &Store, kind: &'static Kind, form: Form) -> Self {
        let printer = matches!(form, Form::Table(_)).then(|| Printer::new(store, kind));
        Self {
            kind,
            form,
            printer,
            type_head: format!(
                "{{\"kind\":\"{}\",\"apiVersion\":\"{}\",",
                kind.kind,
                kind.api_version()
            ),
        }
    }

    /// What comes before the items of a list; `metadata` is that of the list.
    pub fn list_head(&self, metadata: &Value) -> String {
        let (kind, version, items) = match self.form {
            Form::Object => (
                format!("{}List", self.kind.kind),
                self.kind.api_version(),
                "\"items\"".to_owned(),
            ),
            Form::Metadata => (
                "PartialObjectMetadataList".to_owned(),
                "meta.k8s.io/v1".to_owned(),
                "\"items\"".to_owned(),
            ),
            Form::Table(_) => (
                "Table".to_owned(),
                "meta.k8s.io/v1".to_owned(),
                format!("\"columnDefinitions\":{},\"rows\"", self.columns()),
            ),
        };
        format!(
            "{{\"kind\":\"{kind}\",\"apiVersion\":\"{version}\",\"metadata\":{metadata},{items}:["
        )
    }

    /// What comes after the items of a list.
    pub const LIST_TAIL: &str = "]}\n";

    /// One item of a list.
    pub fn item(&self, object: &Object, now: Timestamp, sink: &mut Sink) {
        match self.form {
            // Lists of built-in kinds leave the type of their items out; those of custom kinds do not.
            Form::Object if !self.kind.custom() => {
                sink.text(b"{");
                sink.after_type(object);
            }
            Form::Object => self.whole(object, sink),
            Form::Metadata => partial(object, sink),
            Form::Table(include) => self.row(object, include, now, sink),
        }
    }

    /// One object as an answer or in an event of a watch.
    pub fn single(&self, object: &Object, now: Timestamp, with_columns: bool, sink: &mut Sink) {
        match self.form {
            Form::Object => self.whole(object, sink),
            Form::Metadata => partial(object, sink),
            Form::Table(include) => {
                sink.text(
                    self.table_head(object.resource_version, with_columns)
                        .as_bytes(),
                );
                self.row(object, include, now, sink);
                sink.text(b"]}");
            }
        }
    }

    /// A bookmark's object: the type and the revision, and the mark that the initial events are through.
    pub fn bookmark(&self, revision: u64, end_of_initial: bool) -> String {
        let mut metadata =
            json!({"resourceVersion": revision.to_string(), "creationTimestamp": null});
        if end_of_initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        match self.form {
            Form::Object => format!("{}\"metadata\":{metadata}}}", self.type_head),
            Form::Metadata => format!("{}{metadata}}}", String::from_utf8_lossy(PARTIAL)),
            Form::Table(_) => {
                let cells: Vec<_> = self
                    .columns()
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|_| "")
                    .collect();
                let object = format!("{}{metadata}}}", String::from_utf8_lossy(PARTIAL));
                format!(
                    "{}{{\"cells\":{},\"object\":{object}}}]}}",
                    self.table_head(revision, false),
                    json!(cells)
                )
            }
        }
    }

    fn columns(&self) -> &Value {
        self.printer
            .as_ref()
            .map_or(&Value::Null, Printer::definitions)
    }

    fn table_head(&self, revision: u64, with_columns: bool) -> String {
        let columns = if with_columns {
            self.columns()
        } else {
            &Value::Null
        };
        format!(
            "{{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{{\"resourceVersion\":\"{revision}\"}},\"columnDefinitions\":{columns},\"rows\":["
        )
    }

    fn whole(&self, object: &Object, sink: &mut Sink) {
        sink.text(self.type_head.as_bytes());
        sink.after_type(object);
    }

    fn row(&self, object: &Object, include: Include, now: Timestamp, sink: &mut Sink) {
        let mut cells = Vec::with_capacity(256);
        cells.extend_from_slice(b"{\"cells\":");
        if let Some(printer) = &self.printer {
            printer.write(object, now, &mut cells);
        }
        cells.extend_from_slice(b",\"object\":");
        sink.text(&cells);
        match include {
            Include::None => sink.text(b"null"),
            Include::Metadata => partial(object, sink),
            Include::Object => self.whole(object, sink),
        }
        sink.text(b"}");
    }
}

fn partial(object: &Object, sink: &mut Sink) {
    sink.text(PARTIAL);
    sink.metadata(object);
    sink.text(b"}");
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::demo::{
        kinds::{INGRESSROUTES, PODS},
        store::StoreOptions,
    };

    fn item(kind: &'static Kind, form: Form) -> Value {
        let store = Store::new(StoreOptions::default());
        let object = store
            .create(
                kind,
                json!({"metadata": {"name": "a", "namespace": "n"}, "spec": {}}),
            )
            .unwrap();
        let mut sink = Sink::Plain(Vec::new());
        Encoder::new(&store, kind, form).item(&object, Timestamp::now(), &mut sink);
        serde_json::from_slice(&sink.finish()).unwrap()
    }

    #[test]
    fn items_have_the_form_that_was_asked_for() {
        assert_eq!(item(&PODS, Form::Object)["kind"], Value::Null);
        assert_eq!(item(&INGRESSROUTES, Form::Object)["kind"], "IngressRoute");
        assert_eq!(item(&PODS, Form::Metadata)["metadata"]["name"], "a");
        let row = item(&PODS, Form::Table(Include::Metadata));
        assert_eq!(
            (&row["cells"][0], &row["object"]["kind"]),
            (&json!("a"), &json!("PartialObjectMetadata"))
        );
        assert_eq!(
            item(&PODS, Form::Table(Include::Object))["object"]["kind"],
            "Pod"
        );
        assert_eq!(
            item(&PODS, Form::Table(Include::None))["object"],
            Value::Null
        );
    }

    #[test]
    fn bookmarks_are_json_in_every_form() {
        let store = Store::new(StoreOptions::default());
        for form in [Form::Object, Form::Metadata, Form::Table(Include::Metadata)] {
            let text = Encoder::new(&store, &PODS, form).bookmark(7, true);
            let mark: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(mark["metadata"]["resourceVersion"], "7", "{text}");
        }
    }
}
