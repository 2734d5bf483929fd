//! A change to the store, as a value.

use crate::tenant::store::claims::Claims;
use crate::tenant::store::connection::Connection;
use crate::tenant::store::job::Job;
use crate::tenant::store::objects::{Kind, Object};
use crate::tenant::store::resource_server::ResourceServer;
use crate::tenant::store::table::Edit;
use crate::tenant::store::user::User;

/// The insertion, replacement or removal of one record, with the record before and after.
#[derive(Debug)]
pub(crate) enum Change {
    User(Edit<User>),
    Connection(Edit<Connection>),
    Object(Kind, Edit<Object>),
    ResourceServer(Edit<ResourceServer>),
    Job(Edit<Job>),
    Claims(Edit<Claims>),
}

impl Change {
    /// The change that reverts this one.
    pub(crate) fn inverse(&self) -> Self {
        match self {
            Self::User(edit) => Self::User(edit.inverse()),
            Self::Connection(edit) => Self::Connection(edit.inverse()),
            Self::Object(kind, edit) => Self::Object(*kind, edit.inverse()),
            Self::ResourceServer(edit) => Self::ResourceServer(edit.inverse()),
            Self::Job(edit) => Self::Job(edit.inverse()),
            Self::Claims(edit) => Self::Claims(edit.inverse()),
        }
    }
}
