//! Counts requests against rate limits.

use crate::tenant::rules::limits::{Bucket, Limits};
use http::Method;
use std::collections::HashMap;

/// The state of a bucket, as response headers show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    /// Seconds since 1970.
    pub(crate) reset: u64,
}

/// The state of the buckets of a tenant.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    global: Option<Level>,
    read: Option<Level>,
    write: Option<Level>,
    delete: Option<Level>,
    authentication: Option<Level>,
    token: Option<Level>,
    userinfo: Option<Bucket>,
    /// Those of `/userinfo`, by user; one that is missing is full.
    of_users: HashMap<String, Level>,
    limits: Limits,
}

/// What a request counts as.
pub(crate) enum Counted<'a> {
    /// A request of the Management API.
    Management(&'a Method),
    /// A request of the Authentication API.
    Authentication,
    /// `POST /oauth/token`.
    Token,
    /// `/userinfo` with the token of this user.
    UserInfo(&'a str),
}

/// The number of users whose buckets are kept before full ones are removed.
const MOST_USERS: usize = 10_000;

/// A bucket and its content at a time.
#[derive(Debug)]
struct Level {
    bucket: Bucket,
    /// In units of which a period's milliseconds are one permit.
    held: u64,
    at: u64,
}

impl Level {
    fn full(bucket: Bucket, now: u64) -> Self {
        Self { held: bucket.capacity(), bucket, at: now }
    }

    fn fill(&mut self, now: u64) {
        let added = self.bucket.refilled_by(now).saturating_sub(self.bucket.refilled_by(self.at));
        self.held = self.held.saturating_add(added).min(self.bucket.capacity());
        self.at = self.at.max(now);
    }

    fn standing(&self, now: u64) -> Standing {
        Standing {
            limit: self.bucket.size.into(),
            remaining: self.held / self.bucket.every.millis(),
            reset: self.bucket.next_second(self.held, now),
        }
    }
}

impl Limiter {
    /// Buckets that are full.
    pub(crate) fn new(limits: Limits, now: u64) -> Self {
        let full = |bucket: &Option<Bucket>| bucket.clone().map(|bucket| Level::full(bucket, now));
        Self {
            global: full(&limits.global),
            read: full(&limits.read),
            write: full(&limits.write),
            delete: full(&limits.delete),
            authentication: full(&limits.authentication),
            token: full(&limits.token),
            userinfo: limits.userinfo.clone(),
            of_users: HashMap::new(),
            limits,
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits.clone()
    }

    /// Lets buckets that were filled at a later time refill from this one on.
    pub(crate) fn begin_at(&mut self, now: u64) {
        let Self { global, read, write, delete, authentication, token, userinfo: _, of_users, limits: _ } =
            self;
        let levels = [global, read, write, delete, authentication, token].into_iter().flatten();
        for level in levels.chain(of_users.values_mut()) {
            level.at = level.at.min(now);
        }
    }

    /// Changes the limits; the buckets keep their content.
    pub(crate) fn change(&mut self, limits: Limits, now: u64) {
        let before = std::mem::replace(self, Self::new(limits, now));
        for (level, before) in [
            (&mut self.global, before.global),
            (&mut self.read, before.read),
            (&mut self.write, before.write),
            (&mut self.delete, before.delete),
            (&mut self.authentication, before.authentication),
            (&mut self.token, before.token),
        ] {
            if let (Some(level), Some(mut before)) = (level, before) {
                before.fill(now);
                let kept = before.held / before.bucket.every.millis() * level.bucket.every.millis();
                level.held = level.held.min(kept);
            }
        }
    }

    /// Takes permits for a request. Returns the state for its headers, or why it is rejected; `None` if there is no limit.
    pub(crate) fn take(&mut self, counted: &Counted<'_>, now: u64) -> Option<Result<Standing, Rejection>> {
        const GLOBAL: Option<&str> = None;
        let (global, group, level) = match counted {
            Counted::Management(method) => match **method {
                Method::GET | Method::HEAD => (&mut self.global, "users_read", self.read.as_mut()),
                Method::DELETE => (&mut self.global, "users_delete", self.delete.as_mut()),
                _ => (&mut self.global, "users_write", self.write.as_mut()),
            },
            Counted::Authentication => (&mut self.authentication, "", None),
            Counted::Token => (&mut self.authentication, "token", self.token.as_mut()),
            Counted::UserInfo(user) => {
                let level = of_user(&mut self.of_users, self.userinfo.as_ref(), user, now);
                (&mut self.authentication, "userinfo", level)
            }
        };
        let mut drawn: Vec<(Option<&str>, &mut Level)> = Vec::new();
        drawn.extend(global.as_mut().map(|level| (GLOBAL, level)));
        drawn.extend(level.map(|level| (Some(group), level)));
        draw(&mut drawn, now)
    }
}

/// The bucket of a user, of this kind.
fn of_user<'a>(
    levels: &'a mut HashMap<String, Level>,
    bucket: Option<&Bucket>,
    user: &str,
    now: u64,
) -> Option<&'a mut Level> {
    let bucket = bucket?;
    if levels.len() >= MOST_USERS {
        levels.retain(|_, level| {
            level.fill(now);
            level.held < level.bucket.capacity()
        });
    }
    Some(levels.entry(user.to_owned()).or_insert_with(|| Level::full(bucket.clone(), now)))
}

