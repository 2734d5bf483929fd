//! The time of a tenant.

use crate::tenant::Tenant;
use crate::tenant::state::lock;
use std::time::Duration;
use users_core::model::Timestamp;

impl Tenant {
    /// The time of the tenant, by which tokens expire, rate limits refill, searches see changes and jobs end.
    pub fn now(&self) -> Timestamp {
        self.state.clock.now()
    }

    /// How many milliseconds the tenant is ahead of its clock, or behind if negative.
    pub fn time_offset(&self) -> i64 {
        self.state.clock.ahead()
    }

    /// Sets the time. It passes from there on as by the tenant's clock, unless it is [frozen](Self::freeze_time).
    ///
    /// ```
    /// use std::time::Duration;
    /// use users_mock::Tenant;
    ///
    /// let tenant = Tenant::builder().system_clock().build();
    /// tenant.set_time(&"2030-01-01T00:00:00.000Z".parse().unwrap());
    /// tenant.freeze_time();
    /// tenant.advance_time(Duration::from_secs(3600));
    /// assert!(tenant.now().as_str().starts_with("2030-01-01T01:00:00"));
    /// ```
    pub fn set_time(&self, now: &Timestamp) {
        self.state.clock.set(now.unix_millis());
        self.adapt_to_time();
    }

    /// Advances the time.
    pub fn advance_time(&self, time: Duration) {
        self.state.clock.advance(time);
    }

    /// Stops the time until [`unfreeze_time`](Self::unfreeze_time). It can be set and advanced meanwhile.
    pub fn freeze_time(&self) {
        self.state.clock.freeze(true);
    }

    /// Lets the time pass again, from the one at which it is frozen.
    pub fn unfreeze_time(&self) {
        self.state.clock.freeze(false);
    }

    /// Whether the time is frozen.
    pub fn is_time_frozen(&self) -> bool {
        self.state.clock.is_frozen()
    }

    /// Returns to the time of the tenant's clock, and lets it pass.
    pub fn reset_time(&self) {
        self.state.clock.reset();
        self.adapt_to_time();
    }

    /// Nothing waits longer than it would have if the time had always been this one.
    pub(super) fn adapt_to_time(&self) {
        let now = self.state.clock.millis();
        let mut store = self.state.store_mut();
        let longest = lock(&self.state.lag).longest();
        if store.view().has_pending() {
            store.view_mut().limit_wait(now.saturating_add(longest));
        }
        drop(store);
        lock(&self.state.limiter).begin_at(now);
    }
}

#[cfg(test)]
mod tests {
    use crate::tenant::rules::limits::Bucket;
    use crate::tenant::{Limits, Tenant};
    use http::StatusCode;
    use std::time::Duration;

    fn read(tenant: &Tenant, token: &str) -> StatusCode {
        let request = http::Request::get("https://tenant.example.com/api/v2/users")
            .header("authorization", format!("Bearer {token}"))
            .body(bytes::Bytes::new())
            .unwrap();
        tenant.handle(request).status()
    }

    #[test]
    fn a_frozen_time_stands_still_until_it_is_set_advanced_or_unfrozen() {
        let tenant = Tenant::new();
        let now = || tenant.now().as_str().to_owned();
        tenant.freeze_time();
        tenant.clock().advance(Duration::from_secs(100));
        assert_eq!(now(), "2026-01-01T00:00:00.000Z");
        tenant.advance_time(Duration::from_secs(60));
        assert_eq!(now(), "2026-01-01T00:01:00.000Z");
        tenant.unfreeze_time();
        assert_eq!(now(), "2026-01-01T00:01:00.000Z");
        tenant.clock().advance(Duration::from_secs(1));
        assert_eq!((now().as_str(), tenant.time_offset()), ("2026-01-01T00:01:01.000Z", -40_000));
        tenant.set_time(&"2020-02-29T12:00:00.000Z".parse().unwrap());
        tenant.clock().advance(Duration::from_secs(1));
        assert_eq!(now(), "2020-02-29T12:00:01.000Z");
        tenant.reset_time();
        assert_eq!(now(), "2026-01-01T00:01:42.000Z");
    }

    #[test]
    fn tokens_expire_and_rate_limits_refill_by_the_time_of_the_tenant() {
        let limits = Limits::none().read(Bucket::per_minute(2, 2));
        let tenant = Tenant::builder().limits(limits).build();
        let token = tenant.management_token().expose().to_owned();
        let statuses =
            |times: usize| -> Vec<u16> { (0..times).map(|_| read(&tenant, &token).as_u16()).collect() };
        assert_eq!(statuses(3), [200, 200, 429]);
        tenant.advance_time(Duration::from_secs(60));
        assert_eq!(statuses(3), [200, 200, 429]);
        tenant.set_time(&"2025-01-01T00:00:00.000Z".parse().unwrap());
        assert_eq!(statuses(1), [429], "going back in time fills no bucket");
        tenant.advance_time(Duration::from_secs(30));
        assert_eq!(statuses(2), [200, 429], "and buckets refill from there on");
        tenant.advance_time(Duration::from_secs(400 * 86_400));
        assert_eq!(statuses(1), [401], "the token has expired");
    }
}
