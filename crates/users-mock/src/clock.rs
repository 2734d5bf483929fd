//! A virtual clock.

use futures_util::future::{FutureExt as _, RemoteHandle};
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};
use users_core::{Clock, Instant};

/// A [`Clock`] whose time advances only when every task waits for it.
///
/// [`block_on`](Self::block_on) runs a future: no time passes while a task can make progress; when all tasks sleep, the clock jumps to the
/// time at which the first one wakes. An hour of rate-limited work takes milliseconds, and is deterministic, because the random numbers
/// come from a seed.
///
/// Clones share the same clock. It starts at 2026-01-01T00:00:00Z.
///
/// ```
/// use std::time::Duration;
/// use users_core::Clock as _;
/// use users_mock::VirtualClock;
///
/// let clock = VirtualClock::new();
/// clock.block_on(clock.sleep(Duration::from_secs(3600)));
/// assert_eq!(clock.elapsed(), Duration::from_secs(3600));
/// ```
///
/// # Under another executor
///
/// Under another executor, as in a `#[tokio::test]`, the clock cannot know when all tasks are idle. There a sleep lets other tasks run
/// once, and then advances the clock itself if it is the first to end: nothing hangs, but the order of tasks is not deterministic.
#[derive(Clone)]
pub struct VirtualClock(Arc<Shared>);

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Shared {
    state: Mutex<State>,
}

struct State {
    now: Duration,
    /// By wake-up time, and by a number that orders sleepers with the same time.
    sleepers: BTreeMap<(Duration, u64), Waker>,
    next: u64,
    random: fastrand::Rng,
    /// Spawned tasks that no driver has taken yet.
    spawned: Vec<Task>,
    drivers: u32,
}

/// 2026-01-01T00:00:00Z
const START: Duration = Duration::from_secs(1_767_225_600);

impl VirtualClock {
    /// A clock at its start time.
    pub fn new() -> Self {
        Self::with_seed(0)
    }

    /// A clock at its start time, with this seed for its random numbers.
    pub fn with_seed(seed: u64) -> Self {
        let state = State {
            now: Duration::ZERO,
            sleepers: BTreeMap::new(),
            next: 0,
            random: fastrand::Rng::with_seed(seed),
            spawned: Vec::new(),
            drivers: 0,
        };
        Self(Arc::new(Shared { state: Mutex::new(state) }))
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.state().now
    }

    /// Advances the clock, and wakes the tasks whose sleep has ended.
    pub fn advance(&self, time: Duration) {
        let mut state = self.state();
        let now = state.now.saturating_add(time);
        let woken = state.advance_to(now);
        drop(state);
        woken.into_iter().for_each(Waker::wake);
    }

    /// Runs a future and the [spawned](Self::spawn) tasks until the future is ready.
    ///
    /// # Panics
    ///
    /// If all tasks wait and none of them sleeps, because none would ever continue.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut driver = Driver::new(self);
        let root = Arc::new(Woken(AtomicBool::new(true)));
        let root_waker = Waker::from(Arc::clone(&root));
        loop {
            let mut has_progressed = false;
            if root.take() {
                has_progressed = true;
                if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&root_waker)) {
                    return output;
                }
            }
            has_progressed |= driver.run_tasks();
            if !has_progressed && !self.jump() {
                deadlock();
            }
        }
    }

    /// Runs a future concurrently with the one of [`block_on`](Self::block_on). Dropping the handle cancels it.
    pub fn spawn<F>(&self, future: F) -> RemoteHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        let (task, handle) = future.remote_handle();
        self.state().spawned.push(Box::pin(task));
        handle
    }

    /// Advances to the time at which the first sleeper wakes; `false` if there is none.
    fn jump(&self) -> bool {
        let mut state = self.state();
        let Some((&(time, _), _)) = state.sleepers.first_key_value() else { return false };
        let woken = state.advance_to(time);
        drop(state);
        woken.into_iter().for_each(Waker::wake);
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[track_caller]
#[allow(clippy::panic)]
fn deadlock() -> ! {
    panic!("deadlock: all tasks wait and none of them sleeps on this clock")
}

impl State {
    /// Advances the time, and returns the wakers of the sleepers that wake.
    fn advance_to(&mut self, time: Duration) -> Vec<Waker> {
        self.now = self.now.max(time);
        let later = self.sleepers.split_off(&(self.now, u64::MAX));
        std::mem::replace(&mut self.sleepers, later).into_values().collect()
    }
}

/// A `block_on` that is running. When it ends, it returns its unfinished tasks to the clock.
struct Driver<'a> {
    clock: &'a VirtualClock,
    tasks: Vec<(Task, Arc<Woken>)>,
}

impl<'a> Driver<'a> {
    fn new(clock: &'a VirtualClock) -> Self {
        clock.state().drivers += 1;
        Self { clock, tasks: Vec::new() }
    }

    /// Polls the tasks that were woken; `false` if there are none.
    fn run_tasks(&mut self) -> bool {
        let spawned = std::mem::take(&mut self.clock.state().spawned);
        self.tasks.extend(spawned.into_iter().map(|task| (task, Arc::new(Woken(AtomicBool::new(true))))));
        let mut has_progressed = false;
        self.tasks.retain_mut(|(task, woken)| {
            if !woken.take() {
                return true;
            }
            has_progressed = true;
            let waker = Waker::from(Arc::clone(woken));
            task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending()
        });
        has_progressed
    }
}

impl Drop for Driver<'_> {
    fn drop(&mut self) {
        let tasks = std::mem::take(&mut self.tasks);
        let mut state = self.clock.state();
        state.spawned.extend(tasks.into_iter().map(|(task, _)| task));
        state.drivers -= 1;
        // Sleepers on another executor have to advance the clock themselves from now on.
        let sleepers: Vec<Waker> =
            if state.drivers == 0 { state.sleepers.values().cloned().collect() } else { Vec::new() };
        drop(state);
        sleepers.into_iter().for_each(Waker::wake);
    }
}

struct Woken(AtomicBool);

impl Woken {
    fn take(&self) -> bool {
        self.0.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

struct Sleep {
    clock: VirtualClock,
    until: Duration,
    key: Option<(Duration, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let clock = self.clock.clone();
        let mut state = clock.state();
        if state.now >= self.until {
            return Poll::Ready(());
        }
        let is_new = self.key.is_none();
        let until = self.until;
        let key = *self.key.get_or_insert_with(|| {
            state.next += 1;
            (until, state.next)
        });
        state.sleepers.insert(key, context.waker().clone());
        if state.drivers > 0 {
            return Poll::Pending;
        }
        if !is_new && state.sleepers.first_key_value().is_some_and(|(first, _)| *first == key) {
            let woken = state.advance_to(until);
            drop(state);
            woken.into_iter().for_each(Waker::wake);
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.clock.state().sleepers.remove(&key);
        }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        Instant::from_start(self.elapsed())
    }

    fn unix_now(&self) -> SystemTime {
        // A clock that is advanced beyond the range of `SystemTime` stops at its end.
        let since = START.saturating_add(self.elapsed()).min(Duration::from_secs(i64::MAX as u64 / 4));
        SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let until = self.elapsed().saturating_add(time);
        Box::pin(Sleep { clock: self.clone(), until, key: None })
    }

    fn random(&self) -> u64 {
        self.state().random.u64(..)
    }
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for VirtualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VirtualClock").field(&self.elapsed()).finish()
    }
}
