//! Which requests an expectation applies to.

use crate::script::captured::Captured;
use http::Method;
use users_core::{Descriptor, PathTemplate};

/// Selects requests: an operation, or a method and a path template.
#[derive(Clone, Debug)]
pub struct Matcher {
    method: Method,
    template: PathTemplate,
    pub(crate) name: String,
}

impl From<&Descriptor> for Matcher {
    fn from(descriptor: &Descriptor) -> Self {
        Self {
            method: descriptor.method.clone(),
            template: descriptor.path.clone(),
            name: format!("{} ({descriptor})", descriptor.name),
        }
    }
}

impl From<(Method, &str)> for Matcher {
    fn from((method, template): (Method, &str)) -> Self {
        Self { name: format!("{method} {template}"), method, template: template.into() }
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
        let values = self.template.matches(path).or_else(|| self.template.matches(below_api?));
        let values = values.ok_or_else(|| "the path differs".to_owned())?;
        Ok(self.template.parameters().zip(values).collect())
    }
}
