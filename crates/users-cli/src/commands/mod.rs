//! The commands, one file each.

mod change;
mod count;
mod create;
mod list;
mod login_check;
mod roles;
mod show;
mod update;

use crate::action::Action;
use crate::arguments::{Arguments, Command, Roles, Sessions};
use crate::connect::Tenant;
use crate::exit::Failure;
use crate::interrupt::Interrupt;
use crate::settings::Settings;

/// Executes the command that was given.
pub(crate) async fn run(arguments: Arguments, mut interrupt: Interrupt) -> Result<(), Failure> {
    let settings = Settings::read(&arguments.connection)?;
    let tenant = Tenant::connect(&settings)?;
    match arguments.command {
        Command::LoginCheck => interrupt.or(login_check::run(&settings, &tenant)).await,
        Command::Show(show) => interrupt.or(show::run(&tenant, &show)).await,
        Command::List(list) => interrupt.or(list::run(&tenant, None, &list)).await,
        Command::Search(search) => interrupt.or(list::run(&tenant, Some(&search.query), &search.list)).await,
        Command::Count(count) => interrupt.or(count::run(&tenant, &count)).await,
        Command::Create(create) => interrupt.or(create::run(&tenant, &create)).await,
        Command::Update(update) => {
            change::run(&tenant, update::action(&update)?, &update.change, &mut interrupt).await
        }
        Command::Roles(roles) => {
            let action = interrupt.or(roles::action(&tenant, &roles)).await?;
            let (Roles::Add(change) | Roles::Remove(change)) = roles;
            change::run(&tenant, action, &change.change, &mut interrupt).await
        }
        Command::Sessions(Sessions::Revoke(change)) => {
            change::run(&tenant, Action::RevokeSessions, &change, &mut interrupt).await
        }
        Command::Block(change) => change::run(&tenant, Action::Block, &change, &mut interrupt).await,
        Command::Unblock(change) => change::run(&tenant, Action::Unblock, &change, &mut interrupt).await,
        Command::Delete(change) => change::run(&tenant, Action::Delete, &change, &mut interrupt).await,
    }
}
