//! The fields that a response contains.

use crate::request::RequestBuilder;

/// All fields, some fields, or all but some.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    names: Vec<String>,
    pub(crate) include: Option<bool>,
}

impl Fields {
    pub(crate) fn only(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), include: Some(true) }
    }

    pub(crate) fn all_but(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { include: Some(false), ..Self::only(names) }
    }

    pub(crate) fn names(&self) -> Option<String> {
        (!self.names.is_empty()).then(|| self.names.join(","))
    }

    /// Adds `fields` and `include_fields` to a query.
    pub(crate) fn add_to<'a>(&self, request: RequestBuilder<'a>) -> RequestBuilder<'a> {
        request.query("fields", self.names()).query("include_fields", self.include)
    }
}
