//! Checks that take too long for every change and are run by hand.

use crate::bench;
use crate::run::{command, is_there, output, root, status};

/// The number of random searches.
const SEARCHES: &str = "100000";

/// The total number of executions of all fuzz targets, unless a number is given.
const EXECUTIONS: u64 = 10_000_000;

/// The number of random bulk operations.
const OPERATIONS: &str = "100000";

/// The number of users of the walk.
const USERS: &str = "1000000";

/// The number of times that the tenant's process is killed while it writes.
const KILLS: &str = "50";

/// The number of processes that share a token.
const TOKEN_PROCESSES: &str = "1000";

/// Kills a tenant and a bulk run, repeats random bulk operations and searches, runs processes that share a pace, walks a large tenant, measures the tenant's process, then runs every fuzz target for a number of executions.
pub fn run(executions: Option<u64>) -> Result<(), String> {
    println!("\n=== {KILLS} kills of a tenant that writes");
    test("users-tests", "sockets", "state::", ("USERS_KILLS", KILLS))?;
    println!("\n=== {KILLS} kills of a bulk run");
    test("users-tests", "sockets", "bulk::", ("USERS_KILLS", KILLS))?;
    println!("\n=== {OPERATIONS} bulk operations, of which every tenth request fails");
    test("users-tests-pure", "pure", "bulk::random::outcomes", ("USERS_BULK_OPERATIONS", OPERATIONS))?;
    println!("\n=== {SEARCHES} random searches, compared with a second implementation");
    test("users-tests-pure", "pure", "search::random", ("USERS_SEARCHES", SEARCHES))?;
    println!("\n=== processes that share a pace, in real time");
    let processes = ["--test", "redis", "processes::", "--", "--nocapture", "--test-threads=1"];
    test_release("users-tests-redis", &processes, ("USERS_REDIS", "long"))?;
    println!("\n=== the same on a virtual clock");
    let simulation = ["--lib", "simulation", "--", "--nocapture", "--include-ignored"];
    test_release("users-redis", &simulation, ("USERS_REDIS", "long"))?;
    println!("\n=== {TOKEN_PROCESSES} processes that start at once and share a token");
    test("users-tests-redis", "redis", "separate", ("USERS_PROCESSES", TOKEN_PROCESSES))?;
    println!("\n=== a walk of {USERS} users");
    bench::run(&["walk".to_owned(), "--users".to_owned(), USERS.to_owned()])?;
    println!("\n=== the start and the memory of the tenant");
    bench::run(&["tenant".to_owned()])?;
    let toolchain = toolchain()?;
    if !is_there("cargo", &["fuzz", "--version"]) {
        return Err("cargo-fuzz is not installed: cargo install cargo-fuzz --locked".to_owned());
    }
    let targets = targets()?;
    let each = executions.unwrap_or(EXECUTIONS / u64::try_from(targets.len()).unwrap_or(1).max(1));
    let mut failed = Vec::new();
    for target in &targets {
        println!("\n=== fuzzing {target}: {each} executions");
        let mut fuzz = command("cargo");
        fuzz.args(toolchain).args(["fuzz", "run", "--fuzz-dir", "tests/fuzz", target, "--"]);
        fuzz.args([format!("-runs={each}"), "-timeout=10".to_owned(), "-print_final_stats=1".to_owned()]);
        if let Err(problem) = status(&mut fuzz) {
            eprintln!("{problem}");
            failed.push(target.as_str());
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("fuzz targets failed: {}", failed.join(", "))) }
}

/// Runs the tests of a package under a path, with a variable that says how often they repeat.
fn test(package: &str, target: &str, path: &str, repeats: (&str, &str)) -> Result<(), String> {
    let mut test = command("cargo");
    test.args(["test", "-p", package, "--test", target, path, "--", "--nocapture"]);
    status(test.env(repeats.0, repeats.1))
}

/// Runs tests of a package that measure, so optimized, with a variable that says what they run.
fn test_release(package: &str, arguments: &[&str], scope: (&str, &str)) -> Result<(), String> {
    let mut test = command("cargo");
    test.args(["test", "--release", "-p", package]).args(arguments);
    status(test.env(scope.0, scope.1))
}

/// The toolchain argument that allows a sanitizer.
fn toolchain() -> Result<Option<&'static str>, String> {
    let is_allowed = std::env::var_os("RUSTC_BOOTSTRAP").is_some_and(|value| value == "1");
    if is_allowed || output(command("cargo").arg("--version"))?.contains("nightly") {
        return Ok(None);
    }
    if is_there("cargo", &["+nightly", "--version"]) {
        return Ok(Some("+nightly"));
    }
    Err("fuzzing needs a nightly toolchain: rustup toolchain install nightly, or set RUSTC_BOOTSTRAP=1"
        .to_owned())
}

/// The names of the fuzz targets.
fn targets() -> Result<Vec<String>, String> {
    let folder = root().join("tests/fuzz/fuzz_targets");
    let files = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut targets: Vec<String> = files
        .filter_map(|file| Some(file.ok()?.path().file_stem()?.to_string_lossy().into_owned()))
        .collect();
    targets.sort();
    Ok(targets)
}
