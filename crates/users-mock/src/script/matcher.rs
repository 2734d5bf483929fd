//! Which requests an expectation applies to.

use crate::script::captured::Captured;
use crate::template;
use http::Method;
use users_core::Descriptor;

/// Selects requests: an operation, or a method and a path template.
#[derive(Clone, Debug)]
pub struct Matcher {
    method: Method,
    template: String,
    pub(crate) name: String,
}

impl From<&Descriptor> for Matcher {
    fn from(descriptor: &Descriptor) -> Self {
        Self {
            method: descriptor.method.clone(),
            template: descriptor.path.to_string(),
            name: format!("{} ({descriptor})", descriptor.name),
        }
    }
}

impl From<(Method, &str)> for Matcher {
    fn from((method, template): (Method, &str)) -> Self {
        Self { name: format!("{method} {template}"), method, template: template.to_owned() }
    }
}

impl Matcher {
    /// Whether the request matches.
    pub(crate) fn matches(&self, request: &Captured) -> bool {
        self.parameters(request).is_ok()
    }

    /// The parameters of the path by name, or the reason why the request does not match.
    pub(crate) fn parameters(&self, request: &Captured) -> Result<Vec<(&str, String)>, String> {
        if *request.method() != self.method {
            return Err(format!("the method is {}", request.method()));
        }
        let path = request.uri().path();
        let below_api = path.strip_prefix("/api/v2").filter(|rest| rest.starts_with('/'));
        template::parameters(&self.template, path)
            .or_else(|| template::parameters(&self.template, below_api?))
            .ok_or_else(|| "the path differs".to_owned())
    }
}
