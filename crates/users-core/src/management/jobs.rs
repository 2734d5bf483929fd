//! Jobs: imports, exports and verification e-mails.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::operation_macro::operations;
use crate::request::RequestBuilder;
use crate::response::{decode_model, decode_status};
use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use users_model::{Job, JobRowErrors, UsersExport, VerificationEmail};

/// Jobs, which Auth0 executes asynchronously: imports, exports and verification e-mails.
///
/// ```
/// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
/// use serde_json::json;
///
/// let rows = [json!({"email": "ada@example.com"}), json!({"email": "grace@example.com"})];
/// let job = client.jobs().import_users("con_ftSSLHb0O7rcUGmF", rows).upsert(true).await?;
/// let job = client.jobs().get(job.id.unwrap_or_default()).await?;
/// println!("{:?}", job.status);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct JobsManager(pub(crate) Client);

impl JobsManager {
    /// Starts an export of users to a file.
    ///
    /// `POST /jobs/users-exports`, scope `read:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/jobs/post-users-exports>
    #[inline]
    pub fn export_users(&self, export: UsersExport) -> Call<ExportUsers> {
        self.0.call(Ok(ExportUsers::new(export)))
    }

    /// Starts an import of users into a database connection (`con_…`). The rows serialize to objects.
    ///
    /// `POST /jobs/users-imports`, scope `create:users`. Auth0 accepts 500 KB per job and runs two jobs at a time. Rows that it
    /// rejects do not fail the job, see [`errors`](Self::errors).
    ///
    /// <https://auth0.com/docs/api/management/v2/jobs/post-users-imports>
    pub fn import_users(
        &self,
        connection_id: impl Into<String>,
        rows: impl IntoIterator<Item = impl Serialize>,
    ) -> Call<ImportUsers> {
        self.0.call(ImportRows::new(rows).map(|rows| ImportUsers::new(connection_id, rows)))
    }

    /// Sends a verification e-mail.
    ///
    /// `POST /jobs/verification-email`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/jobs/post-verification-email>
    #[inline]
    pub fn send_verification_email(&self, email: VerificationEmail) -> Call<SendVerificationEmail> {
        self.0.call(Ok(SendVerificationEmail::new(email)))
    }

    /// Gets a job and its progress.
    ///
    /// `GET /jobs/{id}`, scope `create:users` or `read:users`. A completed export has the location of its file, valid for 60
    /// seconds.
    ///
    /// <https://auth0.com/docs/api/management/v2/jobs/get-jobs-by-id>
    pub fn get(&self, id: impl Into<String>) -> Call<GetJob> {
        self.0.call(GetJob::new(id))
    }

    /// Lists the rows that an import rejected, and why.
    ///
    /// `GET /jobs/{id}/errors`, scope `create:users` or `read:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/jobs/get-errors>
    pub fn errors(&self, id: impl Into<String>) -> Call<GetJobErrors> {
        self.0.call(GetJobErrors::new(id))
    }
}

operations! {
    /// `POST /jobs/users-exports`. See [`JobsManager::export_users`](crate::management::JobsManager::export_users).
    operation ExportUsers {
        Descriptor::post("jobs.export_users", "/jobs/users-exports")
            .scopes(&[&["read:users"]])
            .node("jobs.usersExports.create");
        body { body: UsersExport }
        decode { decode_model: Job }
    }

    /// `POST /jobs/verification-email`. See
    /// [`JobsManager::send_verification_email`](crate::management::JobsManager::send_verification_email).
    operation SendVerificationEmail {
        Descriptor::post("jobs.send_verification_email", "/jobs/verification-email")
            .scopes(&[&["update:users"]])
            .node("jobs.verificationEmail.create")
            .takes_custom_domain();
        body { body: VerificationEmail }
        decode { decode_model: Job }
    }

    /// `GET /jobs/{id}`. See [`JobsManager::get`](crate::management::JobsManager::get).
    operation GetJob {
        Descriptor::get("jobs.get", "/jobs/{id}")
            .scopes(&[&["create:users"], &["read:users"]])
            .node("jobs.get");
        path { id: String }
        decode { decode_model: Job }
    }

    /// `POST /jobs/users-imports`, as `multipart/form-data`. See
    /// [`JobsManager::import_users`](crate::management::JobsManager::import_users).
    operation ImportUsers {
        Descriptor::post("jobs.import_users", "/jobs/users-imports")
            .scopes(&[&["create:users"]])
            .node("jobs.usersImports.create");
        arguments { connection_id: String }
        options {
            /// Sets whether users who exist already are updated rather than refused. They are matched by e-mail address, and
            /// their metadata is replaced.
            upsert: bool,
            /// Sets an id of the caller's own for the job.
            external_id: String,
            /// Sets whether administrators get an e-mail when the job is done; `true` unless set.
            send_completion_email: bool,
        }
        argument { rows: ImportRows }
        request { import_request }
        decode { decode_model: Job }
    }

    /// `GET /jobs/{id}/errors`. See [`JobsManager::errors`](crate::management::JobsManager::errors).
    operation GetJobErrors {
        Descriptor::get("jobs.errors", "/jobs/{id}/errors")
            .scopes(&[&["create:users"], &["read:users"]])
            .node("jobs.errors.get");
        path { id: String }
        decode { decode_errors: JobErrors }
    }
}

