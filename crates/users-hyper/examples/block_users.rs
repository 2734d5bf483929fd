//! Blocks everyone who matches a query. If it is killed, the same command continues where it stopped.
//!
//! The ids are stored in `FOLDER/ids` before the first user is changed, and `FOLDER/journal` records each change.
//!
//! Without settings it starts an embedded tenant on a loopback port. With `AUTH0_DOMAIN`, `AUTH0_CLIENT_ID` and `AUTH0_CLIENT_SECRET`
//! set, it changes that tenant; the token needs the scopes `read:users` and `update:users`.
//!
//! ```console
//! $ cargo run -p users-hyper --example block_users -- 'logins_count:0' blocking
//! ```

mod support;

use std::error::Error as StdError;
use std::fs;
use std::path::{Path, PathBuf};
use support::{Progress, Target};
use users_hyper::model::{UserId, UserUpdate};
use users_hyper::{BulkJournal, ManagementClient};

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let mut arguments = std::env::args().skip(1);
    let query = arguments.next();
    let named = arguments.next().map(PathBuf::from);
    let target = Target::from_environment(1_200).await?;
    if target.embedded.is_none() && (query.is_none() || named.is_none()) {
        return Err("state the query and the folder: block_users QUERY FOLDER".into());
    }
    let query = query.unwrap_or_else(|| "email:*".to_owned());
    let folder = named
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("block-users-{}", std::process::id())));
    fs::create_dir_all(&folder)?;

    let ids = ids(&target.client, &query, &folder.join("ids")).await?;
    let count = ids.len();
    let journal = BulkJournal::open(folder.join("journal"))?;
    println!("{count} users of {} match; {} were blocked by an earlier run", target.name, journal.applied());

    let mut progress = Progress::new("blocked", Some(count as u64))?;
    let updates = ids.into_iter().map(|id| (id, UserUpdate::new().blocked(true)));
    let run =
        target.client.users().bulk().journal(journal).on_progress(move |now| progress.set(now.finished()));
    let report = run.update(updates).finish().await?;

    println!("{} blocked, {} not", report.progress.done, report.failed.len());
    for (_, (id, _), error) in report.failed.iter().chain(&report.uncertain) {
        println!(
            "{id}: {}",
            error.as_ref().map_or_else(|| "see the earlier run".to_owned(), ToString::to_string)
        );
    }
    if named.is_none() {
        fs::remove_dir_all(&folder)?;
        let blocked =
            target.client.users().get_all().q("blocked:true").per_page(1).include_totals(true).await?;
        if blocked.total != Some((count as u64).min(1000)) || count == 0 {
            return Err(format!("{count} users were found, {:?} are blocked", blocked.total).into());
        }
    }
    Ok(())
}

/// The ids of everyone who matches. A run that is continued has the same ids in the same order, also if other users match by then.
async fn ids(client: &ManagementClient, query: &str, file: &Path) -> Result<Vec<UserId>, Box<dyn StdError>> {
    if !file.exists() {
        let mut everyone = client.users().get_all().q(query).fields(["user_id"]).everyone();
        let mut progress = Progress::new("found", None)?;
        let mut lines = String::new();
        while let Some(user) = everyone.try_next().await? {
            lines += user.user_id.ok_or("a user has no id")?.as_str();
            lines.push('\n');
            progress.set(everyone.report().users);
        }
        // Renamed when it is complete, so that an interrupted search is not taken for the whole list.
        let unfinished = file.with_extension("unfinished");
        fs::write(&unfinished, lines)?;
        fs::rename(&unfinished, file)?;
    }
    fs::read_to_string(file)?.lines().map(|line| Ok(UserId::new(line)?)).collect()
}
