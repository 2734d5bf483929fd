//! Compares Auth0's contract with the catalogue and the models.
//!
//! The project keeps its own statement of the facts in `contract/management.json` and `contract/authentication.json`. An OpenAPI
//! document of the Management API is read into the same form, so that the two can be compared. There is none of the Authentication API
//! that fits recorded traffic.

mod exceptions;
mod facts;
mod models;
mod requests;
mod value;

use crate::root;
use exceptions::Exceptions;
use facts::Facts;
use std::collections::BTreeSet;
use std::path::Path;
use users_core::{Api, CATALOGUE, Descriptor, PathTemplate};

/// One difference: its place, and its description.
type Drift = (String, String);

/// Compares everything, prints a table, and fails if there is a difference without an exception.
pub fn run(oas: Option<&Path>, write: bool) -> Result<(), String> {
    let folder = root().join("xtask").join("contract");
    let kept = folder.join("management.json");
    let mut own = Facts::read(&kept)?;
    let mut fresh = oas.map(Facts::from_openapi).transpose()?;
    let mut drifts = Vec::new();
    if let Some(fresh) = &mut fresh {
        let mut documented = Facts::read(&kept)?;
        fresh.add_from_other_sources(&mut documented);
        if write {
            std::fs::write(&kept, fresh.to_json()?)
                .map_err(|error| format!("{}: {error}", kept.display()))?;
            own = Facts::read(&kept)?;
        }
        own.compare(fresh, &mut drifts);
    }
    let authentication = Facts::read(&folder.join("authentication.json"))?;
    let (mut found, mut stated) = (0, 0);
    for (api, facts) in
        [(Api::Management, fresh.as_ref().unwrap_or(&own)), (Api::Authentication, &authentication)]
    {
        found += catalogue(api, facts, &mut drifts);
        stated += facts.operations.len();
        models::check(facts, &mut drifts);
    }

    let mut exceptions = Exceptions::read(&folder.join("exceptions.json"))?;
    drifts.retain(|drift| !exceptions.explain(drift));
    for (place, what) in &drifts {
        println!("{place:<64} {what}");
    }
    for unused in exceptions.unused() {
        println!("{unused:<64} this exception no longer explains a difference");
    }
    println!("{found} of {stated} operations, {} explained differences", exceptions.used());
    if drifts.is_empty() { Ok(()) } else { Err(format!("{} differences from the contract", drifts.len())) }
}

/// Whether an operation is the one that the contract names `GET /users/{id}`, whatever its path parameters are called. Where several
/// operations share an endpoint, the contract adds the operation: `POST /oauth/token oauth.password_grant`.
fn is_endpoint(descriptor: &Descriptor, name: &str) -> bool {
    let mut parts = name.split(' ');
    let (Some(method), Some(path)) = (parts.next(), parts.next()) else { return false };
    let is_shared = !descriptor.distinguished_by.is_empty();
    descriptor.method == method
        && descriptor.path.has_shape_of(&PathTemplate::from(path))
        && parts.next() == is_shared.then_some(descriptor.name)
}

/// The name of an operation in the contract.
fn contract_name(descriptor: &Descriptor) -> String {
    if descriptor.distinguished_by.is_empty() {
        descriptor.to_string()
    } else {
        format!("{descriptor} {}", descriptor.name)
    }
}

/// Compares the endpoints with the catalogue; returns how many the catalogue has.
fn catalogue(api: Api, facts: &Facts, drifts: &mut Vec<Drift>) -> usize {
    let ours: Vec<_> = CATALOGUE.iter().filter(|descriptor| descriptor.api == api).collect();
    let mut found = 0;
    for (name, operation) in &facts.operations {
        let Some(descriptor) = ours.iter().find(|descriptor| is_endpoint(descriptor, name)) else {
            drifts.push((name.clone(), "is not in the catalogue".to_owned()));
            continue;
        };
        found += 1;
        if contract_name(descriptor) != *name {
            drifts.push((name.clone(), format!("its path parameters have other names: {descriptor}")));
        }
        let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let mut compare = |what: &str, theirs: &BTreeSet<String>, ours: &BTreeSet<String>| {
            for missing in theirs.difference(ours) {
                drifts.push((name.clone(), format!("{what} {missing} is missing here")));
            }
            for extra in ours.difference(theirs) {
                drifts.push((name.clone(), format!("{what} {extra} is not in the contract")));
            }
        };
        // The contract lists scopes without stating which are required together.
        let scopes: Vec<&str> = descriptor.scopes.iter().copied().flatten().copied().collect();
        compare("scope", &operation.scopes, &set(&scopes));
        compare(
            "query parameter",
            &operation.query.keys().map(|key| key.trim_end_matches('*').to_owned()).collect(),
            &set(&descriptor.query_parameters().collect::<Vec<_>>()),
        );
        let header = if descriptor.custom_domain { set(&["auth0-custom-domain"]) } else { BTreeSet::new() };
        compare("header", &operation.headers, &header);
    }
    for descriptor in ours {
        let name = contract_name(descriptor);
        if !facts.operations.keys().any(|known| is_endpoint(descriptor, known)) {
            drifts.push((name, "is not in the contract".to_owned()));
        }
    }
    found
}
