#![doc = include_str!("../README.md")]

mod error;
mod transport;

pub use transport::ReqwestTransport;
