//! The groups of requests: reads, writes and deletes.

use crate::descriptor::Access;

pub(super) const GROUPS: [Access; 3] = [Access::Read, Access::Write, Access::Delete];

/// One value for each group of requests.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PerGroup<T> {
    read: T,
    write: T,
    delete: T,
}

impl<T> PerGroup<T> {
    pub(super) fn get(&self, group: Access) -> &T {
        match group {
            Access::Read => &self.read,
            Access::Write => &self.write,
            Access::Delete => &self.delete,
        }
    }

    pub(super) fn get_mut(&mut self, group: Access) -> &mut T {
        match group {
            Access::Read => &mut self.read,
            Access::Write => &mut self.write,
            Access::Delete => &mut self.delete,
        }
    }
}
