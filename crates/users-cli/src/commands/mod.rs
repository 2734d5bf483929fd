//! The commands, one file each.

mod change;
mod completions;
mod count;
mod create;
mod delete_all;
mod export;
mod import;
mod list;
mod login_check;
mod roles;
mod show;
mod update;

use crate::action::Action;
use crate::arguments::{Arguments, Command, OfTenant, Roles, Sessions};
use crate::confirm;
use crate::connect::Tenant;
use crate::exit::Failure;
use crate::interrupt::Interrupt;
use crate::settings::Settings;

/// Executes the command that was given.
pub(crate) async fn run(arguments: Arguments, mut interrupt: Interrupt) -> Result<(), Failure> {
    let command = match arguments.command {
        Command::Completions { shell } => return completions::run(shell),
        Command::OfTenant(command) => command,
    };
    if arguments.no_input {
        confirm::never_ask();
    }
    let settings = Settings::read(&arguments.connection)?;
    let tenant = Tenant::connect(&settings, &arguments.sending)?;
    match *command {
        OfTenant::LoginCheck => interrupt.or(login_check::run(&settings, &tenant)).await,
        OfTenant::Show(show) => interrupt.or(show::run(&tenant, &show)).await,
        OfTenant::List(list) => interrupt.or(list::run(&tenant, None, &list)).await,
        OfTenant::Search(search) => interrupt.or(list::run(&tenant, Some(&search.query), &search.list)).await,
        OfTenant::Count(count) => interrupt.or(count::run(&tenant, &count)).await,
        OfTenant::Export(export) => export::run(&tenant, &export, &mut interrupt).await,
        OfTenant::Import(import) => import::run(&tenant, &import, &mut interrupt).await,
        OfTenant::DeleteAll(all) => delete_all::run(&tenant, &all, &mut interrupt).await,
        OfTenant::Create(create) => interrupt.or(create::run(&tenant, &create)).await,
        OfTenant::Update(update) => {
            change::run(&tenant, update::action(&update)?, &update.change, &mut interrupt).await
        }
        OfTenant::Roles(roles) => {
            let action = interrupt.or(roles::action(&tenant, &roles)).await?;
            let (Roles::Add(change) | Roles::Remove(change)) = roles;
            change::run(&tenant, action, &change.change, &mut interrupt).await
        }
        OfTenant::Sessions(Sessions::Revoke(change)) => {
            change::run(&tenant, Action::RevokeSessions, &change, &mut interrupt).await
        }
        OfTenant::Block(change) => change::run(&tenant, Action::Block, &change, &mut interrupt).await,
        OfTenant::Unblock(change) => change::run(&tenant, Action::Unblock, &change, &mut interrupt).await,
        OfTenant::Delete(change) => change::run(&tenant, Action::Delete, &change, &mut interrupt).await,
    }
}
