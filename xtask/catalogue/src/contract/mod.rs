//! Compares Auth0's contract with the catalogue and the models.
//!
//! The project keeps its own statement of the facts in `contract/management.json`. An OpenAPI document of Auth0 is read into the
//! same form, so that the two can be compared.

mod exceptions;
mod facts;
mod models;
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
    let kept = root().join("xtask").join("contract").join("management.json");
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
    let facts = fresh.as_ref().unwrap_or(&own);
    let found = catalogue(facts, &mut drifts);
    models::check(facts, &mut drifts);

    let mut exceptions = Exceptions::read(&root().join("xtask").join("contract").join("exceptions.json"))?;
    drifts.retain(|drift| !exceptions.explain(drift));
    for (place, what) in &drifts {
        println!("{place:<64} {what}");
    }
    for unused in exceptions.unused() {
        println!("{unused:<64} this exception no longer explains a difference");
    }
    println!("{found} of {} operations, {} explained differences", facts.operations.len(), exceptions.used());
    if drifts.is_empty() { Ok(()) } else { Err(format!("{} differences from the contract", drifts.len())) }
}

/// Whether an endpoint is the one that the contract names `GET /users/{id}`, whatever its path parameters are called.
fn is_endpoint(descriptor: &Descriptor, name: &str) -> bool {
    name.split_once(' ').is_some_and(|(method, path)| {
        descriptor.method == method && descriptor.path.has_shape_of(&PathTemplate::from(path))
    })
}

/// Compares the endpoints with the catalogue; returns how many the catalogue has.
fn catalogue(facts: &Facts, drifts: &mut Vec<Drift>) -> usize {
    let ours: Vec<_> = CATALOGUE.iter().filter(|descriptor| descriptor.api == Api::Management).collect();
    let mut found = 0;
    for (name, operation) in &facts.operations {
        let Some(descriptor) = ours.iter().find(|descriptor| is_endpoint(descriptor, name)) else {
            drifts.push((name.clone(), "is not in the catalogue".to_owned()));
            continue;
        };
        found += 1;
        if descriptor.to_string() != *name {
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
        let name = descriptor.to_string();
        if !facts.operations.keys().any(|known| is_endpoint(descriptor, known)) {
            drifts.push((name, "is not in the contract".to_owned()));
        }
    }
    found
}
