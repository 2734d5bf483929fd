//! Makes calls against a server under a clock, for comparison with other clients.
//!
//! It is run by `cargo xtask bench calls`, and takes the command line of any harness that starts one driver after another:
//!
//! ```console
//! $ bench_driver --base http://127.0.0.1:4010 --scenario get_seq --n 6000 --concurrency 1
//! ```
//!
//! | scenario | what is measured | unit of `--n` |
//! |---|---|---|
//! | `get_seq` | `users().get(id)`, one after the other | calls |
//! | `get_conc64` | the same, `--concurrency` of them in flight | calls |
//! | `create_conc64` | `users().create(…)`, `--concurrency` of them in flight | calls |
//! | `list_all` | `users().get_all()`, walked in pages of 100 until this many users were seen | users |
//! | `cold` | the first token and one user | 1 |
//!
//! The client has every default on. It prints one line of JSON with the time, the CPU time and the peak memory of the calls. The
//! server must answer every `GET` of a user with the id `auth0|64b7f3a91c2e5d0012ab34cd`; other answers count as errors.

use cpu_time::ProcessTime;
use std::cell::Cell;
use std::error::Error as StdError;
use std::rc::Rc;
use std::time::Instant;
use tokio::task::LocalSet;
use users_hyper::ManagementClient;
use users_hyper::model::{JsonObject, NewUser, User};

const USER: &str = "auth0|64b7f3a91c2e5d0012ab34cd";

// The calls are measured in wall-clock time; no count is so large that `f64` cannot represent it.
#[allow(clippy::disallowed_methods, clippy::cast_precision_loss)]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn StdError>> {
    let arguments = Arguments::parse()?;
    let client =
        users_hyper::management(&arguments.base).client_credentials("bench-id", "bench-secret").build()?;
    if arguments.scenario != "cold" && !get(&client).await {
        return Err("the first call failed".into());
    }
    let (cpu, started) = (ProcessTime::try_now()?, Instant::now());
    let (n, errors) = measure(&client, &arguments).await?;
    let (wall, cpu) = (started.elapsed(), cpu.try_elapsed()?);
    let line = serde_json::json!({
        "driver": "users-hyper",
        "scenario": arguments.scenario,
        "n": n,
        "concurrency": arguments.concurrency,
        "wall_s": wall.as_secs_f64(),
        "ops_per_s": n as f64 / wall.as_secs_f64(),
        "cpu_s": cpu.as_secs_f64(),
        "peak_rss_kb": peak_memory_kb(),
        "errors": errors,
    });
    println!("{line}");
    Ok(())
}

struct Arguments {
    base: String,
    scenario: String,
    n: usize,
    concurrency: usize,
}

impl Arguments {
    fn parse() -> Result<Self, Box<dyn StdError>> {
        let mut this = Self { base: String::new(), scenario: String::new(), n: 1, concurrency: 1 };
        let mut words = std::env::args().skip(1);
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

/// Makes the calls of the scenario. Returns the number of operations and of errors.
async fn measure(
    client: &ManagementClient,
    arguments: &Arguments,
) -> Result<(usize, usize), Box<dyn StdError>> {
    let Arguments { n, concurrency, .. } = *arguments;
    match arguments.scenario.as_str() {
        "cold" => Ok((1, usize::from(!get(client).await))),
        "get_seq" => {
            let mut errors = 0;
            for _ in 0..n {
                errors += usize::from(!get(client).await);
            }
            Ok((n, errors))
        }
        "get_conc64" => Ok((n, concurrently(client, n, concurrency, get).await)),
        "create_conc64" => Ok((n, concurrently(client, n, concurrency, create).await)),
        "list_all" => {
            let mut seen = 0;
            while seen < n {
                seen += list(client).await?;
            }
            Ok((seen, 0))
        }
        other => Err(format!("there is no scenario {other}").into()),
    }
}

async fn get(client: &ManagementClient) -> bool {
    client.users().get(USER).await.is_ok_and(|user| is_expected(&user))
}

async fn create(client: &ManagementClient) -> bool {
    let user = NewUser::new("Username-Password-Authentication")
        .email("grace.hopper@example.com")
        .password("correct-horse-battery-staple-1")
        .given_name("Grace")
        .family_name("Hopper")
        .email_verified(false)
        .user_metadata(metadata(&serde_json::json!({ "locale": "en-GB", "theme": "dark" })))
        .app_metadata(metadata(&serde_json::json!({ "plan": "team", "roles": ["member", "reporter"] })));
    client.users().create(user).await.is_ok_and(|user| is_expected(&user))
}

fn metadata(value: &serde_json::Value) -> JsonObject {
    JsonObject::from_value(value).unwrap_or_default()
}

/// Lists all users of the tenant, each page decoded, and returns their number.
async fn list(client: &ManagementClient) -> Result<usize, Box<dyn StdError>> {
    let mut seen = 0;
    for page in 0.. {
        let page = client.users().get_all().page(page).per_page(100).include_totals(true).await?;
        seen += page.len();
        if page.is_empty() || page.total.is_some_and(|total| seen as u64 >= total) {
            break;
        }
    }
    Ok(seen)
}

fn is_expected(user: &User) -> bool {
    user.user_id.as_ref().is_some_and(|id| id.as_str() == USER)
}

/// Makes `n` calls from `workers` tasks of this thread. Returns the number of those that failed.
async fn concurrently(
    client: &ManagementClient,
    n: usize,
    workers: usize,
    call: impl AsyncFn(&ManagementClient) -> bool + Copy + 'static,
) -> usize {
    let (left, errors) = (Rc::new(Cell::new(n)), Rc::new(Cell::new(0)));
    let tasks = LocalSet::new();
    for _ in 0..workers {
        let (client, left, errors) = (client.clone(), Rc::clone(&left), Rc::clone(&errors));
        tasks.spawn_local(async move {
            while left.get() > 0 {
                left.set(left.get() - 1);
                if !call(&client).await {
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
