//! The comparison of clients: `floor` (hyper alone), `typed` (hyper and serde), and ours, against one server with fixed responses.

pub(crate) mod build;
mod count;
mod driver;
mod figure;
pub mod ratios;
mod server;
mod size;
mod time;

use count::Pair;
use driver::{CONTROL, Driver, Run, Scenario};
use figure::{Figure, Table};
use serde::Serialize;
use server::{Server, Sizes};
use users_bench::Outcome;

/// The number of users of the server's tenant.
const USERS: usize = 2000;

/// What to measure. Without any selection, everything.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Options {
    /// Prints JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// How often each driver is run in each place of the order.
    #[arg(long, default_value_t = 4)]
    rounds: usize,
    /// Counts instructions per operation, which needs valgrind.
    #[arg(long)]
    count: bool,
    /// Measures the time of an operation.
    #[arg(long)]
    time: bool,
    /// Measures the peak memory with 64 calls in flight.
    #[arg(long)]
    memory: bool,
    /// Measures a process that gets one user and exits: time, and instructions if valgrind is installed.
    #[arg(long)]
    cold: bool,
    /// Measures the size of a program that gets one user.
    #[arg(long)]
    size: bool,
}

#[derive(Serialize)]
struct Report {
    server: Sizes,
    rounds: usize,
    figures: Vec<Figure>,
}

/// Measures and prints what is selected.
pub fn run(options: Options) -> Outcome<()> {
    let Options { json, rounds, count, time, memory, cold, size } = options;
    let all = !(count || time || memory || cold || size);
    let counts = count::is_available();
    if count && !counts {
        return Err("valgrind is not installed".into());
    }
    if (all || cold) && !counts {
        eprintln!("no instructions are counted: valgrind is not installed");
    }
    let drivers = Driver::all(&build::drivers()?);
    let server = Server::start(&build::server()?, USERS, &build::folder())?;
    let turns = rounds * drivers.len();
    let mut figures = Vec::new();
    if counts && (all || count) {
        figures.extend(instructions(&drivers, &server)?);
    }
    if counts && (all || cold) {
        figures.extend(cold_instructions(&drivers, &server)?);
    }
    if all || time {
        figures.extend(time::times(&drivers, &server, turns)?);
    }
    if all || cold {
        figures.extend(time::cold(&drivers, &server, turns)?);
    }
    if all || memory {
        figures.extend(time::memory(&drivers, &server, rounds)?);
    }
    if all || size {
        figures.extend(size::figures()?);
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&Report { server: server.sizes(), rounds, figures })?);
    } else {
        println!("{}", Table(&figures));
    }
    Ok(())
}

/// Instructions per operation. A create is counted with one call in flight.
fn instructions(drivers: &[Driver], server: &Server) -> Outcome<Vec<Figure>> {
    let calls = Pair { short: 200, long: 1200 };
    let users = Pair { short: USERS, long: 3 * USERS };
    let counts = [
        (Scenario::GetSeq, "GET", calls, "≤ 0.90 × typed"),
        (Scenario::ListAll, "a user, pages of 100", users, "≤ 0.50 × typed"),
        (Scenario::CreateConc64, "create", calls, "≤ 0.95 × typed"),
    ];
    let count = |(scenario, measure, pair, target): (Scenario, &str, Pair, &'static str)| {
        let values: Outcome<Vec<_>> = once_each(drivers)
            .map(|driver| Ok((driver.name, count::per_operation(driver, server, scenario, pair)?)))
            .collect();
        Ok(Figure::of_values(measure.to_owned(), "instructions", &values?).target(target))
    };
    counts.into_iter().map(count).collect()
}

fn cold_instructions(drivers: &[Driver], server: &Server) -> Outcome<Vec<Figure>> {
    let count = |(tls, protocol, target): (bool, &str, &'static str)| {
        let run = Run { scenario: Scenario::Cold, tls, n: 1, concurrency: 1 };
        let values: Outcome<Vec<_>> =
            once_each(drivers).map(|driver| Ok((driver.name, count::whole(driver, server, run)?))).collect();
        let measure = format!("{}, {protocol}", Scenario::Cold.title());
        Ok(Figure::of_values(measure, "instructions", &values?).target(target))
    };
    [(false, "HTTP", "≤ 1,000,000"), (true, "HTTPS", "≤ 1.05 × typed")].into_iter().map(count).collect()
}

/// The drivers without the control: instructions need none.
fn once_each(drivers: &[Driver]) -> impl Iterator<Item = &Driver> {
    drivers.iter().filter(|driver| driver.name != CONTROL)
}
