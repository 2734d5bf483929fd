//! Imports and exports of any size: what comes of them where something fails on the way.

mod exports;
mod imports;
