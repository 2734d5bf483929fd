//! Imports and exports of any size, and their results if a step fails.

mod exported_users;
mod exports;
mod import_progress;
mod imports;
mod runs;
mod scratch;
