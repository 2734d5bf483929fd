//! What can be done to a user besides.

use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::response::{decode_empty, decode_model};
use users_model::{AccessRevocation, RecoveryCode, RiskAssessmentClearance, User, UserId};

operations! {
    /// `GET /users-by-email`
    operation GetUsersByEmail {
        Descriptor::get("users.by_email", "/users-by-email")
            .scopes(&[&["read:users"]])
            .node("users.listUsersByEmail");
        required { email }
        fields { fields }
        decode { decode_model: Vec<User> }
    }

    /// `POST /users/{id}/recovery-code-regeneration`
    operation RegenerateRecoveryCode {
        Descriptor::post("users.regenerate_recovery_code", "/users/{id}/recovery-code-regeneration")
            .scopes(&[&["update:users"]])
            .node("users.regenerateRecoveryCode");
        path { id: UserId }
        decode { decode_model: RecoveryCode }
    }

    /// `POST /users/{id}/revoke-access`
    operation RevokeUserAccess {
        Descriptor::post("users.revoke_access", "/users/{id}/revoke-access")
            .scopes(&[&["delete:sessions", "delete:refresh_tokens"]])
            .node("users.revokeAccess");
        path { id: UserId }
        body { body: AccessRevocation }
        decode { decode_empty: () }
    }

    /// `POST /users/{id}/risk-assessments/clear`
    operation ClearRiskAssessments {
        Descriptor::post("users.clear_risk_assessments", "/users/{id}/risk-assessments/clear")
            .scopes(&[&["update:users"]])
            .node("users.riskAssessments.clear");
        path { id: UserId }
        body { body: RiskAssessmentClearance }
        decode { decode_empty: () }
    }
}
