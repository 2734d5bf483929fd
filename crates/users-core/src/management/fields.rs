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

    /// Includes these fields in any case. Returns those that were not included before.
    pub(crate) fn require(&mut self, required: &[&'static str]) -> Vec<&'static str> {
        let include = self.include;
        let names: Vec<String> = self
            .names
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(ToOwned::to_owned)
            .collect();
        if names.is_empty() || include.is_none() {
            return Vec::new();
        }
        let is_named = |field: &&&'static str| names.iter().any(|name| name == *field);
        if include == Some(false) {
            let hidden = required.iter().filter(is_named).copied().collect();
            *self = Self::all_but(names.into_iter().filter(|name| !required.contains(&name.as_str())));
            if self.names.is_empty() {
                *self = Self::default();
            }
            return hidden;
        }
        let hidden: Vec<&str> = required.iter().filter(|field| !is_named(field)).copied().collect();
        *self = Self::only(names.into_iter().chain(hidden.iter().map(|field| (*field).to_owned())));
        hidden
    }

    /// Adds `fields` and `include_fields` to a query.
    pub(crate) fn add_to<'a>(&self, request: RequestBuilder<'a>) -> RequestBuilder<'a> {
        let names = Some(self.names.as_str()).filter(|names| !names.is_empty());
        request.query("fields", names).query("include_fields", self.include)
    }
}
