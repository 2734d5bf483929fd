//! Every endpoint that has an operation, as one list.

use crate::authentication;
use crate::descriptor::Descriptor;
use crate::management::{
    connections, device_credentials, grants, groups, guardian, identities, jobs, logs, multifactor,
    organizations, refresh_tokens, roles, sessions, tickets, user_blocks, users,
};

/// The endpoints of all operations of this crate, in the order of the files that declare them.
pub static CATALOGUE: &[&Descriptor] = &JOINED;

/// The bodies of all operations that are declared by `operations!`.
#[cfg(feature = "contract")]
#[doc(hidden)]
pub fn bodies() -> impl Iterator<Item = &'static crate::bodies::Bodies> {
    let files = [
        users::create::BODIES,
        users::get::BODIES,
        users::get_all::BODIES,
        users::update::BODIES,
        users::delete::BODIES,
        users::actions::BODIES,
        users::roles::BODIES,
        users::permissions::BODIES,
        users::effective::BODIES,
        users::memberships::BODIES,
        users::authentication_methods::BODIES,
        users::sessions::BODIES,
        identities::BODIES,
        multifactor::BODIES,
        roles::BODIES,
        organizations::BODIES,
        organizations::members::BODIES,
        organizations::member_roles::BODIES,
        organizations::invitations::BODIES,
        connections::BODIES,
        sessions::BODIES,
        refresh_tokens::BODIES,
        grants::BODIES,
        device_credentials::BODIES,
        guardian::BODIES,
        groups::BODIES,
        logs::BODIES,
        user_blocks::BODIES,
        tickets::BODIES,
        jobs::BODIES,
        authentication::users::BODIES,
        authentication::token::BODIES,
        authentication::database::BODIES,
        authentication::oauth::BODIES,
        authentication::passwordless::BODIES,
    ];
    files.into_iter().flatten()
}

/// The lists that `operations!` makes, one for each file.
const FILES: &[&[&Descriptor]] = &[
    users::create::OPERATIONS,
    users::get::OPERATIONS,
    users::get_all::OPERATIONS,
    users::update::OPERATIONS,
    users::delete::OPERATIONS,
    users::delete_all::OPERATIONS,
    users::actions::OPERATIONS,
    users::roles::OPERATIONS,
    users::permissions::OPERATIONS,
    users::effective::OPERATIONS,
    users::memberships::OPERATIONS,
    users::authentication_methods::OPERATIONS,
    users::sessions::OPERATIONS,
    identities::OPERATIONS,
    multifactor::OPERATIONS,
    roles::OPERATIONS,
    organizations::OPERATIONS,
    organizations::members::OPERATIONS,
    organizations::member_roles::OPERATIONS,
    organizations::invitations::OPERATIONS,
    connections::OPERATIONS,
    sessions::OPERATIONS,
    refresh_tokens::OPERATIONS,
    grants::OPERATIONS,
    device_credentials::OPERATIONS,
    guardian::OPERATIONS,
    groups::OPERATIONS,
    logs::OPERATIONS,
    user_blocks::OPERATIONS,
    tickets::OPERATIONS,
    jobs::OPERATIONS,
    authentication::users::OPERATIONS,
    authentication::token::OPERATIONS,
    authentication::database::OPERATIONS,
    authentication::oauth::OPERATIONS,
    authentication::passwordless::OPERATIONS,
];

const JOINED: [&Descriptor; count()] = joined();

// Evaluated at compile time, where an index that is out of bounds is an error.
#[allow(clippy::indexing_slicing)]
const fn count() -> usize {
    let (mut count, mut file) = (0, 0);
    while file < FILES.len() {
        count += FILES[file].len();
        file += 1;
    }
    count
}

#[allow(clippy::indexing_slicing)]
const fn joined() -> [&'static Descriptor; count()] {
    let mut joined = [FILES[0][0]; count()];
    let (mut next, mut file) = (0, 0);
    while file < FILES.len() {
        let mut row = 0;
        while row < FILES[file].len() {
            joined[next] = FILES[file][row];
            next += 1;
            row += 1;
        }
        file += 1;
    }
    joined
}
