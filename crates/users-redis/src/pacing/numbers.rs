//! Conversions between the numbers and durations of Rust and those of the script, which are floats and milliseconds.

use std::time::Duration;

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A duration of this many milliseconds; zero if negative or not a number.
pub(crate) fn duration(millis: f64) -> Duration {
    Duration::try_from_secs_f64(millis.max(0.0) / 1000.0).unwrap_or_default()
}

/// A number of requests; beyond 2⁵³ it is rounded.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

/// The whole number below, within the range of the integer.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn whole(number: f64) -> u64 {
    number as u64
}
