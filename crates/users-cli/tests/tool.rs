//! `auth0-users` as its users run it, against an embedded tenant.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tokio::runtime::Runtime;
use users_core::SystemClock;
use users_mock::{FaultyTransport, Seed, Tenant};
use users_tenant::TenantServer;

/// A tenant that the tool is run against, and a folder of its own.
struct Setup {
    tenant: Tenant,
    server: TenantServer,
    folder: PathBuf,
    /// Drives the server; last, so that it outlives it.
    _runtime: Runtime,
}

impl Setup {
    fn new(users: u32) -> Self {
        Self::slow(users, Duration::ZERO)
    }

    /// A tenant that takes this time for each request.
    fn slow(users: u32, latency: Duration) -> Self {
        let tenant = Tenant::builder().system_clock().users(users).build();
        let runtime = Runtime::new().unwrap();
        let transport =
            FaultyTransport::new(tenant.clone(), SystemClock::new()).latency(latency / 2..=latency / 2);
        let bind = TenantServer::bind(transport, ([127, 0, 0, 1], 0).into());
        let server = runtime.block_on(bind).unwrap();
        let folder =
            std::env::temp_dir().join(format!("auth0-users-{}-{}", std::process::id(), server.addr().port()));
        fs::create_dir_all(&folder).unwrap();
        Self { tenant, server, folder, _runtime: runtime }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bare(arguments);
        command.env("AUTH0_DOMAIN", self.server.url()).env("XDG_STATE_HOME", &self.folder);
        command.env("AUTH0_MANAGEMENT_API_TOKEN", self.tenant.management_token().expose());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).stdin(Stdio::null()).output().unwrap())
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn writes(&self) -> usize {
        self.tenant.requests().iter().filter(|request| request.method != "GET").count()
    }

    fn blocked(&self) -> usize {
        let ids = self.tenant.user_ids();
        ids.iter().filter(|id| self.tenant.user(id).unwrap().blocked == Some(true)).count()
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The tool without settings.
fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auth0-users"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AUTH0_") {
            command.env_remove(name);
        }
    }
    command.args(arguments);
    command
}

#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    #[track_caller]
    fn is(&self, code: i32, text: &str) -> &Self {
        assert!(self.code == Some(code) && self.err.contains(text), "{:?} {}", self.code, self.err);
        self
    }
}

#[test]
fn users_are_listed_shown_counted_and_searched() {
    let setup = Setup::new(1_100);
    let table = setup.run(&["list", "--limit", "2"]);
    let lines: Vec<&str> = table.is(0, "The first 2 users").out.lines().collect();
    assert!(lines.len() == 3 && lines[0].contains("USER_ID") && lines[1].contains("auth0|"), "{lines:?}");
    let json = setup.run(&["list", "--all", "--json", "--fields", "user_id"]);
    let users: Vec<serde_json::Value> = serde_json::from_str(&json.is(0, "").out).unwrap();
    assert!(users.len() == 1_100 && users[0].as_object().unwrap().len() == 1, "{}", users[0]);
    let csv = setup.run(&["search", "email:ada*", "--csv", "--fields", "email"]);
    assert!(csv.is(0, "").out.lines().skip(1).all(|line| line.starts_with("ada")), "{csv:?}");
    assert_eq!(setup.run(&["count"]).is(0, "").out, "1100\n");
    let id = setup.tenant.user_ids().remove(7);
    let email = setup.tenant.user(&id).unwrap().email.unwrap();
    for name in [id.as_str(), &email] {
        let shown = setup.run(&["show", name, "--json"]);
        let user: serde_json::Value = serde_json::from_str(&shown.is(0, "").out).unwrap();
        assert_eq!(
            (user["user_id"].as_str(), user["email"].as_str()),
            (Some(id.as_str()), Some(email.as_str()))
        );
    }
    assert_eq!(setup.writes(), 0);
}

#[test]
fn what_a_user_is_called_does_not_control_the_terminal() {
    let setup = Setup::new(0);
    let seed = r#"{"users": [{"user_id": "auth0|evil", "name": "\u001b[2J\u0007evil"}]}"#;
    setup.tenant.seed(Seed::from_json(seed).unwrap());
    for arguments in [&["list"] as &[&str], &["show", "auth0|evil"]] {
        let shown = setup.run(arguments);
        assert!(shown.is(0, "").out.contains("evil") && !shown.out.contains('\u{1b}'), "{shown:?}");
    }
}

