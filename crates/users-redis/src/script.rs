//! Scripts that run in Redis.

use redis::aio::ConnectionLike;
use redis::{RedisError, Value};

/// A script, which Redis runs by its hash, and which is loaded where Redis does not have it.
#[derive(Clone, Debug)]
pub(crate) struct Script(redis::Script);

impl Script {
    pub(crate) fn new(source: &str) -> Self {
        Self(redis::Script::new(source))
    }

    pub(crate) async fn run(
        &self,
        connection: &mut impl ConnectionLike,
        keys: &[String],
        arguments: &[&[u8]],
    ) -> Result<Value, RedisError> {
        let mut invocation = self.0.prepare_invoke();
        for key in keys {
            invocation.key(key);
        }
        for argument in arguments {
            invocation.arg(*argument);
        }
        invocation.invoke_async(connection).await
    }
}
