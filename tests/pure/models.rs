//! Models are lossless: JSON decodes, and encodes to equal JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use users_core::model::{
    ErrorBody, Flag, Identity, Impersonation, JsonObject, LinkTarget, MetadataUpdate, NewUser, Page, Patch,
    ProfileData, User, UserInfo, UserUpdate, json,
};
use users_core::{Clock as _, ErrorKind, SystemClock, management, management::GetUser};
use users_tests_pure::decode;

fn survives<T: DeserializeOwned + Serialize>(text: &str) -> T {
    let value: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let back = serde_json::to_string(&value).unwrap();
    assert!(json::equal(text, &back), "decoded {text}\nencoded {back}");
    value
}

/// Shapes that no schema documents but a tenant may send.
const ODD: &[&str] = &[
    "{}",
    r#"{"zzz":123456789012345678901234567890,"yyy":1e400,"xxx":-0.0,"www":1.10,"vvv":"\ud83d\ude00","uuu":[1,{"a":null}]}"#,
    r#"{"email":null,"name":5,"user_id":7,"identities":"none","created_at":{},"logins_count":-1,"blocked":"no"}"#,
    r#"{"email":{"a":1},"nickname":[],"picture":false,"user_metadata":"x","app_metadata":null,"multifactor":[1]}"#,
    r#"{"logins_count":123456789012345678901234567890,"last_login":"","last_ip":null,"phone_verified":"maybe"}"#,
    r#"{"user_id":"","identities":[null],"email_verified":1,"updated_at":1674673226}"#,
    r#"{"connection":1,"provider":["x"],"isSocial":"true","profileData":[],"access_token":{"a":1}}"#,
    r#"{"statusCode":"404","error":{},"message":["x"],"errorCode":0,"attributes":1,"description":{"rules":[]}}"#,
    r#"{"sub":1,"updated_at":1.5,"address":{"country":"DE"},"https://example.com/roles":["a"]}"#,
    r#"{"user_metadata":{},"app_metadata":{"a":{"b":[1e999]}},"password":9}"#,
    r#"{"a":1,"a":2,"email":5,"email":"x@example.com","name":"x","name":6}"#,
];

#[test]
fn every_model_keeps_values_that_it_does_not_recognise() {
    for text in ODD {
        survives::<User>(text);
        survives::<Identity>(text);
        survives::<ProfileData>(text);
        survives::<NewUser>(text);
        survives::<LinkTarget>(text);
        survives::<UserInfo>(text);
        survives::<Impersonation>(text);
        survives::<ErrorBody>(text);
        survives::<UserUpdate>(text);
    }
}

#[test]
fn a_user_with_every_attribute_has_no_unknown_keys() {
    let user: User = survives(
        r#"{"user_id":"auth0|1","email":"ada@example.com","email_verified":true,"username":"ada","phone_number":"+491",
        "phone_verified":false,"name":"Ada","nickname":"ada","given_name":"Ada","family_name":"L","picture":"https://example.com/a",
        "created_at":"2023-01-25T19:00:26.187Z","updated_at":"2023-01-25T19:00:26.188Z","identities":[{"connection":"db","user_id":"1",
        "provider":"auth0","isSocial":false,"profileData":{"email":"a@example.com","email_verified":"true","name":"A","username":"a",
        "given_name":"A","family_name":"L","nickname":"a","picture":"p","phone_number":"+1","phone_verified":true},
        "access_token":"t","access_token_secret":"s","refresh_token":"r"}],"user_metadata":{"a":1},"app_metadata":{},"multifactor":["duo"],
        "multifactor_last_modified":"2023-01-25T19:00:26.187Z","last_ip":"::1","last_login":"2023-01-25T19:00:26.187Z",
        "last_password_reset":"2023-01-25T19:00:26.187Z","logins_count":3,"blocked":false}"#,
    );
    assert!(user.unknown.is_empty(), "{:?}", user.unknown);
    let identity = &user.identities.unwrap()[0];
    assert!(identity.unknown.is_empty() && identity.profile_data.as_ref().unwrap().unknown.is_empty());
}

