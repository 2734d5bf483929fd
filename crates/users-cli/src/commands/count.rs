//! `count`: how many users there are.

use crate::failure::{Exit, Failure};
use crate::progress::Progress;
use crate::settings::Settings;
use std::io::Write as _;

/// The number from which the total of a search is not exact.
const WINDOW: u64 = 1000;

pub(crate) async fn run(settings: &Settings, query: Option<&str>) -> Result<Exit, Failure> {
    let all = || {
        let all = settings.client.users().get_all();
        match query {
            Some(query) => all.q(query),
            None => all,
        }
    };
    let first = all().per_page(1).include_totals(true).await?;
    let mut count = first.total.unwrap_or_default();
    if first.total.is_none_or(|total| total >= WINDOW) {
        // A search counts no further, so all are walked.
        let mut everyone = all().fields(["user_id"]).everyone();
        let mut progress = Progress::new("counted", None);
        count = 0;
        while everyone.try_next().await?.is_some() {
            count += 1;
            progress.count(count);
        }
    }
    writeln!(std::io::stdout(), "{count}")?;
    Ok(Exit::Done)
}
