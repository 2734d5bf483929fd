//! Jobs: imports, exports and verification mails, which take their time.

use crate::object::{object, open_enum, setters};
use crate::{IdentityRef, JsonObject, Secret, Timestamp};

open_enum! {
    /// How far a job has come.
    pub enum JobStatus {
        Pending = "pending",
        Processing = "processing",
        Completed = "completed",
        Failed = "failed",
    }
}

open_enum! {
    /// What a job does.
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
        /// How far it has come.
        pub status: Option<JobStatus> = "status",
        /// What it does.
        pub kind: Option<JobType> = "type",
        /// When it was begun.
        pub created_at: Option<Timestamp> = "created_at",
        /// The connection, by id.
        pub connection_id: Option<String> = "connection_id",
        /// The connection, by name.
        pub connection: Option<String> = "connection",
        /// The id that the caller gave it.
        pub external_id: Option<String> = "external_id",
        /// The address of an exported file, valid for 60 seconds; read the job again for a fresh one. Anyone who has it can read the
        /// file, so it is hidden in `Debug`.
        pub location: Option<Secret> = "location",
        /// How much is done, in percent.
        pub percentage_done: Option<u64> = "percentage_done",
        /// How long it will still take, in seconds.
        pub time_left_seconds: Option<u64> = "time_left_seconds",
        /// The format of the exported file.
        pub format: Option<JobFormat> = "format",
        /// How many users are exported at most.
        pub limit: Option<u64> = "limit",
        /// What is exported of each user.
        pub fields: Option<Vec<ExportField>> = "fields",
        /// Why it failed.
        pub status_details: Option<String> = "status_details",
        /// What an import did.
        pub summary: Option<JobSummary> = "summary",
    }
}

object! {
    /// What an import did, in numbers of users.
    pub struct JobSummary {
        /// Refused.
        pub failed: Option<u64> = "failed",
        /// Changed.
        pub updated: Option<u64> = "updated",
        /// Created.
        pub inserted: Option<u64> = "inserted",
        /// In all.
        pub total: Option<u64> = "total",
    }
}

object! {
    /// A row that an import refused, and why.
    pub struct JobRowErrors {
        /// The row, with its secrets masked.
        pub user: Option<JsonObject> = "user",
        /// Why it was refused.
        pub errors: Option<Vec<JobRowError>> = "errors",
    }
}

object! {
    /// Why an import refused a row.
    pub struct JobRowError {
        /// The code: `DUPLICATED_USER`, `FORMAT`, `OBJECT_REQUIRED` and others.
        pub code: Option<String> = "code",
        /// The reason in words.
        pub message: Option<String> = "message",
        /// Where in the row.
        pub path: Option<String> = "path",
    }
}

object! {
    /// One thing that is exported of each user.
    pub struct ExportField {
        /// The attribute: `email`, `user_metadata.plan`, `identities[0].connection`.
        pub name: Option<String> = "name",
        /// What it is called in the file.
        pub export_as: Option<String> = "export_as",
    }
}

impl ExportField {
    /// This attribute, under its own name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::default() }
    }
}

setters!(ExportField {
    /// What it is called in the file, at most 100 characters.
    export_as: String,
});

impl From<&str> for ExportField {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

object! {
    /// What is to be exported: every user of every connection, unless narrowed down.
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
        /// The connection, by id.
        pub connection_id: Option<String> = "connection_id",
        /// The format of the file.
        pub format: Option<JobFormat> = "format",
        /// How many users at most.
        pub limit: Option<u64> = "limit",
        /// What of each user.
        pub fields: Option<Vec<ExportField>> = "fields",
    }
}

impl UsersExport {
    /// Everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// What of each user; in CSV at most 30 things.
    #[must_use]
    pub fn fields(mut self, fields: impl IntoIterator<Item = impl Into<ExportField>>) -> Self {
        self.fields = Some(fields.into_iter().map(Into::into).collect());
        self
    }
}

setters!(UsersExport {
    /// Only users of this connection (`con_…`).
    connection_id: String,
    /// The format of the file: `csv` unless set.
    format: JobFormat,
} numbers {
    /// How many users at most, from 1.
    limit: u64,
});

object! {
    /// A verification mail to be sent.
    pub struct VerificationEmail {
        /// The user.
        pub user_id: Option<String> = "user_id",
        /// The application that the mail is sent for.
        pub client_id: Option<String> = "client_id",
        /// The identity, where it is not the user's first.
        pub identity: Option<IdentityRef> = "identity",
        /// The organization that the mail is sent for.
        pub organization_id: Option<String> = "organization_id",
    }
}

impl VerificationEmail {
    /// A mail to this user.
    pub fn new(user_id: impl Into<String>) -> Self {
        Self { user_id: Some(user_id.into()), ..Self::default() }
    }
}

setters!(VerificationEmail {
    /// The application that the mail is sent for; the global one unless set.
    client_id: String,
    /// The identity, where it is not the user's first.
    identity: IdentityRef,
    /// The organization that the mail is sent for.
    organization_id: String,
});
