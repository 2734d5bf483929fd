//! Looking up host names.

use crate::error::BoxError;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower_service::Service;

type Addresses = std::vec::IntoIter<SocketAddr>;
type Lookup = Pin<Box<dyn Future<Output = Result<Addresses, BoxError>> + Send>>;

/// Looks up host names with the operating system, or with a function in tests.
#[derive(Clone)]
pub(crate) struct Resolver(Arc<dyn Fn(Name) -> Lookup + Send + Sync>);

impl Resolver {
    /// Calls `getaddrinfo` on a blocking thread.
    pub(crate) fn system() -> Self {
        Self(Arc::new(|name| {
            Box::pin(async move {
                let addresses = GaiResolver::new().call(name).await?;
                Ok(addresses.collect::<Vec<_>>().into_iter())
            })
        }))
    }

    /// Returns the same addresses for every name.
    pub(crate) fn fixed(addresses: Vec<SocketAddr>) -> Self {
        Self(Arc::new(move |_| {
            let addresses = addresses.clone();
            Box::pin(async move { Ok(addresses.into_iter()) })
        }))
    }
}

#[cfg(test)]
impl Resolver {
    /// Returns the same addresses for every name, after this time.
    pub(crate) fn slow(addresses: Vec<SocketAddr>, time: std::time::Duration) -> Self {
        Self(Arc::new(move |_| {
            let addresses = addresses.clone();
            Box::pin(async move {
                tokio::time::sleep(time).await;
                Ok(addresses.into_iter())
            })
        }))
    }
}

impl Service<Name> for Resolver {
    type Response = Addresses;
    type Error = BoxError;
    type Future = Lookup;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Lookup {
        (self.0)(name)
    }
}
