//! Decoding a response allocates a bounded amount of memory, whatever the server sends. There is only one test, because the allocator
//! counts for the whole process.

use bytes::Bytes;
use http::Response;
use peak_alloc::PeakAlloc;
use users_core::management::{
    GetAllUsers, GetJobErrors, GetUser, GetUsersByEmail, ListAuthenticationMethods, ListUserOrganizations,
    ListUserRoles,
};
use users_core::{Error, Operation, Rest};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The default limit of a response, and the memory that decoding one may allocate.
const RESPONSE: usize = 16 * 1024 * 1024;
const MEMORY: usize = 8 * RESPONSE;

/// Decodes the body as the body of an error.
fn refused(mut response: Response<Bytes>) -> Result<(), Error> {
    *response.status_mut() = http::StatusCode::BAD_REQUEST;
    GetUser::decode(response)
        .map(drop)
        .or_else(|error| if error.status().is_some() { Ok(()) } else { Err(error) })
}

type Decode = fn(Response<Bytes>) -> Result<(), Error>;

fn decoded<O: Operation>(response: Response<Bytes>) -> Result<(), Error> {
    O::decode(response).map(drop)
}

/// A body of the largest size: this start, as many elements as fit, this end.
fn body(start: &str, element: impl Fn(usize) -> String, end: &str) -> Bytes {
    let mut text = String::with_capacity(RESPONSE);
    text.push_str(start);
    for number in 0.. {
        let element = element(number);
        if text.len() + element.len() + end.len() + 1 > RESPONSE {
            break;
        }
        if number > 0 {
            text.push(',');
        }
        text.push_str(&element);
    }
    text.push_str(end);
    text.into()
}

/// A body of the largest size: this start, this element as many times as it fits, this end.
fn repeated(start: &str, element: &str, end: &str) -> Bytes {
    let count = (RESPONSE - start.len() - end.len()) / (element.len() + 1);
    let elements = format!("{element},").repeat(count - 1);
    format!("{start}{elements}{element}{end}").into()
}

#[test]
fn no_response_makes_decoding_allocate_more_than_eight_times_the_response_limit() {
    let hostile: &[(&str, Decode, Bytes)] = &[
        ("users by e-mail", decoded::<GetUsersByEmail>, repeated("[", "{}", "]")),
        ("a page of users", decoded::<GetAllUsers>, repeated("[", "{}", "]")),
        ("a page in an envelope", decoded::<GetAllUsers>, repeated(r#"{"users":["#, "{}", "]}")),
        ("identities", decoded::<GetUser>, repeated(r#"{"identities":["#, "{}", "]}")),
        ("identities of a page", decoded::<GetAllUsers>, repeated(r#"[{"identities":["#, "{}", "]}]")),
        ("texts", decoded::<GetUser>, repeated(r#"{"blocked_for":["#, r#""""#, r#"],"multifactor":[""]}"#)),
        ("factors", decoded::<GetUser>, repeated(r#"{"multifactor":["#, r#""""#, "]}")),
        ("errors of a job", decoded::<GetJobErrors>, repeated("[", "{}", "]")),
        ("errors of a row", decoded::<GetJobErrors>, repeated(r#"[{"errors":["#, "{}", "]}]")),
        ("rows of a job", decoded::<GetJobErrors>, body(r#"[{"user":{"#, |n| format!(r#""{n:x}":1"#), "}}]")),
        ("unknown keys", decoded::<GetUser>, body("{", |n| format!(r#""{n:x}":1"#), "}")),
        ("metadata", decoded::<GetUser>, body(r#"{"user_metadata":{"#, |n| format!(r#""{n:x}":1"#), "}}")),
        ("repeated keys", decoded::<GetUser>, repeated("{", r#""a":1"#, "}")),
        ("roles", decoded::<ListUserRoles>, repeated("[", "{}", "]")),
        ("organizations", decoded::<ListUserOrganizations>, repeated("[", "{}", "]")),
        ("methods", decoded::<ListAuthenticationMethods>, repeated("[", "{}", "]")),
        (
            "methods of a method",
            decoded::<ListAuthenticationMethods>,
            repeated(r#"[{"authentication_methods":["#, "{}", "]}]"),
        ),
        ("any JSON, lists", decoded::<Rest<serde_json::Value>>, repeated("[", "[]", "]")),
        ("any JSON, numbers", decoded::<Rest<serde_json::Value>>, repeated("[", "1", "]")),
        ("any JSON, objects", decoded::<Rest<serde_json::Value>>, repeated("[", r#"{"":0}"#, "]")),
        (
            "any JSON, objects of objects",
            decoded::<Rest<serde_json::Value>>,
            repeated("[", r#"{"":{"":0}}"#, "]"),
        ),
        (
            "an error body",
            refused,
            body(r#"{"statusCode":400,"attributes":{"#, |n| format!(r#""{n:x}":1"#), "}}"),
        ),
        ("an error body of unknown keys", refused, body("{", |n| format!(r#""{n:x}":1"#), "}")),
        ("any JSON, keys", decoded::<Rest<serde_json::Value>>, body("{", |n| format!(r#""{n:x}":1"#), "}")),
    ];
    let mut missed = Vec::new();
    for (what, decode, body) in hostile {
        let response = Response::new(body.clone());
        let before = ALLOCATOR.current_usage();
        ALLOCATOR.reset_peak_usage();
        let result = decode(response);
        let peak = ALLOCATOR.peak_usage().saturating_sub(before);
        println!("{what}: {} MiB, {:?}", peak >> 20, result.as_ref().map_err(Error::kind));
        if peak > MEMORY || result.is_err_and(|error| !format!("{:?}", error.kind()).contains("TooLarge")) {
            missed.push(format!("{what}: {} MiB", peak >> 20));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");

    // Bodies of realistic size.
    let ids = body_of(100, |n| format!(r#"{{"user_id":"auth0|{n:024x}"}}"#));
    assert!(decoded::<GetAllUsers>(Response::new(ids)).is_ok());
    let profile = "x".repeat(100_000);
    let large = body_of(100, |n| {
        format!(r#"{{"user_id":"auth0|{n}","app_metadata":{{"a":["{profile}",[{{}},{{}}]]}}}}"#)
    });
    assert!(decoded::<GetAllUsers>(Response::new(large)).is_ok());
    let objects = body_of(100, |n| {
        format!(r#"{{"user_id":"a|{n}","user_metadata":{{"a":[{}{{}}]}}}}"#, "{},".repeat(30_000))
    });
    assert!(
        decoded::<GetAllUsers>(Response::new(objects)).is_ok(),
        "metadata is kept as text until it is accessed"
    );
    let rows = body_of(19_000, |n| {
        format!(
            r#"{{"user":{{"email":"user{n}@example.com","given_name":"{n}"}},"errors":[{{"code":"X","message":"no"}}]}}"#
        )
    });
    assert!(decoded::<GetJobErrors>(Response::new(rows)).is_ok(), "every row of a full import");
}

fn body_of(count: usize, element: impl Fn(usize) -> String) -> Bytes {
    let elements: Vec<String> = (0..count).map(element).collect();
    format!("[{}]", elements.join(",")).into()
}
