//! What the tenant's log says about the pace.
#![allow(clippy::cast_precision_loss)] // counts are small

use super::process::Counts;
use super::scenario::Scenario;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// The sender of requests of another program.
pub(super) const FOREIGN: usize = usize::MAX;

/// A request that reached the tenant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    /// In seconds.
    pub(super) at: f64,
    pub(super) process: usize,
    pub(super) is_limited: bool,
}

#[derive(Debug)]
pub(super) struct Figures {
    pub(super) seconds: f64,
    pub(super) requests: usize,
    /// The part of the allowance that was used.
    pub(super) used: f64,
    /// The percentage of 429 among the responses to the processes.
    pub(super) limited: f64,
    /// The least number of requests of a process, as a part of the mean.
    pub(super) share: f64,
    /// The most requests that were sent within a second, those with a 429 included.
    pub(super) worst_second: usize,
    pub(super) calls: Counts,
    pub(super) outage: Option<OutageFigures>,
}

/// What happened while Redis was away, and after.
#[derive(Debug)]
pub(super) struct OutageFigures {
    /// The requests sent meanwhile, as a part of the refill.
    pub(super) sent: f64,
    pub(super) limited: f64,
    /// From 5 s after the return on: the accepted requests as a part of the refill, the percentage of 429, and the least share.
    pub(super) recovered: f64,
    pub(super) recovered_limited: f64,
    pub(super) recovered_share: f64,
}

impl Figures {
    /// `log` has the requests up to `end`, in order; `unix` is the time of its begin, by which the tenant refills in steps; `outage`
    /// is when Redis was away.
    pub(super) fn new(
        scenario: &Scenario,
        log: &[Counted],
        unix: f64,
        end: f64,
        outage: Option<Range<f64>>,
        counts: &[Counts],
    ) -> Self {
        let first = log.first().map_or(0.0, |counted| counted.at);
        let elapsed = end - first;
        let step = scenario.step;
        let steps_until = |at: f64| ((unix + at) / step).floor();
        let refilled = if step > 0.0 { step * (steps_until(end) - steps_until(first)) } else { elapsed };
        let all = Part::of(log, f64::NEG_INFINITY..end);
        let times: Vec<f64> = log.iter().map(|counted| counted.at).collect();
        let within = |(number, from): (usize, &f64)| {
            times.iter().skip(number).take_while(|at| **at < from + 1.0).count()
        };
        let outage = outage.map(|away| {
            let meanwhile = Part::of(log, away.clone());
            let after = away.end + 5.0..end.min(away.end + 10.0);
            let recovered = Part::of(log, after.clone());
            let refill = |range: Range<f64>| scenario.per_second * (range.end - range.start);
            OutageFigures {
                sent: if away.is_empty() { 0.0 } else { meanwhile.sent as f64 / refill(away) },
                limited: meanwhile.limited(),
                recovered: recovered.accepted as f64 / refill(after),
                recovered_limited: recovered.limited(),
                recovered_share: recovered.share(scenario.processes),
            }
        });
        Self {
            seconds: elapsed,
            requests: all.sent,
            used: all.accepted as f64 / (scenario.burst + scenario.per_second * refilled),
            limited: all.limited(),
            share: all.share(scenario.processes),
            worst_second: times.iter().enumerate().map(within).max().unwrap_or(0),
            calls: sum(counts),
            outage,
        }
    }

