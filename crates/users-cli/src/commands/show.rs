//! `show`: a user with all attributes.

use crate::arguments::Show;
use crate::failure::{Exit, Failure};
use crate::output::{attributes, cell, printable};
use crate::settings::Settings;
use crate::targets;
use std::io::Write as _;

pub(crate) async fn run(settings: &Settings, show: &Show) -> Result<Exit, Failure> {
    let id = targets::find(&settings.client, &show.user).await?;
    let user = settings.client.users().get(&id).await?;
    let attributes = attributes(&user);
    let mut out = std::io::stdout().lock();
    if show.json {
        writeln!(out, "{}", attributes.to_json())?;
        return Ok(Exit::Done);
    }
    let width = attributes.keys().map(str::len).max().unwrap_or_default();
    for key in attributes.keys() {
        writeln!(out, "{key:width$}  {}", printable(&cell(&attributes, key)))?;
    }
    Ok(Exit::Done)
}
