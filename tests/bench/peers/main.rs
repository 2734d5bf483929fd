//! The drivers without this project's crates: `bench-peer floor …` drops bodies, `bench-peer typed …` decodes them into structs.
//!
//! What a driver adds to the time of `floor` is its own; `typed` is what a careful person writes by hand. The further command line and
//! the line that is printed are those of the example `bench_driver` of users-hyper.

use bytes::Bytes;
use cpu_time::ProcessTime;
use hyper::{Method, StatusCode, Uri};
use hyper_util::client::legacy::connect::Connect;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;
use tokio::task::LocalSet;
use users_bench_peers::{Caller, NewUser, Outcome, Page, User, http, https};

const USER: &str = "auth0|64b7f3a91c2e5d0012ab34cd";
const USER_PATH: &str = "users/auth0%7C64b7f3a91c2e5d0012ab34cd";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let arguments = Arguments::parse()?;
    if arguments.base.starts_with("https:") {
        let driver = Driver::new(https()?, &arguments).await?;
        run(driver, &arguments).await
    } else {
        let driver = Driver::new(http(), &arguments).await?;
        run(driver, &arguments).await
    }
}

struct Arguments {
    typed: bool,
    base: String,
    scenario: String,
    n: usize,
    concurrency: usize,
}

impl Arguments {
    fn parse() -> Outcome<Self> {
        let mut words = std::env::args().skip(1);
        let typed = match words.next().as_deref() {
            Some("floor") => false,
            Some("typed") => true,
            other => return Err(format!("the first argument is floor or typed, not {other:?}").into()),
        };
        let mut this = Self { typed, base: String::new(), scenario: String::new(), n: 1, concurrency: 1 };
        while let Some(flag) = words.next() {
            let value = words.next().ok_or("every flag has a value")?;
            match flag.as_str() {
                "--base" => this.base = value,
                "--scenario" => this.scenario = value,
                "--n" => this.n = value.parse()?,
                "--concurrency" => this.concurrency = value.parse()?,
                other => return Err(format!("there is no flag {other}").into()),
            }
        }
        if this.base.is_empty() { Err("--base is required".into()) } else { Ok(this) }
    }
}

struct Driver<C> {
    caller: Caller<C>,
    typed: bool,
    get: Uri,
    create: Uri,
    /// The body that `floor` sends each time.
    new_user: Bytes,
}

impl<C: Connect + Clone + Send + Sync + 'static> Driver<C> {
    async fn new(connector: C, arguments: &Arguments) -> Outcome<Self> {
        let caller = Caller::connect(connector, &arguments.base).await?;
        Ok(Self {
            typed: arguments.typed,
            get: caller.uri(USER_PATH)?,
            create: caller.uri("users")?,
            new_user: new_user()?,
            caller,
        })
    }

    async fn get(&self) -> bool {
        let response = self.caller.send(Method::GET, self.get.clone(), None).await;
        response.is_ok_and(|(status, body)| status == StatusCode::OK && self.is_expected(&body))
    }

    async fn create(&self) -> bool {
        let body = if self.typed { new_user() } else { Ok(self.new_user.clone()) };
        let Ok(body) = body else { return false };
        let response = self.caller.send(Method::POST, self.create.clone(), Some(body)).await;
        response.is_ok_and(|(status, body)| status == StatusCode::CREATED && self.is_expected(&body))
    }

    fn is_expected(&self, body: &[u8]) -> bool {
        if self.typed {
            serde_json::from_slice::<User>(body).is_ok_and(|user| user.user_id == USER)
        } else {
            body.len() > 1000
        }
    }

    /// Lists all users in pages of 100, and returns their number.
    async fn list(&self) -> Outcome<usize> {
        let mut seen = 0;
        for number in 0.. {
            let uri = self.caller.uri(&format!("users?page={number}&per_page=100&include_totals=true"))?;
            let (status, body) = self.caller.send(Method::GET, uri, None).await?;
            if status != StatusCode::OK {
                return Err(format!("page {number}: {status}").into());
            }
            let (length, total) = if self.typed {
                let page: Page = serde_json::from_slice(&body)?;
                (page.users.len(), page.total)
            } else {
                (number_after(&body, b"\"length\":"), number_after(&body, b"\"total\":"))
            };
            seen += length;
            if length == 0 || seen >= total {
                break;
            }
        }
        Ok(seen)
    }
}

