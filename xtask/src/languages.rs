//! Runs programs of several languages against `users-tenant`, each in tenants of its own.

use crate::run::{command, is_there, program, programs, root, skipped, status};
use std::path::Path;

/// The examples that the README of users-tenant shows, each with what runs it; `None` for the one that was built.
const EXAMPLES: &[(Option<&str>, &str)] =
    &[(Some("sh"), "curl.sh"), (Some("node"), "node.mjs"), (Some("python3"), "python.py"), (None, "control")];

/// Programs that use tenants of one server at the same time.
const TOGETHER: &str = "\
node xtask/peers/tenants.mjs & node=$!
python3 xtask/peers/tenants.py & python=$!
cargo test --quiet --workspace --all-features --test sockets isolation & rust=$!
failed=0
for process in $node $python $rust; do wait $process || failed=1; done
exit $failed";

/// Runs the examples, and then the programs of three languages in parallel.
pub fn run() -> Result<Option<String>, String> {
    if !["node", "python3", "curl"].iter().all(|program| is_there(program, &["--version"])) {
        return skipped("node, python3 and curl are not all installed");
    }
    let folder = programs()?;
    let tenant = program(&folder, "users-tenant");
    let examples = root().join("crates").join("users-tenant").join("examples");
    for (interpreter, example) in EXAMPLES {
        let mut run = exec(&tenant);
        match interpreter {
            Some(interpreter) => run.arg(interpreter).arg(examples.join(example)),
            None => run.arg(program(&folder.join("examples"), example)),
        };
        status(&mut run)?;
    }
    status(exec(&tenant).args(["sh", "-c", TOGETHER]))?;
    Ok(None)
}

/// Runs a command beside a tenant; its arguments follow.
fn exec(tenant: &Path) -> std::process::Command {
    let mut exec = command(tenant);
    exec.args(["exec", "--"]);
    exec
}