/// Takes a permit of each bucket, or of none.
fn draw(drawn: &mut [(Option<&str>, &mut Level)], now: u64) -> Option<Result<Standing, Rejection>> {
    for (group, level) in &mut *drawn {
        level.fill(now);
        if level.held < level.bucket.every.millis() {
            let every = level.bucket.every.name();
            let message = match group {
                None => "Global limit has been reached".to_owned(),
                Some(group) => format!("Global per {every} {group} group limit has been reached"),
            };
            return Some(Err(Rejection { standing: level.standing(now), message }));
        }
    }
    for (_, level) in &mut *drawn {
        level.held -= level.bucket.every.millis();
    }
    let standings = drawn.iter().map(|(_, level)| level.standing(now));
    standings.min_by_key(|standing| standing.remaining).map(Ok)
}

/// Why a request is rejected.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) standing: Standing,
    pub(crate) message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of 1000 requests are accepted at each of these times.
    fn accepted(limits: Limits, moments: &[u64]) -> Vec<usize> {
        let mut limiter = Limiter::new(limits, 0);
        let mut accepted_at = |now| {
            (0..1000)
                .take_while(|_| limiter.take(&Counted::Management(&Method::GET), now).unwrap().is_ok())
                .count()
        };
        moments.iter().map(|now| accepted_at(*now)).collect()
    }

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let enterprise = accepted(Limits::enterprise(), &[0, 62, 63, 125, 1000, 100_000]);
        assert_eq!(enterprise, [50, 0, 1, 1, 14, 50]);
        assert_eq!(accepted(Limits::essentials(), &[0, 119, 120, 60_000]), [40, 0, 1, 40]);
        let windowed = Limits::none().global(Bucket::per_second(50, 16).windowed());
        assert_eq!(accepted(windowed, &[0, 999, 1000, 1999, 2000]), [50, 0, 16, 0, 16]);
    }

    #[test]
    fn a_reset_is_the_second_in_which_one_more_is_added() {
        let mut limiter = Limiter::new(Limits::none().read(Bucket::per_minute(10, 5)), 0);
        let first = limiter.take(&Counted::Management(&Method::GET), 7_000).unwrap().unwrap();
        assert_eq!(first, Standing { limit: 10, remaining: 9, reset: 19 });
        assert!(
            limiter.take(&Counted::Management(&Method::DELETE), 7_000).is_none(),
            "without a bucket there is no limit"
        );
    }

    #[test]
    fn a_rejection_names_the_bucket_and_takes_nothing_from_the_others() {
        let limits = Limits::none().global(Bucket::per_second(2, 1)).write(Bucket::per_minute(1, 1));
        let mut limiter = Limiter::new(limits, 0);
        assert!(limiter.take(&Counted::Management(&Method::POST), 0).unwrap().is_ok());
        let rejection = limiter.take(&Counted::Management(&Method::PATCH), 0).unwrap().unwrap_err();
        assert_eq!(rejection.message, "Global per minute users_write group limit has been reached");
        assert_eq!(rejection.standing, Standing { limit: 1, remaining: 0, reset: 60 });
        assert!(limiter.take(&Counted::Management(&Method::GET), 0).unwrap().is_ok());
        assert_eq!(
            limiter.take(&Counted::Management(&Method::GET), 0).unwrap().unwrap_err().message,
            "Global limit has been reached"
        );
    }

    #[test]
    fn limits_that_change_keep_what_is_in_the_buckets() {
        let mut limiter = Limiter::new(Limits::enterprise(), 0);
        (0..50).for_each(|_| assert!(limiter.take(&Counted::Management(&Method::GET), 0).unwrap().is_ok()));
        limiter.change(Limits::none().global(Bucket::per_second(50, 8)), 0);
        assert!(limiter.take(&Counted::Management(&Method::GET), 124).unwrap().is_err());
        assert!(limiter.take(&Counted::Management(&Method::GET), 125).unwrap().is_ok());
    }
}