#[test]
fn values_of_unusual_types_are_interpreted() {
    let github: User = survives(
        r#"{"identities":[{"provider":"github","user_id":90071992547409931234567890,"connection":"github","isSocial":true}]}"#,
    );
    let identity = &github.identities.as_ref().unwrap()[0];
    assert_eq!(identity.user_id.as_ref().unwrap(), "90071992547409931234567890");
    assert!(identity.user_id.as_ref().unwrap().is_number());

    for (text, verified) in [
        ("true", Some(true)),
        ("false", Some(false)),
        (r#""true""#, Some(true)),
        (r#""false""#, Some(false)),
        (r#""ada@example.com""#, Some(true)),
        (r#""""#, Some(false)),
        ("null", None),
        ("1", None),
    ] {
        let user: User = survives(&format!(r#"{{"email_verified":{text}}}"#));
        assert_eq!(user.email_verified.as_ref().map(Flag::is_true), verified, "{text}");
    }

    let dateless: User = survives(r#"{"last_login":{},"created_at":"2023-01-25T19:00:26.187Z"}"#);
    assert_eq!((dateless.last_login.as_ref(), dateless.unknown.raw("last_login")), (None, Some("{}")));
    assert_eq!(dateless.created_at.unwrap().unix_millis(), 1_674_673_226_187);

    let unknown_provider: Identity = survives(r#"{"provider":"quantum"}"#);
    assert_eq!(unknown_provider.provider.unwrap().as_str(), "quantum");
}

#[test]
fn pages_are_decoded_with_and_without_totals() {
    let bare: Page<User> = survives(r#"[{"user_id":"auth0|1"},{"user_id":"auth0|2","n":1e400}]"#);
    assert_eq!((bare.len(), bare.total), (2, None));
    let totals: Page<User> = survives(
        r#"{"start":20,"limit":10,"length":1,"users":[{"user_id":"auth0|1"}],"total":21,"extra":{"a":1.0}}"#,
    );
    assert_eq!(
        (totals.start, totals.limit, totals.length, totals.total),
        (Some(20), Some(10), Some(1), Some(21))
    );
    survives::<Page<User>>(r#"{"users":[],"total":null,"start":"0"}"#);
}

#[test]
fn an_update_distinguishes_keep_clear_and_set() {
    let update: UserUpdate =
        survives(r#"{"name":null,"nickname":"Ada","user_metadata":{},"app_metadata":{"a":null}}"#);
    assert_eq!(
        (&update.name, &update.nickname, &update.email),
        (&Patch::Clear, &Patch::Set("Ada".into()), &Patch::Keep)
    );
    assert!(update.user_metadata.is_clear() && !update.app_metadata.is_clear());
    assert!(UserUpdate::new().is_empty());
    assert_eq!(serde_json::to_string(&UserUpdate::new()).unwrap(), "{}");
}

#[test]
fn a_decode_error_keeps_status_headers_and_body_and_names_the_place() {
    let page = decode::<management::GetAllUsers>(200, r#"{"users":[{},{},5]}"#).unwrap_err();
    assert_eq!((page.kind(), page.json_path()), (ErrorKind::Decode, Some("users[2]")));
    assert_eq!(page.status().unwrap(), 200);
    assert_eq!(&page.body().unwrap()[..], br#"{"users":[{},{},5]}"#);
    assert!(
        page.to_string().starts_with("GET /users: 200: the response body cannot be decoded at users[2]: "),
        "{page}"
    );

    for (body, says) in [
        ("", "the response is empty, not JSON"),
        ("<html><body>Maintenance</body></html>", "the response is 37 bytes, of no stated type, not JSON"),
        ("[1,2", "cannot be decoded"),
        ("5", "cannot be decoded"),
        (r#"{"a":1} trailing"#, "trailing"),
        (r#"{"user_id":"auth0|1""#, "EOF"),
        ("\u{0}\u{1}", "not JSON"),
    ] {
        let error = decode::<GetUser>(200, body).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body:?}");
        assert!(error.to_string().contains(says), "{body:?}: {error}");
        assert!(!error.to_string().contains('\n'));
    }
}

#[test]
fn error_bodies_of_both_apis_are_decoded() {
    for (status, body, code, message) in [
        (
            409,
            r#"{"statusCode":409,"error":"Conflict","message":"The user already exists.","errorCode":"auth0_idp_error"}"#,
            Some("auth0_idp_error"),
            "The user already exists.",
        ),
        (
            400,
            r#"{"statusCode":400,"error":"Bad Request","message":"PasswordStrengthError: Password is too weak"}"#,
            None,
            "PasswordStrengthError: Password is too weak",
        ),
        (
            400,
            r#"{"statusCode":400,"error":"Bad Request","message":"","errorCode":"auth0_idp_error"}"#,
            Some("auth0_idp_error"),
            "Bad Request",
        ),
        (
            403,
            r#"{"error":"access_denied","error_description":"Service not enabled"}"#,
            Some("access_denied"),
            "Service not enabled",
        ),
        (
            400,
            r#"{"name":"BadRequestError","code":"invalid_signup","description":"Invalid sign up","statusCode":400}"#,
            Some("invalid_signup"),
            "Invalid sign up",
        ),
        (
            400,
            r#"{"name":"PasswordStrengthError","message":"Password is too weak","code":"invalid_password","description":{"rules":[]},"policy":"* 8","statusCode":400}"#,
            Some("invalid_password"),
            "Password is too weak",
        ),
        (
            400,
            r#"{"name":"PasswordHistoryError","code":"invalid_password","description":{"verified":false},"statusCode":400}"#,
            Some("invalid_password"),
            "PasswordHistoryError",
        ),
        (
            400,
            r#"{"error":"missing username for db connection with requires_username enabled"}"#,
            None,
            "missing username for db connection with requires_username enabled",
        ),
        (401, "Unauthorized", None, "Unauthorized"),
        (400, "public signup is disabled\n", None, "public signup is disabled"),
        (400, "public\u{1}", None, "Bad Request (the response is 7 bytes, of no stated type, not JSON)"),
        (502, "<html>", None, "Bad Gateway (the response is 6 bytes, of no stated type, not JSON)"),
        (500, "", None, "Internal Server Error (the response is empty, not JSON)"),
        (
            302,
            "",
            None,
            "Found: the server responded with a redirect, which is not followed; check the domain",
        ),
    ] {
        let error = decode::<GetUser>(status, body).unwrap_err();
        assert_eq!((error.code(), error.message()), (code, message), "{status} {body}");
        assert_eq!(error.status().unwrap().as_u16(), status);
    }
}

/// Replays the recordings of a real tenant, if `USERS_RECORDINGS` names their folder.
#[test]
fn recorded_bodies_survive_a_round_trip() {
    let Some(folder) = std::env::var_os("USERS_RECORDINGS") else {
        eprintln!("USERS_RECORDINGS names no folder of recordings");
        return;
    };
    let files = std::fs::read_dir(folder).unwrap();
    let mut read = 0;
    for file in files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "json"))
    {
        let text = std::fs::read_to_string(&file).unwrap();
        let exchanges: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        for exchange in exchanges {
            let (request, response) = (&exchange["request"], &exchange["response"]);
            let (method, path) = (request["method"].as_str().unwrap(), request["path"].as_str().unwrap());
            let body = response["body"].to_string();
            let status = response["status"].as_u64().unwrap();
            let depth = path.split('/').count();
            match (method, path) {
                _ if response["body"].is_null() => continue,
                _ if status >= 400 => drop(survives::<ErrorBody>(&body)),
                ("GET", "/api/v2/users" | "/api/v2/users-by-email") => drop(survives::<Page<User>>(&body)),
                ("GET", "/userinfo") => drop(survives::<UserInfo>(&body)),
                ("POST", "/api/v2/users") => {
                    let user: User = survives(&body);
                    assert!(user.unknown.is_empty(), "{:?}", user.unknown);
                    let sent: NewUser = survives(&request["body"].to_string());
                    assert!(sent.unknown.is_empty());
                }
                ("GET" | "PATCH", path) if path.starts_with("/api/v2/users/") && depth == 5 => {
                    drop(survives::<User>(&body))
                }
                (_, path) if path.ends_with("/identities") => drop(survives::<Vec<Identity>>(&body)),
                _ => continue,
            }
            read += 1;
        }
    }
    assert!(read > 20, "{read} bodies only");
}

#[test]
fn eighty_thousand_keys_are_set_merged_and_removed_in_linear_time() {
    const KEYS: u32 = 80_000;
    let clock = SystemClock::new();
    let mut started = clock.now();
    let mut check = |what: &str| {
        let taken = clock.now().saturating_since(started);
        eprintln!("{what}: {taken:?}");
        assert!(taken < Duration::from_secs(2), "{what}: {taken:?}");
        started = clock.now();
    };
    let mut object = JsonObject::new();
    (0..KEYS).for_each(|number| object.insert(format!("key{number}"), number).unwrap());
    (0..KEYS).for_each(|number| object.insert(format!("key{number}"), number + 1).unwrap());
    assert_eq!(object.len(), 80_000);
    assert_eq!(object.raw("key7"), Some("8"));
    check("insert");
    let update =
        MetadataUpdate::from(object.clone()).merge(&object).merge(serde_json::json!({"key5": null, "z": 1}));
    assert!(serde_json::to_string(&update).unwrap().ends_with(r#","key79999":80000,"z":1}"#));
    check("merge");
    assert!((0..KEYS).filter(|number| number % 10 != 0).all(|number| object.remove(&format!("key{number}"))));
    assert!(!object.remove("key1"));
    assert!(object.to_json().starts_with(r#"{"key0":1,"key10":11,"key20":21,"#));
    check("remove");
}

#[test]
fn a_json_object_is_no_larger_than_its_list_of_entries() {
    assert_eq!(size_of::<JsonObject>(), size_of::<Vec<u8>>());
}

#[test]
fn a_key_that_is_not_valid_unicode_is_kept_and_fails_no_list() {
    use users_core::management::GetAllUsers;
    let body = r#"[{"user_id":"a|1","\ud83d":{"x":1}},{"user_id":"a|2","user_metadata":{"\ud83d\ud83d":5,"plan":"gold"}}]"#;
    let page = users_tests_pure::decode::<GetAllUsers>(200, body).unwrap();
    assert_eq!(page.len(), 2);
    let written = serde_json::to_string(&page).unwrap();
    assert!(users_core::model::json::equal(&written, body), "{written}");
    let metadata = page.items[1].user_metadata.as_ref().unwrap();
    assert_eq!(metadata.get::<String>("plan").unwrap().as_deref(), Some("gold"));
    assert!(metadata.to_json().contains(r#""\ud83d\ud83d":5"#), "{}", metadata.to_json());
    let envelope = format!(r#"{{"users":{body},"\udc00":1,"total":2}}"#);
    let page = users_tests_pure::decode::<GetAllUsers>(200, &envelope).unwrap();
    assert!(users_core::model::json::equal(&serde_json::to_string(&page).unwrap(), &envelope));
}

#[test]
fn a_page_with_both_keys_of_its_list_loses_neither() {
    use users_core::management::ListUserRefreshTokens;
    for body in [
        r#"{"tokens":[{"id":"1"}],"refresh_tokens":[{"id":"2"},{"id":"3"}],"next":"n"}"#,
        r#"{"refresh_tokens":[{"id":"2"}],"tokens":[]}"#,
    ] {
        let page = users_tests_pure::decode::<ListUserRefreshTokens>(200, body).unwrap();
        let written = serde_json::to_string(&page).unwrap();
        assert!(users_core::model::json::equal(&written, body), "{written}");
    }
}

#[test]
fn merging_metadata_keeps_keys_that_are_not_valid_unicode() {
    use users_core::model::{JsonObject, MetadataUpdate};
    let object = JsonObject::from_json(r#"{"a":1,"\ud83d":2}"#).unwrap();
    let merged = serde_json::to_string(&MetadataUpdate::new().set("a", 0).merge(&object)).unwrap();
    assert!(users_core::model::json::equal(&merged, &object.to_json()), "{merged}");
}

#[test]
fn the_list_of_an_envelope_is_the_key_with_entries() {
    use users_core::management::ListUserRefreshTokens;
    for body in [
        r#"{"tokens":null,"refresh_tokens":[{"id":"x"}]}"#,
        r#"{"tokens":[ ],"refresh_tokens":[{"id":"x"}]}"#,
        r#"{"refresh_tokens":{},"tokens":[{"id":"x"}]}"#,
    ] {
        let page = users_tests_pure::decode::<ListUserRefreshTokens>(200, body).unwrap();
        assert_eq!(page.len(), 1, "{body}");
        assert!(users_core::model::json::equal(&serde_json::to_string(&page).unwrap(), body), "{page:?}");
    }
}