#[test]
fn each_failure_has_its_exit_code_and_the_way_out() {
    let setup = Setup::new(3);
    setup.run(&["list", "--nonsense"]).is(2, "--nonsense");
    setup.run(&["block"]).is(2, "name them, or use --file, --query or --resume");
    setup.run(&["block", "--file", "/no/such/file"]).is(1, "/no/such/file: No such file");
    setup.run(&["show", "nobody@example.com"]).is(1, "no user has the address nobody@example.com");
    setup.run(&["show", "auth0|nobody"]).is(1, "404");
    setup.run(&["export", "users.xlsx"]).is(2, ".ndjson, .json or .csv");
    setup
        .run(&["export", "/no/such/folder/users.csv"])
        .is(1, "/no/such/folder/users.csv.unfinished: No such file");
    Ended::of(bare(&["list"]).output().unwrap()).is(4, "AUTH0_DOMAIN");
    let domain = setup.server.url();
    Ended::of(bare(&["list", "--domain", &domain]).output().unwrap()).is(4, "AUTH0_CLIENT_ID");
    let mut wrong = setup.command(&["list"]);
    Ended::of(wrong.env("AUTH0_MANAGEMENT_API_TOKEN", "a.b.c").output().unwrap()).is(4, "has expired");
    let mut wrong = bare(&["list", "--base-url", &domain]);
    wrong.env("AUTH0_CLIENT_ID", "tenant-client").env("AUTH0_CLIENT_SECRET", "wrong");
    Ended::of(wrong.output().unwrap()).is(4, "Check AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET");
    let mut offline = setup.command(&["list"]);
    Ended::of(offline.env("AUTH0_DOMAIN", "http://127.0.0.1:1").output().unwrap()).is(1, "nothing was sent");
}

#[test]
fn a_user_is_blocked_unblocked_and_deleted() {
    let setup = Setup::new(3);
    let id = setup.tenant.user_ids().remove(0);
    assert_eq!(setup.run(&["block", &id]).is(0, "").out, format!("{id}\tblocked\n"));
    assert_eq!(setup.blocked(), 1);
    assert_eq!(setup.run(&["unblock", &id]).is(0, "").out, format!("{id}\tunblocked\n"));
    assert_eq!(setup.blocked(), 0);
    setup.run(&["block", "auth0|nobody"]).is(1, "auth0|nobody: ");
    assert_eq!(setup.run(&["delete", &id]).is(0, "").out, format!("{id}\tdeleted\n"));
    assert_eq!(setup.tenant.user_count(), 2);
}

#[test]
fn more_than_one_user_is_changed_only_if_it_is_certain_that_this_is_wanted() {
    let setup = Setup::new(30);
    setup.run(&["delete", "--query", "_exists_:created_at"]).is(2, "30 users of").is(2, "--yes");
    let shown = setup.run(&["delete", "--query", "_exists_:created_at", "--dry-run"]);
    shown.is(0, "30 would be deleted in as many requests; nothing was sent");
    assert_eq!(shown.out.lines().filter(|line| line.ends_with("\twould be deleted")).count(), 30);
    assert_eq!((setup.writes(), setup.tenant.user_count()), (0, 30));
    setup.run(&["block", "--query", "nickname:nobody", "--yes"]).is(0, "no users match");
    // The list comes from standard input, so nobody can answer there.
    let ids = setup.tenant.user_ids();
    let mut piped = setup.command(&["block", "--file", "-", "--yes"]);
    let mut piped = piped.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let lines = format!("{}\n\n{}\n{}\n", ids[0], ids[1], ids[0]);
    piped.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    assert!(piped.wait().unwrap().success());
    assert!(ids[..2].iter().all(|id| setup.tenant.user(id).unwrap().blocked == Some(true)));
    assert_eq!(setup.writes(), 2, "each user once");
}

#[test]
fn those_who_failed_are_in_a_file_that_is_read_again() {
    let setup = Setup::new(3);
    let ids = setup.tenant.user_ids();
    let list = setup.file("ids", &format!("{}\nauth0|nobody\n{}\n", ids[0], ids[1]));
    let run = setup.run(&["block", "--file", &list, "--yes"]);
    run.is(3, "2 blocked, 1 failed").is(3, "auth0|nobody: ");
    let failures = run.err.split("Those who failed are in ").nth(1).unwrap().split(';').next().unwrap();
    let line: serde_json::Value = serde_json::from_str(&fs::read_to_string(failures).unwrap()).unwrap();
    assert_eq!((&line["user_id"], &line["error"]["status"]), (&"auth0|nobody".into(), &404.into()));
    setup.run(&["block", "--file", failures]).is(1, "auth0|nobody: ");
}

/// The folder of the only run.
fn only_run(setup: &Setup) -> PathBuf {
    let mut runs = fs::read_dir(setup.folder.join("auth0-users")).unwrap();
    let run = runs.next().unwrap().unwrap().path();
    assert!(runs.next().is_none());
    run
}

