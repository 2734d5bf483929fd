//! A process that uses the shared token once, and shows it. Its own source counts its tokens in the same server.
#![allow(clippy::print_stdout)]

use std::error::Error as StdError;
use std::time::Duration;
use users_core::{AccessToken, Clock as _, Error, ErrorKind, SystemClock, TokenSource as _, token_fn};
use users_redis::{RedisStore, RedisTokenSource, TokenKey};

fn main() -> Result<(), Box<dyn StdError>> {
    let address = std::env::args().nth(1).ok_or("usage: token-process ADDRESS")?;
    // A thousand processes at once on few cores: the store is slow to connect, but it is not unavailable.
    let store = RedisStore::open(&address)?.timeout(Duration::from_secs(5));
    let source = token_fn(SystemClock::new(), move || {
        let address = address.clone();
        async move {
            let fetched = count(&address).map_err(|error| Error::new(ErrorKind::Token, error.to_string()))?;
            SystemClock::new().sleep(Duration::from_millis(200)).await;
            let token = AccessToken::new(format!("confidential-token-{fetched}"));
            Ok(token.expires_in(Duration::from_secs(3600)))
        }
    });
    let tokens = RedisTokenSource::new(&store, "tenant", source, &TokenKey::from_bytes([7; 32]));
    let token = futures_executor::block_on(tokens.token())?;
    println!("{}", token.secret().expose());
    Ok(())
}

fn count(address: &str) -> redis::RedisResult<u64> {
    redis::cmd("INCR").arg("fetched").query(&mut redis::Client::open(address)?.get_connection()?)
}
