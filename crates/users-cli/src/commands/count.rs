//! `count`.

use crate::arguments::Count;
use crate::connect::Tenant;
use crate::exit::Failure;
use crate::output::print;

/// Auth0's totals end here.
const MOST_COUNTED: u64 = 1000;

/// Prints the number of users. More than Auth0 counts are counted by walking them.
pub(crate) async fn run(tenant: &Tenant, count: &Count) -> Result<(), Failure> {
    let call = || {
        let call = tenant.client.users().get_all().fields(["user_id"]);
        match count.text.as_ref().or(count.query.as_ref()) {
            Some(query) => call.q(query.as_str()),
            None => call,
        }
    };
    let page = call().per_page(1).include_totals(true).await?;
    if let Some(total) = page.total.filter(|total| *total < MOST_COUNTED) {
        return print(&total.to_string());
    }
    let mut users = call().everyone();
    while users.try_next().await?.is_some() {}
    print(&users.report().users.to_string())
}
