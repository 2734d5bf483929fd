//! A bulk run in a process of its own, under SIGKILL: the continued run gives the rest, and repeats nothing whose outcome was known.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use users_core::{Clock as _, SystemClock};
use users_hyper::model::NewUser;
use users_hyper::{BulkJournal, Retry};
use users_mock::Tenant;
use users_tenant::TenantServer;

/// The variable that makes this program the process that is killed: the address, the token, the journal and the number of inputs.
const CHILD: &str = "USERS_BULK_CHILD";

/// The number of kills; `cargo xtask long` sets 50.
fn kills() -> usize {
    std::env::var("USERS_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(5)
}

fn email(number: usize) -> String {
    format!("user{number}@example.com")
}

/// The process that is killed. It does nothing unless it is started by the test below.
#[tokio::test]
async fn child() {
    let Ok(arguments) = std::env::var(CHILD) else { return };
    let [url, token, journal, count] = arguments.split('\n').collect::<Vec<_>>()[..] else {
        panic!("{arguments}")
    };
    let client = users_hyper::management(url).token(token).retry(Retry::never()).build().unwrap();
    let new = (0..count.parse().unwrap()).map(|number| {
        NewUser::new("Username-Password-Authentication").email(email(number)).password("Correct horse 1")
    });
    let run = client.users().bulk().concurrency(8).journal(BulkJournal::open(journal).unwrap()).create(new);
    let report = run.finish().await.unwrap();
    assert_eq!((report.failed.len(), report.uncertain.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_run_that_is_killed_anywhere_is_continued_to_the_right_end() {
    let folder = std::env::temp_dir().join(format!("users-bulk-kill-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let journal = folder.join("journal");
    let count = 400 * (kills() + 1);
    let tenant = Tenant::builder().system_clock().token("t").build();
    let server = TenantServer::bind(tenant.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["bulk::child", "--exact", "--nocapture"])
            .env(CHILD, format!("{}\nt\n{}\n{count}", server.url(), journal.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap()
    };
    let mut killed = 0;
    let mut rng = fastrand::Rng::with_seed(3);
    while killed < kills() {
        let mut process = start();
        SystemClock::new().sleep(Duration::from_millis(rng.u64(20..300))).await;
        if process.try_wait().unwrap().is_some() {
            break;
        }
        process.kill().unwrap();
        process.wait().unwrap();
        killed += 1;
        // The requests that were sent before the kill have arrived when the connections are closed.
        SystemClock::new().sleep(Duration::from_millis(50)).await;
        let known = applied(&journal);
        tenant.clear_requests();
        let mut process = start();
        SystemClock::new().sleep(Duration::from_millis(rng.u64(20..300))).await;
        let _ = process.kill();
        process.wait().unwrap();
        killed += 1;
        SystemClock::new().sleep(Duration::from_millis(50)).await;
        let repeated = created(&tenant).into_keys().find(|email| known.contains(email));
        assert!(repeated.is_none(), "{repeated:?} was known to be created and was created again");
    }
    assert!(start().wait().unwrap().success());
    assert_eq!(tenant.user_count(), count);
    assert_eq!(BulkJournal::open(&journal).unwrap().applied(), u64::try_from(count).unwrap());
    eprintln!("{killed} kills, {count} users");
    server.shutdown().await;
    std::fs::remove_dir_all(folder).unwrap();
}

/// The addresses that the journal says were created.
fn applied(journal: &Path) -> HashSet<String> {
    let text = std::fs::read_to_string(journal).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.strip_prefix("applied "));
    lines.filter_map(|line| Some(email(line.split(' ').next()?.parse().ok()?))).collect()
}

/// How often each address was sent.
fn created(tenant: &Tenant) -> HashMap<String, usize> {
    let mut sent = HashMap::new();
    for request in tenant.requests().iter().filter(|request| request.method == "POST") {
        let user: NewUser = request.json().unwrap();
        *sent.entry(user.email.unwrap()).or_default() += 1;
    }
    sent
}
