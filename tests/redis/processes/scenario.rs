//! A tenant, processes, and what happens to them.

use super::figures::{self, Figures};
use super::process::{Arguments, Counts, Process};
use super::tenant::CountingTenant;
use std::ops::Range;
use std::sync::Mutex;
use std::time::Duration;
use users_mock::{Bucket, Limits};
use users_tests_redis::RedisServer;

#[derive(Clone)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) limits: Limits,
    pub(super) burst: f64,
    pub(super) per_second: f64,
    /// The seconds between two refills; zero if they are continuous.
    pub(super) step: f64,
    pub(super) processes: usize,
    pub(super) callers: usize,
    pub(super) seconds: f64,
    pub(super) is_shared: bool,
    /// The rate of another program that sends requests at random.
    pub(super) foreign: f64,
    /// Each process is replaced after this time.
    pub(super) life: Option<Duration>,
    /// By the seconds from the begin.
    pub(super) events: Vec<(f64, Event)>,
    pub(super) target: Target,
}

/// What happens in the middle.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// A process is killed and replaced.
    KillProcess(usize),
    KillRedis,
    RestartRedis,
    /// Redis accepts commands and answers them later.
    PauseRedis(Duration),
    /// The process of Redis is stopped: its connections stay, and nothing answers.
    StopRedis,
    ContinueRedis,
    FlushRedis,
}

/// What is required.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The least part of the allowance.
    pub(super) used: f64,
    /// The most percent of 429.
    pub(super) limited: f64,
    /// The least part of a share.
    pub(super) share: f64,
    /// Whether no second has more requests than a full bucket and the refill of one second.
    pub(super) is_bounded: bool,
    /// The most requests that are sent while Redis is away, as a part of the refill.
    pub(super) sent_alone: f64,
    /// The least part of the refill, and of a share, from 5 s after the return of Redis on.
    pub(super) recovered: f64,
    pub(super) recovered_share: f64,
}

impl Target {
    pub(super) fn full() -> Self {
        Self {
            used: 0.97,
            limited: 0.5,
            share: 0.8,
            is_bounded: true,
            sent_alone: 1.0,
            recovered: 0.9,
            recovered_share: 0.8,
        }
    }

    /// For comparison.
    pub(super) fn none() -> Self {
        Self { used: 0.0, limited: 100.0, share: 0.0, is_bounded: false, ..Self::full() }
    }
}

impl Scenario {
    /// The Enterprise tier, with time that runs ten times as fast.
    pub(super) fn enterprise(name: &'static str, processes: usize) -> Self {
        Self {
            name,
            limits: Limits::none().global(Bucket::per_second(50, 160)),
            burst: 50.0,
            per_second: 160.0,
            step: 0.0,
            processes,
            callers: if processes > 8 { 4 } else { 16 },
            seconds: 30.0,
            is_shared: true,
            foreign: 0.0,
            life: None,
            events: Vec::new(),
            target: Target::full(),
        }
    }

    /// The deletes of the Essentials tier, with time that runs ten times as fast.
    pub(super) fn essentials(name: &'static str, processes: usize) -> Self {
        Self {
            limits: Limits::none().delete(Bucket::per_second(20, 33)),
            burst: 20.0,
            per_second: 33.0,
            seconds: 40.0,
            ..Self::enterprise(name, processes)
        }
    }

    /// Carries it out.
    pub(super) fn run(&self, redis: &mut RedisServer) -> Figures {
        redis.flush();
        let tenant = CountingTenant::start(self.limits.clone());
        let arguments = Arguments {
            tenant: tenant.url(),
            token: tenant.token().to_owned(),
            redis: if self.is_shared { redis.address() } else { "-".to_owned() },
            callers: self.callers,
        };
        if let Some(life) = self.life {
            return self.run_short_lives(&tenant, &arguments, life);
        }
        let start = |number| Process::start(&arguments, number, None);
        let mut processes: Vec<Process> = (0..self.processes).map(start).collect();
        processes.iter().for_each(Process::wait_until_ready);
        if self.foreign > 0.0 {
            tenant.begin_foreign_traffic(self.foreign);
        }
        self.wait_for_the_step(&tenant);
        let began = tenant.now();
        processes.iter_mut().for_each(Process::begin);
        let mut away: Option<Range<f64>> = None;
        for (after, event) in &self.events {
            tenant.sleep_until(began + after);
            let before = tenant.now();
            match *event {
                Event::KillProcess(number) => {
                    processes[number] = start(number); // the old one is killed as it is dropped
                    processes[number].wait_until_ready();
                    processes[number].begin();
                }
                Event::KillRedis => redis.kill(),
                Event::RestartRedis => redis.restart(),
                Event::PauseRedis(time) => {
                    redis.pause(time);
                    away = Some(before..before + time.as_secs_f64());
                }
                Event::StopRedis => redis.stop(),
                Event::ContinueRedis => redis.go_on(),
                Event::FlushRedis => redis.flush(),
            }
            match event {
                Event::KillRedis | Event::StopRedis | Event::FlushRedis => away = Some(before..before),
                Event::RestartRedis | Event::ContinueRedis => {
                    away = away.map(|away| away.start..tenant.now());
                }
                Event::KillProcess(_) | Event::PauseRedis(_) => {}
            }
        }
        tenant.sleep_until(began + self.seconds);
        let end = tenant.now();
        processes.iter_mut().for_each(Process::end);
        let counts: Vec<Counts> = processes.iter_mut().map(Process::counts).collect();
        self.figures(&tenant, end, away, &counts)
    }

    /// What was refilled is used until the next refill, so a run of few long steps ends shortly before one.
    fn wait_for_the_step(&self, tenant: &CountingTenant) {
        if self.step > 1.0 {
            let end = tenant.unix() + tenant.now() + self.seconds;
            tenant.sleep_until(tenant.now() + (-2.0 - end).rem_euclid(self.step));
        }
    }

    /// Each process has a successor, from another moment on.
    fn run_short_lives(&self, tenant: &CountingTenant, arguments: &Arguments, life: Duration) -> Figures {
        let (began, counts) = (tenant.now(), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for number in 0..self.processes {
                let counts = &counts;
                scope.spawn(move || {
                    #[allow(clippy::cast_precision_loss)] // small numbers
                    let part = number as f64 / self.processes as f64;
                    tenant.sleep_until(began + life.as_secs_f64() * part);
                    while tenant.now() < began + self.seconds {
                        let mut process = Process::start(arguments, number, Some(life));
                        process.wait_until_ready();
                        process.begin();
                        let counted = process.counts();
                        counts.lock().unwrap().push(counted);
                    }
                });
            }
        });
        let counts = counts.into_inner().unwrap();
        println!("{} processes lived", counts.len());
        self.figures(tenant, began + self.seconds, None, &counts)
    }

    fn figures(
        &self,
        tenant: &CountingTenant,
        end: f64,
        away: Option<Range<f64>>,
        counts: &[Counts],
    ) -> Figures {
        let mut log = tenant.log();
        log.retain(|counted| counted.at < end);
        if std::env::var_os("USERS_TRACE").is_some() {
            figures::print_course(&log);
        }
        Figures::new(self, &log, tenant.unix(), end, away, counts)
    }
}
