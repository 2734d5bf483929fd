//! A browser that keeps cookies and follows redirects within the tenant.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::Value;
use std::collections::BTreeMap;
use users_mock::{Page, Tenant};

/// Where a browser has ended.
#[derive(Debug)]
pub(super) enum Shown {
    /// A page of the tenant.
    Page(StatusCode, Page),
    /// An address of an application.
    Left(String),
    /// Anything else.
    Other,
}

impl Shown {
    pub(super) fn page(self) -> Page {
        match self {
            Self::Page(_, page) => page,
            other => panic!("{other:?}"),
        }
    }

    /// The parameters of the address of an application.
    pub(super) fn parameters(&self) -> BTreeMap<String, String> {
        let Self::Left(url) = self else { panic!("{self:?}") };
        let query = url.split_once(['?', '#']).unwrap_or_default().1;
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.map(|(key, value)| (key.to_owned(), decode(value))).collect()
    }
}

fn decode(text: &str) -> String {
    let json: Value = Value::String(text.to_owned());
    let mut bytes = Vec::new();
    let mut rest = json.as_str().unwrap().bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(rest.next().unwrap()).to_digit(16).unwrap() as u8;
        bytes.push(if byte == b'%' { digit() * 16 + digit() } else { byte });
    }
    String::from_utf8(bytes).unwrap()
}

/// A browser with its cookies.
pub(super) struct Browser {
    tenant: Tenant,
    pub(super) cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(super) fn new(tenant: &Tenant) -> Self {
        Self { tenant: tenant.clone(), cookies: BTreeMap::new() }
    }

    /// Opens an address: a path of the tenant, or a link that begins with its domain.
    pub(super) fn open(&mut self, address: &str) -> Shown {
        self.go("GET", address, "")
    }

    /// Posts a form.
    pub(super) fn post(&mut self, address: &str, fields: &[(&str, &str)]) -> Shown {
        let encode = |text: &str| -> String {
            text.bytes()
                .map(|byte| {
                    if byte.is_ascii_alphanumeric() {
                        char::from(byte).to_string()
                    } else {
                        format!("%{byte:02X}")
                    }
                })
                .collect()
        };
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        self.go("POST", address, &pairs.join("&"))
    }

    fn go(&mut self, method: &str, address: &str, body: &str) -> Shown {
        let origin = format!("https://{}", self.tenant.domain());
        let (mut method, mut address, mut body) = (method.to_owned(), address.to_owned(), body.to_owned());
        for _ in 0..10 {
            let target = address.strip_prefix(&origin).unwrap_or(&address);
            let target = target.split('#').next().unwrap().to_owned();
            if !target.starts_with('/') {
                return Shown::Left(address);
            }
            let answer = self.send(&method, &format!("{origin}{target}"), &body);
            let Some(location) = answer.headers().get("location") else {
                return match answer.extensions().get::<Page>() {
                    Some(page) => Shown::Page(answer.status(), page.clone()),
                    None => Shown::Other,
                };
            };
            address = location.to_str().unwrap().to_owned();
            (method, body) = ("GET".to_owned(), String::new());
        }
        panic!("{address} redirects for ever");
    }

    fn send(&mut self, method: &str, uri: &str, body: &str) -> Response<Bytes> {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("cookie", cookies.join("; "))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36")
            .body(Bytes::from(body.to_owned()))
            .unwrap();
        let answer = self.tenant.handle(request);
        for cookie in answer.headers().get_all("set-cookie") {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let is_secure =
                if name == "auth0" { attributes.contains("; Secure; SameSite=None") } else { true };
            assert!(is_secure && attributes.contains("HttpOnly"), "{name}: {attributes}");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Logs in by name and password from a login page.
    pub(super) fn log_in(&mut self, shown: Shown, username: &str, password: &str) -> Shown {
        let Page::Login { action, .. } = shown.page() else { panic!("no login page") };
        self.post(&action, &[("username", username), ("password", password)])
    }
}
