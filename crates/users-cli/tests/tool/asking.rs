//! Questions on a terminal.

use crate::support::{Ended, World};
use rexpect::session::{PtySession, spawn_command};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Starts the program on a terminal.
fn on_terminal(world: &World, arguments: &[&str]) -> PtySession {
    let mut command = world.command(arguments);
    command.stdin(Stdio::inherit()).env("TERM", "xterm");
    spawn_command(command, Some(20_000)).unwrap()
}

/// Waits for the end. Returns the exit code, and what was printed since.
fn end(mut session: PtySession) -> (i32, String) {
    let printed = session.exp_eof().unwrap();
    // The type is of a crate that rexpect does not re-export: Exited(Pid(4711), 2).
    let status = format!("{:?}", session.process().wait().unwrap());
    let code = status.strip_prefix("Exited(").and_then(|rest| rest.rsplit_once(", "));
    (code.unwrap().1.trim_end_matches(')').parse().unwrap(), printed)
}

#[test]
fn a_change_of_two_users_asks_with_their_number_the_tenant_and_their_ids() {
    let world = World::new(2);
    let ids = world.tenant.user_ids();
    world.run(&["unblock", "--yes", "--query", "user_id:*"]).assert(0, &[]);
    world.tenant.clear_requests();
    let block = ["block", &ids[0], &ids[1]];
    let question = format!("block 2 users of {} ({}, {})? [y/N] ", world.authority(), ids[0], ids[1]);
    for answer in ["n", "", "no", "yess"] {
        let mut session = on_terminal(&world, &block);
        session.exp_string(&question).unwrap();
        session.send_line(answer).unwrap();
        let (code, printed) = end(session);
        assert!(code == 2 && printed.contains("not confirmed; nothing was changed"), "{code}: {printed}");
    }
    for (key, code) in [('d', 2), ('c', 130)] {
        let mut session = on_terminal(&world, &block);
        session.exp_string(&question).unwrap();
        session.send_control(key).unwrap();
        let (ended, printed) = end(session);
        assert_eq!(ended, code, "control and {key}: {printed}");
    }
    assert_eq!((world.writes(), world.blocked()), (vec![], 0));
    for answer in ["y", "yes"] {
        let mut session = on_terminal(&world, &block);
        session.exp_string(&question).unwrap();
        session.send_line(answer).unwrap();
        let (code, printed) = end(session);
        assert!(code == 0 && printed.contains("blocked 2 of 2 users"), "{code}: {printed}");
        assert_eq!(world.blocked(), 2);
    }
    let (code, _) = end(on_terminal(&world, &["unblock", &ids[0]]));
    assert_eq!((code, world.blocked()), (0, 1), "one user is changed without a question");
}

#[test]
fn the_question_names_the_first_five_users() {
    let world = World::new(7);
    let file = world.write("list", &world.tenant.user_ids().join("\n"));
    let mut session = on_terminal(&world, &["delete", "--file", &file]);
    let first = world.tenant.user_ids()[..5].join(", ");
    session.exp_string(&format!("delete 7 users of {} ({first}, ", world.authority())).unwrap();
    // rexpect takes each byte of `…` for a character.
    let rest = session.exp_string(")? [y/N] ").unwrap();
    assert!(!rest.contains("auth0|"), "{rest}");
    session.send_line("n").unwrap();
    assert_eq!((end(session).0, world.tenant.user_count()), (2, 7));
}

#[test]
fn the_users_who_match_a_query_are_counted_before_the_question() {
    let world = World::new(400);
    let mut session = on_terminal(&world, &["block", "--max-rate", "2", "--query", "user_id:*"]);
    session.exp_regex("found [1-4][0-9]{2} users").unwrap();
    session.exp_string("block 400 users of ").unwrap();
    session.send_line("n").unwrap();
    assert_eq!((end(session).0, world.writes()), (2, vec![]));
}

#[test]
fn an_interrupt_ends_the_tool_while_it_reads_standard_input() {
    let world = World::new(1);
    let connection = world.tenant.database().unwrap();
    let create =
        ["create", "--connection", &connection, "--set", "email=ada@example.com", "--password-stdin"];
    for arguments in [&["block", "-"][..], &["block", "--file", "-"], &create] {
        let mut command = world.command(arguments);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        // More than a pipe holds: once it is written, the tool has begun to read, and waits for the rest.
        process.stdin.as_mut().unwrap().write_all(&b"#".repeat(1 << 18)).unwrap();
        let pid = process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let stdin = process.stdin.take();
        Ended::from(process.wait_with_output().unwrap()).assert(130, &["interrupted"]);
        drop(stdin);
    }
    assert!(world.tenant.requests().is_empty());
}

#[test]
fn no_input_never_asks() {
    let world = World::new(2);
    let ids = world.tenant.user_ids();
    for arguments in [["--no-input", "delete", &ids[0], &ids[1]], ["delete", &ids[0], &ids[1], "--no-input"]]
    {
        let (code, printed) = end(on_terminal(&world, &arguments));
        assert!(code == 2 && printed.contains("--no-input was given"), "{code}: {printed}");
        assert!(printed.contains("--yes confirms it") && !printed.contains("[y/N]"), "{printed}");
    }
    assert_eq!(world.tenant.user_count(), 2);
    let (code, _) = end(on_terminal(&world, &["delete", "--no-input", "--yes", &ids[0], &ids[1]]));
    assert_eq!((code, world.tenant.user_count()), (0, 0));
}
