//! Where the roles of a user or a member come from.

use crate::tenant::object::{set, set_raw, string};
use crate::tenant::store::{Kind, Store};
use std::collections::HashSet;
use users_core::model::JsonObject;

/// Roles that are assigned directly, and after them those that are assigned to groups alone, by their ids. Each shows its sources.
pub(crate) fn with_sources(
    store: &Store,
    direct: &[JsonObject],
    of_groups: impl Iterator<Item = String>,
) -> Vec<JsonObject> {
    let of_groups: Vec<String> = of_groups.collect();
    let inherited: HashSet<&String> = of_groups.iter().collect();
    let mut seen = HashSet::new();
    let mut roles = Vec::new();
    for role in direct {
        let id = string(role, "id").unwrap_or_default();
        let is_of_group = inherited.contains(&id);
        roles.push(shown_role(role, if is_of_group { &["direct", "groups"] } else { &["direct"] }));
        seen.insert(id);
    }
    for id in &of_groups {
        // A role that was deleted after it was assigned is none.
        if let Some(role) = store.objects(Kind::Roles).get(id).filter(|_| seen.insert(id.clone())) {
            roles.push(shown_role(&role.shown, &["groups"]));
        }
    }
    roles
}

fn shown_role(role: &JsonObject, sources: &[&str]) -> JsonObject {
    let mut shown = JsonObject::new();
    for key in ["id", "name", "description"] {
        if let Some(json) = role.raw(key) {
            set_raw(&mut shown, key, json);
        }
    }
    set(&mut shown, "sources", sources);
    shown
}
