//! The project's measurements: `cargo xtask bench`.

mod allocations;
mod calls;
mod in_process;
mod load;
mod pacing;
mod plot;
mod redis;
mod served;
mod soak;
mod tenant;
mod walk;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use users_bench::Outcome;

#[derive(Parser)]
#[command(about = "The project's measurements", bin_name = "cargo xtask bench")]
struct Arguments {
    #[command(subcommand)]
    measurement: Measurement,
}

#[derive(Subcommand)]
enum Measurement {
    /// Measures on a virtual clock how much of a tenant's rate limits clients use, and how many requests are rate limited.
    Pacing {
        /// Prints an array of JSON objects.
        #[arg(long)]
        json: bool,
        /// The seed of the random latencies.
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// Runs the further scenarios, which have no published targets.
        #[arg(long)]
        further: bool,
        /// Runs only the scenarios whose names contain this.
        #[arg(long, default_value = "")]
        only: String,
        /// Draws the requests of a client with the pacer and of one without it to an SVG file instead.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "further", "only"])]
        plot: Option<PathBuf>,
    },
    /// Loads a client over real sockets against a faulty server, and checks for panics, leaks and wrong reports.
    Soak {
        /// Prints an array of JSON objects.
        #[arg(long)]
        json: bool,
        /// How long each protocol is tested, in seconds.
        #[arg(long, default_value_t = 30)]
        seconds: u64,
        /// The number of calls in flight.
        #[arg(long, default_value_t = 64)]
        callers: usize,
    },
    /// Counts the allocations of decoding and of calls over a transport that answers at once. Prints a table in Markdown.
    Allocations,
    /// Counts the allocations of `users.delete(id)` over a transport that answers at once. For use under callgrind too.
    Delete {
        /// The number of calls.
        #[arg(long, default_value_t = 1000)]
        n: usize,
    },
    /// Compares this client with others: instructions, time, memory, start, size. Prints a table in Markdown.
    Calls(calls::Options),
    /// Counts the instructions of a call relative to those of a client written by hand, and fails if a ratio has grown.
    Ratios {
        /// Keeps the ratios in `tests/bench/ratios.json`.
        #[arg(long)]
        keep: bool,
        /// The server's program, if it has been built; its speed has no influence.
        #[arg(long)]
        server: Option<PathBuf>,
    },
    /// Loads the embedded tenant over HTTP with reads and writes: throughput, latency, memory. Prints a table in Markdown.
    Load {
        /// The numbers of users of the tenants.
        #[arg(long, value_delimiter = ',', default_values_t = [100_000, 1_000_000])]
        users: Vec<u32>,
        /// How long each load lasts, in seconds.
        #[arg(long, default_value_t = 30)]
        seconds: u64,
        /// The number of connections.
        #[arg(long, default_value_t = 64)]
        connections: usize,
        /// Prints an array of JSON objects.
        #[arg(long)]
        json: bool,
    },
    /// Walks all users of a tenant over a real socket: requests, time beside a walk that decodes nothing, memory of the client.
    Walk {
        /// The number of users.
        #[arg(long, default_value_t = 100_000)]
        users: u32,
        /// Prints a JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Measures the start and the memory of `users-tenant`, and what tenants, snapshots and resets cost. Prints tables in Markdown.
    Tenant {
        /// The numbers of users of the tenants.
        #[arg(long, value_delimiter = ',', default_values_t = [0, 1000, 10_000, 100_000])]
        users: Vec<u32>,
    },
    /// Measures what a permit costs that many processes share through Redis. Prints a table in Markdown.
    Redis {
        /// How long each rate is measured, in seconds.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// Prints an array of JSON objects.
        #[arg(long)]
        json: bool,
    },
    /// One of the processes of `walk`.
    #[command(hide = true)]
    Walker { part: String, address: String },
    /// Runs the server of `soak`.
    #[command(hide = true)]
    Serve,
}

fn main() -> ExitCode {
    match Arguments::parse().measurement {
        Measurement::Pacing { seed, plot: Some(file), .. } => exit_code(plot::draw(&file, seed)),
        Measurement::Pacing { json, seed, further, only, plot: None } => {
            let scenarios = if further { pacing::further() } else { pacing::scenarios() };
            pacing(&scenarios, json, seed, &only)
        }
        Measurement::Soak { json, seconds, callers } => soak(json, seconds, callers),
        Measurement::Allocations => exit_code(allocations::print()),
        Measurement::Delete { n } => exit_code(delete(n)),
        Measurement::Calls(options) => exit_code(calls::run(options)),
        Measurement::Ratios { keep, server } => exit_code(calls::ratios::run(keep, server)),
        Measurement::Load { users, seconds, connections, json } => load(&users, seconds, connections, json),
        Measurement::Tenant { users } => exit_code(tenant(&users)),
        Measurement::Redis { seconds, json } => redis(seconds, json),
        Measurement::Walk { users, json } => exit_code(walk(users, json)),
        Measurement::Walker { part, address } => on_tokio(async move { walk::walker(&part, &address).await }),
        Measurement::Serve => on_tokio(soak::serve()),
    }
}

fn pacing(scenarios: &[pacing::Scenario], json: bool, seed: u64, only: &str) -> ExitCode {
    let mut rows = Vec::new();
    let mut missed = false;
    if !json {
        println!(
            "{:<20} {:>10} {:>9} {:>7} {:>9} {:>10}",
            "scenario", "efficiency", "429", "failed", "requests", "min share"
        );
    }
    for scenario in scenarios.iter().filter(|scenario| scenario.name.contains(only)) {
        let row = pacing::run(scenario, seed);
        let misses = scenario.target.map_or_else(Vec::new, |target| row.misses(target));
        missed |= !misses.is_empty();
        if !json {
            let share = row.min_share.map_or_else(|| "-".to_owned(), |share| format!("{share:.3}"));
            println!(
                "{:<20} {:>10.4} {:>7.2} % {:>7} {:>9} {:>10}",
                row.scenario, row.efficiency, row.answered_429_pct, row.failed, row.requests, share
            );
        }
        for miss in misses {
            eprintln!("{}: {miss}", row.scenario);
        }
        rows.push(row);
    }
    if json {
        match serde_json::to_string_pretty(&rows) {
            Ok(text) => println!("{text}"),
            Err(error) => eprintln!("{error}"),
        }
    }
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn load(users: &[u32], seconds: u64, connections: usize, json: bool) -> ExitCode {
    on_tokio(async {
        let rows = load::run(users, connections, seconds).await?;
        if json {
            println!("{}", serde_json::to_string_pretty(&rows)?);
        } else {
            println!("{}", load::table(&rows));
        }
        Ok(())
    })
}

fn redis(seconds: u64, json: bool) -> ExitCode {
    on_tokio(async {
        let rows = redis::run(seconds).await?;
        if json {
            println!("{}", serde_json::to_string_pretty(&rows)?);
        } else {
            println!("{}", redis::table(&rows));
        }
        Ok(())
    })
}

fn soak(json: bool, seconds: u64, callers: usize) -> ExitCode {
    on_tokio(async {
        let rows = soak::run(seconds, callers).await?;
        if json {
            println!("{}", serde_json::to_string_pretty(&rows)?);
        }
        let mut misses = Vec::new();
        for row in &rows {
            if !json {
                let resident = row.resident_mib.map_or_else(
                    || "unknown".to_owned(),
                    |(before, after)| format!("{before:.1} MiB after a third, {after:.1} MiB at the end"),
                );
                println!("{}, {} s, {callers} callers", row.protocol, row.seconds);
                println!("  calls      {} ({} succeeded)", row.calls, row.succeeded);
                println!("  failed     {:?}", row.failed);
                println!("  panicked   {}", row.panicked);
                println!("  incorrect  {}", row.incorrect.len());
                println!("  resident   {resident}");
            }
            misses.extend(row.misses().into_iter().map(|miss| format!("{}: {miss}", row.protocol)));
        }
        if misses.is_empty() { Ok(()) } else { Err(misses.join("\n").into()) }
    })
}

fn tenant(sizes: &[u32]) -> Outcome<()> {
    let start = tenant::start()?;
    println!("| start to first answer, median | greatest | memory |\n|---:|---:|---:|");
    println!("| {:.1} ms | {:.1} ms | {:.1} MiB |\n", start.median_ms, start.greatest_ms, start.resident_mib);
    println!(
        "| users | make | snapshot | restore | restore, changed | reset, changed | first change | change |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|");
    for users in sizes {
        let tenant::Row { users, make, snapshot, restore, restore_changed, reset, first_change, change } =
            tenant::operations(*users);
        let times = [make, snapshot, restore, restore_changed, reset, first_change, change];
        let times: Vec<String> = times.iter().map(|micros| format!("{micros:.1} µs")).collect();
        println!("| {users} | {} |", times.join(" | "));
    }
    start.misses().map_or(Ok(()), |misses| Err(misses.into()))
}

fn walk(users: u32, json: bool) -> Outcome<()> {
    let row = walk::run(users)?;
    let walk::Row { users, seen, requests, seconds, floor_seconds, peak_rss_mib, .. } = row;
    if json {
        println!("{}", serde_json::to_string(&row)?);
    } else {
        println!("{seen} of {users} users in {requests} requests");
        println!(
            "{seconds:.2} s, {floor_seconds:.2} s without decoding: {:.2} times",
            seconds / floor_seconds
        );
        println!("{peak_rss_mib:.1} MiB at most");
    }
    let misses = row.misses();
    if misses.is_empty() { Ok(()) } else { Err(misses.join("\n").into()) }
}

fn delete(calls: usize) -> Outcome<()> {
    let allocations::PerCall { allocations, bytes } = in_process::delete(calls)?;
    println!("{calls} calls: {allocations} allocations, {bytes} bytes each");
    Ok(())
}

fn on_tokio(work: impl Future<Output = Outcome<()>>) -> ExitCode {
    exit_code(match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => Err(error.into()),
    })
}

fn exit_code(outcome: Outcome<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