/// Starts to block everyone, and waits until some are blocked.
fn begin(setup: &Setup) -> Child {
    let mut command = setup.command(&["block", "--query", "_exists_:created_at", "--yes"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..20 {
        lines.next().unwrap().unwrap();
    }
    // The rest is read, so that the tool is not stopped by a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    child
}

fn resume(setup: &Setup, run: &Path) {
    let total = setup.tenant.user_count();
    let before = setup.blocked();
    assert!(before > 0 && before < total, "{before}");
    let run = run.to_str().unwrap();
    setup.run(&["unblock", "--resume", run]).is(2, "records a run with the command block, not unblock");
    setup.run(&["block", "--resume", run]).is(0, &format!("{total} blocked, 0 failed"));
    assert_eq!(setup.blocked(), total);
    // Only those of which it was not known were sent again.
    assert!(setup.writes() <= total + 16, "{} writes", setup.writes());
}

#[test]
fn a_run_that_is_killed_is_continued_to_its_end() {
    let setup = Setup::slow(300, Duration::from_millis(20));
    let mut child = begin(&setup);
    child.kill().unwrap();
    child.wait().unwrap();
    resume(&setup, &only_run(&setup));
}

#[cfg(unix)]
#[test]
fn a_run_that_is_interrupted_ends_with_130_and_says_how_to_continue() {
    let setup = Setup::slow(300, Duration::from_millis(20));
    let child = begin(&setup);
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let ended = child.wait_with_output().unwrap();
    let run = only_run(&setup);
    let err = String::from_utf8(ended.stderr).unwrap();
    let advice = format!("continue with: auth0-users block --resume {}", run.display());
    assert!(ended.status.code() == Some(130) && err.contains(&advice), "{:?} {err}", ended.status);
    resume(&setup, &run);
}

#[test]
fn everyone_is_exported_in_each_form() {
    let setup = Setup::new(1_050);
    for (name, arguments) in
        [("a.ndjson", &[] as &[&str]), ("a.json", &[]), ("a.csv", &["--fields", "user_id,email"])]
    {
        let path = setup.folder.join(name);
        let path = path.to_str().unwrap();
        setup.run(&[&["export", path], arguments].concat()).is(0, "1050 users in ");
        let text = fs::read_to_string(path).unwrap();
        let count = match name {
            "a.json" => serde_json::from_str::<Vec<serde_json::Value>>(&text).unwrap().len(),
            "a.csv" => text.lines().count() - 1,
            _ => text.lines().filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()).count(),
        };
        assert_eq!(count, 1_050, "{name}");
        setup.run(&["export", path]).is(2, "--overwrite replaces it");
    }
    let compressed = setup.folder.join("a.ndjson.gz");
    setup.run(&["export", compressed.to_str().unwrap(), "--query", "email:ada*"]).is(0, "users in ");
    let mut text = String::new();
    let mut decoder = flate2::read::GzDecoder::new(fs::File::open(&compressed).unwrap());
    std::io::Read::read_to_string(&mut decoder, &mut text).unwrap();
    assert!(text.lines().count() > 0 && text.lines().all(|line| line.contains("\"email\":\"ada")));
}

#[test]
fn output_that_nobody_reads_any_more_is_no_failure() {
    let setup = Setup::new(2_000);
    let mut child = setup.command(&["list", "--all", "--json"]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = Ended::of(child.wait_with_output().unwrap());
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported() {
    let setup = Setup::new(10);
    let mut command = setup.command(&["list", "--json"]);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = Ended::of(command.stdout(full).output().unwrap());
    ended.is(1, "the output cannot be written: No space left on device");
}

#[cfg(unix)]
#[test]
fn secrets_come_from_a_profile_that_nobody_else_may_read_or_from_a_command() {
    use std::os::unix::fs::PermissionsExt as _;

    let setup = Setup::new(3);
    let lines = format!(
        "# staging\nAUTH0_DOMAIN={}\nAUTH0_CLIENT_ID = tenant-client\nAUTH0_CLIENT_SECRET=tenant-secret\n",
        setup.server.url()
    );
    let profile = setup.file("profile", &lines);
    let set = |mode| fs::set_permissions(&profile, fs::Permissions::from_mode(mode)).unwrap();
    let run = |arguments: &[&str]| Ended::of(bare(arguments).output().unwrap());
    set(0o644);
    run(&["list", "--profile", &profile]).is(4, "chmod 600");
    set(0o600);
    run(&["list", "--profile", &profile]).is(0, "");
    let check = run(&["login-check", "--profile", &profile]);
    check.is(0, "");
    for text in ["the application tenant-client, from the profile", "update:users", "rate limit   not stated"]
    {
        assert!(check.out.contains(text), "{text}: {check:?}");
    }
    assert!(!check.out.contains("tenant-secret"), "{check:?}");

    let token = setup.file("token", setup.tenant.management_token().expose());
    let domain = setup.server.url();
    run(&["list", "--domain", &domain, "--token-command", &format!("cat {token}")]).is(0, "");
    run(&["list", "--domain", &domain, "--token-command", "exit 3"]).is(4, "--token-command failed");
    let unknown = setup.file("unknown", "PASSWORD=x\n");
    fs::set_permissions(&unknown, fs::Permissions::from_mode(0o600)).unwrap();
    run(&["list", "--profile", &unknown]).is(2, "\"PASSWORD\" is not a setting");
}

#[test]
fn help_documents_the_exit_codes_and_completions_are_printed() {
    let help = Ended::of(bare(&["--help"]).output().unwrap());
    for text in ["Exit codes:", "130", "AUTH0_CLIENT_SECRET", "users-tenant exec"] {
        assert!(help.is(0, "").out.contains(text), "{text}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = Ended::of(bare(&["completions", shell]).output().unwrap());
        assert!(script.is(0, "").out.contains("auth0-users"), "{shell}");
    }
}
