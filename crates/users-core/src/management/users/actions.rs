//! Further operations on a user.

use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::response::{decode_empty, decode_model};
use users_model::{AccessRevocation, RecoveryCode, RiskAssessmentClearance, User, UserId};

operations! {
    /// `GET /users-by-email`. See [`UsersManager::by_email`](crate::management::UsersManager::by_email).
    operation GetUsersByEmail {
        Descriptor::get("users.by_email", "/users-by-email")
            .scopes(&[&["read:users"]])
            .node("users.listUsersByEmail");
        required { email }
        fields { fields }
        decode { decode_model: Vec<User> }
    }

    /// `POST /users/{id}/recovery-code-regeneration`. See
    /// [`UsersManager::regenerate_recovery_code`](crate::management::UsersManager::regenerate_recovery_code).
    operation RegenerateRecoveryCode {
        Descriptor::post("users.regenerate_recovery_code", "/users/{id}/recovery-code-regeneration")
            .scopes(&[&["update:users"]])
            .node("users.regenerateRecoveryCode");
        path { id: UserId }
        decode { decode_model: RecoveryCode }
    }

    /// `POST /users/{id}/revoke-access`. See [`UsersManager::revoke_access`](crate::management::UsersManager::revoke_access).
    operation RevokeUserAccess {
        Descriptor::post("users.revoke_access", "/users/{id}/revoke-access")
            .scopes(&[&["delete:sessions", "delete:refresh_tokens"]])
            .node("users.revokeAccess");
        path { id: UserId }
        body { body: AccessRevocation }
        decode { decode_empty: () }
    }

    /// `POST /users/{id}/risk-assessments/clear`. See
    /// [`UsersManager::clear_risk_assessments`](crate::management::UsersManager::clear_risk_assessments).
    operation ClearRiskAssessments {
        Descriptor::post("users.clear_risk_assessments", "/users/{id}/risk-assessments/clear")
            .scopes(&[&["update:users"]])
            .node("users.riskAssessments.clear");
        path { id: UserId }
        body { body: RiskAssessmentClearance }
        decode { decode_empty: () }
    }
}
