//! `users-tenant` as a process: its first line, its service, and its end.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use users_core::{Clock as _, SystemClock};
use users_hyper::model::{Impersonation, Protocol, UserUpdate};
use users_hyper::{AuthenticationClient, HyperTransport, ManagementClient};

pub(crate) struct Served {
    process: Child,
    facts: serde_json::Value,
}

impl Served {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::run(Command::new(binary()).args(["--listen", "127.0.0.1:0"]).args(arguments))
    }

    fn run(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, facts: serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")) }
    }

    pub(crate) fn fact(&self, name: &str) -> String {
        self.facts[name].as_str().unwrap_or_else(|| panic!("{name} is missing")).to_owned()
    }

    /// Sends a signal and returns the exit code.
    pub(crate) fn end(mut self, signal: &str) -> Option<i32> {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        self.process.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program named by `USERS_TENANT`, which `cargo xtask ci` has built with all other targets; otherwise a new build, because cargo
/// builds binaries of other packages only on request.
fn binary() -> PathBuf {
    if let Some(built) = std::env::var_os("USERS_TENANT") {
        return built.into();
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "-p", "users-tenant", "--bin", "users-tenant", "--message-format=json"])
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let text = String::from_utf8(built.stdout).unwrap();
    let messages = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let path = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).next();
    path.expect("cargo names the executable")
}

#[tokio::test]
async fn the_first_line_contains_everything_that_a_client_needs() {
    let served = Served::start(&["--json", "--users", "5"]);
    let management =
        users_hyper::management(served.fact("listening")).token(served.fact("token")).build().unwrap();
    assert_eq!(management.users().get_all().await.unwrap().len(), 5);
    let fetched = users_hyper::management(served.fact("listening"))
        .client_credentials(served.fact("client_id"), served.fact("client_secret"))
        .build()
        .unwrap();
    assert_eq!(
        fetched.users().get(served.fact("user_id").as_str()).await.unwrap().user_id.unwrap().as_str(),
        served.fact("user_id")
    );
    let auth = users_hyper::authentication(served.fact("listening"))
        .client_id(served.fact("client_id"))
        .build()
        .unwrap()
        .users();
    assert_eq!(auth.get_info(served.fact("user_token")).await.unwrap().sub, Some(served.fact("user_id")));
    let settings =
        Impersonation::new(served.fact("user_id"), Protocol::OAuth2).token(served.fact("global_token"));
    assert!(auth.impersonate(served.fact("user_id").as_str(), settings).await.is_ok());
    assert_eq!(served.end("-TERM"), Some(0));
}

