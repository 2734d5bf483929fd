//! `list` and `search`: users on standard output.

use crate::arguments::Listing;
use crate::failure::{Exit, Failure};
use crate::output::{COLUMNS, Writer};
use crate::settings::Settings;
use std::io::BufWriter;

/// The number of users that a search returns by page.
const WINDOW: u64 = 1000;

pub(crate) async fn run(
    settings: &Settings,
    query: Option<&str>,
    listing: &Listing,
) -> Result<Exit, Failure> {
    let mut all = settings.client.users().get_all();
    if let Some(query) = query {
        all = all.q(query);
    }
    if !listing.fields.is_empty() {
        all = all.fields(listing.fields.clone());
    } else if !listing.format.json {
        all = all.fields(COLUMNS.iter().copied());
    }
    let limit = if listing.all { u64::MAX } else { listing.limit };
    let mut writer = Writer::new(BufWriter::new(std::io::stdout()), listing.format, &listing.fields)?;
    let mut shown = 0;
    if limit > WINDOW {
        let mut everyone = all.everyone();
        while let Some(user) = everyone.try_next().await? {
            writer.write(&user)?;
            shown += 1;
            if shown == limit {
                break;
            }
        }
    } else if limit > 0 {
        let page = u32::try_from(limit.min(100)).unwrap_or(100);
        let mut items = all.per_page(page).items();
        while let Some(user) = items.try_next().await? {
            writer.write(&user)?;
            shown += 1;
            if shown == limit {
                break;
            }
        }
    }
    writer.finish()?;
    if shown == 0 {
        eprintln!("no users");
    } else if shown == limit {
        eprintln!("The first {shown} users; --limit or --all shows more");
    }
    Ok(Exit::Done)
}
