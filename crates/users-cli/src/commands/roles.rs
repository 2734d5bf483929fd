//! `roles add` and `roles remove`.

use crate::action::Action;
use crate::arguments::{RoleChange, Roles};
use crate::connect::Tenant;
use crate::exit::{Code, Failure};

/// The action of the command, with the ids of the roles. A run that is continued has them from its folder.
pub(crate) async fn action(tenant: &Tenant, roles: &Roles) -> Result<Action, Failure> {
    let (Roles::Add(change) | Roles::Remove(change)) = roles;
    let ids = ids(tenant, change).await?;
    Ok(match roles {
        Roles::Add(_) => Action::AddRoles { roles: ids },
        Roles::Remove(_) => Action::RemoveRoles { roles: ids },
    })
}

async fn ids(tenant: &Tenant, change: &RoleChange) -> Result<Vec<String>, Failure> {
    let is_continued = change.change.selection.resume.is_some();
    if change.role.is_empty() != is_continued {
        return Err(Failure::usage(if is_continued {
            "a run that is continued has its roles already: leave out --role"
        } else {
            "no role is named: pass --role"
        }));
    }
    let mut ids = Vec::new();
    for role in &change.role {
        if role.starts_with("rol_") {
            ids.push(role.clone());
            continue;
        }
        let Some(id) = tenant.client.roles().by_name(role.as_str()).await? else {
            return Err(Failure::new(Code::Failed, format!("{} has no role {role:?}", tenant.authority)));
        };
        ids.push(id);
    }
    Ok(ids)
}
