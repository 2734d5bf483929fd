//! A tenant that is served, and the program beside it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use users_mock::{Tenant, TenantBuilder};
use users_tenant::TenantServer;

/// A served tenant, with a folder for the files of a test.
pub(crate) struct World {
    pub(crate) tenant: Tenant,
    pub(crate) folder: PathBuf,
    url: String,
    /// Serves until it is stopped.
    server: Option<TenantServer>,
    runtime: tokio::runtime::Runtime,
}

impl World {
    pub(crate) fn new(users: u32) -> Self {
        Self::of(Tenant::builder().users(users))
    }

    pub(crate) fn of(builder: TenantBuilder) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let tenant = builder.system_clock().build();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server =
            runtime.block_on(TenantServer::bind(tenant.clone(), ([127, 0, 0, 1], 0).into())).unwrap();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("auth0-users-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self { tenant, folder, url: server.url(), server: Some(server), runtime }
    }

    /// The program with credentials of the tenant, without those of the machine, in the test's folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bare(&self.folder, arguments);
        command.env("AUTH0_DOMAIN", &self.url);
        command.env("AUTH0_MANAGEMENT_API_TOKEN", self.tenant.management_token().expose());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(&mut self.command(arguments))
    }

    /// Refuses connections while something is done.
    pub(crate) fn offline<T>(&mut self, work: impl FnOnce(&Self) -> T) -> T {
        let server = self.server.take().unwrap();
        let address = server.addr();
        self.wait(server.shutdown());
        let done = work(self);
        self.server = Some(self.wait(TenantServer::bind(self.tenant.clone(), address)).unwrap());
        done
    }

    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn authority(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        name.to_owned()
    }

    /// The methods of the requests that changed something, or tried to.
    pub(crate) fn writes(&self) -> Vec<String> {
        let requests = self.tenant.requests().into_iter();
        let writes =
            requests.filter(|request| request.method != "GET" && !request.target.contains("/oauth/token"));
        writes.map(|request| format!("{} {}", request.method, request.target)).collect()
    }

    pub(crate) fn blocked(&self) -> usize {
        let ids = self.tenant.user_ids().into_iter();
        ids.filter(|id| self.tenant.user(id).unwrap().blocked == Some(true)).count()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The program without any settings.
pub(crate) fn bare(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auth0-users"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null()).env_clear().env("HOME", folder);
    // Programs that a token command needs.
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// What a run printed, and its exit code.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::from(command.output().unwrap())
    }

    /// Asserts the exit code, and what the messages contain.
    #[track_caller]
    pub(crate) fn assert(self, code: i32, parts: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        for part in parts {
            assert!(self.err.contains(part), "{part}: {self:?}");
        }
        self
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}
