//! Building clients.

use users_core::{Builder, Product};

/// Builds a client whose configuration is fixed, so that it cannot fail.
#[allow(clippy::expect_used)]
pub(crate) fn build<T: Product>(builder: Builder<T>) -> T {
    builder.build().expect("a fixed configuration")
}
