//! Query parameters are checked as Auth0 does, and nothing that its documents allow is refused.

use super::as_admin;
use serde_json::{Map, Value};
use users_core::{Api, CATALOGUE};
use users_mock::{Seed, Tenant};

/// The schemas of queries by which the tenant checks them, to derive values at the bounds.
const SCHEMAS: &str = include_str!("../../../crates/users-mock/src/tenant/rules/schemas.json");

fn tenant() -> Tenant {
    let tenant = Tenant::new();
    tenant.seed(Seed::new().user(r#"{"user_id":"auth0|1","email":"ada@example.com"}"#).unwrap());
    tenant
}

#[test]
fn a_query_that_auth0_refuses_has_its_message_with_the_description_of_the_parameter() {
    let tenant = tenant();
    let too_long =
        format!("/users/auth0%7C1/effective-permissions?resource_server_identifier={}", "a".repeat(601));
    for (method, target, message) in [
        (
            "GET",
            "/roles/rol_1/users?per_page=1000",
            "'Value 1000 is greater than maximum 100' on property per_page (Number of results per page. Defaults to 50)",
        ),
        (
            "GET",
            "/users?page=x",
            "'Expected type integer but found type string' on property page (Page index of the results to return. First page is 0)",
        ),
        (
            "GET",
            "/users?page=1&page=2",
            "'Expected type integer but found type array' on property page (Page index of the results to return. First page is 0)",
        ),
        (
            "GET",
            "/users?per_page=0&page=-1",
            "'Value -1 is less than minimum 0' on property page (Page index of the results to return. First page is 0)",
        ),
        (
            "GET",
            "/users?search_engine=v9",
            "'No enum match for: v9' on property search_engine (The version of the search engine)",
        ),
        (
            "GET",
            "/users/auth0%7C2?include_fields=1",
            "'Expected type boolean but found type string' on property include_fields (Whether specified fields are to be \
             included (true) or excluded (false))",
        ),
        ("GET", "/users-by-email", "'Missing required property: email'"),
        ("GET", "/user-blocks", "'Missing required property: identifier'"),
        ("DELETE", "/user-blocks", "'Missing required property: identifier'"),
        ("DELETE", "/grants", "'Missing required property: user_id'"),
        ("GET", "/refresh-tokens?take=5", "'Missing required property: user_id'"),
        ("DELETE", "/connections/con_1/users", "'Missing required property: email'"),
        ("GET", "/users/auth0%7C1/effective-roles/sources/groups", "'Missing required property: role_id'"),
        (
            "GET",
            "/users/auth0%7C1/effective-permissions?resource_server_identifier=",
            "'String is too short (0 chars), minimum 1' on property resource_server_identifier (The identifier of the resource \
             server for which to calculate user permissions)",
        ),
        (
            "GET",
            &too_long,
            "'String is too long (601 chars), maximum 600' on property resource_server_identifier (The identifier of the \
             resource server for which to calculate user permissions)",
        ),
        (
            "GET",
            "/users/auth0%7C1/sessions?take=0",
            "'Value 0 is less than minimum 1' on property take (Number of results per page. Defaults to 50)",
        ),
        (
            "GET",
            "/users/auth0%7C1/logs?page=-1",
            "'Value -1 is less than minimum 0' on property page (Page index of the results to return. First page is 0)",
        ),
        (
            "GET",
            "/users/auth0%7C1/organizations?page=1001",
            "'Value 1001 is greater than maximum 1000' on property page (Page index of the results to return. First page is 0)",
        ),
        ("GET", "/organizations?page=1001", "'Value 1001 is greater than maximum 1000' on property page"),
        (
            "GET",
            "/organizations?sort=id:1",
            "'String does not match pattern ^(display_name|created_at|name):(1|-1)$: id:1' on property sort",
        ),
        (
            "GET",
            "/organizations/org_1/invitations?sort=created_at",
            "'String does not match pattern ^created_at:(1|-1)$: created_at' on property sort",
        ),
        (
            "GET",
            "/organizations/org_1/members?fields=email,password",
            "'String 'email,password' does not match pattern. Must be a comma separated list of the following values: \
             user_id,email,picture,name,roles' on property fields",
        ),
        ("GET", "/roles?type=x", "'No enum match for: x' on property type"),
        ("GET", "/device-credentials?type=x", "'No enum match for: x' on property type"),
        (
            "GET",
            "/connections?include_totals=",
            "'Expected type boolean but found type string' on property include_totals",
        ),
        ("GET", "/grants?per_page=0", "'Value 0 is less than minimum 1' on property per_page"),
        ("GET", "/logs?per_page=101", "'Value 101 is greater than maximum 100' on property per_page"),
        ("GET", "/groups/grp_1/members?take=101", "'Value 101 is greater than maximum 100' on property take"),
        // The last of several is reported, as in bodies.
        ("GET", "/roles?per_page=101&page=-1", "'Value -1 is less than minimum 0' on property page"),
    ] {
        let (status, error) = as_admin(&tenant, method, &format!("/api/v2{target}"), &Value::Null);
        assert_eq!(
            (status, error["errorCode"].as_str(), error["message"].as_str()),
            (400, Some("invalid_query_string"), Some(&*format!("Query validation error: {message}."))),
            "{method} {target}"
        );
    }
}

#[test]
fn a_query_is_checked_after_its_length_and_the_path_and_before_anything_is_looked_up() {
    let tenant = tenant();
    let long = "a".repeat(9000);
    for (target, status, code) in [
        (&*format!("/users?page=x&q={long}"), 414, None),
        (&*format!("/users?q=((&z={long}"), 414, None),
        (&*format!("/logs?per_page=101&q={long}"), 414, None),
        ("/users/6560cd?include_fields=1", 400, Some("invalid_uri")),
        ("/users/auth0%7C2?include_fields=1", 400, Some("invalid_query_string")),
        ("/users/auth0%7C2?unknown=1", 404, Some("inexistent_user")),
        ("/users?page=99999999999999999999", 400, Some("invalid_paging")),
        ("/users?page=-0&per_page=05.0&unknown=1&unknown=2", 200, None),
    ] {
        let (answered, error) = as_admin(&tenant, "GET", &format!("/api/v2{target}"), &Value::Null);
        assert_eq!((answered, error["errorCode"].as_str()), (status, code), "{target:.60}");
    }
}

#[test]
fn every_parameter_that_the_client_can_send_is_accepted_at_its_bounds_and_refused_beyond() {
    let tenant = tenant();
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap();
    let mut checked = 0;
    for operation in CATALOGUE.iter().filter(|operation| operation.api == Api::Management) {
        let schema =
            &schemas["queries"][format!("{} {}", operation.method, shape(&schemas, operation.path.as_str()))];
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for name in operation.query_parameters() {
            let property = schema["properties"][name].as_object().unwrap_or_else(|| {
                panic!("{}: {name} is not in {schema}", operation.name);
            });
            let others = required.iter().filter(|other| **other != name).map(|other| format!("&{other}=a"));
            let others: String = others.collect();
            let message = |value: &str| {
                let path = filled(operation.path.as_str());
                let target = format!("/api/v2{path}?{name}={value}{others}");
                let (_, error) = as_admin(&tenant, operation.method.as_str(), &target, &Value::Null);
                error["message"].as_str().unwrap_or_default().to_owned()
            };
            let (accepted, refused) = bounds(name, property);
            for value in accepted {
                let message = message(&value);
                assert!(
                    !message.contains(&format!("on property {name}")),
                    "{}: {name}={value}: {message}",
                    operation.name
                );
            }
            for value in refused {
                let message = message(&value);
                let is_refused = message.starts_with("Query validation error: ")
                    && message.contains(&format!(" on property {name}"));
                assert!(is_refused, "{}: {name}={value}: {message}", operation.name);
                checked += 1;
            }
        }
    }
    assert!(checked > 150, "{checked}");
}

/// The path of a schema that differs from this one in the names of its parameters at most.
fn shape<'a>(schemas: &'a Value, path: &'a str) -> &'a str {
    let is_same = |other: &str| {
        let is_parameter = |part: &str| part.starts_with('{');
        let (parts, others) = (path.split('/'), other.split('/'));
        parts.clone().count() == others.clone().count()
            && parts.zip(others).all(|(one, other)| one == other || is_parameter(one) && is_parameter(other))
    };
    let paths = schemas["queries"].as_object().unwrap().keys().filter_map(|name| name.split(' ').nth(1));
    paths.into_iter().find(|other| is_same(other)).unwrap_or(path)
}

/// A path with a value for each of its parameters.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "auth0%7C1" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Values of a parameter that its schema just allows, and values that it just does not allow.
fn bounds(name: &str, schema: &Map<String, Value>) -> (Vec<String>, Vec<String>) {
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    let number = |keyword: &str| schema.get(keyword).and_then(Value::as_i64);
    let texts = |keyword: &str| -> Vec<String> {
        let list = schema.get(keyword).and_then(Value::as_array).into_iter().flatten();
        list.map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    match schema["type"].as_str().unwrap() {
        "integer" => {
            refused.push("x".to_owned());
            for (bound, step) in [(number("minimum"), -1), (number("maximum"), 1)] {
                accepted.extend(bound.map(|bound| bound.to_string()));
                refused.extend(bound.map(|bound| (bound + step).to_string()));
            }
        }
        "boolean" => {
            accepted.extend(["true".to_owned(), "false".to_owned()]);
            refused.push("yes".to_owned());
        }
        "array" => accepted.push(format!("a&{name}=b")),
        "string" if schema.contains_key("pattern") => {
            accepted.extend(["created_at:1".to_owned(), "created_at:-1".to_owned()]);
            refused.extend(["created_at:2".to_owned(), "email:1".to_owned()]);
        }
        "string" => {
            let (values, names) = (texts("enum"), texts("x-each-of"));
            if !values.is_empty() || !names.is_empty() {
                refused.push("none".to_owned());
            }
            accepted.extend(values);
            if names.is_empty() {
                let text = |length: i64| "a".repeat(usize::try_from(length).unwrap());
                for (bound, step) in [(number("minLength"), -1), (number("maxLength"), 1)] {
                    accepted.extend(bound.map(text));
                    refused.extend(bound.map(|bound| text(bound + step)));
                }
            } else {
                accepted.push(names.join(","));
            }
        }
        other => panic!("{name} is of the unknown type {other}"),
    }
    (accepted, refused)
}