#[tokio::test]
async fn it_serves_tls_with_the_given_settings_and_seed() {
    let folder = std::env::temp_dir().join(format!("users-tenant-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (ca, seed) = (folder.join("ca.pem"), folder.join("seed.json"));
    std::fs::write(&seed, r#"{"users":[{"user_id":"github|7","nickname":"seven"}]}"#).unwrap();
    let served = Served::start(&[
        "--json",
        "--tls",
        "--ca-out",
        ca.to_str().unwrap(),
        "--seed",
        seed.to_str().unwrap(),
        "--token",
        "of any form",
        "--client-id",
        "me",
        "--client-secret",
        "mine",
    ]);
    assert_eq!(
        (served.fact("token"), served.fact("client_id"), served.fact("client_secret")),
        ("of any form".into(), "me".into(), "mine".into())
    );
    assert_eq!(served.fact("user_id"), "github|7");
    let transport =
        HyperTransport::builder().add_root_certificate_pem(std::fs::read(&ca).unwrap()).build().unwrap();
    for host in [served.fact("listening"), served.fact("listening").replace("127.0.0.1", "localhost")] {
        let client =
            ManagementClient::builder(transport.clone()).domain(host).token("of any form").build().unwrap();
        assert_eq!(client.users().get("github|7").await.unwrap().nickname.as_deref(), Some("seven"));
    }
    let auth = AuthenticationClient::builder(transport).domain(served.fact("listening")).build().unwrap();
    assert!(auth.users().get_info(served.fact("user_token")).await.is_ok());
    assert_eq!(served.end("-INT"), Some(0));
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn it_applies_the_limits_of_a_tier() {
    let served = Served::start(&["--json", "--tier", "essentials"]);
    let users = users_hyper::management(served.fact("listening"))
        .token(served.fact("token"))
        .build()
        .unwrap()
        .users();
    let limits = users.get_all().with_meta().await.unwrap().rate_limit().unwrap();
    assert_eq!((limits.limit, limits.remaining), (Some(40), Some(39)));
}

#[tokio::test]
async fn it_adds_latency_and_faults_as_requested() {
    let arguments = [
        "--json",
        "--users",
        "1",
        "--latency",
        "60..80",
        "--fault",
        "reset-after@users.update",
        "--fault",
        "503@users.get",
    ];
    let served = Served::start(&arguments);
    let client =
        users_hyper::management(served.fact("listening")).token(served.fact("token")).build().unwrap();
    let (users, id) = (client.users(), served.fact("user_id"));
    let clock = SystemClock::new();
    let started = clock.now();
    let lost = users.update(id.as_str(), UserUpdate::new().nickname("Ada")).await.unwrap_err();
    assert!(lost.may_have_been_applied() && lost.attempts() == 1, "{lost}");
    let read = users.get(id.as_str()).with_meta().await.unwrap();
    assert_eq!(read.value.nickname.as_deref(), Some("Ada"));
    let taken = clock.now().saturating_since(started);
    // One latency for the lost update, and four for the read, which is sent twice.
    assert!(taken >= Duration::from_millis(300), "{taken:?}");
}

#[test]
fn it_refuses_invalid_arguments_with_the_reason() {
    for (arguments, says) in [
        (vec!["--listen", "0.0.0.0:0"], "--key KEY"),
        (vec!["--seed", "/nowhere/seed.json"], "/nowhere/seed.json: "),
        (vec!["--ca-out", "x.pem"], "--tls"),
        (vec!["--tier", "gold"], "there are none, free, essentials"),
        (vec!["--latency", "80..20"], "80..20 is an empty range"),
        (vec!["--fault", "503@users.got"], "no operation is called users.got"),
    ] {
        let run = Command::new(binary()).args(&arguments).output().unwrap();
        assert!(!run.status.success());
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
}

#[test]
fn it_prints_what_a_person_needs_and_a_command_that_works_as_pasted() {
    for tls in [&[][..], &["--tls"]] {
        let mut process = Command::new(binary())
            .args(["--listen", "127.0.0.1:0", "--users", "2"])
            .args(tls)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut text = Vec::new();
        for line in lines.by_ref() {
            let is_last = line.contains("Ctrl-C");
            text.push(line);
            if is_last {
                break;
            }
        }
        assert!(text[0].starts_with("listening      http"), "{text:?}");
        let curl = text.iter().find(|line| line.starts_with("  curl ")).unwrap();
        let pasted = Command::new("sh").args(["-c", curl]).output().unwrap();
        let users: Vec<serde_json::Value> = serde_json::from_slice(&pasted.stdout).unwrap();
        assert_eq!(users.len(), 2);
        for part in ["/t/NAME", "/_tenant/openapi.json", "connection     Username-Password-Authentication"] {
            assert!(text.iter().any(|line| line.contains(part)), "{part}: {text:?}");
        }
        process.kill().unwrap();
        process.wait().unwrap();
    }
}

#[test]
fn the_default_port_is_4400_and_one_that_is_taken_is_reported_with_the_remedy() {
    // Another process of this machine may have it, which gives the same error.
    let taken = std::net::TcpListener::bind("127.0.0.1:4400");
    let run = Command::new(binary()).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(!run.status.success());
    assert!(said.contains("127.0.0.1:4400 is in use") && said.contains("--listen 127.0.0.1:0"), "{said}");
    drop(taken);
}

#[test]
fn it_logs_requests_on_standard_error_without_secrets() {
    let mut process = Command::new(binary())
        .args(["--listen", "127.0.0.1:0", "--json", "--log"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let facts: serde_json::Value = serde_json::from_str(&line).unwrap();
    let url = format!("{}/t/shop/api/v2/users?q=a&access_token=hidden", facts["base_url"].as_str().unwrap());
    let _ = ureq::get(&url).call();
    let mut line = String::new();
    BufReader::new(process.stderr.take().unwrap()).read_line(&mut line).unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(line.contains(" GET /t/shop/api/v2/users?q=a&access_token=redacted 401 "), "{line}");
}

/// Runs a shell script beside a tenant.
fn exec(options: &[&str], script: &str) -> std::process::Output {
    let mut command = Command::new(binary());
    command.arg("exec").args(options).args(["--", "sh", "-c", script]);
    command.env_remove("AUTH0_BASE_URL").output().unwrap()
}

#[test]
fn exec_runs_a_command_with_the_environment_of_a_client_and_exits_as_it_did() {
    let script = r#"
        test "$AUTH0_ISSUER_BASE_URL" = "http://$AUTH0_DOMAIN" || exit 1
        # Applications read it as their own address.
        test -z "${AUTH0_BASE_URL+set}" || exit 2
        curl -sf -H "authorization: Bearer $AUTH0_MANAGEMENT_API_TOKEN" "$USERS_TENANT_URL/api/v2/users" || exit 3
        curl -sf "$USERS_TENANT_URL/oauth/token" -d grant_type=client_credentials -d client_id="$AUTH0_CLIENT_ID" \
            -d client_secret="$AUTH0_CLIENT_SECRET" -d audience="$AUTH0_AUDIENCE" >/dev/null || exit 4
        exit 7"#;
    let run = exec(&["--users", "3"], script);
    assert_eq!(run.status.code(), Some(7), "{}", String::from_utf8_lossy(&run.stderr));
    let users: Vec<serde_json::Value> = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(users.len(), 3, "and standard output is that of the command alone");

    let run = exec(
        &["--tls"],
        r#"test -n "$NODE_EXTRA_CA_CERTS" && curl -sf --cacert "$USERS_TENANT_CA" "$USERS_TENANT_URL/health""#,
    );
    assert_eq!((run.status.code(), run.stdout.as_slice()), (Some(0), &br#"{"status":"ok"}"#[..]));
    assert_eq!(exec(&[], "kill -9 $$").status.code(), Some(128 + 9));
    let run = Command::new(binary()).args(["exec", "--", "no-such-program"]).output().unwrap();
    assert_eq!(run.status.code(), Some(127));
    assert!(String::from_utf8_lossy(&run.stderr).contains("no-such-program"));
    let run = Command::new(binary())
        .args(["exec", "--", "sh", "-c", "echo $AUTH0_BASE_URL"])
        .env("AUTH0_BASE_URL", "http://localhost:3000")
        .output()
        .unwrap();
    assert_eq!(run.stdout, b"http://localhost:3000\n", "an application's own address stays");

    let run = exec(
        &["--listen", "[::1]:0"],
        r#"curl -sf "$AUTH0_ISSUER_BASE_URL/.well-known/openid-configuration"; echo " $AUTH0_DOMAIN""#,
    );
    let text = String::from_utf8(run.stdout).unwrap();
    let (document, domain) = text.rsplit_once(' ').unwrap();
    let document: serde_json::Value = serde_json::from_str(document).unwrap();
    assert!(domain.starts_with("[::1]:"), "{domain}");
    assert_eq!(document["issuer"], format!("http://{}/", domain.trim()));
}

#[cfg(unix)]
#[test]
fn exec_writes_the_certificate_where_nobody_else_can_replace_it() {
    let folder = std::env::temp_dir().join(format!("users-exec-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // The process has the id of the shell that it replaces, for which another user has put links everywhere.
    let victim = folder.join("victim");
    std::fs::write(&victim, "kept").unwrap();
    let script = format!(
        "for name in $$ $$-0 $$-1 $$.pem; do ln -s '{}' \"$TMPDIR/users-tenant-$name\"; done; \
         exec '{}' exec --tls -- sh -c 'echo $USERS_TENANT_CA; stat -c %a $(dirname $USERS_TENANT_CA)'",
        victim.display(),
        binary().display()
    );
    let run = Command::new("sh").args(["-c", &script]).env("TMPDIR", &folder).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let text = String::from_utf8(run.stdout).unwrap();
    let (file, mode) = text.trim_end().split_once('\n').unwrap();
    assert_eq!(mode, "700");
    assert!(!PathBuf::from(file).parent().unwrap().exists(), "and it is removed: {file}");
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "kept");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn exec_passes_signals_on_and_waits_for_the_command() {
    for (signal, expected) in [("-TERM", 5), ("-INT", 6)] {
        let script = "trap 'exit 5' TERM; trap 'exit 6' INT; echo ready; while :; do sleep 0.01; done";
        let mut process = Command::new(binary())
            .args(["exec", "--", "sh", "-c", script])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap().success());
        assert_eq!(process.wait().unwrap().code(), Some(expected), "{signal}");
    }
}

/// The targets of a release build are 50 ms and 16 MiB, which `cargo xtask bench tenant` checks; this is a debug build beside other work, of
/// which the best of ten starts took 50 to 210 ms.
#[cfg(target_os = "linux")]
#[test]
fn it_answers_soon_after_its_start_and_takes_little_memory() {
    let clock = SystemClock::new();
    let start = || {
        let started = clock.now();
        let served = Served::run(Command::new(binary()).args(["--listen", "127.0.0.1:0", "--json"]));
        let url = format!("{}/api/v2/users", served.fact("listening"));
        let bearer = format!("Bearer {}", served.fact("token"));
        assert_eq!(ureq::get(&url).header("authorization", bearer).call().unwrap().status(), 200);
        let taken = clock.now().saturating_since(started);
        let status = std::fs::read_to_string(format!("/proc/{}/status", served.process.id())).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap().trim();
        (taken, resident.trim_end_matches(" kB").parse::<u64>().unwrap())
    };
    let starts: Vec<(Duration, u64)> = (0..10).map(|_| start()).collect();
    let taken = starts.iter().map(|start| start.0).min().unwrap();
    let kib = starts.iter().map(|start| start.1).max().unwrap();
    eprintln!("{taken:?} to the first answer, {kib} KiB resident");
    assert!(taken < Duration::from_millis(500) && kib < 32 * 1024, "{starts:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn it_does_not_spin_when_descriptors_run_out_and_recovers() {
    let script = format!("ulimit -n 40; exec {} --listen 127.0.0.1:0 --json", binary().display());
    let served = Served::run(Command::new("sh").args(["-c", &script]));
    let address = served.fact("listening").replace("http://", "");
    let connections: Vec<_> =
        (0..60).map(|_| std::net::TcpStream::connect(address.as_str()).unwrap()).collect();
    let ticks = || -> i64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", served.process.id())).unwrap();
        let fields: Vec<i64> =
            stat.rsplit(')').next().unwrap().split(' ').filter_map(|field| field.parse().ok()).collect();
        // Of the numbers after the state, the 11th is utime and the 12th is stime.
        fields[10] + fields[11]
    };
    tokio::time::sleep(Duration::from_millis(200)).await;
    let before = ticks();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let used = ticks() - before;
    eprintln!("{used} hundredths of a second of processor time in a second");
    assert!(used <= 10, "{used} hundredths");
    drop(connections);
    let client =
        users_hyper::management(served.fact("listening")).token(served.fact("token")).build().unwrap();
    client.users().get_all().await.unwrap();
}

#[test]
fn its_help_describes_the_seed_document() {
    let run = Command::new(binary()).arg("--help").output().unwrap();
    let help = String::from_utf8_lossy(&run.stdout).into_owned();
    let keys = ["users", "connections", "userinfo", "roles", "resource_servers", "belongings", "validation"];
    let kinds = ["sessions", "refresh_tokens", "organizations", "enrollments", "blocked_for", "permissions"];
    for word in keys.into_iter().chain(kinds) {
        assert!(help.contains(word), "{word}: {help}");
    }
    assert!(help.contains(r#"{"user_id": "auth0|1""#), "an example is missing: {help}");
    for heading in ["Address:", "Tenants:", "Data:", "Behaviour:", "Faults:", "Output:", "Examples:", "exec"]
    {
        assert!(help.contains(heading), "{heading}: {help}");
    }
    assert!(help.starts_with("users-tenant: "), "{help}");
    let run = Command::new(binary()).arg("--version").output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&run.stdout),
        format!("users-tenant {}\n", env!("CARGO_PKG_VERSION").replace("0.0.0", "0.1.0"))
    );
}
