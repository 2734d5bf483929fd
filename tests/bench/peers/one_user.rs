//! Gets one user over TLS: `bench-typed-one-user BASE_URL USER_ID`, the id percent-encoded.

use hyper::Method;
use users_bench_peers::{Caller, Outcome, User, https};

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(base), Some(id)) = (arguments.next(), arguments.next()) else {
        return Err("usage: bench-typed-one-user BASE_URL USER_ID".into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (_, body) = runtime.block_on(async {
        let caller = Caller::connect(https()?, &base).await?;
        caller.send(Method::GET, caller.uri(&format!("users/{id}"))?, None).await
    })?;
    let user: User = serde_json::from_slice(&body)?;
    println!("{}", user.email.unwrap_or_default());
    Ok(())
}
