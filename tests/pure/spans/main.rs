//! Spans and log lines, in a program of their own: tracing caches for the whole process whether a callsite is enabled, so tests without a
//! subscriber that run at the same time would disable it. Every test here has a subscriber.

mod log;
mod spans;
