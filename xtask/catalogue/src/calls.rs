//! The methods of the clients and managers of users-core, read from its sources.

use crate::{read, root};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use syn::{
    Attribute, Expr, FnArg, GenericArgument, ImplItem, Item, Lit, Meta, Pat, PathArguments, ReturnType, Type,
};
use users_core::{Api, Descriptor};

/// The operations whose name is not the path of their method.
const RENAMED: [(&str, &str); 5] = [
    ("authentication.get_info", "users.get_info"),
    ("authentication.impersonate", "users.impersonate"),
    ("authentication.token", "oauth.client_credentials_grant"),
    ("organizations.members.effective_roles.list", "organizations.members.roles.effective"),
    ("users.delete_collection", "users.delete_all.collection_request"),
];

/// The public methods of the types of one module.
pub struct Calls {
    /// The module, `management`.
    module: &'static str,
    /// The source of the module itself.
    page: String,
    /// The methods, by type and name.
    methods: BTreeMap<(String, String), Method>,
}

/// A public method.
struct Method {
    arguments: Vec<String>,
    /// The type that it returns, without its module.
    output: String,
    /// The operation, where it returns a call.
    operation: Option<String>,
    /// The page of Auth0's documentation.
    page: Option<String>,
}

/// The call that executes an operation.
pub struct OperationCall {
    /// The call on a client, `users().get(id)`.
    pub text: String,
    /// The method, `management::UsersManager::get`.
    pub method: String,
    /// The type of the operation, `management::GetUser`.
    pub operation: String,
    /// The page of Auth0's documentation.
    pub page: Option<String>,
}

impl Calls {
    /// Reads the sources of an API's module.
    pub fn read(api: Api) -> Result<Self, String> {
        let module = if api == Api::Management { "management" } else { "authentication" };
        let folder = root().join("crates/users-core/src").join(module);
        let mut calls = Self { module, page: read(&folder.join("mod.rs"))?, methods: BTreeMap::new() };
        for file in sources(&folder)? {
            let parsed = syn::parse_file(&read(&file)?);
            calls.add(parsed.map_err(|error| format!("{}: {error}", file.display()))?);
        }
        Ok(calls)
    }

    fn add(&mut self, file: syn::File) {
        for item in file.items {
            let Item::Impl(block) = item else { continue };
            let Some(owner) = last_segment(&block.self_ty).filter(|_| block.trait_.is_none()) else {
                continue;
            };
            for member in block.items {
                let ImplItem::Fn(function) = member else { continue };
                let Some(method) = Method::of(&function) else { continue };
                self.methods.insert((owner.ident.to_string(), function.sig.ident.to_string()), method);
            }
        }
    }

    /// Fails if the page of the module does not have a link to a manager.
    fn check_page(&self, manager: &str) -> Result<(), String> {
        if self.page.lines().any(|line| line.starts_with("//!") && line.contains(&format!("[`{manager}`]"))) {
            Ok(())
        } else {
            Err(format!("the documentation of the module {} does not name {manager}", self.module))
        }
    }

    /// The call of an operation: each part of its name is a method, from the client on.
    pub fn of(&self, descriptor: &Descriptor) -> Result<OperationCall, String> {
        let renamed = RENAMED.iter().find(|(name, _)| *name == descriptor.name);
        let path = renamed.map_or(descriptor.name, |(_, path)| path);
        let client = if self.module == "management" { "ManagementClient" } else { "AuthenticationClient" };
        let mut owner = client;
        let mut text = Vec::new();
        let mut parts = path.split('.').peekable();
        while let Some(part) = parts.next() {
            let method = self.methods.get(&(owner.to_owned(), part.to_owned())).ok_or_else(|| {
                format!(
                    "{}: {owner} has no method {part}; add the operation to RENAMED in calls.rs",
                    descriptor.name
                )
            })?;
            text.push(format!("{part}({})", method.arguments.join(", ")));
            if parts.peek().is_none() {
                let operation = method
                    .operation
                    .as_ref()
                    .ok_or_else(|| format!("{}: {owner}::{part} returns no call", descriptor.name))?;
                // A shortcut to another manager's method is not documented twice.
                let page = self.methods.values().filter(|other| other.operation.as_ref() == Some(operation));
                let page = method.page.clone().or_else(|| page.filter_map(|other| other.page.clone()).next());
                self.check_page(owner)?;
                return Ok(OperationCall {
                    text: text.join("."),
                    method: format!("{}::{owner}::{part}", self.module),
                    operation: format!("{}::{operation}", self.module),
                    page,
                });
            }
            owner = &method.output;
        }
        Err(format!("{}: an empty name", descriptor.name))
    }
}

impl Method {
    /// A method that is public and returns a value.
    fn of(function: &syn::ImplItemFn) -> Option<Self> {
        let (syn::Visibility::Public(_), ReturnType::Type(_, output)) = (&function.vis, &function.sig.output)
        else {
            return None;
        };
        let name = |argument: &FnArg| match argument {
            FnArg::Typed(argument) => match &*argument.pat {
                Pat::Ident(name) => Some(name.ident.to_string()),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        };
        let output = last_segment(output)?;
        Some(Self {
            arguments: function.sig.inputs.iter().filter_map(name).collect(),
            operation: (output.ident == "Call").then(|| argument(&output.arguments)).flatten(),
            output: output.ident.to_string(),
            page: page(&function.attrs),
        })
    }
}

/// The last address of Auth0's documentation of its APIs in a comment.
fn page(attributes: &[Attribute]) -> Option<String> {
    let line = |attribute: &Attribute| {
        let Meta::NameValue(value) = &attribute.meta else { return None };
        let Expr::Lit(literal) = &value.value else { return None };
        let Lit::Str(text) = &literal.lit else { return None };
        let address = text.value().trim().strip_prefix('<')?.strip_suffix('>')?.to_owned();
        address.starts_with("https://auth0.com/docs/api/").then_some(address)
    };
    attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).filter_map(line).next_back()
}

fn last_segment(path: &Type) -> Option<&syn::PathSegment> {
    if let Type::Path(path) = path { path.path.segments.last() } else { None }
}

/// The name of the only argument of a type.
fn argument(arguments: &PathArguments) -> Option<String> {
    let PathArguments::AngleBracketed(arguments) = arguments else { return None };
    let GenericArgument::Type(argument) = arguments.args.first()? else { return None };
    Some(last_segment(argument)?.ident.to_string())
}

/// The Rust files of a folder and the folders below.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() {
            files.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}
