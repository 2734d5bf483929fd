//! `update`.

use crate::action::Action;
use crate::arguments::Update;
use crate::attributes::clear;
use crate::exit::Failure;
use users_hyper::model::UserUpdate;

/// The action of the command. A run that is continued has its changes from its folder.
pub(crate) fn action(update: &Update) -> Result<Action, Failure> {
    let mut object = update.attributes.object()?;
    clear(&mut object, &update.clear)?;
    if object.raw("user_id").is_some() {
        return Err(Failure::usage("Auth0 does not change the id of a user: leave out --set user_id"));
    }
    let is_continued = update.change.selection.resume.is_some();
    if object.is_empty() != is_continued {
        return Err(Failure::usage(if is_continued {
            "a run that is continued has its changes already: leave out --set, --clear and --metadata"
        } else {
            "nothing is changed: pass --set, --clear, --metadata or --app-metadata"
        }));
    }
    let refused = |error| Failure::usage(format!("the changes cannot be sent: {error}"));
    let update: UserUpdate = serde_json::from_str(&object.to_json()).map_err(refused)?;
    Ok(Action::Update { changes: serde_json::to_string(&update).map_err(refused)? })
}