fn new_user() -> Outcome<Bytes> {
    Ok(Bytes::from(serde_json::to_vec(&NewUser::example())?))
}

/// The number that follows a key at the start of a page.
fn number_after(body: &[u8], key: &[u8]) -> usize {
    let start = body.get(..100).unwrap_or(body);
    let at = start.windows(key.len()).position(|window| window == key).map(|at| at + key.len());
    let digits = at.and_then(|at| start.get(at..)).unwrap_or_default();
    digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |n, byte| n * 10 + usize::from(byte - b'0'))
}

// The calls are measured in wall-clock time.
#[allow(clippy::disallowed_methods)]
async fn run<C>(driver: Driver<C>, arguments: &Arguments) -> Outcome<()>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    if arguments.scenario != "cold" && !driver.get().await {
        return Err("the first call failed".into());
    }
    let driver = Rc::new(driver);
    let (cpu, started) = (ProcessTime::try_now()?, Instant::now());
    let (n, errors) = measure(&driver, arguments).await?;
    let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu.try_elapsed()?.as_secs_f64());
    let line = serde_json::json!({
        "driver": if arguments.typed { "typed" } else { "floor" },
        "scenario": arguments.scenario,
        "n": n,
        "concurrency": arguments.concurrency,
        "wall_s": wall,
        "ops_per_s": n as f64 / wall,
        "cpu_s": cpu,
        "peak_rss_kb": peak_memory_kb(),
        "errors": errors,
    });
    println!("{line}");
    Ok(())
}

/// Makes the calls of the scenario. Returns the number of operations and of errors.
async fn measure<C>(driver: &Rc<Driver<C>>, arguments: &Arguments) -> Outcome<(usize, usize)>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let Arguments { n, concurrency, .. } = *arguments;
    match arguments.scenario.as_str() {
        "cold" => Ok((1, usize::from(!driver.get().await))),
        "get_seq" => {
            let mut errors = 0;
            for _ in 0..n {
                errors += usize::from(!driver.get().await);
            }
            Ok((n, errors))
        }
        "get_conc64" => Ok((n, concurrently(driver, n, concurrency, Driver::get).await)),
        "create_conc64" => Ok((n, concurrently(driver, n, concurrency, Driver::create).await)),
        "list_all" => {
            let mut seen = 0;
            while seen < n {
                seen += driver.list().await?;
            }
            Ok((seen, 0))
        }
        other => Err(format!("there is no scenario {other}").into()),
    }
}

/// Makes `n` calls from `workers` tasks of this thread. Returns the number of those that failed.
async fn concurrently<C: 'static>(
    driver: &Rc<Driver<C>>,
    n: usize,
    workers: usize,
    call: impl AsyncFn(&Driver<C>) -> bool + Copy + 'static,
) -> usize {
    let (left, errors) = (Rc::new(Cell::new(n)), Rc::new(Cell::new(0)));
    let tasks = LocalSet::new();
    for _ in 0..workers {
        let (driver, left, errors) = (Rc::clone(driver), Rc::clone(&left), Rc::clone(&errors));
        tasks.spawn_local(async move {
            while left.get() > 0 {
                left.set(left.get() - 1);
                if !call(&driver).await {
                    errors.set(errors.get() + 1);
                }
            }
        });
    }
    tasks.await;
    errors.get()
}

/// The high-water mark of this process's own memory, where the system reports it.
fn peak_memory_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or_default()
}
