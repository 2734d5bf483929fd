//! Stories with a real Redis server. Without `redis-server` they are skipped, unless `CI` is set.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// They are about real time.
#![allow(clippy::disallowed_methods)]

mod connections;
mod pacing;
mod processes;
mod support;
mod token;
