//! `create`.

use crate::arguments::Create;
use crate::connect::Tenant;
use crate::exit::Failure;
use crate::interrupt::blocking;
use crate::output::print;
use std::io;
use users_hyper::model::{NewUser, Secret};

/// Creates a user, and prints it.
pub(crate) async fn run(tenant: &Tenant, create: &Create) -> Result<(), Failure> {
    let object = create.attributes.object()?;
    let read = serde_json::from_str::<NewUser>(&object.to_json());
    let mut user = read.map_err(|error| Failure::usage(format!("the user cannot be sent: {error}")))?;
    user.connection = Some(create.connection.clone());
    if create.dry_run {
        return print(&format!(
            "would have created a user of {} in {}: {}",
            tenant.authority,
            create.connection,
            object.to_json()
        ));
    }
    if create.password_stdin {
        let password = blocking(|| {
            let mut password = String::new();
            let read = io::stdin().read_line(&mut password);
            let refused = |error| Failure::usage(format!("the password cannot be read: {error}"));
            read.map(|_| Secret::new(password)).map_err(refused)
        });
        let password = password.await?;
        user = user.password(password.expose().trim_end_matches(['\r', '\n']));
    }
    // Wrong usage is found before the user is created.
    let mut rows = create.format.open()?;
    let created = tenant.client.users().create(user).await?;
    rows.push(&created)?;
    rows.finish()
}
