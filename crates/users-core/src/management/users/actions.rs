//! What can be done to a user besides.

use crate::descriptor::{Api, Descriptor};
use crate::operation_macro::operation;
use users_model::{AccessRevocation, RecoveryCode, RiskAssessmentClearance, User, UserId};

operation! {
    /// `GET /users-by-email`
    GetUsersByEmail = Descriptor::get("users.by_email", Api::Management, "/users-by-email", &["read:users"]);
    required { email }
    fields { fields }
    answer { decode_json: Vec<User> }
}

operation! {
    /// `POST /users/{id}/recovery-code-regeneration`
    RegenerateRecoveryCode = Descriptor::post("users.regenerate_recovery_code", Api::Management, "/users/{id}/recovery-code-regeneration", &["update:users"]);
    path { id: UserId }
    answer { decode_json: RecoveryCode }
}

operation! {
    /// `POST /users/{id}/revoke-access`
    RevokeUserAccess = Descriptor::post("users.revoke_access", Api::Management, "/users/{id}/revoke-access", &["delete:sessions", "delete:refresh_tokens"]);
    path { id: UserId }
    body { body: AccessRevocation }
    answer { decode_empty: () }
}

operation! {
    /// `POST /users/{id}/risk-assessments/clear`
    ClearRiskAssessments = Descriptor::post("users.clear_risk_assessments", Api::Management, "/users/{id}/risk-assessments/clear", &["update:users"]);
    path { id: UserId }
    body { body: RiskAssessmentClearance }
    answer { decode_empty: () }
}
