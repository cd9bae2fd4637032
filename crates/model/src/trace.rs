//! A place in a trace, as W3C Trace Context writes it, and how code that knows no tracing system gets one and hands it on.
//!
//! Spans themselves, and who collects them, are the program's business.

use std::fmt;
use std::str::FromStr;

/// A span of a trace, perhaps of another process: what a `traceparent` header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    /// The trace; never 0.
    pub trace: u128,
    /// The span in it; never 0.
    pub span: u64,
    /// Bit 0: whether the trace is kept (sampled).
    pub flags: u8,
}

/// Text that is no `traceparent` of version 00, the only one there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no traceparent; it looks like 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
pub struct NoTraceParent;

impl FromStr for TraceParent {
    type Err = NoTraceParent;

    fn from_str(text: &str) -> Result<Self, NoTraceParent> {
        let parts: Vec<&str> = text.split('-').collect();
        let ["00", trace, span, flags] = parts[..] else { return Err(NoTraceParent) };
        let hex = |text: &str, length: usize| {
            let fits = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
            fits.then(|| u128::from_str_radix(text, 16).ok()).flatten()
        };
        let trace = hex(trace, 32).filter(|trace| *trace != 0).ok_or(NoTraceParent)?;
        let span = hex(span, 16).and_then(|span| u64::try_from(span).ok()).filter(|span| *span != 0).ok_or(NoTraceParent)?;
        let flags = hex(flags, 2).and_then(|flags| u8::try_from(flags).ok()).ok_or(NoTraceParent)?;
        Ok(Self { trace, span, flags })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags)
    }
}

/// How traces go on from one process, task or service to the next. The program fills it in.
#[derive(Debug, Clone, Copy)]
pub struct Propagation {
    /// The span that the caller is in; `None` when nothing is traced.
    pub current: fn() -> Option<TraceParent>,
    /// Puts the span that the caller is in below that one. To be called before anything else happens in the span.
    pub follow: fn(TraceParent),
}

impl Propagation {
    /// Nothing is traced.
    pub const OFF: Self = Self { current: || None, follow: |_| () };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_trace_is_read_and_written_alike() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent: TraceParent = text.parse().expect("the example of the standard");
        assert_eq!((parent.span, parent.flags), (0x00f0_67aa_0ba9_02b7, 1));
        assert_eq!(parent.to_string(), text);
    }

    #[test]
    fn what_the_standard_forbids_is_refused() {
        let check = |text: &str| assert_eq!(text.parse::<TraceParent>(), Err(NoTraceParent), "{text}");
        check("");
        check("00-00000000000000000000000000000000-00f067aa0ba902b7-01");
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01");
        check("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01");
        check("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7");
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more");
        check("00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01");
    }
}
