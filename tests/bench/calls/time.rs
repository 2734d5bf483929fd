//! Time and memory: every driver in turn, over and over.
//!
//! The speed of a shared machine changes within seconds, so drivers are run one after another in short turns, in an order that rotates,
//! and a ratio is between two runs of one turn. The median of these ratios is reported.

use super::driver::{CONTROL, Driver, FLOOR, Row, Run, Scenario, TYPED};
use super::figure::{Figure, Value, median};
use super::server::Server;
use users_bench::Outcome;

/// The runs of each driver, in the order of the drivers; those at one position were made in one turn.
type Turns = Vec<Vec<Row>>;

/// Runs every driver `turns` times.
fn run(drivers: &[Driver], server: &Server, run: Run, turns: usize) -> Outcome<Turns> {
    let mut rows: Turns = drivers.iter().map(|_| Vec::new()).collect();
    for turn in 0..turns {
        for place in 0..drivers.len() {
            let number = (turn + place) % drivers.len();
            if let (Some(driver), Some(rows)) = (drivers.get(number), rows.get_mut(number)) {
                rows.push(driver.run(server, run)?);
            }
        }
    }
    Ok(rows)
}

/// The figure of one property of the runs.
fn figure(
    drivers: &[Driver],
    turns: &Turns,
    measure: String,
    unit: &'static str,
    of: impl Fn(&Row) -> f64,
) -> Figure {
    let rows = |name: &str| {
        drivers.iter().zip(turns).find(|(driver, _)| driver.name == name).map_or(&[][..], |(_, rows)| rows)
    };
    let (floor, typed) = (rows(FLOOR), rows(TYPED));
    let ratio = |rows: &[Row], base: &[Row]| {
        median(rows.iter().zip(base).map(|(row, base)| of(row) / of(base)).collect())
    };
    let values = drivers.iter().zip(turns).map(|(driver, rows)| Value {
        driver: driver.name,
        value: median(rows.iter().map(&of).collect()),
        times_typed: ratio(rows, typed),
        times_floor: (!floor.is_empty()).then(|| ratio(rows, floor)),
    });
    Figure { measure, unit, target: "", values: values.collect() }
}

/// The time of an operation in each scenario.
pub fn times(drivers: &[Driver], server: &Server, turns: usize) -> Outcome<Vec<Figure>> {
    let scenarios = [
        (Scenario::GetSeq, false, "≤ 1.05 × typed"),
        (Scenario::GetConc64, false, "≤ 1.05 × typed"),
        (Scenario::CreateConc64, false, "≤ 1.05 × typed"),
        (Scenario::ListAll, false, "≤ 0.60 × typed"),
        (Scenario::GetSeq, true, ""),
    ];
    let mut figures = Vec::new();
    for (scenario, tls, target) in scenarios {
        let n = if tls { scenario.timed_size() / 2 } else { scenario.timed_size() };
        let all = run(drivers, server, Run { scenario, tls, n, concurrency: scenario.concurrency() }, turns)?;
        let measure = format!("{}{}", scenario.title(), if tls { ", TLS" } else { "" });
        figures
            .push(figure(drivers, &all, measure, "µs", |row| row.wall_s / row.n as f64 * 1e6).target(target));
    }
    Ok(figures)
}

/// The time of a whole process that gets one user.
pub fn cold(drivers: &[Driver], server: &Server, turns: usize) -> Outcome<Vec<Figure>> {
    let mut figures = Vec::new();
    for tls in [false, true] {
        let all = run(drivers, server, Run { scenario: Scenario::Cold, tls, n: 1, concurrency: 1 }, turns)?;
        let measure = format!("{}, {}", Scenario::Cold.title(), if tls { "HTTPS" } else { "HTTP" });
        figures.push(figure(drivers, &all, measure, "ms", |row| row.process_s * 1e3));
    }
    Ok(figures)
}

/// The peak memory with 64 calls in flight.
pub fn memory(drivers: &[Driver], server: &Server, turns: usize) -> Outcome<Vec<Figure>> {
    let drivers: Vec<Driver> = drivers.iter().filter(|driver| driver.name != CONTROL).cloned().collect();
    let mut figures = Vec::new();
    for scenario in [Scenario::GetConc64, Scenario::CreateConc64] {
        let all = run(&drivers, server, Run { scenario, tls: false, n: 5_000, concurrency: 64 }, turns)?;
        let measure = format!("peak memory, {}", scenario.title());
        figures.push(
            figure(&drivers, &all, measure, "kB", |row| row.peak_rss_kb as f64).target("≤ 1.25 × typed"),
        );
    }
    Ok(figures)
}
