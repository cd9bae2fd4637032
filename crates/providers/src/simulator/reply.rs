//! What a vendor answers, before anything happens to it on the wire.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::media::Media;

/// An answer with its price.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) media_type: String,
    /// Further headers.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
    /// What was used, such as `{"characters": 120}`.
    pub(super) units: Map<String, Value>,
    /// US dollars by the vendor's list; 0 for failures.
    pub(super) cost: f64,
}

impl Reply {
    /// A JSON body.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            media_type: "application/json".to_owned(),
            headers: Vec::new(),
            body: body.to_string().into(),
            units: Map::new(),
            cost: 0.0,
        }
    }

    /// 200 with a JSON body.
    pub(super) fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    /// 200 with a file.
    pub(super) fn file(media: Media) -> Self {
        Self { media_type: media.media_type.to_owned(), body: media.bytes, ..Self::ok(&Value::Null) }
    }

    /// 200 with nothing in it.
    pub(super) fn nothing(media_type: &str) -> Self {
        Self { media_type: media_type.to_owned(), body: Bytes::new(), ..Self::ok(&Value::Null) }
    }

    /// One more header.
    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Counts `amount` of `unit` at `price` US dollars each.
    pub(super) fn priced(mut self, unit: &str, amount: f64, price: f64) -> Self {
        self.units.insert(unit.to_owned(), amount.into());
        self.cost += amount * price;
        self
    }

    /// `Retry-After`, if there is a wish.
    pub(super) fn retry_after(self, seconds: Option<u64>) -> Self {
        match seconds {
            Some(seconds) => self.header("retry-after", seconds.to_string()),
            None => self,
        }
    }
}
