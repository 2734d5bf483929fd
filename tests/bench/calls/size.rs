//! The size of a program that gets one user.

use super::build::built;
use super::driver::{OURS, TYPED};
use super::figure::Figure;
use users_bench::Outcome;

const OURS_PACKAGE: &str = "users-bench-one-user";

/// Builds the typed programs, ours with its default features, and ours with as few as possible.
pub fn figures() -> Outcome<Vec<Figure>> {
    let peers = "users-bench-peers";
    // The program for which the targets were set: it also has the other scenarios, and `floor`.
    let typed = size(&["-p", peers, "--bin", "bench-peer"], "bench-peer")?;
    let typed_alone = size(&["-p", peers, "--bin", "bench-typed-one-user"], "bench-typed-one-user")?;
    let default = size(&["-p", OURS_PACKAGE], "bench-one-user")?;
    let least = ["-p", OURS_PACKAGE, "--no-default-features", "--features", "ring"];
    let least = size(&least, "bench-one-user")?;
    let figure = |name: &str, typed, ours| {
        Figure::of_values(name.to_owned(), "bytes", &[(TYPED, typed), (OURS, ours)])
    };
    Ok(vec![
        figure("program that gets one user, default features", typed, default).target("≤ 1.45 × typed"),
        figure("program that gets one user, only ring", typed, least).target("≤ 1.25 × typed"),
        figure("default features, typed without other scenarios", typed_alone, default),
        figure("only ring, typed without other scenarios", typed_alone, least),
    ])
}

/// The size of a program in bytes; the profile strips symbols.
fn size(arguments: &[&str], name: &str) -> Outcome<f64> {
    Ok(std::fs::metadata(built(arguments, name)?)?.len() as f64)
}
