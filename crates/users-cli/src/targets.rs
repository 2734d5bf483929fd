//! Which users a command changes: those that are named, those of a file, or those who match a query.

use crate::connect::Tenant;
use crate::exit::Failure;
use crate::interrupt::blocking;
use crate::progress::{Found, Style};
use crate::target::Target;
use std::collections::HashSet;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use users_hyper::management::GetUsersByEmail;
use users_hyper::model::{User, UserId};
use users_hyper::{BulkStatus, Error};

/// The users of a run.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Selection {
    /// Ids or e-mail addresses; - reads them from standard input
    #[arg(value_name = "USER")]
    users: Vec<String>,
    /// A file with an id, an e-mail address or a JSON object per line; - is standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The users who match a query, any number
    #[arg(long, value_name = "QUERY")]
    query: Option<String>,
    /// Continue the run of this folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) resume: Option<PathBuf>,
}

/// Users, each once and in the order in which they were given.
#[derive(Debug, Default)]
pub(crate) struct Users {
    pub(crate) ids: Vec<UserId>,
    /// Addresses that no user, or more than one, has; with the reason.
    pub(crate) unresolved: Vec<(String, String)>,
}

impl Selection {
    /// Finds the ids. Sends reads only. Shows how many users match a query so far: a large tenant takes minutes.
    pub(crate) async fn find(&self, tenant: &Tenant, style: Style) -> Result<Users, Failure> {
        if let Some(query) = &self.query {
            return matching(tenant, query, Found::new(style)).await;
        }
        let targets = match &self.file {
            Some(path) if path.as_os_str() != "-" => {
                let path = path.clone();
                blocking(move || {
                    let file = std::fs::File::open(&path).map_err(|error| Failure::file(&path, &error))?;
                    read(BufReader::new(file), &path.display().to_string())
                })
                .await?
            }
            None if self.users != ["-"] => {
                self.users.iter().map(|text| Target::parse(text)).collect::<Result<_, _>>()?
            }
            _ => blocking(|| read(io::stdin().lock(), "standard input")).await?,
        };
        resolve(tenant, targets).await
    }
}

async fn matching(tenant: &Tenant, query: &str, mut found: Found) -> Result<Users, Failure> {
    let mut everyone = tenant.client.users().get_all().q(query).fields(["user_id"]).everyone();
    let mut users = Users::default();
    while let Some(user) = everyone.try_next().await? {
        users.ids.extend(user.user_id);
        found.show(users.ids.len(), || tenant.client.rate_limit());
    }
    found.finish();
    Ok(users)
}

fn read(lines: impl BufRead, name: &str) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::new();
    for (number, line) in lines.lines().enumerate() {
        let line = line.map_err(|error| Failure::file(name.as_ref(), &error))?;
        let target = Target::of_line(&line);
        targets.extend(target.map_err(|failure| failure.within(&format!("{name}:{}", number + 1)))?);
    }
    Ok(targets)
}

/// Looks up the addresses, as they are and in lower case, as databases store them.
async fn resolve(tenant: &Tenant, targets: Vec<Target>) -> Result<Users, Failure> {
    let mut known = HashSet::new();
    let targets: Vec<Target> = targets.into_iter().filter(|target| known.insert(target.clone())).collect();
    let emails: Vec<(usize, String)> = targets
        .iter()
        .enumerate()
        .filter_map(|(index, target)| match target {
            Target::Email(email) => Some((index, email.clone())),
            Target::Id(_) => None,
        })
        .collect();
    let mut found: Vec<Vec<User>> = targets.iter().map(|_| Vec::new()).collect();
    look_up(tenant, emails.clone(), &mut found).await?;
    let again = emails.into_iter().filter_map(|(index, email)| {
        let lower = email.to_lowercase();
        (found.get(index).is_some_and(Vec::is_empty) && lower != email).then_some((index, lower))
    });
    let again: Vec<(usize, String)> = again.collect();
    look_up(tenant, again, &mut found).await?;
    let mut users = Users::default();
    for (target, found) in targets.into_iter().zip(found) {
        let email = match target {
            Target::Id(id) => {
                users.ids.push(id);
                continue;
            }
            Target::Email(email) => email,
        };
        let mut ids: Vec<UserId> = found.into_iter().filter_map(|user| user.user_id).collect();
        match (ids.len(), ids.pop()) {
            (1, Some(id)) => users.ids.push(id),
            (_, None) => users.unresolved.push((email, "no user has this address".to_owned())),
            (count, _) => {
                let why = format!("{count} users have this address; name one by the id");
                users.unresolved.push((email, why));
            }
        }
    }
    let mut known = HashSet::new();
    users.ids.retain(|id| known.insert(id.clone()));
    Ok(users)
}

async fn look_up(
    tenant: &Tenant,
    emails: Vec<(usize, String)>,
    found: &mut [Vec<User>],
) -> Result<(), Error> {
    let operation = |(_, email): &(usize, String)| Ok(GetUsersByEmail::new(email.as_str()));
    let mut run = tenant.client.users().bulk().run("users.by-email", emails, operation);
    while let Some(outcome) = run.try_next().await? {
        match outcome.status {
            BulkStatus::Applied(users) => {
                if let Some(found) = found.get_mut(outcome.input.0) {
                    *found = users;
                }
            }
            BulkStatus::NotApplied(error) | BulkStatus::MayHaveBeenApplied(Some(error)) => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
