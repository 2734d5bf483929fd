//! Looking users up by an e-mail address in any case.

use super::actions::GetUsersByEmail;
use crate::client::Client;
use crate::error::Error;
use futures_util::future::try_join;
use std::collections::HashSet;
use users_model::User;

/// The users with the address as it is, then those with it in lower case, each once.
pub(super) async fn by_email_any_case(client: Client, email: String) -> Result<Vec<User>, Error> {
    let lower = email.to_lowercase();
    if lower == email {
        return client.call(Ok(GetUsersByEmail::new(email))).send().await;
    }
    let (mut all, others) = {
        let find = |email| client.call(Ok(GetUsersByEmail::new(email))).send();
        try_join(find(email), find(lower)).await?
    };
    let seen: HashSet<_> = all.iter().filter_map(|user| user.user_id.clone()).collect();
    all.extend(others.into_iter().filter(|user| user.user_id.as_ref().is_none_or(|id| !seen.contains(id))));
    Ok(all)
}
