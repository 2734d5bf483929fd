//! Authentication methods: shown in full when they are created, masked when they are read.

use crate::tenant::api::owner::{find_user, update_user};
use crate::tenant::object::{set, set_raw, string};
use crate::tenant::store::Belonging;
use crate::tenant::wire::answer::{Answer, Failure, json, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::page::by_offset;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use users_core::model::JsonObject;

const ALL: &str = "/api/v2/users/{id}/authentication-methods";
const ONE: &str = "/api/v2/users/{id}/authentication-methods/{method}";

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", ALL, Guard::Catalogue, Handler::Read(list)),
    Route::new("POST", ALL, Guard::Catalogue, Handler::Write(create)),
    Route::new("PUT", ALL, Guard::Catalogue, Handler::Write(replace_all)),
    Route::new("DELETE", ALL, Guard::Catalogue, Handler::Write(delete_all)),
    Route::new("GET", ONE, Guard::Catalogue, Handler::Read(get)),
    Route::new("PATCH", ONE, Guard::Catalogue, Handler::Write(update)),
    Route::new("DELETE", ONE, Guard::Catalogue, Handler::Write(delete)),
    Route::new(
        "DELETE",
        "/api/v2/users/{id}/authenticators",
        Guard::Catalogue,
        Handler::Write(delete_authenticators),
    ),
];

fn list(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let user = find_user(context.store, request.parameter(0))?;
    let methods = user.belongings(Belonging::AuthenticationMethods);
    by_offset(request, "authenticators", methods, |method| masked(method, true))
}

fn create(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    find_user(context.store(), request.parameter(0))?;
    let method = new_method(context, &request.body()?);
    let answer = json(StatusCode::CREATED, &masked(&method, false));
    update_user(&mut context.transaction, request.parameter(0), |user| {
        user.belongings_mut(Belonging::AuthenticationMethods).push(method);
    })?;
    Ok(answer)
}

/// The response shows addresses and numbers in full.
fn replace_all(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    find_user(context.store(), request.parameter(0))?;
    let requested: Vec<JsonObject> = serde_json::from_slice(request.raw_body()).unwrap_or_default();
    let methods: Vec<JsonObject> = requested.iter().map(|method| new_method(context, method)).collect();
    let shown: Vec<JsonObject> = methods
        .iter()
        .cloned()
        .map(|mut method| {
            method.remove("totp_secret");
            method
        })
        .collect();
    let answer = json(StatusCode::OK, &shown);
    update_user(&mut context.transaction, request.parameter(0), |user| {
        *user.belongings_mut(Belonging::AuthenticationMethods) = methods;
    })?;
    Ok(answer)
}

fn delete_all(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    update_user(&mut context.transaction, request.parameter(0), |user| {
        user.belongings_mut(Belonging::AuthenticationMethods).clear();
    })?;
    Ok(no_content())
}

fn get(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(1);
    let user = find_user(context.store, request.parameter(0))?;
    let mut methods = user.belongings(Belonging::AuthenticationMethods).iter();
    let method = methods.find(|method| string(method, "id").as_deref() == Some(id));
    Ok(json(StatusCode::OK, &masked(method.ok_or_else(Failure::not_found)?, true)))
}

fn update(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let id = request.parameter(1);
    let changed = update_user(&mut context.transaction, request.parameter(0), |user| {
        let mut methods = user.belongings_mut(Belonging::AuthenticationMethods).iter_mut();
        let method = methods.find(|method| string(method, "id").as_deref() == Some(id));
        let method = method.ok_or_else(Failure::not_found)?;
        for (key, value) in body.iter() {
            set_raw(method, key, value);
        }
        Ok(masked(method, false))
    })??;
    Ok(json(StatusCode::OK, &changed))
}

/// Succeeds also if the method does not exist.
fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(1);
    update_user(&mut context.transaction, request.parameter(0), |user| {
        let methods = user.belongings_mut(Belonging::AuthenticationMethods);
        methods.retain(|method| string(method, "id").as_deref() != Some(id));
    })?;
    Ok(no_content())
}

/// Deletes the methods of Guardian, and keeps passkeys and the like.
fn delete_authenticators(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let is_guardian =
        |kind: &str| matches!(kind, "totp" | "push" | "phone" | "email" | "guardian" | "recovery-code");
    update_user(&mut context.transaction, request.parameter(0), |user| {
        user.belongings_mut(Belonging::Enrollments).clear();
        let methods = user.belongings_mut(Belonging::AuthenticationMethods);
        methods.retain(|method| string(method, "type").is_none_or(|kind| !is_guardian(&kind)));
    })?;
    Ok(no_content())
}

/// A method as it is kept, from the body that creates it.
pub(crate) fn new_method(context: &mut WriteContext<'_>, requested: &JsonObject) -> JsonObject {
    let kind = string(requested, "type").unwrap_or_default();
    let device = context.random.prefixed_id("dev_");
    let mut method = JsonObject::new();
    set(&mut method, "id", format!("{kind}|{device}"));
    for (key, value) in requested.iter() {
        set_raw(&mut method, key, value);
    }
    set(&mut method, "created_at", context.clock.now());
    if kind == "phone" {
        let preferred =
            string(requested, "preferred_authentication_method").unwrap_or_else(|| "sms".to_owned());
        let mut entry = JsonObject::new();
        set(&mut entry, "id", format!("{preferred}|{device}"));
        set(&mut entry, "type", preferred);
        set(&mut method, "authentication_methods", [entry]);
    }
    method
}

/// A method as it is read, without the secret of an authenticator: of an address the first four characters of either part, of a number the last four digits.
fn masked(method: &JsonObject, with_confirmed: bool) -> JsonObject {
    let mut shown = method.clone();
    shown.remove("totp_secret");
    if with_confirmed && !shown.contains_key("confirmed") {
        set(&mut shown, "confirmed", true);
    }
    if let Some((local, domain)) = string(method, "email").as_deref().and_then(|email| email.split_once('@'))
    {
        let mask = |part: &str| -> String {
            part.chars().enumerate().map(|(index, c)| if index < 4 { c } else { '*' }).collect()
        };
        let local = if local.chars().count() <= 4 { "****".to_owned() } else { mask(local) };
        set(&mut shown, "email", format!("{local}@{}", mask(domain)));
    }
    if let Some(number) = string(method, "phone_number") {
        let hidden = number.chars().count().saturating_sub(4);
        let masked: String =
            number.chars().enumerate().map(|(index, c)| if index < hidden { 'X' } else { c }).collect();
        set(&mut shown, "phone_number", masked);
    }
    shown
}
