//! Sign-ups by an application, and their errors.

use super::super::ask;
use super::browser::Browser;
use super::stories::authorize;
use super::{DATABASE, PASSWORD};
use serde_json::{Value, json};
use users_mock::{Page, Seed, Tenant};

fn tenant() -> Tenant {
    let seed = json!({"connections": [
        {"id": "con_names", "name": "names", "strategy": "auth0", "options": {"requires_username": true}},
        {"id": "con_fair", "name": "fair", "strategy": "auth0", "options": {"passwordPolicy": "fair"}},
        {"id": "con_best", "name": "best", "strategy": "auth0", "options": {"passwordPolicy": "excellent"}},
    ]});
    Tenant::builder().seed(Seed::from_json(&seed.to_string()).unwrap()).build()
}

fn sign_up(tenant: &Tenant, more: &Value) -> (u16, Value) {
    let mut body = json!({"client_id": "tenant-client", "connection": DATABASE, "email": "ada@example.com", "password": PASSWORD});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = ask(tenant, "POST", "/dbconnections/signup", "", &body);
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap())
}

#[test]
fn a_weak_password_is_refused_with_the_rules_that_it_does_not_follow() {
    let tenant = tenant();
    let (status, error) = sign_up(&tenant, &json!({"password": "abc"}));
    // Of the tests of Auth0's Go SDK.
    let policy = "* At least 8 characters in length\n* Contain at least 3 of the following 4 types of characters:\n\
                  \x20* lower case letters (a-z)\n * upper case letters (A-Z)\n * numbers (i.e. 0-9)\n * special characters (e.g. !@#$%^&*)";
    let item = |message: &str, code: &str, verified: bool| json!({"message": message, "code": code, "verified": verified});
    let items = [
        item("lower case letters (a-z)", "lowerCase", true),
        item("upper case letters (A-Z)", "upperCase", false),
        item("numbers (i.e. 0-9)", "numbers", false),
        item("special characters (e.g. !@#$%^&*)", "specialCharacters", false),
    ];
    let rules = json!([
        {"message": "At least %d characters in length", "format": [8], "code": "lengthAtLeast", "verified": false},
        {
            "message": "Contain at least %d of the following %d types of characters:", "format": [3, 4],
            "code": "containsAtLeast", "verified": false, "items": items,
        },
    ]);
    assert_eq!(status, 400);
    assert_eq!(
        error,
        json!({
            "name": "PasswordStrengthError", "message": "Password is too weak", "code": "invalid_password",
            "description": {"rules": rules, "verified": false}, "policy": policy, "statusCode": 400,
        })
    );
    for (connection, code, policy) in [
        ("fair", "shouldContain", "* At least 8 characters in length\n* Should contain:\n * lower case"),
        ("best", "containsAtLeast", "* At least 10 characters in length\n* Contain at least 3"),
    ] {
        let (_, error) = sign_up(&tenant, &json!({"connection": connection, "password": "aaab1"}));
        assert_eq!(error["description"]["rules"][1]["code"], code);
        assert!(error["policy"].as_str().unwrap().starts_with(policy), "{error}");
    }
    let (_, error) = sign_up(&tenant, &json!({"connection": "best", "password": "aaab1-Bcdefg"}));
    let identical = &error["description"]["rules"][2];
    assert_eq!((&identical["code"], &identical["format"]), (&json!("identicalChars"), &json!([2, "aaa"])));
    assert!(
        error["policy"]
            .as_str()
            .unwrap()
            .ends_with("* No more than 2 identical characters in a row (e.g., \"aaa\" not allowed)")
    );
}

#[test]
fn what_a_sign_up_sends_is_checked() {
    let tenant = tenant();
    let many: Value =
        (0..11).map(|number| (format!("key{number}"), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    for (more, error) in [
        (json!({"email": "nonsense"}), "email"),
        (json!({"user_metadata": many}), "user_metadata"),
        (json!({"user_metadata": {"nested": {}}}), "user_metadata"),
        (json!({"user_metadata": {"long": "x".repeat(501)}}), "user_metadata"),
        (json!({"user_metadata": {"x".repeat(101): "x"}}), "user_metadata"),
        (
            json!({"connection": "names"}),
            "missing username for names connection with requires_username enabled",
        ),
        (json!({"connection": "nothing"}), "connection"),
        (json!({"password": ""}), "password"),
    ] {
        let (status, body) = sign_up(&tenant, &more);
        assert!(status == 400 && body.to_string().contains(error), "{more}: {status} {body}");
    }
    assert_eq!(tenant.user_count(), 0);
    for more in
        [json!({"user_metadata": {"plan": "gold"}}), json!({"connection": "names", "username": "ada"})]
    {
        assert_eq!(sign_up(&tenant, &more).0, 200, "{more}");
    }
}

#[test]
fn the_page_of_a_sign_up_says_what_is_wrong() {
    let tenant = tenant();
    let mut browser = Browser::new(&tenant);
    let page = browser.open(&authorize("&screen_hint=signup")).page();
    let Page::Signup { action, .. } = page else { panic!("{page:?}") };
    for (email, password, text) in [
        ("bad", PASSWORD, "Object didn't pass validation for format email"),
        ("bea@example.com", "short", "Password is too weak"),
    ] {
        let page = browser.post(&action, &[("email", email), ("password", password)]).page();
        let Page::Signup { error, .. } = page else { panic!("{page:?}") };
        assert_eq!(error.as_deref(), Some(text));
    }
}
