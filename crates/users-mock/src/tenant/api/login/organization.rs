//! Logins to an organization, and invitations, which a login accepts.

use crate::encoding::encode;
use crate::tenant::api::owner::find_by_id;
use crate::tenant::logins::Transaction;
use crate::tenant::object::{set, set_raw, string, strings};
use crate::tenant::page;
use crate::tenant::rules::application::{Application, OrganizationUsage};
use crate::tenant::store::{Belonging, Kind, Object, Store, User};
use crate::tenant::wire::answer::{Answer, Failure, redirect};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use std::borrow::Cow;
use std::sync::Arc;
use users_core::model::{JsonObject, Timestamp};

pub(crate) const ROUTES: &[Route] =
    &[Route::new("GET", "/login", Guard::Handler, Handler::Write(open_login))];

/// An error that is reported to the application.
pub(crate) type Reported = (Cow<'static, str>, String);

/// What is wrong with the organization and the invitation of a login. Where Auth0's text is not known, it is one like the others.
pub(crate) fn problem(
    context: &WriteContext<'_>,
    transaction: &Transaction,
    application: &Application,
) -> Option<Reported> {
    let invalid = |description: &str| Some(("invalid_request".into(), description.to_owned()));
    let store = context.store();
    match (&transaction.organization, application.organizations) {
        (None, OrganizationUsage::Require) => {
            return invalid("parameter organization is required for this client");
        }
        (Some(_), OrganizationUsage::Deny) => {
            return invalid("parameter organization is not allowed for this client");
        }
        (Some(id), _) if store.objects(Kind::Organizations).get(id).is_none() => {
            return invalid("authorization request parameter organization must be an organization id");
        }
        _ => {}
    }
    let invitation = transaction.invitation.as_ref()?;
    let found = find_invitation(store, invitation).filter(|found| {
        found.string("organization_id") == transaction.organization
            && !has_expired(found, context.clock.millis())
    });
    match found {
        Some(_) => None,
        None => invalid("invitation not found or already used"),
    }
}

/// The invitation with this ticket.
fn find_invitation<'a>(store: &'a Store, ticket: &str) -> Option<&'a Arc<Object>> {
    let mut invitations = store.objects(Kind::Invitations).iter();
    invitations.find(|invitation| invitation.string("ticket_id").as_deref() == Some(ticket))
}

fn has_expired(invitation: &Object, now: u64) -> bool {
    let end: Option<Timestamp> = invitation.shown.get("expires_at").ok().flatten();
    end.and_then(|end| u64::try_from(end.unix_millis()).ok()).is_some_and(|end| end <= now)
}

/// The address that an invitation was sent to.
pub(crate) fn invited(store: &Store, ticket: &str) -> Option<String> {
    let invitee: JsonObject = find_invitation(store, ticket)?.shown.get("invitee").ok().flatten()?;
    string(&invitee, "email")
}

/// Accepts the invitation of a login, and checks that the user is a member of its organization.
pub(crate) fn enter(
    context: &mut WriteContext<'_>,
    transaction: &Transaction,
    user: &User,
) -> Result<(), Reported> {
    let Some(organization) = &transaction.organization else { return Ok(()) };
    if let Some(ticket) = &transaction.invitation {
        accept(context, ticket, user);
    }
    let is_member = |user: &Arc<User>| find_by_id(user, Belonging::Organizations, organization).is_some();
    if context.store().users().get(user.id()).is_some_and(is_member) {
        return Ok(());
    }
    let error = &context.config.assumptions.not_a_member;
    let description = error.message.replace("{user}", user.id()).replace("{organization}", organization);
    Err((error.error_code.clone().unwrap_or_default().into(), description))
}

/// Makes the invited user a member, with the roles and the metadata of the invitation, which is then used.
fn accept(context: &mut WriteContext<'_>, ticket: &str, user: &User) {
    let store = context.store();
    let Some(invitation) = find_invitation(store, ticket).cloned() else { return };
    let is_invited = invited(store, ticket).map(|email| email.to_lowercase()) == user.string("email");
    if !is_invited || has_expired(&invitation, context.clock.millis()) {
        return;
    }
    let organization = invitation.string("organization_id").unwrap_or_default();
    let roles = strings(&invitation.shown, "roles");
    context.transaction.update_user(user.id(), |user| {
        if find_by_id(user, Belonging::Organizations, &organization).is_none() {
            let mut membership = JsonObject::new();
            set(&mut membership, "id", &organization);
            user.belongings_mut(Belonging::Organizations).push(membership);
        }
        for role in roles {
            let mut assigned = JsonObject::new();
            set(&mut assigned, "id", role);
            set(&mut assigned, "organization_id", &organization);
            user.belongings_mut(Belonging::OrganizationRoles).push(assigned);
        }
        for key in ["user_metadata", "app_metadata"] {
            let added: Option<JsonObject> = invitation.shown.get(key).ok().flatten();
            let Some(added) = added else { continue };
            let mut metadata: JsonObject = user.shown().get(key).ok().flatten().unwrap_or_default();
            added.iter().for_each(|(name, json)| set_raw(&mut metadata, name, json));
            user.set(key, &metadata);
        }
    });
    context.transaction.remove_object(Kind::Invitations, &invitation.id);
}

/// The link of an invitation whose application has no login page of its own: begins a login at the first callback of the application.
// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn open_login(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let refuse = |description: &str| Ok(page::error(StatusCode::BAD_REQUEST, "invalid_request", description));
    let ticket = request.query("invitation").unwrap_or_default();
    let Some(invitation) = find_invitation(context.store(), ticket) else {
        return refuse(
            "There is no login under way. Begin at the application, which sends the browser to /authorize",
        );
    };
    let client_id = invitation.string("client_id").unwrap_or_default();
    let application = Application::find(context.store(), context.config, &client_id);
    // One without a secret makes a code challenge itself.
    let confidential = application.as_ref().filter(|application| application.secret.is_some());
    // The tenant's own application has no callback, unless a seed gives it one.
    let origin = request.origin(&context.config.domain);
    let callback = confidential.and_then(|application| match application.first_callback() {
        None if application.allows_callback(&origin) => Some(origin.as_str()),
        callback => callback,
    });
    let Some(callback) = callback else {
        return refuse(
            "The application of this invitation must begin the login itself. Set initiate_login_uri of the client to its page that sends \
             the browser to /authorize with the parameters invitation and organization of this link",
        );
    };
    let organization = invitation.string("organization_id").unwrap_or_default();
    let parameters = [
        ("response_type", "code"),
        ("client_id", &client_id),
        ("redirect_uri", callback),
        ("scope", "openid profile email"),
        ("organization", &organization),
        ("invitation", ticket),
    ];
    let query = parameters.into_iter().map(|(name, value)| format!("{name}={}", encode(value)));
    let query: Vec<String> = query.collect();
    Ok(redirect(&request.path(&format!("/authorize?{}", query.join("&")))))
}
