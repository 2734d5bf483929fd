//! The templates of the pages.

use askama::Template;
use users_mock::{Page, PageUser};

#[derive(Template)]
#[template(path = "login/login.html")]
struct Login<'a> {
    mount: &'a str,
    action: &'a str,
    has_password: bool,
    signup: Option<&'a str>,
    application: &'a str,
    username: &'a str,
    error: Option<&'a str>,
    users: &'a [PageUser],
}

#[derive(Template)]
#[template(path = "login/signup.html")]
struct Signup<'a> {
    mount: &'a str,
    action: &'a str,
    login: &'a str,
    application: &'a str,
    email: &'a str,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "login/second_factor.html")]
struct SecondFactor<'a> {
    mount: &'a str,
    action: &'a str,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "login/consent.html")]
struct Consent<'a> {
    mount: &'a str,
    action: &'a str,
    application: &'a str,
    scopes: &'a [String],
}

#[derive(Template)]
#[template(path = "login/change_password.html")]
struct ChangePassword<'a> {
    mount: &'a str,
    action: &'a str,
    email: &'a str,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "login/logout.html")]
struct Logout<'a> {
    mount: &'a str,
    action: &'a str,
}

#[derive(Template)]
#[template(path = "login/form_post.html")]
struct FormPost<'a> {
    mount: &'a str,
    action: &'a str,
    fields: &'a [(String, String)],
}

#[derive(Template)]
#[template(path = "login/web_message.html")]
struct WebMessage<'a> {
    mount: &'a str,
    origin: &'a str,
    fields: &'a [(String, String)],
}

#[derive(Template)]
#[template(path = "login/message.html")]
struct Message<'a> {
    mount: &'a str,
    title: &'a str,
    text: &'a str,
}

#[derive(Template)]
#[template(path = "login/error.html")]
struct Refused<'a> {
    mount: &'a str,
    error: &'a str,
    description: &'a str,
}

/// A page as HTML; `None` if it has no template.
pub(super) fn html(page: &Page, mount: &str) -> Option<String> {
    let html = match page {
        Page::Login { action, has_password, signup, application, username, error, users } => {
            let (signup, error, has_password) = (signup.as_deref(), error.as_deref(), *has_password);
            Login { mount, action, has_password, signup, application, username, error, users }.render()
        }
        Page::Signup { action, login, application, email, error } => {
            Signup { mount, action, login, application, email, error: error.as_deref() }.render()
        }
        Page::SecondFactor { action, error } => {
            SecondFactor { mount, action, error: error.as_deref() }.render()
        }
        Page::Consent { action, application, scopes } => {
            Consent { mount, action, application, scopes }.render()
        }
        Page::ChangePassword { action, email, error } => {
            ChangePassword { mount, action, email, error: error.as_deref() }.render()
        }
        Page::Logout { action } => Logout { mount, action }.render(),
        Page::FormPost { action, fields } => FormPost { mount, action, fields }.render(),
        Page::WebMessage { origin, fields } => WebMessage { mount, origin, fields }.render(),
        Page::Message { title, text } => Message { mount, title, text }.render(),
        Page::Error { error, description } => Refused { mount, error, description }.render(),
        _ => return None,
    };
    html.ok()
}

#[cfg(test)]
mod tests {
    use super::html;
    use users_mock::Page;

    #[test]
    fn what_comes_from_outside_is_text() {
        let evil = "<script>alert(1)</script>\"'&".to_owned();
        let page = Page::Error { error: evil.clone(), description: evil };
        let html = html(&page, "/t/shop").unwrap();
        assert!(!html.contains("<script>alert"), "{html}");
        assert!(html.contains("href=\"/t/shop/u/assets/login.css\""), "{html}");
    }
}
