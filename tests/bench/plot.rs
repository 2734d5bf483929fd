//! Draws what a tenant with rate limits answers to a client with a pacer, and to one without.

use crate::pacing;
use plotters::prelude::*;
use std::path::Path;
use users_bench::Outcome;

/// The time that is drawn, in seconds.
const SECONDS: u32 = 120;
/// The highest number of requests of a second that is drawn.
const REQUESTS: u32 = 120;

/// Draws both clients below each other.
pub fn draw(file: &Path, seed: u64) -> Outcome<()> {
    let root = SVGBackend::new(file, (900, 560)).into_drawing_area();
    root.fill(&WHITE)?;
    let charts = root.split_evenly((2, 1));
    let titles = [("enterprise-one", "With the pacer"), ("naive-enterprise", "Without a pacer, two retries")];
    for (area, (name, title)) in charts.iter().zip(titles) {
        let scenarios = pacing::scenarios();
        let scenario = scenarios.iter().find(|scenario| scenario.name == name).ok_or("no such scenario")?;
        let (seconds, failed) = pacing::per_second(scenario, seed);
        let mut chart = ChartBuilder::on(area)
            .caption(format!("{title}: {failed} of 10000 deletions fail"), ("sans-serif", 18))
            .margin(10)
            .x_label_area_size(34)
            .y_label_area_size(44)
            .build_cartesian_2d(0..SECONDS, 0..REQUESTS)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_desc("seconds")
            .y_desc("responses per second")
            .draw()?;
        let counts = (0..SECONDS).zip(seconds);
        let carried_out = counts.clone().map(|(second, (carried_out, _))| (second, carried_out));
        let rate_limited = counts.map(|(second, (_, rate_limited))| (second, rate_limited));
        chart
            .draw_series(LineSeries::new(carried_out, BLUE.stroke_width(2)))?
            .label("carried out")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], BLUE.stroke_width(2)));
        chart
            .draw_series(LineSeries::new(rate_limited, RED.stroke_width(2)))?
            .label("429")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], RED.stroke_width(2)));
        chart.configure_series_labels().background_style(WHITE).border_style(BLACK).draw()?;
    }
    root.present()?;
    Ok(())
}
