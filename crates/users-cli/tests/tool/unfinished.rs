//! Exports and imports that are interrupted, killed or stopped, and continued.

use crate::support::{Ended, World};
use std::collections::HashSet;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use users_mock::{Bucket, Limits, Tenant};

/// A tenant in which an export takes two seconds.
fn slow(users: u32) -> World {
    let bucket = Bucket::per_second(5, 20);
    World::of(Tenant::builder().users(users).limits(Limits::none().global(bucket)))
}

/// Starts the program, and sends it a signal once a file is there.
fn signalled(world: &World, arguments: &[&str], signal: &str, until: &Path) -> Ended {
    let mut command = world.command(arguments);
    let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !until.exists() {
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap().success());
    Ended::from(process.wait_with_output().unwrap())
}

fn text(path: &Path) -> String {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    if path.extension().unwrap() == "gz" {
        flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    } else {
        std::io::BufReader::new(file).read_to_string(&mut text).unwrap();
    }
    text
}

#[cfg(unix)]
#[test]
fn an_export_that_is_killed_or_interrupted_is_continued_and_has_every_user_once() {
    for (file, signal) in [("users.ndjson.gz", "-KILL"), ("users.json", "-INT"), ("users.csv", "-TERM")] {
        let world = slow(4_000);
        let unfinished = world.path(&format!("{file}.unfinished"));
        let ended = signalled(&world, &["export", file, "--fields", "user_id"], signal, &unfinished);
        if signal == "-KILL" {
            assert_eq!(ended.code, None);
        } else {
            ended.assert(130, &["interrupted", &format!("auth0-users export {file} --resume")]);
        }
        assert!(!world.path(file).exists());
        world.run(&["export", file]).assert(2, &["unfinished export", "--resume", "--overwrite"]);
        let stored: serde_json::Value = serde_json::from_str(&text(&unfinished)).unwrap();
        let exported = usize::try_from(stored["place"]["walk"]["users"].as_u64().unwrap()).unwrap();
        world.tenant.clear_requests();
        world.run(&["export", file, "--resume"]).assert(0, &["exported 4000 users"]);
        // At most 1.3 requests for 100 users.
        let (requests, left) = (world.tenant.requests().len(), 4_000 - exported);
        assert!(exported >= 100 && requests <= left * 13 / 1_000 + 5, "{requests} for {left} users");
        let text = text(&world.path(file));
        let ids: Vec<String> = match file {
            "users.json" => {
                let users: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
                users.iter().map(|user| user["user_id"].as_str().unwrap().to_owned()).collect()
            }
            "users.csv" => text.lines().skip(1).map(str::to_owned).collect(),
            _ => text.lines().map(|line| line.split('"').nth(3).unwrap().to_owned()).collect(),
        };
        assert_eq!(ids.len(), 4_000);
        assert_eq!(ids.into_iter().collect::<HashSet<_>>(), world.tenant.user_ids().into_iter().collect());
        assert!(!unfinished.exists() && !world.path(&format!("{file}.partial")).exists());
    }
}

#[cfg(unix)]
#[test]
fn an_export_is_continued_only_in_the_same_tenant_and_only_if_there_is_one() {
    let world = slow(4_000);
    world.run(&["export", "users.csv", "--resume"]).assert(2, &["no unfinished export of users.csv"]);
    signalled(&world, &["export", "users.csv"], "-INT", &world.path("users.csv.unfinished"));
    let other = World::new(1);
    let file = world.path("users.csv");
    other
        .run(&["export", file.to_str().unwrap(), "--resume"])
        .assert(2, &["is an export of", other.authority()]);
    // A file that was changed is not continued.
    std::fs::write(world.path("users.csv.partial"), "user_id\n").unwrap();
    world.run(&["export", "users.csv", "--resume"]).assert(1, &["users.csv.partial", "shorter"]);
    world.run(&["export", "users.csv", "--overwrite", "--by-job"]).assert(0, &["exported 4000 users"]);
    assert!(!world.path("users.csv.unfinished").exists());
}

#[cfg(unix)]
#[test]
fn an_export_by_job_is_continued_with_its_job() {
    let builder = Tenant::builder().users(30).job_duration(std::time::Duration::from_secs(2));
    let world = World::of(builder);
    let unfinished = world.path("users.csv.unfinished");
    let killed = signalled(&world, &["export", "users.csv", "--by-job"], "-KILL", &unfinished);
    assert_eq!(killed.code, None);
    world.run(&["export", "users.csv", "--resume"]).assert(0, &["exported 30 users"]);
    assert_eq!(text(&world.path("users.csv")).lines().count(), 31);
    assert_eq!(world.writes().len(), 1, "one job was started");
}

