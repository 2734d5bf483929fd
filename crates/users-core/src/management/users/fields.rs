//! Which fields of a user come back.

/// All fields, some, or all but some.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    names: Vec<String>,
    pub(super) include: Option<bool>,
}

impl Fields {
    pub(super) fn only(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), include: Some(true) }
    }

    pub(super) fn all_but(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { include: Some(false), ..Self::only(names) }
    }

    pub(super) fn names(&self) -> Option<String> {
        (!self.names.is_empty()).then(|| self.names.join(","))
    }
}
