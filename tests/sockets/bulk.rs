//! A bulk run in a process of its own, under SIGKILL: the continued run gives the rest, and repeats nothing whose outcome was known.

use std::collections::HashSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use users_core::{Clock as _, SystemClock};
use users_hyper::model::{NewUser, UserUpdate};
use users_hyper::{BulkJournal, Retry};
use users_mock::Tenant;
use users_tenant::TenantServer;

/// The variable that makes this program the process that is killed: the operation, the address, the token, the journal and the number of
/// inputs.
const CHILD: &str = "USERS_BULK_CHILD";

/// The number of kills of each operation; `cargo xtask long` sets 50 for all.
fn kills() -> usize {
    let all: usize = std::env::var("USERS_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(5);
    all.div_ceil(3)
}

fn new_user(number: usize) -> NewUser {
    let user = NewUser::new("Username-Password-Authentication").user_id(format!("user{number}"));
    user.email(format!("user{number}@example.com")).password("Correct horse 1")
}

fn id(number: usize) -> String {
    format!("auth0|user{number}")
}

/// The process that is killed. It does nothing unless it is started by the test below.
#[tokio::test]
async fn child() {
    let Ok(arguments) = std::env::var(CHILD) else { return };
    let [operation, url, token, journal, count] = arguments.split('\n').collect::<Vec<_>>()[..] else {
        panic!("{arguments}")
    };
    let client = users_hyper::management(url).token(token).retry(Retry::never()).build().unwrap();
    let numbers = 0..count.parse().unwrap();
    let bulk = client.users().bulk().concurrency(8).journal(BulkJournal::open(journal).unwrap());
    let progress = match operation {
        "create" => bulk.create(numbers.map(new_user)).finish().await.unwrap().progress,
        "update" => {
            let update = |number| (id(number), UserUpdate::new().nickname(format!("new {number}")));
            bulk.update(numbers.map(update)).finish().await.unwrap().progress
        }
        _ => bulk.delete(numbers.map(id)).finish().await.unwrap().progress,
    };
    assert_eq!((progress.failed, progress.uncertain), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_run_that_is_killed_anywhere_is_continued_to_the_right_end() {
    let folder = std::env::temp_dir().join(format!("users-bulk-kill-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let count = 400 * (kills() + 2);
    let tenant = Tenant::builder().system_clock().token("t").build();
    let server = TenantServer::bind(tenant.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let mut rng = fastrand::Rng::with_seed(3);
    for operation in ["create", "update", "delete"] {
        let journal = folder.join(operation);
        let start = || {
            let arguments = format!("{operation}\n{}\nt\n{}\n{count}", server.url(), journal.display());
            let mut child = Command::new(std::env::current_exe().unwrap());
            child.args(["bulk::child", "--exact", "--nocapture"]).env(CHILD, arguments);
            child.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap()
        };
        let mut killed = 0;
        while killed < kills() {
            let known = applied(&journal);
            tenant.clear_requests();
            let mut process = start();
            SystemClock::new().sleep(Duration::from_millis(rng.u64(20..300))).await;
            let has_ended = process.try_wait().unwrap().is_some();
            let _ = process.kill();
            process.wait().unwrap();
            killed += usize::from(!has_ended);
            // The requests that were sent before the kill have arrived when the connections are closed.
            SystemClock::new().sleep(Duration::from_millis(50)).await;
            assert_no_repetition(operation, &tenant, &known);
            if has_ended {
                break;
            }
        }
        let known = applied(&journal);
        tenant.clear_requests();
        assert!(start().wait().unwrap().success());
        assert_no_repetition(operation, &tenant, &known);
        assert!(killed > 0, "{operation} was not killed");
        eprintln!("{operation}: {killed} kills, {count} users");
        let journal = BulkJournal::open(&journal).unwrap();
        assert_eq!((journal.applied(), journal.damage()), (u64::try_from(count).unwrap(), &[][..]));
        assert_eq!(tenant.user_count(), if operation == "delete" { 0 } else { count });
        let is_updated = |number| tenant.user(&id(number)).unwrap().nickname == Some(format!("new {number}"));
        assert!(operation != "update" || (0..count).all(is_updated));
    }
    server.shutdown().await;
    std::fs::remove_dir_all(folder).unwrap();
}

/// The positions that the journal says were applied.
fn applied(journal: &Path) -> HashSet<usize> {
    let text = std::fs::read_to_string(journal).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.strip_prefix("applied "));
    lines.filter_map(|line| line.split(' ').next()?.parse().ok()).collect()
}

fn assert_no_repetition(operation: &str, tenant: &Tenant, known: &HashSet<usize>) {
    let repeated = written(tenant).into_iter().find(|number| known.contains(number));
    assert!(repeated.is_none(), "{operation} of {repeated:?} was known to be applied and was repeated");
}

/// The positions whose writes reached the tenant.
fn written(tenant: &Tenant) -> Vec<usize> {
    let number = |text: &str| text.split(['@', '?']).next().unwrap().parse().unwrap();
    let requests = tenant.requests();
    let writes = requests.iter().filter(|request| request.method != "GET");
    let position = |request: &users_mock::Logged| match request.target.split_once("/users/auth0%7Cuser") {
        Some((_, rest)) => number(rest),
        None => number(request.json::<NewUser>().unwrap().user_id.unwrap().strip_prefix("user").unwrap()),
    };
    writes.map(position).collect()
}
