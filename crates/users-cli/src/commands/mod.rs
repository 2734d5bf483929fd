//! The commands, one in each file.

pub(crate) mod change;
pub(crate) mod count;
pub(crate) mod export;
pub(crate) mod list;
pub(crate) mod login_check;
pub(crate) mod show;
