//! `list` and `search`.

use crate::arguments::List;
use crate::connect::Tenant;
use crate::exit::Failure;

/// The number of users that Auth0 returns by page.
const WINDOW: u64 = 1000;

/// Prints users as they are received.
pub(crate) async fn run(tenant: &Tenant, query: Option<&str>, list: &List) -> Result<(), Failure> {
    let requested = list.format.requested()?;
    let mut call = tenant.client.users().get_all();
    if let Some(query) = query {
        call = call.q(query);
    }
    if !requested.is_empty() {
        call = call.fields(requested);
    }
    if list.limit > WINDOW && list.sort.is_some() {
        let failure = Failure::usage(format!("Auth0 sorts at most {WINDOW} users"));
        return Err(failure.with_remedy("Leave out --sort, or pass a smaller --limit."));
    }
    let mut rows = list.format.open()?;
    let (mut printed, mut has_more) = (0, false);
    if list.all || list.limit > WINDOW {
        let mut users = call.everyone();
        while let Some(user) = users.try_next().await? {
            if !list.all && printed == list.limit {
                has_more = true;
                break;
            }
            rows.push(&user)?;
            printed += 1;
        }
    } else {
        if let Some(sort) = &list.sort {
            call = call.sort(sort.clone());
        }
        let size = u32::try_from(list.limit.clamp(1, 100)).unwrap_or(100);
        let mut users = call.per_page(size).items();
        while printed < list.limit {
            let Some(user) = users.try_next().await? else { break };
            rows.push(&user)?;
            printed += 1;
        }
        has_more = printed == list.limit;
    }
    rows.finish()?;
    if has_more {
        eprintln!("{printed} users are shown; there may be more: --limit NUMBER, or --all");
    }
    Ok(())
}
