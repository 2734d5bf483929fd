//! Runs third-party clients against the embedded tenant.

use crate::run::{command, output, program, programs, root, status, target, write};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

/// A client, the script that runs it, and the arguments of its tenant.
struct Peer {
    language: Language,
    package: &'static str,
    script: &'static str,
    tenant: &'static [&'static str],
}

enum Language {
    Node,
    Python,
}

const BELONGINGS: &[&str] = &["--seed", "tests/fixtures/belongings.seed.json"];

const PEERS: &[Peer] = &[
    // The version that documents the two `UsersManager`s.
    Peer {
        language: Language::Node,
        package: "auth0@2.1.0",
        script: "users.js",
        tenant: &["--users", "3", "--legacy-delete-all"],
    },
    Peer { language: Language::Node, package: "auth0@latest", script: "newest.js", tenant: BELONGINGS },
    Peer { language: Language::Python, package: "auth0-python", script: "newest.py", tenant: BELONGINGS },
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
        let interpreter = self.language.install(&[self.package], &folder)?;
        let ca = folder.join("ca.pem");
        let tenant = Tenant::start(program, &ca, self.tenant)?;
        let said = output(
            command(interpreter)
                .current_dir(&folder)
                .arg(self.script)
                .arg(&tenant.line)
                .env("NODE_EXTRA_CA_CERTS", &ca)
                .env("SSL_CERT_FILE", &ca),
        )?;
        print!("{said}");
        Ok(said.lines().last().unwrap_or_default().to_owned())
    }
}

/// Installs the applications that log users in with other libraries; returns their folder.
pub fn login_applications() -> Result<PathBuf, String> {
    let folder = target().join("peers").join("login");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for script in ["app.mjs", "app.py"] {
        let from = root().join("xtask").join("peers").join("login").join(script);
        std::fs::copy(&from, folder.join(script)).map_err(|error| format!("{}: {error}", from.display()))?;
    }
    Language::Node.install(&["openid-client@6"], &folder)?;
    Language::Python.install(&["authlib", "joserfc", "requests"], &folder)?;
    Ok(folder)
}

impl Language {
    /// Installs packages in a folder unless they are there; returns the interpreter.
    fn install(&self, packages: &[&str], folder: &Path) -> Result<PathBuf, String> {
        match self {
            Self::Node => {
                let name = |package: &&str| package.split('@').next().unwrap_or_default().to_owned();
                let is_there = |package| folder.join("node_modules").join(name(package)).exists();
                if !packages.iter().all(is_there) {
                    write(&folder.join("package.json"), "{\"private\":true}\n")?;
                    let arguments = ["install", "--no-audit", "--no-fund", "--no-package-lock"];
                    status(command("npm").current_dir(folder).args(arguments).args(packages))?;
                }
                Ok(PathBuf::from("node"))
            }
            Self::Python => {
                let environment = folder.join("environment");
                let python = environment.join("bin").join("python");
                if !environment.join("installed").exists() {
                    status(command("python3").args(["-m", "venv"]).arg(&environment))?;
                    status(command(&python).args(["-m", "pip", "install", "--quiet"]).args(packages))?;
                    write(&environment.join("installed"), "")?;
                }
                Ok(python)
            }
        }
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
            .args(["--listen", "127.0.0.1:0", "--json", "--tls", "--ca-out"])
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
