//! The README's programs are compiled and run as documentation tests of this crate.
#![doc = include_str!("../README.md")]
