//! A line of the log as one JSON object. What all the spans around it know (request, user, project, task) is in `span` together,
//! so that the innermost one need not repeat it.

use std::fmt;

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use crate::telemetry::trace_of;

/// The format.
pub struct Json;

impl<S> FormatEvent<S, JsonFields> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(&self, context: &FmtContext<'_, S, JsonFields>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = fields.0;
        let (mut span, mut innermost) = (Map::new(), None);
        for around in context.event_scope().into_iter().flat_map(tracing_subscriber::registry::Scope::from_root) {
            let extensions = around.extensions();
            let known = extensions.get::<FormattedFields<JsonFields>>();
            // It was written as JSON by the fields' own format.
            if let Some(Ok(known)) = known.map(|known| serde_json::from_str::<Map<String, Value>>(known)) {
                span.extend(known);
            }
            span.insert("name".to_owned(), around.name().into());
            drop(extensions);
            innermost = Some(around.id());
        }
        if !span.is_empty() {
            line.insert("span".to_owned(), span.into());
        }
        if let Some(trace) = innermost.and_then(|span| trace_of(&span)) {
            line.insert("trace_id".to_owned(), trace.to_string().into());
        }
        line.insert("target".to_owned(), event.metadata().target().into());
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        // These first, where people look for them.
        let (timestamp, level) = (json!(timestamp), json!(event.metadata().level().as_str()));
        ["timestamp", "level"].iter().for_each(|name| drop(line.remove(*name)));
        let rest = Value::from(line).to_string();
        writeln!(writer, "{{\"timestamp\":{timestamp},\"level\":{level},{}", &rest[1..])
    }
}

/// An event's fields as JSON.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().trim_start_matches("r#").to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }
}
