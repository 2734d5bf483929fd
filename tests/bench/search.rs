//! Searches of the embedded tenant among 10,000 users.

use crate::{Outcome, Run};
use users_mock::Tenant;

const USERS: u32 = 10_000;

pub(crate) fn email() -> Outcome<Run> {
    Ok(case(r#"email:"ada.lovelace@example.com""#))
}

pub(crate) fn prefix() -> Outcome<Run> {
    Ok(case("family_name:Lo*"))
}

pub(crate) fn range() -> Outcome<Run> {
    Ok(case("logins_count:[100 TO 120] AND NOT blocked:true"))
}

pub(crate) fn metadata() -> Outcome<Run> {
    Ok(case("app_metadata.plan:gold OR user_metadata.theme:dark"))
}

fn case(query: &'static str) -> Run {
    let tenant = Tenant::builder().users(USERS).build();
    let users = tenant.management().users();
    Box::new(move || {
        let search = users.get_all().q(query).include_totals(true);
        assert!(tenant.clock().block_on(search.into_future()).is_ok(), "{query}");
    })
}
