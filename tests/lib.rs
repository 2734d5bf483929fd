//! Compiles and runs the examples of the README and of the book as documentation tests of this crate.
#![doc = include_str!("../README.md")]

/// The chapters of the book. They link to each other, so they are documentation for doc tests only.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../docs/src/introduction.md")]
    struct Introduction;

    #[doc = include_str!("../docs/src/cookbook.md")]
    struct Cookbook;

    #[doc = include_str!("../docs/src/more-calls.md")]
    struct MoreCalls;

    #[doc = include_str!("../docs/src/from-node.md")]
    struct FromNode;

    #[doc = include_str!("../docs/src/from-python.md")]
    struct FromPython;

    #[doc = include_str!("../docs/src/from-auth0-client.md")]
    struct FromAuth0Client;

    #[doc = include_str!("../docs/src/testing.md")]
    struct Testing;

    #[doc = include_str!("../docs/src/rate-limits.md")]
    struct RateLimits;

    #[doc = include_str!("../docs/src/security.md")]
    struct Security;

    #[doc = include_str!("../docs/src/many-processes.md")]
    struct ManyProcesses;
}
