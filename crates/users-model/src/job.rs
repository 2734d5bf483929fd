//! Jobs: imports, exports and verification e-mails, which run in the background.

use crate::object::{object, open_enum, setters};
use crate::{IdentityRef, JsonObject, Secret, Timestamp};

open_enum! {
    /// The status of a job.
    pub enum JobStatus {
        Pending = "pending",
        Processing = "processing",
        Completed = "completed",
        Failed = "failed",
    }
}

open_enum! {
    /// The type of a job.
    pub enum JobType {
        UsersImport = "users_import",
        UsersExport = "users_export",
        VerificationEmail = "verification_email",
    }
}

open_enum! {
    /// The format of an exported file.
    pub enum JobFormat {
        Json = "json",
        Csv = "csv",
    }
}

object! {
    /// A job.
    pub struct Job {
        /// The id: `job_…`.
        pub id: Option<String> = "id",
        /// The status.
        pub status: Option<JobStatus> = "status",
        /// The type.
        pub kind: Option<JobType> = "type",
        /// When it was created.
        pub created_at: Option<Timestamp> = "created_at",
        /// The id of the connection.
        pub connection_id: Option<String> = "connection_id",
        /// The name of the connection.
        pub connection: Option<String> = "connection",
        /// The caller's id of the job.
        pub external_id: Option<String> = "external_id",
        /// The URL of an exported file, valid for 60 seconds. Get the job again for a new URL. Anyone who knows it can read the
        /// file, so `Debug` does not show it.
        pub location: Option<Secret> = "location",
        /// The progress in percent.
        pub percentage_done: Option<u64> = "percentage_done",
        /// The estimated remaining time in seconds.
        pub time_left_seconds: Option<u64> = "time_left_seconds",
        /// The format of the exported file.
        pub format: Option<JobFormat> = "format",
        /// The maximum number of exported users.
        pub limit: Option<u64> = "limit",
        /// The exported attributes.
        pub fields: Option<Vec<ExportField>> = "fields",
        /// Why it failed.
        pub status_details: Option<String> = "status_details",
        /// The result of an import.
        pub summary: Option<JobSummary> = "summary",
    }
}

object! {
    /// The result of an import, in numbers of users.
    pub struct JobSummary {
        /// The number of rejected rows.
        pub failed: Option<u64> = "failed",
        /// The number of updated users.
        pub updated: Option<u64> = "updated",
        /// The number of created users.
        pub inserted: Option<u64> = "inserted",
        /// The number of rows.
        pub total: Option<u64> = "total",
    }
}

object! {
    /// A row that an import rejected, and the reasons.
    pub struct JobRowErrors {
        /// The row, with its secrets masked.
        pub user: Option<JsonObject> = "user",
        /// Why it was rejected.
        pub errors: Option<Vec<JobRowError>> = "errors",
    }
}

object! {
    /// Why an import rejected a row.
    pub struct JobRowError {
        /// The code: `DUPLICATED_USER`, `FORMAT`, `OBJECT_REQUIRED` and others.
        pub code: Option<String> = "code",
        /// The message.
        pub message: Option<String> = "message",
        /// The path within the row.
        pub path: Option<String> = "path",
    }
}

object! {
    /// An exported attribute.
    pub struct ExportField {
        /// The attribute: `email`, `user_metadata.plan`, `identities[0].connection`.
        pub name: Option<String> = "name",
        /// The name of the column or property in the file.
        pub export_as: Option<String> = "export_as",
    }
}

impl ExportField {
    /// Creates a field for this attribute, exported under its own name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::default() }
    }
}

setters!(ExportField {
    /// Sets the name of the column or property in the file, at most 100 characters.
    export_as: String,
});

impl From<&str> for ExportField {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

object! {
    /// The settings of an export. By default it contains all users of all connections.
    ///
    /// ```
    /// use users_model::UsersExport;
    ///
    /// let export = UsersExport::new().format("json").fields(["email", "user_metadata.plan"]);
    /// assert_eq!(
    ///     serde_json::to_string(&export)?,
    ///     r#"{"format":"json","fields":[{"name":"email"},{"name":"user_metadata.plan"}]}"#
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct UsersExport {
        /// The id of the connection.
        pub connection_id: Option<String> = "connection_id",
        /// The format of the file.
        pub format: Option<JobFormat> = "format",
        /// The maximum number of users.
        pub limit: Option<u64> = "limit",
        /// The attributes of each user.
        pub fields: Option<Vec<ExportField>> = "fields",
    }
}

impl UsersExport {
    /// Creates the settings of an export of all users.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the attributes of each user. CSV allows at most 30.
    #[must_use]
    pub fn fields(mut self, fields: impl IntoIterator<Item = impl Into<ExportField>>) -> Self {
        self.fields = Some(fields.into_iter().map(Into::into).collect());
        self
    }
}

setters!(UsersExport {
    /// Limits the export to users of this connection (`con_…`).
    connection_id: String,
    /// Sets the format of the file: `csv` unless set.
    format: JobFormat,
} numbers {
    /// Sets the maximum number of users, from 1.
    limit: u64,
});

object! {
    /// The body of a request that sends a verification e-mail.
    pub struct VerificationEmail {
        /// The id of the user.
        pub user_id: Option<String> = "user_id",
        /// The application on whose behalf the e-mail is sent.
        pub client_id: Option<String> = "client_id",
        /// The identity, if it is not the user's first.
        pub identity: Option<IdentityRef> = "identity",
        /// The organization on whose behalf the e-mail is sent.
        pub organization_id: Option<String> = "organization_id",
    }
}

impl VerificationEmail {
    /// Creates a request for an e-mail to this user.
    pub fn new(user_id: impl Into<String>) -> Self {
        Self { user_id: Some(user_id.into()), ..Self::default() }
    }
}

setters!(VerificationEmail {
    /// Sets the application on whose behalf the e-mail is sent. Defaults to the global one.
    client_id: String,
    /// Sets the identity, if it is not the user's first.
    identity: IdentityRef,
    /// Sets the organization on whose behalf the e-mail is sent.
    organization_id: String,
});
