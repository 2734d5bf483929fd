//! One pace and one access token for many processes that manage the users of one Auth0 tenant, shared through Redis.

mod background;
mod pacing;
mod script;
mod store;
mod when;

pub use pacing::RedisPacer;
pub use redis;
pub use store::RedisStore;
pub use when::WhenUnavailable;
