//! A test server that behaves like an Auth0 tenant, over HTTP.
//!
//! [`TenantServer`] serves a [`Tenant`](users_mock::Tenant) of `users-mock`, or many [`Tenants`] with a control API, on a socket in the process
//! of a test. The binary `users-tenant` does the same as a process of its own, for tests in other languages.
//!
//! ```toml
//! [dev-dependencies]
//! users-mock = "0.1"
//! users-tenant = "0.1"
//! ```
//!
//! The crate has no features.

mod access_log;
mod application;
mod body;
mod context;
mod control;
mod disconnect;
mod guard;
mod hosted;
mod key;
mod login;
mod name;
mod near;
mod page;
mod problem;
mod selection;
mod server;
mod tenants;
mod tls;
mod traffic;

pub use name::{InvalidTenantName, TenantName};
pub use server::{TenantServer, TenantServerBuilder};
pub use tenants::{Tenants, TenantsBuilder};

/// Compiles and runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(test)]
mod tests {
    #[test]
    fn the_readme_shows_the_examples_that_are_run() {
        let readme = include_str!("../README.md");
        for (language, example) in [
            ("sh", include_str!("../examples/curl.sh")),
            ("js", include_str!("../examples/node.mjs")),
            ("python", include_str!("../examples/python.py")),
            ("rust,ignore", include_str!("../examples/control.rs")),
        ] {
            assert!(readme.contains(&format!("```{language}\n{example}```\n")), "{language}");
        }
    }
}
