//! Compiles the published crates with the oldest compiler that they support.

use crate::published;
use crate::run::{command, empty, is_there, skipped, status, target};
use std::path::Path;

/// The oldest compiler that the workspace's manifest states.
const VERSION: &str = "1.85";
/// Debian's packages of this compiler. They are unpacked, not installed.
const PACKAGES: [&str; 4] = [
    "rustc-web=1.85.0+dfsg3-1~deb12u3",
    "libstd-rust-web-dev=1.85.0+dfsg3-1~deb12u3",
    "libstd-rust-web-1.85=1.85.0+dfsg3-1~deb12u3",
    "libllvm19",
];

/// Checks every published crate that supports this compiler with it, under all features.
///
/// Returns a message if the compiler is missing and cannot be downloaded; in continuous integration that is an error.
pub fn check() -> Result<Option<String>, String> {
    let folder = target().join("msrv");
    let toolchain = folder.join("toolchain");
    let compiler = toolchain.join("usr/bin/rustc");
    let libraries = toolchain.join("usr/lib/x86_64-linux-gnu");
    if !compiler.exists()
        && let Err(problem) = download(&folder, &toolchain)
    {
        let message = format!("no Rust {VERSION}: {problem}");
        return skipped(&message);
    }
    let mut crates = published::all()?;
    crates.retain(|published| published.rust_version() == VERSION);
    if crates.is_empty() {
        return Err(format!("no crate states rust-version = {VERSION:?}: name another compiler here"));
    }
    let mut check = command("cargo");
    check
        .env("RUSTC", &compiler)
        .env("LD_LIBRARY_PATH", &libraries)
        .env("CARGO_TARGET_DIR", folder.join("target"));
    check
        .args(["check", "--quiet", "--locked", "--all-features", "--lib", "--bins"])
        .args(published::select(&crates));
    status(&mut check)?;
    let names: Vec<&str> = crates.iter().map(|published| published.name.as_str()).collect();
    println!("Rust {VERSION} compiles {}", names.join(", "));
    Ok(None)
}

/// Downloads and unpacks the compiler.
fn download(folder: &Path, toolchain: &Path) -> Result<(), String> {
    if !is_there("apt-get", &["--version"]) || !is_there("dpkg", &["--version"]) {
        return Err("apt-get and dpkg are needed to download it".to_owned());
    }
    let (packages, partial) = (folder.join("packages"), folder.join("partial"));
    empty(&packages)?;
    empty(&partial)?;
    let download = |options: &[String]| {
        let mut apt = command("apt-get");
        status(apt.current_dir(&packages).args(options).args(["download", "--quiet"]).args(PACKAGES))
    };
    if download(&[]).is_err() {
        // The machine's package lists may be missing or old, so a second try has lists of its own.
        let lists = folder.join("lists");
        empty(&lists.join("partial"))?;
        let own = ["-o".to_owned(), format!("Dir::State::Lists={}", lists.display())];
        status(command("apt-get").args(&own).args(["update", "--quiet"]))?;
        download(&own)?;
    }
    let files = std::fs::read_dir(&packages).map_err(|error| format!("{}: {error}", packages.display()))?;
    for file in files.filter_map(|file| Some(file.ok()?.path())) {
        status(command("dpkg").arg("-x").arg(file).arg(&partial))?;
    }
    // The folder is renamed only once the toolchain is complete.
    std::fs::rename(&partial, toolchain).map_err(|error| format!("{}: {error}", toolchain.display()))
}
