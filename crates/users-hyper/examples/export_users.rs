//! Exports all users of a tenant, or all that match a query, to a file of one JSON object per line.
//!
//! Without settings it starts an embedded tenant on a loopback port. With `AUTH0_DOMAIN`, `AUTH0_CLIENT_ID` and `AUTH0_CLIENT_SECRET`
//! set, it exports that tenant; the token needs the scope `read:users`.
//!
//! ```console
//! $ cargo run -p users-hyper --example export_users -- users.ndjson 'email.domain:"example.com"'
//! ```

mod support;

use std::error::Error as StdError;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use support::{Progress, Target};

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let mut arguments = std::env::args().skip(1);
    let named = arguments.next().map(PathBuf::from);
    let path = named
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("users-{}.ndjson", std::process::id())));
    let query = arguments.next();
    let target = Target::from_environment(2_500).await?;

    let list = target.client.users().get_all();
    let list = if let Some(query) = query { list.q(query) } else { list };
    let mut everyone = list.everyone();
    // A file that exists is not replaced.
    let mut file = BufWriter::new(File::create_new(&path)?);
    let mut progress = Progress::new("exported", None)?;
    while let Some(user) = everyone.try_next().await? {
        // The attributes that the SDK does not know are written too, and numbers keep their text.
        serde_json::to_writer(&mut file, &user)?;
        file.write_all(b"\n")?;
        progress.set(everyone.report().users);
    }
    file.into_inner()?.sync_all()?;
    drop(progress);

    let report = everyone.report();
    println!(
        "{} users of {} in {}, with {} requests",
        report.users,
        target.name,
        path.display(),
        report.requests
    );
    if target.embedded.is_some() {
        let lines = std::fs::read_to_string(&path)?.lines().count();
        if named.is_none() {
            std::fs::remove_file(&path)?;
        }
        if lines as u64 != report.users || (lines != 2_500 && std::env::args().len() < 3) {
            return Err(format!("the file has {lines} lines").into());
        }
    }
    Ok(())
}
