//! The groups of requests: reads, writes and deletes.

use serde::{Deserialize, Serialize};
use users_core::Access;

pub(crate) const GROUPS: [Access; 3] = [Access::Read, Access::Write, Access::Delete];

/// The name of a group in the script.
pub(crate) fn name(group: Access) -> &'static str {
    match group {
        Access::Read => "read",
        Access::Delete => "delete",
        _ => "write",
    }
}

/// The group of this name.
pub(crate) fn named(name: &str) -> Option<Access> {
    GROUPS.into_iter().find(|group| self::name(*group) == name)
}

/// One value for each group of requests.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(crate) struct PerGroup<T> {
    read: T,
    write: T,
    delete: T,
}

impl<T> PerGroup<T> {
    pub(crate) fn from_fn(make: impl Fn() -> T) -> Self {
        Self { read: make(), write: make(), delete: make() }
    }

    pub(crate) fn get(&self, group: Access) -> &T {
        match group {
            Access::Read => &self.read,
            Access::Delete => &self.delete,
            _ => &self.write,
        }
    }

    pub(crate) fn get_mut(&mut self, group: Access) -> &mut T {
        match group {
            Access::Read => &mut self.read,
            Access::Delete => &mut self.delete,
            _ => &mut self.write,
        }
    }
}

impl PerGroup<i64> {
    pub(crate) fn sum(&self) -> i64 {
        self.read + self.write + self.delete
    }
}
