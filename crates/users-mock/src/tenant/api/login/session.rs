//! The sessions of browsers.

use crate::tenant::api::oauth::issue::{device, signed};
use crate::tenant::api::owner::find_by_id;
use crate::tenant::logins::Browser;
use crate::tenant::object::{set, string};
use crate::tenant::store::Belonging;
use crate::tenant::wire::answer::Answer;
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use http::HeaderValue;
use http::header::SET_COOKIE;
use serde_json::json;
use users_core::model::{JsonObject, Timestamp};

/// The cookie that names a browser's session, also in a frame of another site; and the same for browsers that do not keep it, because they do
/// not know its attributes or do not trust addresses of loopback.
const COOKIE: &str = "auth0";
const COMPATIBLE_COOKIE: &str = "auth0_compat";

/// The lifetime of a session, and the time after which an idle one ends, in milliseconds: 168 and 72 hours.
const LIFETIME: u64 = 168 * 3_600_000;
const IDLE_LIFETIME: u64 = 72 * 3_600_000;

/// A session that has not ended.
pub(crate) struct Session {
    pub(crate) user_id: String,
    pub(crate) id: String,
    /// When the user logged in, in milliseconds since 1970.
    pub(crate) authenticated_at: u64,
    /// Whether a second factor was used.
    pub(crate) is_mfa: bool,
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_unix_millis(signed(millis))
}

fn time(session: &JsonObject, key: &str) -> Option<u64> {
    let time: Timestamp = session.get(key).ok().flatten()?;
    u64::try_from(time.unix_millis()).ok()
}

/// The session of the browser that sent a request. One that the Management API has deleted, or that has expired, has ended.
pub(crate) fn current(context: &mut WriteContext<'_>, request: &Request) -> Option<Session> {
    let now = context.clock.millis();
    let cookie = request.cookie(COOKIE).or_else(|| request.cookie(COMPATIBLE_COOKIE))?;
    let Browser { user_id, session_id } = context.logins.browsers.get(cookie, now)?.clone();
    let user = context.store().users().get(&user_id)?;
    let session = find_by_id(user, Belonging::Sessions, &session_id)?;
    let ends = [time(session, "expires_at"), time(session, "idle_expires_at")];
    if ends.into_iter().flatten().any(|end| end <= now) {
        return None;
    }
    let authenticated_at = time(session, "authenticated_at").unwrap_or_default();
    let is_mfa = has_second_factor(session);
    Some(Session { user_id, id: session_id, authenticated_at, is_mfa })
}

fn has_second_factor(session: &JsonObject) -> bool {
    let authentication: JsonObject = session.get("authentication").ok().flatten().unwrap_or_default();
    let methods: Vec<JsonObject> = authentication.get("methods").ok().flatten().unwrap_or_default();
    methods.iter().any(|method| string(method, "name").as_deref() == Some("mfa"))
}

/// Begins a session, which the browser names by a cookie from now on.
pub(crate) fn begin(
    context: &mut WriteContext<'_>,
    request: &Request,
    user_id: &str,
    client_id: &str,
    is_mfa: bool,
) -> (Session, String) {
    let now = context.clock.millis();
    let (id, cookie) = (context.random.alphanumeric(32), context.random.alphanumeric(43));
    let mut methods = vec![json!({"name": "pwd", "timestamp": at(now).as_str()})];
    if is_mfa {
        methods.push(json!({"name": "mfa", "timestamp": at(now).as_str(), "type": "otp"}));
    }
    let mut shown = JsonObject::new();
    set(&mut shown, "id", &id);
    set(&mut shown, "user_id", user_id);
    for key in ["created_at", "updated_at", "authenticated_at"] {
        set(&mut shown, key, at(now));
    }
    set(&mut shown, "idle_expires_at", at(now.saturating_add(IDLE_LIFETIME)));
    set(&mut shown, "expires_at", at(now.saturating_add(LIFETIME)));
    set(&mut shown, "last_interacted_at", at(now));
    set(&mut shown, "device", device(request));
    set(&mut shown, "clients", [json!({"client_id": client_id})]);
    set(&mut shown, "authentication", json!({"methods": methods}));
    set(&mut shown, "cookie", json!({"mode": "persistent"}));
    context.transaction.update_user(user_id, |user| user.belongings_mut(Belonging::Sessions).push(shown));
    let browser = Browser { user_id: user_id.to_owned(), session_id: id.clone() };
    context.logins.browsers.insert(cookie.clone(), browser, now.saturating_add(LIFETIME), now);
    (Session { user_id: user_id.to_owned(), id, authenticated_at: now, is_mfa }, cookie)
}

/// Records that an application uses a session.
pub(crate) fn touch(context: &mut WriteContext<'_>, session: &Session, client_id: &str) {
    let now = context.clock.millis();
    context.transaction.update_user(&session.user_id, |user| {
        let mut sessions = user.belongings_mut(Belonging::Sessions).iter_mut();
        let Some(shown) = sessions.find(|shown| string(shown, "id").as_deref() == Some(&*session.id)) else {
            return;
        };
        let mut clients: Vec<JsonObject> = shown.get("clients").ok().flatten().unwrap_or_default();
        if !clients.iter().any(|client| string(client, "client_id").as_deref() == Some(client_id)) {
            let mut client = JsonObject::new();
            set(&mut client, "client_id", client_id);
            clients.push(client);
            set(shown, "clients", clients);
        }
        set(shown, "updated_at", at(now));
        set(shown, "last_interacted_at", at(now));
        set(shown, "idle_expires_at", at(now.saturating_add(IDLE_LIFETIME)));
    });
}

/// Ends a session. Its refresh tokens remain.
pub(crate) fn end(context: &mut WriteContext<'_>, session: &Session) {
    context.transaction.update_user(&session.user_id, |user| {
        user.belongings_mut(Belonging::Sessions)
            .retain(|shown| string(shown, "id").as_deref() != Some(&*session.id));
    });
    context.logins.browsers.retain(|browser| browser.session_id != session.id);
}

/// Sets the cookies of a session, or removes them.
pub(crate) fn set_cookie(answer: &mut Answer, request: &Request, cookie: Option<&str>) {
    let (value, age) = cookie.map_or(("", 0), |cookie| (cookie, LIFETIME / 1000));
    let path = request.cookie_path();
    // Browsers keep secure cookies of addresses of loopback over plain HTTP too.
    let compatible = if request.is_https() { "; Secure" } else { "" };
    for (name, security) in [(COOKIE, "; Secure; SameSite=None"), (COMPATIBLE_COOKIE, compatible)] {
        let header = format!("{name}={value}; Max-Age={age}; Path={path}; HttpOnly{security}");
        if let Ok(header) = HeaderValue::from_str(&header) {
            answer.headers_mut().append(SET_COOKIE, header);
        }
    }
}
