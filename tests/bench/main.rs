//! The project's measurements: `cargo xtask bench`.

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use users_tests::bench::pacing;

#[derive(Parser)]
#[command(about = "The project's measurements", bin_name = "cargo xtask bench")]
struct Arguments {
    #[command(subcommand)]
    measurement: Measurement,
}

#[derive(Subcommand)]
enum Measurement {
    /// How much of a tenant's rate limits clients use, and how much they ask for in vain, on a virtual clock.
    Pacing {
        /// Prints an array of JSON objects.
        #[arg(long)]
        json: bool,
        /// Another course of chance.
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// The further scenarios, of which no figure is promised.
        #[arg(long)]
        further: bool,
        /// Only the scenarios whose names hold this.
        #[arg(long, default_value = "")]
        only: String,
    },
}

fn main() -> ExitCode {
    match Arguments::parse().measurement {
        Measurement::Pacing { json, seed, further, only } => {
            let scenarios = if further { pacing::further() } else { pacing::scenarios() };
            pacing(&scenarios, json, seed, &only)
        }
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
