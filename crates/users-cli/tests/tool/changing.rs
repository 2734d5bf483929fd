//! Commands that change users.

use crate::support::{Ended, World};
use std::io::Write as _;
use std::process::Stdio;

#[test]
fn users_are_blocked_by_id_address_file_standard_input_or_query() {
    let world = World::new(12);
    let ids = world.tenant.user_ids();
    let email = |index: usize| world.tenant.user(&ids[index]).unwrap().email.unwrap();
    world.run(&["unblock", "--yes", "--query", "blocked:true"]);
    world.run(&["block", &ids[0]]).assert(0, &[]);
    world.run(&["block", &email(1).to_uppercase()]).assert(0, &[]);
    assert_eq!(world.blocked(), 2);
    let lines = format!("{}\n\n{{\"user_id\":\"{}\"}}\r\n{}\n", ids[2], ids[3], email(4));
    let file = world.write("list", &lines);
    let blocked = world.run(&["block", "--yes", "--file", &file]).assert(0, &["blocked 3 of 3 users"]);
    assert!(blocked.out.contains(&format!("blocked {}\n", ids[3])), "{blocked:?}");
    assert_eq!(world.blocked(), 5);
    let mut command = world.command(&["block", "--yes", "-"]);
    let mut process =
        command.stdin(Stdio::piped()).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    write!(process.stdin.take().unwrap(), "{}\n{}\n", ids[5], ids[5]).unwrap();
    Ended::from(process.wait_with_output().unwrap()).assert(0, &["blocked 1 of 1 users"]);
    world.run(&["block", "--yes", "--query", "user_id:*"]).assert(0, &[]);
    assert_eq!(world.blocked(), 12);
    world.run(&["delete", "--yes", &ids[0], &ids[1]]).assert(0, &["deleted 2 of 2"]);
    assert_eq!(world.tenant.user_count(), 10);
    let left: Vec<String> = std::fs::read_dir(&world.folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(left, ["list"], "a run without failures leaves no folder");
}

#[test]
fn a_dry_run_prints_what_would_be_done_and_sends_no_write() {
    let world = World::new(6);
    let dry =
        world.run(&["delete", "--dry-run", "--query", "user_id:*"]).assert(0, &["6 users", "6 requests"]);
    assert_eq!(dry.out.lines().filter(|line| line.starts_with("would have deleted auth0|")).count(), 6);
    let file = world.write("list", "nobody@example.com\n");
    world.run(&["block", "-n", "--file", &file]).assert(3, &["no user has this address"]);
    assert_eq!((world.writes(), world.tenant.user_count()), (vec![], 6));
}

#[test]
fn without_a_terminal_more_than_one_user_needs_a_confirmation() {
    let world = World::new(3);
    let asks = world.run(&["delete", "--query", "user_id:*"]).assert(2, &["--yes", "--dry-run"]);
    assert!(asks.err.contains(&format!("delete 3 users of {}", world.authority())), "{asks:?}");
    world.run(&["delete", "--yes", "--max-users", "2", "--query", "user_id:*"]).assert(2, &["--max-users 2"]);
    world.run(&["delete"]).assert(2, &["--query"]);
    assert_eq!((world.writes(), world.tenant.user_count()), (vec![], 3));
}

#[test]
fn those_who_fail_are_in_a_file_that_is_accepted_as_input() {
    let world = World::new(4);
    let ids = world.tenant.user_ids();
    let file = world.write("list", &format!("{}\nauth0|gone\nnobody@example.com\n{}\n", ids[0], ids[1]));
    let arguments = ["block", "--yes", "--run", "first", "--file", &file];
    world.run(&arguments).assert(3, &["2 failed", "first/failed.ndjson", "auth0|gone", "nobody@example.com"]);
    let failed = std::fs::read_to_string(world.path("first/failed.ndjson")).unwrap();
    let lines: Vec<serde_json::Value> =
        failed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[1]["user_id"]), (2, &"auth0|gone".into()));
    assert_eq!(lines[1]["error"]["status"], 404, "{failed}");
    let again = world.run(&["block", "--yes", "--run", "second", "--file", "first/failed.ndjson"]);
    again.assert(3, &["blocked 0 of 2 users, 2 failed"]);
    world.run(&["block", "auth0|gone"]).assert(1, &["404"]);
    world.run(&["block", "nobody@example.com"]).assert(1, &["no user has this address"]);
}

#[test]
fn a_file_that_cannot_be_read_or_understood_is_named_with_its_line() {
    let world = World::new(1);
    world.run(&["block", "--file", "missing"]).assert(1, &["missing: No such file"]);
    let file = world.write("list", "auth0|1\nada\n");
    world.run(&["block", "--file", &file]).assert(2, &["list:2", "\"ada\""]);
    std::fs::write(world.path("binary"), [0xff, 0xfe, b'\n']).unwrap();
    world.run(&["block", "--file", "binary"]).assert(1, &["binary:"]);
    std::fs::create_dir(world.path("taken")).unwrap();
    let arguments = ["block", "--yes", "--run", "taken", "auth0|1", "auth0|2"];
    world.run(&arguments).assert(1, &["taken", "--run names another folder"]);
    assert!(world.writes().is_empty());
}
