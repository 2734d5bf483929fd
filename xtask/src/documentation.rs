//! Builds the documentation, and checks its links for each set of features that docs.rs or a user builds.

use crate::public_api::unstable_rustdoc;
use crate::published;
use crate::run::{command, status};
use std::fmt::Write as _;

/// What is checked besides all features: no link may lead to an item that is not there.
const SETS: [&[&str]; 2] = [&[], &["--no-default-features"]];

/// Fails with the first warning of rustdoc.
pub fn check() -> Result<(), String> {
    let mut libraries = published::all()?;
    libraries.retain(published::Published::has_library);
    // Cargo removes the pages of a crate before it runs rustdoc, so the run that writes them is the last.
    for set in SETS {
        let mut doc = command("cargo");
        doc.args(["doc", "--no-deps"]).args(published::select(&libraries)).args(set);
        status(unstable_rustdoc(&mut doc, "-D warnings -Z unstable-options --check"))?;
    }
    // As docs.rs builds them. Without dependencies, rustdoc links to a crate of which there are no pages yet only if it knows an address.
    let mut flags = "-D warnings --cfg docsrs -Z unstable-options".to_owned();
    for library in &libraries {
        let (module, name) = (library.name.replace('-', "_"), &library.name);
        let _ = write!(flags, " --extern-html-root-url {module}=https://docs.rs/{name}/latest");
    }
    let mut doc = command("cargo");
    doc.args(["doc", "--workspace", "--all-features", "--no-deps"]);
    status(unstable_rustdoc(&mut doc, &flags))
}
