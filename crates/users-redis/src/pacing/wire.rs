//! What a process and the script exchange, as JSON. Durations are in milliseconds.

use crate::pacing::group::PerGroup;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a process reports and asks for.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// The name of the process, random.
    pub(crate) me: String,
    /// The random credit, from 0 to 1, of its flows where they are new.
    pub(crate) phase: f64,
    /// The time of Redis when this was sent, an estimate; absent before the first reply. A report that was delayed is ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sent: Option<f64>,
    /// The known refill rate by the size of the limit, for a state that was lost.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) rates: BTreeMap<String, f64>,
    /// The state that granted the permits that are returned.
    pub(crate) epoch: f64,
    /// Redis was unavailable to this process, which has sent requests since, so the levels are unknown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) resumes: bool,
    /// The process ends.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) leaves: bool,
    pub(crate) groups: BTreeMap<&'static str, Entry>,
}

/// The part of a report on one group of requests.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Entry {
    /// The number of requests that wait.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) want: usize,
    /// The number of permits that are likely to be used soon, granted where the bucket is well filled.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) spare: usize,
    /// Permits that were not used.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) returned: usize,
    /// Responses with 429.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) limited: usize,
    /// The rest of the delay that a 429 requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hold: Option<f64>,
    /// Successful responses that named no limit.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) unlimited: usize,
    /// Other responses that named no limit, 429 excepted.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) silent: usize,
    /// A 429 named no limit.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unnamed: bool,
    /// The latest response that named a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) answer: Option<Answer>,
}

/// What a response reports on a bucket.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Answer {
    /// The state that granted the permit, and the permits of each group granted up to it.
    pub(crate) epoch: f64,
    pub(crate) granted: PerGroup<i64>,
    /// The sum of these.
    pub(crate) order: i64,
    /// How long ago the tenant counted the request, an estimate.
    pub(crate) age: f64,
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    /// The time without a refill, from now, where the response says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dry: Option<f64>,
}

/// What the script answers.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Reply {
    /// The name of the state: the time when it was made.
    pub(crate) epoch: f64,
    /// The time of Redis.
    pub(crate) now: f64,
    /// The report was delayed so long that it was ignored.
    #[serde(default)]
    pub(crate) stale: bool,
    #[serde(default)]
    pub(crate) groups: BTreeMap<String, Granted>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) limits: Vec<Limit>,
}

/// What a group was granted.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Granted {
    #[serde(rename = "granted")]
    pub(crate) count: usize,
    /// The permits of each group that had been granted before these.
    pub(crate) before: PerGroup<i64>,
    /// When to ask again for those that were not granted.
    pub(crate) wait: f64,
    /// The rest of the delay that the server requested.
    pub(crate) requested: f64,
    /// The time between two permits of this process on average.
    #[serde(default)]
    pub(crate) interval: f64,
    /// There is no limit.
    #[serde(default)]
    pub(crate) unlimited: bool,
}

/// The state of a bucket.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Limit {
    #[allow(clippy::struct_field_names)] // the name of the header
    pub(crate) limit: u64,
    pub(crate) groups: Vec<String>,
    pub(crate) level: f64,
    pub(crate) rate: f64,
    /// Whether the rate was measured rather than assumed.
    #[serde(default)]
    pub(crate) measured: bool,
    /// The number of groups of processes that share it.
    pub(crate) flows: u32,
    pub(crate) paused: f64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the signature that serde calls
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Reads a list, which Lua writes as an empty object where it has no entries.
fn list<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Limit>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum List {
        Entries(Vec<Limit>),
        Empty {},
    }
    Ok(match List::deserialize(deserializer)? {
        List::Entries(entries) => entries,
        List::Empty {} => Vec::new(),
    })
}
