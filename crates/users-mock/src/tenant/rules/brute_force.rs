//! Blocks of an identifier after failed logins.

use crate::tenant::object::set;
use users_core::model::JsonObject;

/// The number of failed logins after which an identifier is blocked for an address.
pub(crate) const MAX_ATTEMPTS: u32 = 10;

/// The time after the last failed login in which it counts, and for which a block lasts: 30 days, in milliseconds.
pub(crate) const LASTS: u64 = 30 * 86_400_000;

/// When a block ends, in milliseconds since 1970, which Auth0 does not show.
const ENDS_AT: &str = "ends_at";

/// A block that begins now.
pub(crate) fn new_block(identifier: &str, ip: &str, connection: &str, now: u64) -> JsonObject {
    let mut block = JsonObject::new();
    set(&mut block, "identifier", identifier);
    set(&mut block, "ip", ip);
    set(&mut block, "connection", connection);
    set(&mut block, ENDS_AT, now.saturating_add(LASTS));
    block
}

/// Whether a block has not ended. One of a seed does not end.
pub(crate) fn stands(block: &JsonObject, now: u64) -> bool {
    block.get::<u64>(ENDS_AT).ok().flatten().is_none_or(|end| end > now)
}

/// A block as the Management API shows it.
pub(crate) fn shown(block: &JsonObject) -> JsonObject {
    let mut shown = block.clone();
    shown.remove(ENDS_AT);
    shown
}
