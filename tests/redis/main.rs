//! Stories with a real Redis server. Without `redis-server` they are skipped, unless `CI` is set.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod processes;
