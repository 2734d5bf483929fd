//! Which requests an expectation applies to.

use crate::script::captured::Captured;
use http::Method;
use users_core::model::JsonObject;
use users_core::{Descriptor, PathTemplate};

/// Selects requests: an operation, or a method and a path template.
#[derive(Clone, Debug)]
pub struct Matcher {
    method: Method,
    template: PathTemplate,
    /// Properties of the body, each with its possible values, where several operations share an endpoint.
    properties: &'static [(&'static str, &'static [&'static str])],
    pub(crate) name: String,
}

impl From<&Descriptor> for Matcher {
    fn from(descriptor: &Descriptor) -> Self {
        Self {
            method: descriptor.method.clone(),
            template: descriptor.path.clone(),
            properties: descriptor.distinguished_by,
            name: format!("{} ({descriptor})", descriptor.name),
        }
    }
}

impl From<(Method, &str)> for Matcher {
    fn from((method, template): (Method, &str)) -> Self {
        Self { name: format!("{method} {template}"), method, template: template.into(), properties: &[] }
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
        self.check_properties(request)?;
        Ok(self.template.parameters().zip(values).collect())
    }

    /// Whether the body is one of the operation, or the first property that is not.
    fn check_properties(&self, request: &Captured) -> Result<(), String> {
        if self.properties.is_empty() {
            return Ok(());
        }
        let body = std::str::from_utf8(request.body()).ok().and_then(|text| JsonObject::from_json(text).ok());
        let body = body.unwrap_or_default();
        for (name, values) in self.properties {
            let given = body.get::<String>(name).ok().flatten();
            if !given.as_deref().is_some_and(|given| values.contains(&given)) {
                return Err(format!("{name} is not {}", values.join(" or ")));
            }
        }
        Ok(())
    }
}
