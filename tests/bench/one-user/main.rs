//! Gets one user: `bench-one-user BASE_URL USER_ID`.

use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(email) => {
            println!("{email}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(base), Some(id)) = (arguments.next(), arguments.next()) else {
        return Err("usage: bench-one-user BASE_URL USER_ID".into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = users_hyper::management(base).client_credentials("bench-id", "bench-secret").build()?;
    let user = runtime.block_on(client.users().get(id.as_str()).into_future())?;
    Ok(user.email.unwrap_or_default())
}
