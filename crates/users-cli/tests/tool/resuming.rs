//! Runs that are interrupted, killed or stopped, and continued.

use crate::support::{Ended, World};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use users_mock::Tenant;

/// Starts a run over all users, and sends it a signal after some of them.
fn interrupted(world: &World, signal: &str) -> Ended {
    let arguments = ["delete", "--yes", "--concurrency", "2", "--run", "run", "--query", "user_id:*"];
    let mut command = world.command(&arguments);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    for _ in 0..30 {
        lines.next().unwrap().unwrap();
    }
    assert!(Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap().success());
    // The program writes on until it has ended.
    lines.for_each(drop);
    Ended::from(process.wait_with_output().unwrap())
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_ends_with_130_and_is_continued_to_its_end() {
    for signal in ["-INT", "-TERM"] {
        let world = World::new(600);
        let ended =
            interrupted(&world, signal).assert(130, &["interrupted", "auth0-users delete --resume run"]);
        let left = world.tenant.user_count();
        assert!(left > 0 && left < 600, "{left}: {ended:?}");
        world.tenant.clear_requests();
        world.run(&["delete", "--resume", "run"]).assert(0, &["deleted 600 of 600 users, 0 failed"]);
        assert_eq!(world.tenant.user_count(), 0);
        assert_eq!(world.writes().len(), left, "no user is deleted twice");
    }
}

#[cfg(unix)]
#[test]
fn a_killed_run_is_continued_to_its_end() {
    let world = World::new(600);
    let ended = interrupted(&world, "-KILL");
    assert_eq!(ended.code, None);
    let left = world.tenant.user_count();
    assert!(left > 0 && left < 600, "{left}");
    world.tenant.clear_requests();
    world.run(&["delete", "--resume", "run"]).assert(0, &["deleted 600 of 600 users, 0 failed"]);
    assert_eq!(world.tenant.user_count(), 0);
    assert!(world.writes().len() <= left + 2, "at most the two in flight are repeated");
}

#[test]
fn a_run_is_continued_only_as_the_same_command_in_the_same_tenant() {
    let world = World::new(2);
    let file = world.write("list", &format!("auth0|gone\n{}\n", world.tenant.user_ids()[0]));
    world.run(&["block", "--yes", "--run", "run", "--file", &file]).assert(3, &[]);
    world.run(&["delete", "--resume", "run"]).assert(2, &["is a run of `block`, not of `delete`"]);
    let other = World::new(2);
    let run = world.path("run");
    other.run(&["block", "--resume", run.to_str().unwrap()]).assert(2, &["is a run in", other.authority()]);
    assert!(other.writes().is_empty());
    world.tenant.clear_requests();
    let again = world.run(&["block", "--resume", "run"]).assert(3, &["blocked 1 of 2 users, 1 failed"]);
    assert!(world.writes().is_empty(), "{again:?}");
    let failed = std::fs::read_to_string(run.join("failed.ndjson")).unwrap();
    assert!(failed.lines().count() == 1 && failed.contains("404"), "the earlier reason is kept: {failed}");
}

#[test]
fn a_run_whose_token_is_rejected_stops_and_continues_with_another() {
    let world = World::new(40);
    let all = ["block", "--yes", "--run", "run", "--query", "user_id:*"];
    let narrow = world.tenant.management_token_with(&["read:users"]);
    let mut command = world.command(&all);
    let stopped = Ended::of(command.env("AUTH0_MANAGEMENT_API_TOKEN", narrow.expose()));
    stopped.assert(4, &["update:users", "--resume run"]);
    assert!(world.writes().len() < 20, "the run stops at the first of them");
    world.run(&["block", "--resume", "run"]).assert(0, &["blocked 40 of 40 users, 0 failed"]);
    assert_eq!(world.blocked(), 40);
}

#[test]
fn a_run_without_network_stops_and_continues_with_it() {
    let mut world = World::new(10);
    let file = world.write("list", &world.tenant.user_ids().join("\n"));
    let arguments = ["delete", "--yes", "--concurrency", "1", "--run", "run", "--file", &file];
    world.offline(|world| world.run(&arguments)).assert(5, &["connect", "deleted 0 of 10", "--resume run"]);
    world.run(&["delete", "--resume", "run"]).assert(0, &["deleted 10 of 10 users, 0 failed"]);
    assert_eq!(world.tenant.user_count(), 0);
}

#[test]
fn a_run_stops_after_its_time_and_shows_progress_for_programs() {
    let limits = users_mock::Limits::free();
    let world = World::of(Tenant::builder().users(80).limits(limits));
    let arguments = [
        "block",
        "--yes",
        "--run",
        "run",
        "--concurrency",
        "1",
        "--progress",
        "json",
        "--stop-after",
        "2",
        "--query",
        "user_id:*",
    ];
    let stopped = world.run(&arguments).assert(5, &["--stop-after", "--resume run"]);
    let status = stopped.err.lines().find(|line| line.starts_with('{')).unwrap();
    let status: serde_json::Value = serde_json::from_str(status).unwrap();
    assert_eq!((&status["message_type"], &status["total"]), (&"status".into(), &80.into()), "{status}");
    assert!(status["rate_limits"][0]["limit"].is_number(), "{status}");
}

#[test]
fn a_folder_that_was_named_stays_after_a_run_that_was_continued_and_so_does_what_others_put_there() {
    let world = World::new(10);
    let file = world.write("list", &world.tenant.user_ids().join("\n"));
    let narrow = world.tenant.management_token_with(&["read:users"]);
    // Begins a run that is refused, and returns its folder.
    let begin = |named: &[&str]| {
        let mut command = world.command(&[&["block", "--yes", "--file", &file], named].concat());
        let stopped = Ended::of(command.env("AUTH0_MANAGEMENT_API_TOKEN", narrow.expose()));
        stopped.err.split("--resume ").nth(1).unwrap().lines().next().unwrap().to_owned()
    };
    for (named, is_kept) in [(&["--run", "run"] as &[&str], true), (&[], false)] {
        let run = begin(named);
        world.run(&["block", "--resume", &run]).assert(0, &["blocked 10 of 10 users"]);
        assert_eq!(world.path(&run).join("run.json").exists(), is_kept, "{run}");
    }
    let run = begin(&[]);
    let notes = world.write(&format!("{run}/notes"), "mine");
    world.run(&["block", "--resume", &run]).assert(0, &["blocked 10 of 10 users"]);
    assert!(world.path(&notes).exists() && !world.path(&run).join("run.json").exists());
}
