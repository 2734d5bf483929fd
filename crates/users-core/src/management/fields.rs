//! The fields that a response contains.

use crate::request::RequestBuilder;

/// All fields, some fields, or all but some.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    /// Separated by commas.
    names: String,
    include: Option<bool>,
}

impl Fields {
    pub(crate) fn only(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut all = String::new();
        for (index, name) in names.into_iter().enumerate() {
            all.push_str(if index == 0 { "" } else { "," });
            all.push_str(&name.into());
        }
        Self { names: all, include: Some(true) }
    }

    pub(crate) fn all_but(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { include: Some(false), ..Self::only(names) }
    }

    /// Adds `fields` and `include_fields` to a query.
    pub(crate) fn add_to<'a>(&self, request: RequestBuilder<'a>) -> RequestBuilder<'a> {
        let names = Some(self.names.as_str()).filter(|names| !names.is_empty());
        request.query("fields", names).query("include_fields", self.include)
    }
}
