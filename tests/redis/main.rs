//! Stories with a real Redis server. Without `redis-server` they are skipped, unless `CI` is set.

mod processes;
