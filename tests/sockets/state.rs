//! `users-tenant --state` under SIGKILL: every change that was answered is there after the next start, and none twice.

use crate::binary::Served;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use users_core::{Clock as _, SystemClock};
use users_hyper::ManagementClient;
use users_hyper::model::NewUser;

/// The number of kills; `cargo xtask long` sets 50.
fn kills() -> usize {
    std::env::var("USERS_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(5)
}

fn client(served: &Served) -> ManagementClient {
    users_hyper::management(served.fact("listening"))
        .token(served.fact("token"))
        .retry(users_hyper::Retry::never())
        .build()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_that_was_answered_is_lost_or_made_twice_when_the_process_is_killed() {
    let folder = std::env::temp_dir().join(format!("users-kill-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("tenant.state");
    let arguments = ["--json", "--token", "t", "--state", file.to_str().unwrap()];
    let answered: Arc<Mutex<Vec<String>>> = Arc::default();
    let mut number = 0;
    for kill in 0..kills() {
        let served = Served::start(&arguments);
        let users = client(&served).users();
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let (users, answered) = (users.clone(), Arc::clone(&answered));
                tokio::spawn(async move {
                    for count in 0.. {
                        let email = format!("k{kill}-w{writer}-{count}@example.com");
                        let new = NewUser::new("Username-Password-Authentication").email(&email);
                        match users.create(new.password("Correct horse 1")).await {
                            Ok(_) => answered.lock().unwrap().push(email),
                            Err(_) => return,
                        }
                    }
                })
            })
            .collect();
        number = (number * 31 + 17) % 97;
        SystemClock::new().sleep(Duration::from_millis(30 + number)).await;
        served.end("-KILL");
        for writer in writers {
            writer.await.unwrap();
        }
    }
    let served = Served::start(&arguments);
    let users = client(&served).users();
    let answered = std::mem::take(&mut *answered.lock().unwrap());
    assert!(answered.len() >= kills(), "{} users were created", answered.len());
    for email in &answered {
        let found = users.by_email(email.as_str()).await.unwrap();
        assert_eq!(found.len(), 1, "{email}");
    }
    let unique: HashSet<&String> = answered.iter().collect();
    assert_eq!(unique.len(), answered.len());
    eprintln!("{} kills, {} users", kills(), answered.len());
    served.end("-TERM");
    std::fs::remove_dir_all(folder).unwrap();
}