/// The largest file that Auth0 accepts in one job.
const LARGEST_IMPORT: usize = 512_000;

/// The rows of an import, as the JSON array that is sent.
#[derive(Clone)]
pub struct ImportRows(Bytes);

impl ImportRows {
    /// Serializes rows, each of which must be a JSON object.
    ///
    /// # Errors
    ///
    /// An error of kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument) that names the first row that is not.
    pub fn new(rows: impl IntoIterator<Item = impl Serialize>) -> Result<Self, Error> {
        let mut json = Vec::from(*b"[");
        for (index, row) in rows.into_iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            let start = json.len();
            serde_json::to_writer(&mut json, &row)
                // serde_json's error may quote a value.
                .map_err(|_| Error::invalid(format!("row {index} cannot be serialized as JSON")))?;
            check_row(index, json.get(start..).unwrap_or_default())?;
        }
        json.push(b']');
        Ok(Self(json.into()))
    }

    /// Rows that are serialized and checked already.
    pub(crate) fn from_json(json: Bytes) -> Self {
        Self(json)
    }
}

impl std::fmt::Debug for ImportRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The rows may hold password hashes.
        write!(f, "ImportRows({} bytes)", self.0.len())
    }
}

fn import_request(import: &ImportUsers, request: RequestBuilder<'_>) -> Result<http::Request<Bytes>, Error> {
    let rows = &import.rows.0;
    if rows.len() > LARGEST_IMPORT {
        return Err(Error::invalid(format!(
            "the rows are {} bytes, and Auth0 takes {LARGEST_IMPORT} in one job; split them",
            rows.len()
        )));
    }
    let flag = |flag: bool| flag.to_string();
    let mut fields = vec![("connection_id", import.connection_id.clone())];
    fields.extend(import.upsert.map(|upsert| ("upsert", flag(upsert))));
    fields.extend(import.external_id.clone().map(|id| ("external_id", id)));
    fields.extend(import.send_completion_email.map(|send| ("send_completion_email", flag(send))));
    request.multipart(&fields, ("users", "users.json", rows))
}

/// The errors of a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum JobErrors {
    /// The rows that were rejected; empty if there were none.
    Rows(Vec<JobRowErrors>),
    /// The job itself failed.
    Job(Box<Job>),
}

fn decode_errors(descriptor: &Descriptor, response: http::Response<Bytes>) -> Result<JobErrors, Error> {
    let response = decode_status(descriptor, response)?;
    if response.status() == StatusCode::NO_CONTENT || response.body().is_empty() {
        return Ok(JobErrors::Rows(Vec::new()));
    }
    if response.body().trim_ascii_start().starts_with(b"[") {
        return decode_model(descriptor, response).map(JobErrors::Rows);
    }
    decode_model(descriptor, response).map(|job| JobErrors::Job(Box::new(job)))
}

/// Refuses a row that is not an object: Auth0 would reject the whole file or fail its job.
pub(crate) fn check_row(number: usize, row: &[u8]) -> Result<(), Error> {
    if row.trim_ascii_start().starts_with(b"{") {
        return Ok(());
    }
    Err(Error::invalid(format!("row {number} is not a JSON object")))
}
