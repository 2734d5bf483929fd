//! Jobs: imports, exports and verification mails.

use crate::base_url::BaseUrl;
use crate::call::Call;
use crate::client::Client;
use crate::decode::{decode_json, decode_status};
use crate::descriptor::{Api, Descriptor};
use crate::endpoint::RequestBuilder;
use crate::error::Error;
use crate::operation::Operation;
use crate::operation_macro::operation;
use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use users_model::{Job, JobRowErrors, UsersExport, VerificationEmail};

/// Jobs: imports, exports and verification mails, which take their time.
///
/// ```
/// # async fn story(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
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
    /// Begins an export of users to a file.
    ///
    /// `POST /jobs/users-exports`, scope `read:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/jobs/post-users-exports>
    pub fn export_users(&self, export: UsersExport) -> Call<ExportUsers> {
        self.call(Ok(ExportUsers::new(export)))
    }

    /// Begins an import of users into a database connection (`con_…`), given as rows that serialise to objects.
    ///
    /// `POST /jobs/users-imports`, scope `create:users`. Auth0 takes 500 KB in one job and runs two jobs at a time; rows that it refuses do
    /// not fail the job, see [`errors`](Self::errors).
    ///
    /// <https://auth0.com/docs/api/management/v2/jobs/post-users-imports>
    pub fn import_users(
        &self,
        connection_id: impl Into<String>,
        rows: impl IntoIterator<Item = impl Serialize>,
    ) -> Call<ImportUsers> {
        let mut users = Vec::from(*b"[");
        for (index, row) in rows.into_iter().enumerate() {
            if index > 0 {
                users.push(b',');
            }
            let start = users.len();
            if let Err(error) = serde_json::to_writer(&mut users, &row) {
                return self.call(Err(Error::invalid(format!("row {index} has no JSON form: {error}"))));
            }
            if let Err(error) = check_row(index, users.get(start..).unwrap_or_default()) {
                return self.call(Err(error));
            }
        }
        users.push(b']');
        self.call(Ok(ImportUsers::new(connection_id.into(), users.into(), None, None)))
    }

    /// Sends a verification mail.
    ///
    /// `POST /jobs/verification-email`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/jobs/post-verification-email>
    pub fn send_verification_email(&self, email: VerificationEmail) -> Call<SendVerificationEmail> {
        self.call(Ok(SendVerificationEmail::new(email)))
    }

    /// Tells how far a job has come.
    ///
    /// `GET /jobs/{id}`, scope `create:users` or `read:users`. An export that is completed says where its file is, for 60 seconds.
    ///
    /// <https://auth0.com/docs/api/management/v2/jobs/get-jobs-by-id>
    pub fn get(&self, id: impl Into<String>) -> Call<GetJob> {
        self.call(Ok(GetJob::new(id.into())))
    }

    /// Lists the rows that an import refused, and why.
    ///
    /// `GET /jobs/{id}/errors`, scope `create:users` or `read:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/jobs/get-errors>
    pub fn errors(&self, id: impl Into<String>) -> Call<GetJobErrors> {
        self.call(Ok(GetJobErrors::new(id.into())))
    }

    fn call<O: Operation>(&self, operation: Result<O, Error>) -> Call<O> {
        Call::new(self.0.clone(), operation)
    }
}

operation! {
    /// `POST /jobs/users-exports`
    ExportUsers = Descriptor::post("jobs.export_users", Api::Management, "/jobs/users-exports", &["read:users"]);
    body { body: UsersExport }
    answer { decode_json: Job }
}

operation! {
    /// `POST /jobs/verification-email`
    SendVerificationEmail = Descriptor::post(
        "jobs.send_verification_email",
        Api::Management,
        "/jobs/verification-email",
        &["update:users"],
    )
    .takes_custom_domain();
    body { body: VerificationEmail }
    answer { decode_json: Job }
}

operation! {
    /// `GET /jobs/{id}`
    GetJob = Descriptor::get("jobs.get", Api::Management, "/jobs/{id}", &["create:users", "read:users"]);
    path { id: String }
    answer { decode_json: Job }
}

/// `POST /jobs/users-imports`, as `multipart/form-data`
#[derive(Clone)]
pub struct ImportUsers {
    connection_id: String,
    users: Bytes,
    upsert: Option<bool>,
    external_id: Option<String>,
    send_completion_email: Option<bool>,
}

/// The largest file that Auth0 takes in one job.
const LARGEST_IMPORT: usize = 512_000;

