//! Authentication methods: shown whole where they are made, masked where they are read.

use super::answer::{Answer, Failure, json, no_content};
use super::lists::by_offset;
use super::request::Request;
use super::state::State;
use super::values::{put, put_raw, text};
use http::StatusCode;
use users_core::model::JsonObject;

const SHELF: &str = "authentication_methods";

pub(super) fn list(state: &State, request: &Request) -> Result<Answer, Failure> {
    let methods = state.owner(request.parameter(0))?.shelf(SHELF);
    let shown: Vec<JsonObject> = methods.iter().map(|method| masked(method, true)).collect();
    by_offset(request, "authenticators", &shown)
}

pub(super) fn create(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    state.owner(request.parameter(0))?;
    let method = make(state, &request.body()?, &["phone", "email", "totp", "webauthn-roaming", "passkey"])?;
    state.owner_mut(request.parameter(0))?.shelf_mut(SHELF).push(method.clone());
    Ok(json(StatusCode::CREATED, &masked(&method, false)))
}

/// The answer shows addresses and numbers whole.
pub(super) fn replace_all(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    state.owner(request.parameter(0))?;
    let given: Vec<JsonObject> = serde_json::from_slice(request.raw_body())
        .map_err(|_| Failure::body("'Expected type array but found another type'"))?;
    let made: Result<Vec<JsonObject>, Failure> =
        given.iter().map(|given| make(state, given, &["phone", "email", "totp"])).collect();
    let made = made?;
    let shelf = state.owner_mut(request.parameter(0))?.shelf_mut(SHELF);
    shelf.clone_from(&made);
    Ok(json(StatusCode::OK, &made))
}

pub(super) fn delete_all(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    state.owner_mut(request.parameter(0))?.shelf_mut(SHELF).clear();
    Ok(no_content())
}

pub(super) fn get(state: &State, request: &Request) -> Result<Answer, Failure> {
    Ok(json(StatusCode::OK, &masked(find(state, request)?, true)))
}

pub(super) fn update(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let method = find_mut(state, request)?;
    for (key, value) in body.iter() {
        if !matches!(key, "name" | "preferred_authentication_method") {
            return Err(Failure::body(&format!("'Additional properties not allowed: {key}'")));
        }
        put_raw(method, key, value);
    }
    Ok(json(StatusCode::OK, &masked(method, false)))
}

pub(super) fn delete(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(1).to_owned();
    let shelf = state.owner_mut(request.parameter(0))?.shelf_mut(SHELF);
    shelf.retain(|method| text(method, "id").as_ref() != Some(&id));
    Ok(no_content())
}

/// Guardian's own, as opposed to passkeys and the like.
pub(super) fn delete_authenticators(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let user = state.owner_mut(request.parameter(0))?;
    user.shelf_mut("enrollments").clear();
    let is_guardian =
        |kind: &str| matches!(kind, "totp" | "push" | "phone" | "email" | "guardian" | "recovery-code");
    user.shelf_mut(SHELF).retain(|method| text(method, "type").is_none_or(|kind| !is_guardian(&kind)));
    Ok(no_content())
}

fn find<'a>(state: &'a State, request: &Request) -> Result<&'a JsonObject, Failure> {
    let id = request.parameter(1);
    let mut shelf = state.owner(request.parameter(0))?.shelf(SHELF).iter();
    shelf.find(|method| text(method, "id").as_deref() == Some(id)).ok_or_else(Failure::not_found)
}

fn find_mut<'a>(state: &'a mut State, request: &Request) -> Result<&'a mut JsonObject, Failure> {
    let id = request.parameter(1);
    let shelf = state.owner_mut(request.parameter(0))?.shelf_mut(SHELF);
    shelf.iter_mut().find(|method| text(method, "id").as_deref() == Some(id)).ok_or_else(Failure::not_found)
}

fn make(state: &mut State, given: &JsonObject, kinds: &[&str]) -> Result<JsonObject, Failure> {
    let Some(kind) = text(given, "type") else {
        return Err(Failure::body("'Missing required property: type'"));
    };
    if !kinds.contains(&kind.as_str()) {
        return Err(Failure::body(&format!("'No enum match for: {kind}' on property type")));
    }
    let device = state.named_id("dev_");
    let mut method = JsonObject::new();
    put(&mut method, "id", format!("{kind}|{device}"));
    for (key, value) in given.iter().filter(|(key, _)| *key != "totp_secret") {
        put_raw(&mut method, key, value);
    }
    put(&mut method, "created_at", state.now());
    if kind == "phone" {
        let preferred = text(given, "preferred_authentication_method").unwrap_or_else(|| "sms".to_owned());
        let mut entry = JsonObject::new();
        put(&mut entry, "id", format!("{preferred}|{device}"));
        put(&mut entry, "type", preferred);
        put(&mut method, "authentication_methods", [entry]);
    }
    Ok(method)
}

/// A method as it is read: of an address the first four letters of either part, of a number the last four digits.
fn masked(method: &JsonObject, with_confirmed: bool) -> JsonObject {
    let mut shown = method.clone();
    if with_confirmed && !shown.contains_key("confirmed") {
        put(&mut shown, "confirmed", true);
    }
    if let Some((local, domain)) = text(method, "email").as_deref().and_then(|email| email.split_once('@')) {
        let hide = |part: &str, shown: usize| -> String {
            part.chars().enumerate().map(|(index, c)| if index < shown { c } else { '*' }).collect()
        };
        let local = if local.chars().count() <= 4 { "****".to_owned() } else { hide(local, 4) };
        put(&mut shown, "email", format!("{local}@{}", hide(domain, 4)));
    }
    if let Some(number) = text(method, "phone_number") {
        let hidden = number.chars().count().saturating_sub(4);
        let masked: String =
            number.chars().enumerate().map(|(index, c)| if index < hidden { 'X' } else { c }).collect();
        put(&mut shown, "phone_number", masked);
    }
    shown
}