/// Writes rows of which each file of a job has a thousand.
fn rows(world: &World, count: usize) -> String {
    let filler = "x".repeat(400);
    let row =
        |n| format!("{{\"email\":\"new{n}@example.com\",\"user_metadata\":{{\"filler\":\"{filler}\"}}}}\n");
    world.write("rows.ndjson", &(0..count).map(row).collect::<String>())
}

#[cfg(unix)]
#[test]
fn an_import_that_is_killed_or_interrupted_is_continued_without_importing_a_row_twice() {
    for signal in ["-KILL", "-INT"] {
        let builder = Tenant::builder().users(1).job_duration(std::time::Duration::from_millis(500));
        let world = World::of(builder);
        let database = world.tenant.database().unwrap();
        let file = rows(&world, 4_000);
        let arguments = ["import", &file, "--connection", &database, "--yes", "--run", "run"];
        let process = world.command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
        while !world.tenant.requests().iter().any(|request| request.target.contains("/errors")) {
            std::thread::yield_now();
        }
        assert!(Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap().success());
        let ended = Ended::from(process.wait_with_output().unwrap());
        if signal == "-INT" {
            ended.assert(130, &["auth0-users import --resume run"]);
        }
        // A file that was being sent may have been imported.
        let resumed = world.run(&["import", "--resume", "run"]);
        let uncertain = resumed.code == Some(3);
        assert!(uncertain || resumed.err.contains("imported 4000 of 4000 users (4000 new"), "{resumed:?}");
        if uncertain {
            let failed = std::fs::read_to_string(world.path("rows.ndjson.failed.ndjson")).unwrap();
            assert!(failed.lines().all(|line| line.contains("\"may_have_been_done\":true")), "{failed}");
            world
                .run(&["import", "rows.ndjson.failed.ndjson", "--upsert", "--yes", "--connection", &database])
                .assert(0, &[]);
        }
        assert_eq!(world.tenant.user_count(), 4_001);
        let rest = std::fs::read_dir(&world.folder).unwrap().count();
        assert!(rest <= 3, "the rows, the folder that was named, and what failed");
    }
}

#[test]
fn an_import_without_network_or_with_another_token_is_continued() {
    let mut world = World::new(1);
    let database = world.tenant.database().unwrap();
    let id = world.wait(world.tenant.management().connections().by_name(&database)).unwrap().unwrap();
    let file = rows(&world, 1_500);
    let arguments = ["import", &file, "--connection", &id, "--yes", "--run", "run"];
    world.offline(|world| world.run(&arguments)).assert(5, &["connect", "import --resume run"]);
    let narrow = world.tenant.management_token_with(&["read:users"]);
    let mut command = world.command(&["import", "--resume", "run"]);
    Ended::of(command.env("AUTH0_MANAGEMENT_API_TOKEN", narrow.expose()))
        .assert(4, &["create:users", "--resume run"]);
    let other = World::new(1);
    let run = world.path("run");
    other
        .run(&["import", "--resume", run.to_str().unwrap()])
        .assert(2, &["is an import into", other.authority()]);
    world
        .run(&["import", "--resume", "run"])
        .assert(0, &["imported 1500 of 1500 users (1500 new, 0 updated), 0 failed"]);
    world.run(&["import", "--resume", "rows.ndjson"]).assert(1, &["rows.ndjson"]);
}

