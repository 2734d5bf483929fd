//! Compiles and runs the examples of the README as documentation tests of this crate.
#![doc = include_str!("../README.md")]
