//! The endpoints: one noun, one file, with its routes and handlers.

pub(crate) mod actions;
pub(crate) mod authentication_methods;
pub(crate) mod connections;
pub(crate) mod device_credentials;
pub(crate) mod effective;
pub(crate) mod exports;
pub(crate) mod grants;
pub(crate) mod groups;
pub(crate) mod guardian;
pub(crate) mod identities;
pub(crate) mod impersonation;
pub(crate) mod imports;
pub(crate) mod jobs;
pub(crate) mod logs;
pub(crate) mod memberships;
pub(crate) mod multifactor;
mod owner;
pub(crate) mod permissions;
pub(crate) mod refresh_tokens;
pub(crate) mod resource_servers;
pub(crate) mod roles;
pub(crate) mod sessions;
pub(crate) mod tickets;
pub(crate) mod token;
pub(crate) mod user_blocks;
pub(crate) mod userinfo;
pub(crate) mod users;
