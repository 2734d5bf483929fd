//! Commands that change users.

use crate::support::{Ended, World};
use std::collections::BTreeSet;
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
    assert_eq!(blocked.out.lines().collect::<BTreeSet<_>>(), ids[2..5].iter().map(String::as_str).collect());
    assert_eq!(world.blocked(), 5);
    let undone = world.write("blocked", &blocked.out);
    world.run(&["unblock", "--yes", "--file", &undone]).assert(0, &["unblocked 3 of 3 users"]);
    std::fs::remove_file(world.path(&undone)).unwrap();
    assert_eq!(world.blocked(), 2);
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
    let dry = world
        .run(&["delete", "--dry-run", "--query", "user_id:*"])
        .assert(0, &["would have deleted 6 users", "6 requests"]);
    let ids = world.tenant.user_ids();
    assert_eq!(dry.out.lines().collect::<BTreeSet<_>>(), ids.iter().map(String::as_str).collect());
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
    world.run(&arguments).assert(1, &["taken", "--run names another"]);
    assert!(world.writes().is_empty());
}

#[test]
fn an_update_sends_what_is_named_and_leaves_a_blocked_user_blocked() {
    let world = World::new(3);
    let id = world.tenant.user_ids()[0].clone();
    world.run(&["block", &id]).assert(0, &[]);
    world.tenant.clear_requests();
    let arguments = ["update", &id, "--set", "name=Ada", "--clear", "nickname", "--metadata", "plan=gold"];
    world.run(&arguments).assert(0, &["updated 1 of 1"]);
    let sent: Vec<String> = world
        .tenant
        .requests()
        .iter()
        .filter(|request| request.method == "PATCH")
        .map(|request| String::from_utf8(request.body.to_vec()).unwrap())
        .collect();
    assert_eq!(sent, [r#"{"name":"Ada","nickname":null,"user_metadata":{"plan":"gold"}}"#]);
    let user = world.tenant.user(&id).unwrap();
    assert_eq!((user.name.as_deref(), user.blocked), (Some("Ada"), Some(true)));
    let shown = world.run(&["show", &id, "--json=user_metadata.plan,name"]).assert(0, &[]);
    assert_eq!(shown.out, "{\"user_metadata.plan\":\"gold\",\"name\":\"Ada\"}\n");
    world.run(&["update", &id]).assert(2, &["--set"]);
    world.run(&["update", &id, "--set", "nmae=Ada"]).assert(2, &["nmae", "given_name"]);
    world.run(&["update", &id, "--set", "password=secret"]).assert(2, &["--password-stdin"]);
    world.run(&["update", &id, "--set", "user_id=auth0|2"]).assert(2, &["the id of a user"]);
}

#[test]
fn an_update_is_resumed_with_the_changes_of_its_folder() {
    let world = World::new(2);
    let file = world.write("list", &format!("auth0|gone\n{}\n", world.tenant.user_ids()[0]));
    world.run(&["update", "--yes", "--run", "run", "--file", &file, "--set", "name=Ada"]).assert(3, &[]);
    world.run(&["update", "--resume", "run", "--set", "name=Eve"]).assert(2, &["leave out --set"]);
    world.run(&["update", "--resume", "run"]).assert(3, &["updated 1 of 2 users, 1 failed"]);
}

#[test]
fn a_user_is_created_with_a_password_from_standard_input() {
    let world = World::new(0);
    let arguments = [
        "create",
        "--connection",
        "Username-Password-Authentication",
        "--set",
        "email=ada@example.com",
        "--app-metadata",
        "seats=5",
        "--password-stdin",
        "--json=email,app_metadata",
    ];
    let dry: Vec<&str> = arguments.into_iter().chain(["--dry-run"]).collect();
    let dry = world.run(&dry).assert(0, &[]);
    assert!(dry.out.contains("would have created") && world.writes().is_empty(), "{dry:?}");
    let create = || {
        let mut command = world.command(&arguments);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        process.stdin.take().unwrap().write_all(b"Analytical Engine 1843\n").unwrap();
        Ended::from(process.wait_with_output().unwrap())
    };
    let created = create().assert(0, &[]);
    assert_eq!(created.out, "{\"email\":\"ada@example.com\",\"app_metadata\":{\"seats\":5}}\n");
    create().assert(1, &["409"]);
}

#[test]
fn roles_are_added_by_name_and_removed_and_sessions_are_revoked() {
    let world = World::new(3);
    let ids = world.tenant.user_ids();
    let editor = world
        .wait(world.tenant.management().roles().create(users_hyper::model::NewRole::new("editor")).send())
        .unwrap()
        .id
        .unwrap();
    let roles =
        |id: &String| world.wait(world.tenant.management().users().roles(id).list().send()).unwrap().len();
    world.run(&["roles", "add", "--role", "editor", "--yes", &ids[0], &ids[1]]).assert(0, &["2 of 2 users"]);
    assert_eq!((roles(&ids[0]), roles(&ids[1]), roles(&ids[2])), (1, 1, 0));
    world.run(&["roles", "remove", "--role", &editor, &ids[0]]).assert(0, &[]);
    assert_eq!((roles(&ids[0]), roles(&ids[1])), (0, 1));
    world.run(&["roles", "add", "--role", "nothing", &ids[0]]).assert(1, &["no role \"nothing\""]);
    world.run(&["roles", "add", &ids[0]]).assert(2, &["--role"]);
    world.tenant.clear_requests();
    world
        .run(&["sessions", "revoke", "--yes", &ids[0], &ids[2]])
        .assert(0, &["revoked the sessions of 2 of 2"]);
    let writes = world.writes();
    assert!(
        writes.len() == 2
            && writes.iter().all(|write| write.starts_with("DELETE") && write.ends_with("/sessions"))
    );
}

#[test]
fn the_number_of_users_who_match_a_query_is_shown_while_they_are_found() {
    let world = World::new(500);
    // A page of 100 users per half a second.
    let arguments = ["block", "--dry-run", "--max-rate", "2", "--progress", "json", "--query", "user_id:*"];
    let shown = world.run(&arguments).assert(0, &["500 users of"]);
    let lines = shown.err.lines().filter(|line| line.starts_with('{'));
    let counts: Vec<u64> = lines
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["message_type"], "found", "{line}");
            assert!(line["rate_limits"].is_array(), "{line}");
            line["found"].as_u64().unwrap()
        })
        .collect();
    assert!(
        !counts.is_empty() && counts.is_sorted() && counts.iter().all(|count| *count <= 500),
        "{shown:?}"
    );
}