impl ImportUsers {
    /// What is known of the endpoint.
    pub const DESCRIPTOR: &'static Descriptor =
        &Descriptor::post("jobs.import_users", Api::Management, "/jobs/users-imports", &["create:users"]);

    pub(crate) fn new(
        connection_id: String,
        users: Bytes,
        upsert: Option<bool>,
        send_completion_email: Option<bool>,
    ) -> Self {
        Self { connection_id, users, upsert, external_id: None, send_completion_email }
    }
}

impl Operation for ImportUsers {
    type Output = Job;

    const STATIC: Option<&'static Descriptor> = Some(Self::DESCRIPTOR);

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        if self.users.len() > LARGEST_IMPORT {
            return Err(Error::invalid(format!(
                "the rows are {} bytes, and Auth0 takes {LARGEST_IMPORT} in one job; split them",
                self.users.len()
            )));
        }
        let flag = |flag: bool| flag.to_string();
        let mut fields = vec![("connection_id", self.connection_id.clone())];
        fields.extend(self.upsert.map(|upsert| ("upsert", flag(upsert))));
        fields.extend(self.external_id.clone().map(|id| ("external_id", id)));
        fields.extend(self.send_completion_email.map(|send| ("send_completion_email", flag(send))));
        RequestBuilder::new(Self::DESCRIPTOR, base).multipart(&fields, ("users", "users.json", &self.users))
    }

    fn decode(response: http::Response<Bytes>) -> Result<Job, Error> {
        decode_json(Some(Self::DESCRIPTOR), response)
    }
}

impl Call<ImportUsers> {
    /// Whether users who exist already are changed rather than refused. They are matched by address, and their metadata is replaced.
    pub fn upsert(self, upsert: bool) -> Self {
        self.with(|operation| operation.upsert = Some(upsert))
    }

    /// An id of your own for the job.
    pub fn external_id(self, id: impl Into<String>) -> Self {
        self.with(|operation| operation.external_id = Some(id.into()))
    }

    /// Whether administrators get a mail when it is done; they do unless told otherwise.
    pub fn send_completion_email(self, send: bool) -> Self {
        self.with(|operation| operation.send_completion_email = Some(send))
    }
}

impl std::fmt::Debug for ImportUsers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The rows may hold password hashes.
        f.debug_struct("ImportUsers")
            .field("connection_id", &self.connection_id)
            .field("bytes", &self.users.len())
            .finish_non_exhaustive()
    }
}

/// `GET /jobs/{id}/errors`
#[derive(Clone, Debug)]
pub struct GetJobErrors {
    id: String,
}

impl GetJobErrors {
    /// What is known of the endpoint.
    pub const DESCRIPTOR: &'static Descriptor = &Descriptor::get(
        "jobs.errors",
        Api::Management,
        "/jobs/{id}/errors",
        &["create:users", "read:users"],
    );

    pub(crate) fn new(id: String) -> Self {
        Self { id }
    }
}

/// What went wrong with a job.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum JobErrors {
    /// The rows that were refused; none if all went well.
    Rows(Vec<JobRowErrors>),
    /// The job itself failed, and this is it.
    Job(Box<Job>),
}

impl Operation for GetJobErrors {
    type Output = JobErrors;

    const STATIC: Option<&'static Descriptor> = Some(Self::DESCRIPTOR);

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        RequestBuilder::new(Self::DESCRIPTOR, base).segment("id", &self.id).empty()
    }

    fn decode(response: http::Response<Bytes>) -> Result<JobErrors, Error> {
        let response = decode_status(Some(Self::DESCRIPTOR), response)?;
        if response.status() == StatusCode::NO_CONTENT || response.body().is_empty() {
            return Ok(JobErrors::Rows(Vec::new()));
        }
        if response.body().trim_ascii_start().starts_with(b"[") {
            return decode_json(Some(Self::DESCRIPTOR), response).map(JobErrors::Rows);
        }
        decode_json(Some(Self::DESCRIPTOR), response).map(|job| JobErrors::Job(Box::new(job)))
    }
}

/// Refuses a row that is no object: Auth0 would refuse the whole file, or fail over it.
pub(crate) fn check_row(number: usize, row: &[u8]) -> Result<(), Error> {
    if row.trim_ascii_start().starts_with(b"{") {
        return Ok(());
    }
    Err(Error::invalid(format!("row {number} is not a JSON object")))
}