    /// The targets of the scenario that were missed.
    pub(super) fn missed(&self, scenario: &Scenario) -> Vec<String> {
        let target = &scenario.target;
        let mut missed = Vec::new();
        let mut check = |is_met: bool, message: String| {
            if !is_met {
                missed.push(message);
            }
        };
        check(self.used >= target.used, format!("used {:.3} < {}", self.used, target.used));
        check(self.limited <= target.limited, format!("429 {:.2} % > {}", self.limited, target.limited));
        check(self.share >= target.share, format!("share {:.2} < {}", self.share, target.share));
        let error = &self.calls.first_error;
        check(self.calls.failed == 0, format!("{} calls failed: {error}", self.calls.failed));
        if target.is_bounded {
            let most = scenario.burst + scenario.per_second;
            let is_met = self.worst_second as f64 <= most;
            check(is_met, format!("worst second {} > {most}", self.worst_second));
        }
        if let Some(outage) = &self.outage {
            let OutageFigures { sent, recovered, recovered_share, .. } = outage;
            check(*sent <= target.sent_alone, format!("{sent:.2} of the refill sent in the outage"));
            check(*recovered >= target.recovered, format!("{recovered:.2} of the refill after the outage"));
            check(
                *recovered_share >= target.recovered_share,
                format!("share {recovered_share:.2} after the outage"),
            );
        }
        missed
    }
}

/// Prints the number of requests of each half second, those with a 429 after the plus sign, and those of each process.
pub(super) fn print_course(log: &[Counted]) {
    let (Some(first), Some(last)) = (log.first(), log.last()) else { return };
    let mut from = first.at;
    while from <= last.at {
        let part = Part::of(log, from..from + 0.5);
        let limited = part.sent - part.accepted;
        println!(
            "{:>6.1} s {:>4} + {limited:<3} {:?}",
            from - first.at,
            part.accepted,
            part.accepted_of.values()
        );
        from += 0.5;
    }
}

/// The requests of a part of the time.
struct Part {
    sent: usize,
    accepted: usize,
    own_sent: usize,
    own_limited: usize,
    accepted_of: BTreeMap<usize, usize>,
}

impl Part {
    fn of(log: &[Counted], time: Range<f64>) -> Self {
        let mut part =
            Self { sent: 0, accepted: 0, own_sent: 0, own_limited: 0, accepted_of: BTreeMap::new() };
        for counted in log.iter().filter(|counted| time.contains(&counted.at)) {
            let is_own = counted.process != FOREIGN;
            part.sent += 1;
            part.own_sent += usize::from(is_own);
            part.own_limited += usize::from(is_own && counted.is_limited);
            if !counted.is_limited {
                part.accepted += 1;
                if is_own {
                    *part.accepted_of.entry(counted.process).or_default() += 1;
                }
            }
        }
        part
    }

    fn limited(&self) -> f64 {
        100.0 * self.own_limited as f64 / self.own_sent.max(1) as f64
    }

    fn share(&self, processes: usize) -> f64 {
        let own: usize = self.accepted_of.values().sum();
        let least = (0..processes).map(|process| self.accepted_of.get(&process).copied().unwrap_or(0)).min();
        least.unwrap_or(0) as f64 * processes as f64 / own.max(1) as f64
    }
}

/// The sums of what the processes counted; the highest p50, p99 and maximum of any.
fn sum(counts: &[Counts]) -> Counts {
    let mut sum = Counts::default();
    for one in counts {
        sum.calls += one.calls;
        sum.failed += one.failed;
        sum.p50 = sum.p50.max(one.p50);
        sum.p99 = sum.p99.max(one.p99);
        sum.max = sum.max.max(one.max);
        if sum.first_error.is_empty() {
            sum.first_error.clone_from(&one.first_error);
        }
    }
    sum
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seconds, requests, used, limited, share, worst_second, calls, outage } = self;
        write!(
            f,
            "{seconds:>5.1} s {requests:>6} requests  used {used:.3}  429 {limited:>5.2} %  share {share:.2}  "
        )?;
        write!(f, "worst second {worst_second:>3}  failed {}  ", calls.failed)?;
        write!(f, "p50 {} p99 {} max {} ms", calls.p50, calls.p99, calls.max)?;
        if let Some(outage) = outage {
            let OutageFigures { sent, limited, recovered, recovered_limited, recovered_share } = outage;
            write!(f, "\n{:<48} away: sent {sent:.2} of the refill, 429 {limited:.2} %; ", "")?;
            write!(f, "5 s after: {recovered:.2}, 429 {recovered_limited:.2} %, share {recovered_share:.2}")?;
        }
        Ok(())
    }
}
