//! Spans and log lines, in a separate program: tracing caches for the whole process whether a callsite is enabled, so concurrent tests
//! without a subscriber would disable it. Every test here has a subscriber.

mod log;
mod spans;
