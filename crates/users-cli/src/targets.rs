//! The users whom a command changes.

use crate::arguments::Change;
use crate::failure::{Exit, Failure};
use crate::progress::Progress;
use std::collections::HashSet;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use users_hyper::ManagementClient;
use users_hyper::model::{JsonObject, UserId};

/// The ids of the users that the arguments name, each once.
pub(crate) async fn ids(client: &ManagementClient, change: &Change) -> Result<Vec<UserId>, Failure> {
    if let Some(query) = &change.query {
        return matching(client, query).await;
    }
    let named = match &change.file {
        Some(file) => read(file)?,
        None => change.users.clone(),
    };
    if named.is_empty() {
        return Err(Failure::usage("no users: name them, or use --file, --query or --resume"));
    }
    let (mut ids, mut seen) = (Vec::with_capacity(named.len()), HashSet::with_capacity(named.len()));
    for name in named {
        let id = find(client, &name).await?;
        if seen.insert(id.clone()) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// The id of a user who is named by an id or an e-mail address.
pub(crate) async fn find(client: &ManagementClient, name: &str) -> Result<UserId, Failure> {
    if name.contains('|') || !name.contains('@') {
        return UserId::new(name).map_err(|error| Failure::usage(format!("{name:?} is not an id: {error}")));
    }
    let found = client.users().by_email(name).await?;
    let ids: Vec<UserId> = found.into_iter().filter_map(|user| user.user_id).collect();
    match ids.as_slice() {
        [id] => Ok(id.clone()),
        [] => Err(Failure::new(Exit::Failed, format!("no user has the address {name}"))),
        several => {
            let several: Vec<&str> = several.iter().map(UserId::as_str).collect();
            Err(Failure::usage(format!(
                "{name} is the address of {}; name one of them",
                several.join(" and ")
            )))
        }
    }
}

/// The ids of all who match a query.
async fn matching(client: &ManagementClient, query: &str) -> Result<Vec<UserId>, Failure> {
    let mut everyone = client.users().get_all().q(query).fields(["user_id"]).everyone();
    let mut progress = Progress::new("found", None);
    let mut ids = Vec::new();
    while let Some(user) = everyone.try_next().await? {
        ids.extend(user.user_id);
        progress.count(ids.len() as u64);
    }
    Ok(ids)
}

/// The lines of a file or of standard input: ids, addresses, or objects with a `user_id` or an `email`.
fn read(file: &Path) -> Result<Vec<String>, Failure> {
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map_err(|error| Failure::file(file, &error))?;
    } else {
        text = fs::read_to_string(file).map_err(|error| Failure::file(file, &error))?;
    }
    let mut names = Vec::new();
    for (number, line) in text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty()) {
        let name = if line.starts_with('{') {
            let object = JsonObject::from_json(line).unwrap_or_default();
            let get = |key: &str| object.get::<String>(key).ok().flatten();
            get("user_id").or_else(|| get("email"))
        } else {
            Some(line.to_owned())
        };
        let place = || format!("{}: line {} has no user_id and no email", file.display(), number + 1);
        names.push(name.ok_or_else(|| Failure::usage(place()))?);
    }
    Ok(names)
}
