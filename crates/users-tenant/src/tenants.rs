//! The tenants of a server.

use crate::hosted::{Hosted, lock};
use crate::name::TenantName;
use std::collections::HashMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use users_mock::{FaultSpec, Template, Tenant, TenantBuilder};

/// Tenants by name, each made from the same template when it is first used.
///
/// Users, tokens, faults, time, rate limits and logs of each are its own. A [`TenantServer`](crate::TenantServer) selects the tenant of a
/// request by its host (`NAME.localhost`), its path (`/t/NAME/…`) or its header `x-tenant`.
///
/// ```
/// use users_mock::Tenant;
/// use users_tenant::{TenantServer, Tenants};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tenants = Tenants::builder(Tenant::builder().users(3)).build();
/// let server = TenantServer::builder(tenants.clone()).bind(([127, 0, 0, 1], 0).into()).await?;
///
/// let orders = tenants.tenant(&"orders".parse()?); // served at {url}/t/orders
/// orders.add_generated_user();
/// assert_eq!((orders.user_count(), tenants.tenant(&"billing".parse()?).user_count()), (4, 3));
/// server.shutdown().await;
/// # Ok(())
/// # }
/// ```
///
/// Clones share the same tenants.
#[derive(Clone)]
pub struct Tenants(Arc<Inner>);

struct Inner {
    template: Template,
    faults: Vec<FaultSpec>,
    latency: Option<RangeInclusive<Duration>>,
    most: usize,
    hosted: Mutex<HashMap<TenantName, Arc<Hosted>>>,
    uses: AtomicU64,
    /// Whether the server is being shut down.
    closing: watch::Sender<bool>,
}

/// Builds [`Tenants`].
#[must_use = "a builder does nothing until `build` is called"]
#[derive(Debug)]
pub struct TenantsBuilder {
    template: Template,
    default: Option<Tenant>,
    faults: Vec<FaultSpec>,
    latency: Option<RangeInclusive<Duration>>,
    most: usize,
}

impl Tenants {
    /// Returns a builder of tenants that begin as this one describes. They use the time of the operating system.
    pub fn builder(template: TenantBuilder) -> TenantsBuilder {
        Self::from_template(template.system_clock().template())
    }

    /// Returns a builder of tenants that are made from this template. Its clock should be that of the operating system: on a virtual clock
    /// no time passes between requests.
    pub fn from_template(template: Template) -> TenantsBuilder {
        TenantsBuilder { template, default: None, faults: Vec::new(), latency: None, most: 1000 }
    }

    /// The tenant of this name, which is made if there is none.
    pub fn tenant(&self, name: &TenantName) -> Tenant {
        self.hosted(name).tenant().clone()
    }

    /// The names of the tenants that were used so far.
    pub fn names(&self) -> Vec<TenantName> {
        let mut names: Vec<TenantName> = lock(&self.0.hosted).keys().cloned().collect();
        names.sort();
        names
    }

    /// Removes a tenant: its next use makes a new one. Removing `default` resets it.
    pub fn remove(&self, name: &TenantName) {
        if name.is_default() {
            self.reset(&self.hosted(name));
        } else {
            let removed = lock(&self.0.hosted).remove(name);
            drop(removed);
        }
    }

    /// Whether there is a tenant of this name.
    pub(crate) fn has(&self, name: &TenantName) -> bool {
        lock(&self.0.hosted).contains_key(name)
    }

    pub(crate) fn hosted(&self, name: &TenantName) -> Arc<Hosted> {
        let number = self.0.uses.fetch_add(1, Ordering::Relaxed);
        let mut hosted = lock(&self.0.hosted);
        if let Some(found) = hosted.get(name) {
            found.set_last_use(number);
            return Arc::clone(found);
        }
        // The one that was not used for the longest time makes room.
        let removed = if hosted.len() >= self.0.most {
            let others = hosted.values().filter(|hosted| !hosted.name().is_default());
            let idle = others.min_by_key(|hosted| hosted.last_use()).map(|hosted| hosted.name().clone());
            idle.and_then(|name| hosted.remove(&name))
        } else {
            None
        };
        let made = Arc::new(self.make(name));
        made.set_last_use(number);
        hosted.insert(name.clone(), Arc::clone(&made));
        drop(hosted);
        drop(removed);
        made
    }

    /// Returns a tenant to its beginning.
    pub(crate) fn reset(&self, hosted: &Hosted) {
        hosted.reset(&self.0.template, &self.0.faults);
    }

    fn make(&self, name: &TenantName) -> Hosted {
        let tenant = self.0.template.tenant_named(name.as_str());
        self.host(name, tenant)
    }

    fn host(&self, name: &TenantName, tenant: Tenant) -> Hosted {
        let hosted = Hosted::new(name.clone(), tenant, self.0.latency.clone());
        hosted.set_faults(&self.0.faults);
        hosted
    }

    /// Ends the streams of events, which would keep connections open.
    pub(crate) fn close(&self) {
        self.0.closing.send_replace(true);
    }

    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.0.closing.subscribe()
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants").field("names", &self.names()).finish_non_exhaustive()
    }
}

impl TenantsBuilder {
    /// Sets the greatest number of tenants; 1000 by default. If there are more, the one that was not used for the longest time is removed,
    /// and never `default`.
    pub fn max_tenants(mut self, most: usize) -> Self {
        self.most = most.max(2);
        self
    }

    /// Sets the tenant of requests that name none, such as one whose data is kept in a file. By default it is made from the template.
    pub fn default_tenant(mut self, tenant: Tenant) -> Self {
        self.default = Some(tenant);
        self
    }

    /// Adds a fault that each tenant begins with.
    pub fn fault(mut self, fault: FaultSpec) -> Self {
        self.faults.push(fault);
        self
    }

    /// Delays each request and each response by a random time in this range.
    pub fn latency(mut self, each_way: RangeInclusive<Duration>) -> Self {
        self.latency = Some(each_way);
        self
    }

    /// Builds the tenants.
    pub fn build(self) -> Tenants {
        let default = self.default.unwrap_or_else(|| self.template.tenant());
        let tenants = Tenants(Arc::new(Inner {
            template: self.template,
            faults: self.faults,
            latency: self.latency,
            most: self.most,
            hosted: Mutex::default(),
            uses: AtomicU64::new(0),
            closing: watch::Sender::new(false),
        }));
        let name = TenantName::default();
        let hosted = tenants.host(&name, default);
        lock(&tenants.0.hosted).insert(name, Arc::new(hosted));
        tenants
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> TenantName {
        text.parse().unwrap()
    }

    #[test]
    fn the_tenant_that_is_idle_longest_makes_room_and_never_the_default_one() {
        let tenants = Tenants::builder(Tenant::builder()).max_tenants(3).build();
        let first = tenants.tenant(&name("a"));
        tenants.tenant(&name("b"));
        first.add_generated_user();
        assert_eq!(tenants.tenant(&name("A")).user_count(), 1, "the same one");
        tenants.tenant(&name("c"));
        assert_eq!(tenants.names(), [name("a"), name("c"), name("default")]);
        tenants.remove(&name("a"));
        assert_eq!(tenants.tenant(&name("a")).user_count(), 0, "a new one");
    }

    #[test]
    fn removing_the_default_tenant_resets_it() {
        let tenants = Tenants::builder(Tenant::builder()).build();
        let tenant = tenants.tenant(&TenantName::default());
        tenant.add_generated_user();
        tenants.remove(&TenantName::default());
        assert_eq!(tenant.user_count(), 0);
    }
}
