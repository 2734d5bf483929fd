//! The figures, and how they are printed.

use super::driver::{CONTROL, FLOOR, OURS, TYPED};
use serde::Serialize;
use std::fmt;

/// What one measurement found for each driver.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    pub measure: String,
    pub unit: &'static str,
    /// The limit that the project sets itself.
    pub target: &'static str,
    pub values: Vec<Value>,
}

/// The figure of one driver.
#[derive(Clone, Debug, Serialize)]
pub struct Value {
    pub driver: &'static str,
    pub value: f64,
    /// Over the typed client.
    pub times_typed: f64,
    /// Over the floor, if it was measured.
    pub times_floor: Option<f64>,
}

impl Figure {
    /// A figure of which one value per driver is known.
    pub fn of_values(measure: String, unit: &'static str, values: &[(&'static str, f64)]) -> Self {
        let value_of = |name| values.iter().find(|(driver, _)| *driver == name).map(|(_, value)| *value);
        let typed = value_of(TYPED).unwrap_or(f64::NAN);
        let values = values.iter().map(|(driver, value)| Value {
            driver,
            value: *value,
            times_typed: value / typed,
            times_floor: value_of(FLOOR).map(|floor| value / floor),
        });
        Self { measure, unit, target: "", values: values.collect() }
    }

    pub fn target(mut self, target: &'static str) -> Self {
        self.target = target;
        self
    }

    fn get(&self, driver: &str) -> Option<&Value> {
        self.values.iter().find(|value| value.driver == driver)
    }
}

/// The figures as a table in Markdown.
pub struct Table<'a>(pub &'a [Figure]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| measure | unit | floor | typed | ours | ours / floor | ours / typed | control / typed | target |"
        )?;
        writeln!(f, "|---|---|---:|---:|---:|---:|---:|---:|---|")?;
        for figure in self.0 {
            let value = |driver| number(figure.get(driver).map(|value| value.value));
            let ratio = |ratio: Option<f64>| ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
            let ours = figure.get(OURS);
            writeln!(
                f,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                figure.measure,
                figure.unit,
                value(FLOOR),
                value(TYPED),
                value(OURS),
                ratio(ours.and_then(|ours| ours.times_floor)),
                ratio(ours.map(|ours| ours.times_typed)),
                ratio(figure.get(CONTROL).map(|control| control.times_typed)),
                figure.target,
            )?;
        }
        Ok(())
    }
}

/// A number with three digits at least, and thousands separated.
fn number(value: Option<f64>) -> String {
    match value {
        None => String::new(),
        Some(value) if value < 100.0 => format!("{value:.1}"),
        Some(value) => {
            let digits = format!("{value:.0}");
            let groups: Vec<&str> = digits
                .as_bytes()
                .rchunks(3)
                .rev()
                .filter_map(|group| std::str::from_utf8(group).ok())
                .collect();
            groups.join(",")
        }
    }
}

/// The middle value.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.len() % 2, values.get(middle), middle.checked_sub(1).and_then(|below| values.get(below))) {
        (0, Some(above), Some(below)) => f64::midpoint(*above, *below),
        (_, Some(value), _) => *value,
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_row_for_each_figure() {
        let values = [(FLOOR, 34_000.0), (TYPED, 80_000.0), (OURS, 200_000.4)];
        let figure = Figure::of_values("GET".to_owned(), "instructions", &values).target("≤ 0.90 × typed");
        let table = Table(&[figure]).to_string();
        assert_eq!(
            table.lines().last(),
            Some("| GET | instructions | 34,000 | 80,000 | 200,000 | 5.88 | 2.50 |  | ≤ 0.90 × typed |")
        );
    }

    #[test]
    fn the_median_is_the_middle_or_between_the_two_in_the_middle() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(median(Vec::new()).is_nan());
    }
}
