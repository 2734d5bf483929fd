//! The size of a program that gets one user.

use super::build::built;
use super::driver::{OURS, TYPED};
use super::figure::Figure;
use users_bench::Outcome;

const OURS_PACKAGE: &str = "users-bench-one-user";

/// Builds the typed program, ours with its default features, and ours with as few as possible.
pub fn figures() -> Outcome<Vec<Figure>> {
    let typed = size(&["-p", "users-bench-peers", "--bin", "bench-typed-one-user"], "bench-typed-one-user")?;
    let default = size(&["-p", OURS_PACKAGE], "bench-one-user")?;
    let least = ["-p", OURS_PACKAGE, "--no-default-features", "--features", "ring"];
    let least = size(&least, "bench-one-user")?;
    let figure = |features, ours| {
        Figure::of_values(
            format!("program that gets one user, {features}"),
            "bytes",
            &[(TYPED, typed), (OURS, ours)],
        )
    };
    Ok(vec![
        figure("default features", default).target("≤ 1.45 × typed"),
        figure("only ring", least).target("≤ 1.25 × typed"),
    ])
}

/// The size of a program in bytes; the profile strips symbols.
fn size(arguments: &[&str], name: &str) -> Outcome<f64> {
    Ok(std::fs::metadata(built(arguments, name)?)?.len() as f64)
}
