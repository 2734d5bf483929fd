//! A test server that behaves like an Auth0 tenant, over HTTP: a program, and a library for tests in the same process.
//!
//! Use it if the code under test is another process or written in another language, or needs a browser. In the tests of a Rust program, use
//! the same tenant without sockets: `Tenant` of [`users-mock`](https://docs.rs/users-mock).
//!
//! The README, on [crates.io](https://crates.io/crates/users-tenant), describes the program:
//!
//! ```console
//! $ cargo install users-tenant
//! $ users-tenant exec -- npm test
//! ```
//!
//! The library serves a [`Tenant`](users_mock::Tenant), or many [`Tenants`] with a control API, on a socket in the process of a test:
//!
//! ```console
//! $ cargo add --dev users-mock users-tenant
//! ```
//!
//! ```no_run
//! use users_mock::Tenant;
//! use users_tenant::TenantServer;
//!
//! # async fn example() -> std::io::Result<()> {
//! let tenant = Tenant::builder().system_clock().users(3).build();
//! let server = TenantServer::bind(tenant.clone(), ([127, 0, 0, 1], 0).into()).await?;
//! println!("{}", server.url()); // the base URL for the code under test
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! The crate has no features.
//!
//! # Types
//!
//! | You want | Use |
//! |---|---|
//! | one tenant at an address, with or without TLS | [`TenantServer::bind`], [`TenantServer::bind_tls`] |
//! | a key, other hosts, an access log | [`TenantServer::builder`], [`TenantServerBuilder`] |
//! | a tenant for each test, by name | [`Tenants`], made by a [`TenantsBuilder`]; [`TenantName`] |
//! | users, faults, time and rate limits of a tenant | [`Tenant`](users_mock::Tenant) and the other types of [`users-mock`](https://docs.rs/users-mock) |

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