#[test]
fn a_compressed_file_and_standard_input_are_imported() {
    let world = World::new(2);
    let database = world.tenant.database().unwrap();
    world.run(&["export", "users.ndjson.gz", "--fields", "email"]).assert(0, &[]);
    let arguments = ["import", "users.ndjson.gz", "--connection", &database, "--upsert", "--yes"];
    world.run(&arguments).assert(0, &["imported 2 of 2 users (0 new, 2 updated)"]);
    let rows = std::fs::File::open(world.path(&rows(&world, 3))).unwrap();
    let mut command = world.command(&["import", "-", "--connection", &database, "--yes"]);
    Ended::of(command.stdin(rows)).assert(0, &["imported 3 of 3 users (3 new"]);
    let rest: Vec<_> =
        std::fs::read_dir(&world.folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(rest.len(), 2, "the copies are removed: {rest:?}");
}

#[cfg(unix)]
#[test]
fn two_exports_do_not_write_one_file() {
    let world = slow(4_000);
    let mut first = world.command(&["export", "users.csv"]).stderr(Stdio::null()).spawn().unwrap();
    while !world.path("users.csv.unfinished").exists() {
        std::thread::yield_now();
    }
    for second in ["--resume", "--overwrite"] {
        world.run(&["export", "users.csv", second]).assert(1, &["another process"]);
    }
    assert!(first.wait().unwrap().success());
    assert_eq!(text(&world.path("users.csv")).lines().count(), 4_001);
}

#[cfg(unix)]
#[test]
fn an_import_that_is_interrupted_while_it_reads_leaves_no_copy() {
    use std::io::Write as _;
    let world = World::new(1);
    let mut command = world.command(&["import", "-", "--connection", "con_1", "--yes", "--run", "run"]);
    let mut process = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    process.stdin.as_mut().unwrap().write_all(b"{\"email\":\"a@b.c\",\"password_hash\":\"x\"}\n").unwrap();
    while !world.path("run/rows.ndjson").exists() {
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap().success());
    // The pipe stays open until the process has ended.
    let pipe = process.stdin.take();
    Ended::from(process.wait_with_output().unwrap()).assert(130, &["interrupted"]);
    drop(pipe);
    assert!(!world.path("run").exists() && world.writes().is_empty());
}

#[test]
fn files_of_failures_are_kept_and_an_import_stays_until_its_own_is_written() {
    let world = World::new(1);
    let taken = world.tenant.user(&world.tenant.user_ids()[0]).unwrap().email.unwrap();
    let file = world.write("rows.ndjson", &format!("{{\"email\":\"{taken}\"}}\n"));
    let database = world.tenant.database().unwrap();
    let arguments = ["import", &file, "--connection", &database];
    world.write("rows.ndjson.failed.ndjson", "mine");
    world.run(&arguments).assert(3, &["rows.ndjson.failed-2.ndjson"]);
    assert_eq!(std::fs::read_to_string(world.path("rows.ndjson.failed.ndjson")).unwrap(), "mine");
    std::fs::create_dir(world.path("rows.ndjson.failed-3.ndjson.partial")).unwrap();
    let stopped = world.run(&arguments).assert(5, &["0 updated), 1 failed", "import --resume"]);
    std::fs::remove_dir(world.path("rows.ndjson.failed-3.ndjson.partial")).unwrap();
    let folder = stopped.err.trim().rsplit(' ').next().unwrap().to_owned();
    world.run(&["import", "--resume", &folder]).assert(3, &["rows.ndjson.failed-3.ndjson"]);
    assert!(!world.path(&folder).exists());
}

#[test]
fn a_row_that_cannot_be_sent_is_refused_before_anything_is_imported() {
    let world = World::new(1);
    let database = world.tenant.database().unwrap();
    let file = world.write("rows.ndjson", &format!("{{}}\n{{\"email\":\"{}\"}}\n", "x".repeat(500_000)));
    for more in ["--dry-run", "--yes"] {
        world
            .run(&["import", &file, "--connection", &database, more])
            .assert(2, &["row 2 is 500012 bytes", "480000"]);
    }
    assert!(world.writes().is_empty() && std::fs::read_dir(&world.folder).unwrap().count() == 1);
}

#[cfg(unix)]
#[test]
fn a_continued_export_does_not_replace_a_file_that_has_come_since() {
    let world = slow(4_000);
    signalled(&world, &["export", "users.csv"], "-INT", &world.path("users.csv.unfinished"));
    world.write("users.csv", "mine");
    world.run(&["export", "users.csv", "--resume"]).assert(2, &["users.csv exists already"]);
    assert_eq!(std::fs::read_to_string(world.path("users.csv")).unwrap(), "mine");
}

#[cfg(unix)]
#[test]
fn an_export_that_begins_anew_forgets_the_place_of_the_earlier_one() {
    let world = slow(4_000);
    signalled(&world, &["export", "users.csv"], "-INT", &world.path("users.csv.unfinished"));
    let mut anew = world.command(&["export", "users.csv", "--overwrite"]);
    Ended::of(anew.env("AUTH0_MANAGEMENT_API_TOKEN", "wrong")).assert(4, &[]);
    world.run(&["export", "users.csv", "--resume"]).assert(2, &["no unfinished export"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_stops_when_its_list_of_users_cannot_be_written() {
    let world = World::new(40);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = world.command(&["delete", "--yes", "--run", "run", "--query", "user_id:*"]);
    Ended::of(command.stdout(full)).assert(5, &["standard output cannot be written", "--resume run"]);
    assert!(world.tenant.user_count() > 20);
    world.run(&["delete", "--resume", "run", "--max-users", "1"]).assert(2, &["--max-users"]);
    world.run(&["delete", "--resume", "run"]).assert(0, &["deleted 40 of 40 users"]);
}
