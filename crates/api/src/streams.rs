//! Streams of live events, counted while they are open.

use metrics::gauge;

const STREAMS: &str = "shortsai_event_streams";

/// One that is open; it is counted until this is dropped.
pub struct OpenStream(());

impl OpenStream {
    /// One more.
    pub fn new() -> Self {
        gauge!(STREAMS).increment(1);
        Self(())
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        gauge!(STREAMS).decrement(1);
    }
}
