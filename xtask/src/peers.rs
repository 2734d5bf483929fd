//! Runs third-party clients against the embedded tenant.

use crate::run::{command, output, program, programs, root, status, target};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

/// A client, the script that runs it, and the arguments of its tenant.
struct Peer {
    package: &'static str,
    script: &'static str,
    tenant: &'static [&'static str],
}

const PEERS: &[Peer] = &[
    // The version that documents the two `UsersManager`s.
    Peer { package: "auth0@2.1.0", script: "users.js", tenant: &["--users", "3", "--legacy-delete-all"] },
    Peer {
        package: "auth0@latest",
        script: "newest.js",
        tenant: &["--seed", "tests/fixtures/belongings.seed.json"],
    },
];

/// Runs the script of each client over TLS; returns the last lines of their output.
pub fn run() -> Result<String, String> {
    let tenant = program(&programs()?, "users-tenant");
    let said: Result<Vec<String>, String> = PEERS.iter().map(|peer| peer.run(&tenant)).collect();
    Ok(said?.join("; "))
}

impl Peer {
    fn run(&self, program: &Path) -> Result<String, String> {
        let folder = target().join("peers").join(self.package);
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let script = root().join("xtask").join("peers").join(self.script);
        // Node looks for packages next to the script, so the script is copied to the folder where they are installed.
        std::fs::copy(&script, folder.join(self.script))
            .map_err(|error| format!("{}: {error}", script.display()))?;
        if !folder.join("node_modules").join("auth0").exists() {
            std::fs::write(folder.join("package.json"), "{\"private\":true}\n")
                .map_err(|error| error.to_string())?;
            let arguments = ["install", "--no-audit", "--no-fund", "--no-package-lock", self.package];
            status(command("npm").current_dir(&folder).args(arguments))?;
        }
        let ca = folder.join("ca.pem");
        let tenant = Tenant::start(program, &ca, self.tenant)?;
        let said = output(
            command("node")
                .current_dir(&folder)
                .arg(self.script)
                .arg(&tenant.line)
                .env("NODE_EXTRA_CA_CERTS", &ca),
        )?;
        print!("{said}");
        Ok(said.lines().last().unwrap_or_default().to_owned())
    }
}

/// A running `users-tenant`, which is killed on drop.
struct Tenant {
    process: Child,
    /// Its first line: its address and the tokens that it accepts, as JSON.
    line: String,
}

impl Tenant {
    fn start(program: &Path, ca: &Path, arguments: &[&str]) -> Result<Self, String> {
        let mut process = command(program)
            .args(["--json", "--tls", "--ca-out"])
            .arg(ca)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("users-tenant: {error}"))?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(|error| format!("users-tenant: {error}"))?;
        }
        let this = Self { process, line };
        if this.line.is_empty() { Err("users-tenant printed nothing".to_owned()) } else { Ok(this) }
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        // The tenant has no state to save.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
