//! Single exchanges with the script, at chosen times.

use super::store::timed_script;
use crate::pacing::wire::Reply;
use serde_json::{Value, json};
use users_tests_redis::RedisServer;

/// A server whose only tenant is at a chosen time.
struct Exchanges {
    _server: RedisServer,
    connection: redis::Connection,
    script: redis::Script,
    now: f64,
}

impl Exchanges {
    fn start() -> Option<Self> {
        let server = RedisServer::start()?;
        let (connection, script) = (server.connection(), redis::Script::new(&timed_script()));
        Some(Self { _server: server, connection, script, now: 1e6 })
    }

    /// Carries out an exchange of the process of this name.
    fn report(&mut self, me: &str, groups: &Value) -> Reply {
        let report = json!({ "me": me, "phase": 0.0, "groups": groups });
        let mut invocation = self.script.prepare_invoke();
        for key in ["s", "c", "r", "w", "d"] {
            invocation.key(format!("{{script}}:{key}"));
        }
        invocation.arg(report.to_string()).arg(self.now);
        let reply: Vec<u8> = invocation.invoke(&mut self.connection).unwrap();
        serde_json::from_slice(&reply).unwrap()
    }

    /// What a response reports on a bucket, when nothing was granted since.
    fn response(&mut self, me: &str, group: &str, limit: u64, remaining: u64) -> Reply {
        let answer = json!({
            "epoch": 0.0, "granted": { "read": 0, "write": 0, "delete": 0 }, "order": 0, "age": 0.0,
            "limit": limit, "remaining": remaining,
        });
        self.report(me, &json!({ group: { "answer": answer } }))
    }
}

#[test]
fn a_burst_of_a_group_that_is_not_known_yet_makes_no_exchange_fail() {
    let Some(mut exchanges) = Exchanges::start() else { return };
    exchanges.response("reader", "read", 1000, 1000);
    let mut granted = 0;
    for _ in 0..50 {
        let reply = exchanges.report("writer", &json!({ "write": { "want": 1000 } }));
        granted += reply.groups["write"].count;
        exchanges.now += 10.0;
    }
    assert!(granted > 500, "{granted}");
    // No response to these has arrived, and another program has used the rest. What the bucket of an unknown group would have is
    // far below zero.
    exchanges.response("reader", "read", 1000, 0);
    let reply = exchanges.report("writer", &json!({ "write": { "want": 100 } }));
    assert_eq!(reply.groups["write"].count, 0);
    assert!((1.0..2500.0).contains(&reply.groups["write"].wait), "{reply:?}");
}

#[test]
fn processes_that_have_ended_do_not_count_although_nobody_uses_their_group_any_more() {
    let Some(mut exchanges) = Exchanges::start() else { return };
    for process in 0..100 {
        exchanges.response(&format!("writer {process}"), "write", 50, 0);
        exchanges.report(&format!("writer {process}"), &json!({ "write": { "want": 1 } }));
    }
    exchanges.response("reader", "read", 50, 0);
    // Each of them is removed some seconds after its last exchange.
    for _ in 0..20 {
        exchanges.now += 10_000.0;
        exchanges.report("reader", &json!({ "read": { "want": 1 } }));
    }
    let reply = exchanges.report("reader", &json!({ "read": { "want": 1 } }));
    assert_eq!(reply.limits.iter().map(|limit| limit.flows).collect::<Vec<_>>(), [1], "{reply:?}");
}

#[test]
fn a_delay_that_is_longer_than_the_time_to_live_is_not_forgotten() {
    let Some(mut exchanges) = Exchanges::start() else { return };
    exchanges.report("first", &json!({ "read": { "limited": 1, "hold": 3_600_000.0, "unnamed": true } }));
    let left: u64 = redis::cmd("PTTL").arg("{script}:s").query(&mut exchanges.connection).unwrap();
    assert!(left > 3_500_000, "{left} ms");
}

#[test]
fn a_group_keeps_its_limit_while_another_one_reports_many_others() {
    let Some(mut exchanges) = Exchanges::start() else { return };
    exchanges.response("first", "delete", 50, 0);
    for limit in 100..120 {
        exchanges.now += 1.0;
        exchanges.response("second", "read", limit, limit);
    }
    let reply = exchanges.report("first", &json!({ "delete": { "want": 5000 } }));
    let deletes = &reply.groups["delete"];
    assert!(deletes.count < 2 && !deletes.unlimited, "{deletes:?}");
    assert!(reply.limits.len() <= 8, "{}", reply.limits.len());
}

#[test]
fn permits_of_a_state_that_was_lost_are_not_returned_to_the_new_one() {
    let Some(mut exchanges) = Exchanges::start() else { return };
    let before = |reply: &Reply| reply.groups["read"].before.sum();
    let first = exchanges.report("first", &json!({ "read": { "returned": 200, "want": 1 } }));
    assert_eq!(before(&first), 0);
    let second = exchanges.report("second", &json!({ "read": { "want": 1 } }));
    assert!(before(&second) >= 0);
}

#[test]
fn the_interval_between_permits_is_that_of_the_rate_although_the_bucket_is_empty() {
    let Some(mut exchanges) = Exchanges::start() else { return };
    exchanges.response("first", "read", 50, 0);
    let reply = exchanges.report("first", &json!({ "read": { "want": 5 } }));
    let (rate, interval) = (reply.limits[0].rate, reply.groups["read"].interval);
    assert!((interval * rate - 1000.0).abs() < 1.0, "{interval} ms at {rate} per second");
}
