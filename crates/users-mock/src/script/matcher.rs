//! Which requests an expectation applies to.

use crate::encoding::properties;
use crate::script::captured::Captured;
use http::Method;
use users_core::{Descriptor, PathTemplate};

/// Selects requests: an operation, or a method and a path template.
#[derive(Clone, Debug)]
pub struct Matcher {
    method: Method,
    template: PathTemplate,
    /// The query parameters of the operation; `None` for a method and a path.
    query: Option<Vec<&'static str>>,
    /// Properties of the body, each with its possible values, where several operations share an endpoint.
    properties: &'static [(&'static str, &'static [&'static str])],
    pub(crate) name: String,
}

impl From<&Descriptor> for Matcher {
    fn from(descriptor: &Descriptor) -> Self {
        Self {
            method: descriptor.method.clone(),
            template: descriptor.path.clone(),
            query: Some([descriptor.query, descriptor.paging.query_parameters()].concat()),
            properties: descriptor.distinguished_by,
            name: format!("{} ({descriptor})", descriptor.name),
        }
    }
}

impl From<(Method, &str)> for Matcher {
    fn from((method, template): (Method, &str)) -> Self {
        let name = format!("{method} {template}");
        Self { name, method, template: template.into(), query: None, properties: &[] }
    }
}

impl Matcher {
    /// The name of the operation, or the method and the path.
    pub(crate) fn short_name(&self) -> &str {
        self.name.split(" (").next().unwrap_or_default()
    }

    /// Why the path has no parameter of this name, if it has none.
    pub(crate) fn check_path_parameter(&self, name: &str) -> Result<(), String> {
        self.check(name, "path", &self.template.parameters().collect::<Vec<_>>())
    }

    /// Why the operation has no query parameter of this name, if it has none. Calls may send others too.
    pub(crate) fn check_query_parameter(&self, name: &str) -> Result<(), String> {
        self.query.as_ref().map_or(Ok(()), |known| self.check(name, "query", known))
    }

    fn check(&self, name: &str, place: &str, known: &[&str]) -> Result<(), String> {
        if known.contains(&name) {
            return Ok(());
        }
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Err(format!("{} has no {place} parameter {name:?}; it has {known}", self.name))
    }

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
        let body = properties(request.body());
        for (name, values) in self.properties {
            let given = body.get::<String>(name).ok().flatten();
            if !given.as_deref().is_some_and(|given| values.contains(&given)) {
                return Err(format!("{name} is not {}", values.join(" or ")));
            }
        }
        Ok(())
    }
}
