//! The table of operations in the documentation of `users-core`, made from the catalogue.

use crate::root;
use std::fmt::Write as _;
use users_core::{Api, CATALOGUE, Descriptor, Safety};

/// Node's own names, of the classic SDK where it had the call and of the newest where it did not.
#[rustfmt::skip]
const NODE: &[(&str, &str)] = &[
    ("users.create", "users.create"), ("users.get_all", "users.getAll"), ("users.get", "users.get"), ("users.update", "users.update"),
    ("users.delete", "users.delete"), ("users.delete_collection", "users.deleteAll"), ("users.link", "users.link"), ("users.unlink", "users.unlink"),
    ("users.delete_multifactor_provider", "users.deleteMultifactorProvider"), ("authentication.get_info", "users.getInfo"),
    ("authentication.impersonate", "users.impersonate"), ("authentication.token", "oauth.clientCredentialsGrant"),
    ("users.by_email", "users.listUsersByEmail"), ("users.roles.list", "users.roles.list"), ("users.roles.assign", "users.roles.assign"),
    ("users.roles.remove", "users.roles.delete"), ("users.permissions.list", "users.permissions.list"),
    ("users.permissions.assign", "users.permissions.create"), ("users.permissions.remove", "users.permissions.delete"),
    ("users.authentication_methods.list", "users.authenticationMethods.list"), ("users.authentication_methods.create", "users.authenticationMethods.create"),
    ("users.authentication_methods.replace_all", "users.authenticationMethods.set"), ("users.authentication_methods.get", "users.authenticationMethods.get"),
    ("users.authentication_methods.update", "users.authenticationMethods.update"), ("users.authentication_methods.delete", "users.authenticationMethods.delete"),
    ("users.authentication_methods.delete_all", "users.authenticationMethods.deleteAll"), ("users.authentication_methods.delete_authenticators", "users.authenticators.deleteAll"),
    ("users.connected_accounts", "users.connectedAccounts.list"), ("users.enrollments", "users.enrollments.get"),
    ("users.federated_token_sets.list", "not there"), ("users.federated_token_sets.delete", "not there"),
    ("users.effective_permissions.list", "users.effectivePermissions.list"), ("users.effective_permissions.role_sources", "users.effectivePermissions.sources.roles.list"),
    ("users.effective_roles.list", "users.effectiveRoles.list"), ("users.effective_roles.group_sources", "users.effectiveRoles.sources.groups.list"),
    ("users.groups", "users.groups.get"), ("users.logs", "users.logs.list"), ("users.organizations", "users.organizations.list"),
    ("users.sessions.list", "users.sessions.list"), ("users.sessions.delete_all", "users.sessions.delete"),
    ("users.refresh_tokens.list", "users.refreshToken.list"), ("users.refresh_tokens.delete_all", "users.refreshToken.delete"),
    ("users.regenerate_recovery_code", "users.regenerateRecoveryCode"), ("users.revoke_access", "users.revokeAccess"),
    ("users.clear_risk_assessments", "users.riskAssessments.clear"), ("users.multifactor.invalidate_remember_browser", "users.multifactor.invalidateRememberBrowser"),
    ("sessions.get", "sessions.get"), ("sessions.update", "sessions.update"), ("sessions.delete", "sessions.delete"), ("sessions.revoke", "sessions.revoke"),
    ("refresh_tokens.list", "refreshTokens.list"), ("refresh_tokens.get", "refreshTokens.get"), ("refresh_tokens.update", "refreshTokens.update"),
    ("refresh_tokens.delete", "refreshTokens.delete"), ("refresh_tokens.revoke", "refreshTokens.revoke"),
    ("roles.users", "roles.users.list"), ("roles.assign_users", "roles.users.assign"), ("connections.delete_user", "connections.users.deleteByEmail"),
    ("user_blocks.get", "userBlocks.list"), ("user_blocks.delete", "userBlocks.delete"), ("user_blocks.get_by_identifier", "userBlocks.listByIdentifier"),
    ("user_blocks.delete_by_identifier", "userBlocks.deleteByIdentifier"), ("tickets.verify_email", "tickets.verifyEmail"),
    ("tickets.change_password", "tickets.changePassword"), ("jobs.export_users", "jobs.usersExports.create"), ("jobs.import_users", "jobs.usersImports.create"),
    ("jobs.send_verification_email", "jobs.verificationEmail.create"), ("jobs.get", "jobs.get"), ("jobs.errors", "jobs.errors.get"),
];

/// Writes the table, or checks that it is as it should be.
pub fn run(check: bool) -> Result<(), String> {
    let file = root().join("crates").join("users-core").join("OPERATIONS.md");
    let table = table();
    if !check {
        return std::fs::write(&file, table).map_err(|error| format!("{}: {error}", file.display()));
    }
    match std::fs::read_to_string(&file) {
        Ok(kept) if kept == table => Ok(()),
        Ok(_) => {
            Err(format!("{} is not what the catalogue says; run `cargo xtask reference`", file.display()))
        }
        Err(error) => Err(format!("{}: {error}", file.display())),
    }
}

fn table() -> String {
    let mut text = String::from(
        "Every operation, made from the catalogue by `cargo xtask reference`.\n\n\
         | operation | endpoint | scopes (any of) | safe to repeat | in Auth0's Node SDK |\n|---|---|---|---|---|\n",
    );
    let mut all: Vec<&&Descriptor> = CATALOGUE.iter().collect();
    all.sort_by_key(|descriptor| (descriptor.api != Api::Management, descriptor.name));
    for descriptor in all {
        let scopes: Vec<String> = descriptor.scopes.iter().map(|scope| format!("`{scope}`")).collect();
        let safety = match descriptor.safety {
            Safety::Safe => "yes, it reads",
            Safety::Idempotent => "yes",
            _ => "if marked `idempotent`",
        };
        let node = NODE
            .iter()
            .find(|(name, _)| *name == descriptor.name)
            .map_or_else(String::new, |(_, node)| format!("`{node}`"));
        let _ = writeln!(
            text,
            "| `{}` | `{descriptor}` | {} | {safety} | {node} |",
            descriptor.name,
            scopes.join(" "),
        );
    }
    text
}
