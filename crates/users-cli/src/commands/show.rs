//! `show`.

use crate::arguments::Show;
use crate::connect::Tenant;
use crate::exit::{Code, Failure};
use crate::target::Target;
use users_hyper::model::User;

/// Prints the users of an id or address: several connections may have a user of one address.
pub(crate) async fn run(tenant: &Tenant, show: &Show) -> Result<(), Failure> {
    let users = find(tenant, &show.user).await?;
    let mut rows = show.format.open()?;
    for user in &users {
        rows.push(user)?;
    }
    rows.finish()
}

async fn find(tenant: &Tenant, text: &str) -> Result<Vec<User>, Failure> {
    let found = match Target::parse(text)? {
        Target::Id(id) => tenant.client.users().get(id).optional().await?.into_iter().collect(),
        Target::Email(email) => tenant.client.users().by_email_any_case(email).await?,
    };
    if found.is_empty() {
        let failure = Failure::new(Code::Failed, format!("{} has no user {text:?}", tenant.authority));
        return Err(failure.with_remedy(
            "Ids have the form auth0|61cf9980a706dd2f4d197e6f; `auth0-users search` finds others.",
        ));
    }
    Ok(found)
}
