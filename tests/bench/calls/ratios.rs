//! The check of `cargo xtask ci` that a call needs no more instructions than before, relative to the typed client of the same run.
//!
//! Both are counted with the same compiler and the same versions of hyper and serde, so a new version changes both, and the machine
//! changes neither.

use super::build;
use super::count::{self, Pair};
use super::driver::{Driver, OURS, Scenario, TYPED};
use super::server::Server;
use std::collections::BTreeMap;
use std::path::PathBuf;
use users_bench::Outcome;

/// A ratio may be this much above the kept one: the counts differ by less from run to run.
const ALLOWANCE: f64 = 1.03;
/// Few enough for a short run: counts need no long one.
const USERS: usize = 500;
const CALLS: Pair = Pair { short: 20, long: 120 };
const LISTED: Pair = Pair { short: USERS, long: 3 * USERS };

/// Instructions of ours over those of the typed client.
type Ratios = BTreeMap<String, f64>;

/// Counts, prints and compares; with `keep`, writes the file instead of comparing.
pub fn run(keep: bool, server: Option<PathBuf>) -> Outcome<()> {
    if !count::is_available() {
        return Err("valgrind is not installed".into());
    }
    let ratios = measure(server)?;
    if keep {
        let text = serde_json::to_string_pretty(&ratios)?;
        return Ok(std::fs::write(file(), text + "\n")?);
    }
    let kept: Ratios = serde_json::from_str(&std::fs::read_to_string(file())?)?;
    let problems = worse(&ratios, &kept);
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}

fn file() -> PathBuf {
    build::root().join("tests").join("bench").join("ratios.json")
}

fn measure(server: Option<PathBuf>) -> Outcome<Ratios> {
    let drivers = Driver::all(&build::drivers()?);
    let server = server.map_or_else(build::server, Ok)?;
    let server = Server::start(&server, USERS, &build::folder())?;
    let mut ratios = Ratios::new();
    for (name, scenario, pair) in [
        ("get", Scenario::GetSeq, CALLS),
        ("listed user", Scenario::ListAll, LISTED),
        ("create", Scenario::CreateConc64, CALLS),
    ] {
        let count = |name: &str| {
            let driver = drivers.iter().find(|driver| driver.name == name).ok_or("no such driver")?;
            count::per_operation(driver, &server, scenario, pair)
        };
        let (typed, ours) = (count(TYPED)?, count(OURS)?);
        println!("{name}: {ours:.0} instructions, typed {typed:.0}, ratio {:.3}", ours / typed);
        ratios.insert(name.to_owned(), (ours / typed * 1000.0).round() / 1000.0);
    }
    Ok(ratios)
}

/// What is above the kept ratio, or not kept at all.
fn worse(ratios: &Ratios, kept: &Ratios) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, ratio) in ratios {
        match kept.get(name) {
            Some(kept) if *ratio <= kept * ALLOWANCE => {}
            Some(kept) => problems.push(format!(
                "{name}: {ratio:.3} × the instructions of the typed client; {kept:.3} is kept in tests/bench/ratios.json. \
                 `cargo xtask bench ratios --keep` raises it; the commit states the reason"
            )),
            None => problems.push(format!("{name}: no ratio is kept in tests/bench/ratios.json")),
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(ratio: f64) -> Ratios {
        Ratios::from([("get".to_owned(), ratio)])
    }

    #[test]
    fn a_ratio_may_be_three_percent_above_the_kept_one() {
        assert_eq!(worse(&one(1.029), &one(1.0)), [] as [&str; 0]);
        assert_eq!(worse(&one(0.5), &one(1.0)), [] as [&str; 0]);
        assert_eq!(worse(&one(1.031), &one(1.0)).len(), 1);
        assert_eq!(worse(&one(1.0), &Ratios::new()).len(), 1);
    }
}
