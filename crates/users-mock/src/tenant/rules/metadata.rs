//! The keys of metadata.

use crate::tenant::assumptions::Assumptions;
use crate::tenant::wire::answer::Failure;
use users_core::model::JsonObject;

/// The keys that `app_metadata` must not have, as documented.
const RESERVED: &[&str] = &[
    "__tenant",
    "_id",
    "blocked",
    "clientID",
    "created_at",
    "email",
    "email_verified",
    "globalClientID",
    "global_client_id",
    "identities",
    "lastIP",
    "lastLogin",
    "loginsCount",
    "metadata",
    "multifactor",
    "multifactor_last_modified",
    "updated_at",
    "user_id",
];

/// Checks the keys of the first level of the metadata in a body.
pub(crate) fn check_metadata_keys(body: &JsonObject, assumptions: &Assumptions) -> Result<(), Failure> {
    for property in ["user_metadata", "app_metadata"] {
        let metadata: JsonObject = body.get(property).ok().flatten().unwrap_or_default();
        for (key, value) in metadata.iter() {
            if let (Some(error), true) = (&assumptions.metadata_key, key.contains(['.', '$'])) {
                return Err(Failure::assumed(error, &[("key", key), ("property", property)]));
            }
            let is_reserved = property == "app_metadata" && RESERVED.contains(&key) && value != "null";
            if let (Some(error), true) = (&assumptions.app_metadata_key, is_reserved) {
                return Err(Failure::assumed(error, &[("key", key)]));
            }
        }
    }
    Ok(())
}
