//! Deletes all users of a test tenant: counts them, asks for confirmation, and deletes them.
//!
//! Without settings it starts an embedded tenant on a loopback port, and needs no confirmation. With `AUTH0_DOMAIN`,
//! `AUTH0_CLIENT_ID` and `AUTH0_CLIENT_SECRET` set, **it deletes all users of that tenant** once its domain is typed; the token needs the
//! scopes `read:users` and `delete:users`.
//!
//! ```console
//! $ cargo run -p users-hyper --example empty_tenant
//! ```

mod support;

use std::error::Error as StdError;
use std::io::Write as _;
use support::{Progress, Target};
use users_hyper::management::Confirm;

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let target = Target::from_environment(1_200).await?;
    let users = target.client.users();
    let name = &target.name;

    // Reads only.
    let count = users.delete_all(Confirm::tenant(name)).dry_run().await?;
    println!("{count} users of {name} would be deleted.");
    let typed = if target.embedded.is_some() {
        name.clone()
    } else {
        ask("Type the tenant's domain to delete them: ")?
    };

    // Fails before anything is sent, unless the tenant's own name was typed.
    let mut progress = Progress::new("deleted", Some(count.users))?;
    let deletion =
        users.delete_all(Confirm::tenant(typed)).on_progress(move |now| progress.set(now.finished()));
    let report = deletion.await?;
    println!("{} deleted, {} failed", report.deleted, report.failed.len());
    for (id, error) in &report.failed {
        println!("{id}: {error}");
    }
    if target.embedded.is_some() && (count.users, report.deleted) != (1_200, 1_200) {
        return Err("users were left".into());
    }
    Ok(())
}

/// Reads a line from the terminal.
fn ask(question: &str) -> std::io::Result<String> {
    print!("{question}");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
