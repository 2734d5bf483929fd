//! Enrollments in multi-factor authentication, by enrollment id.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::response::{decode_empty, decode_model};
use users_model::{Enrollment, EnrollmentTicket, NewEnrollmentTicket};

/// Enrollments in multi-factor authentication, by enrollment id.
#[derive(Clone, Debug)]
pub struct GuardianManager(pub(super) Client);

impl GuardianManager {
    /// Creates a link by which a user enrolls a second factor, and sends it by e-mail if requested.
    ///
    /// `POST /guardian/enrollments/ticket`, scope `create:guardian_enrollment_tickets`.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
    /// use users_core::model::NewEnrollmentTicket;
    ///
    /// let ticket = NewEnrollmentTicket::new("auth0|507f1f77bcf86cd799439020").send_mail(true);
    /// client.guardian().create_enrollment_ticket(ticket).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/guardian/post-ticket>
    #[inline]
    pub fn create_enrollment_ticket(&self, ticket: NewEnrollmentTicket) -> Call<CreateEnrollmentTicket> {
        self.0.call(Ok(CreateEnrollmentTicket::new(ticket)))
    }

    /// Gets an enrollment (`dev_…`).
    ///
    /// `GET /guardian/enrollments/{id}`, scope `read:guardian_enrollments`.
    ///
    /// <https://auth0.com/docs/api/management/v2/guardian/get-enrollments-by-id>
    pub fn get_enrollment(&self, id: impl Into<String>) -> Call<GetEnrollment> {
        self.0.call(GetEnrollment::new(id))
    }

    /// Deletes an enrollment (`dev_…`), after which the user can enroll again.
    ///
    /// `DELETE /guardian/enrollments/{id}`, scope `delete:guardian_enrollments`.
    ///
    /// <https://auth0.com/docs/api/management/v2/guardian/delete-enrollments-by-id>
    pub fn delete_enrollment(&self, id: impl Into<String>) -> Call<DeleteEnrollment> {
        self.0.call(DeleteEnrollment::new(id))
    }
}

operations! {
    /// `POST /guardian/enrollments/ticket`. See
    /// [`GuardianManager::create_enrollment_ticket`](crate::management::GuardianManager::create_enrollment_ticket).
    operation CreateEnrollmentTicket {
        Descriptor::post("guardian.create_enrollment_ticket", "/guardian/enrollments/ticket")
            .scopes(&[&["create:guardian_enrollment_tickets"]])
            .node("guardian.enrollments.createTicket")
            .takes_custom_domain();
        body { body: NewEnrollmentTicket }
        decode { decode_model: EnrollmentTicket }
    }

    /// `GET /guardian/enrollments/{id}`. See
    /// [`GuardianManager::get_enrollment`](crate::management::GuardianManager::get_enrollment).
    operation GetEnrollment {
        Descriptor::get("guardian.get_enrollment", "/guardian/enrollments/{id}")
            .scopes(&[&["read:guardian_enrollments"]])
            .node("guardian.enrollments.get");
        path { id: String }
        decode { decode_model: Enrollment }
    }

    /// `DELETE /guardian/enrollments/{id}`. See
    /// [`GuardianManager::delete_enrollment`](crate::management::GuardianManager::delete_enrollment).
    operation DeleteEnrollment {
        Descriptor::delete("guardian.delete_enrollment", "/guardian/enrollments/{id}")
            .scopes(&[&["delete:guardian_enrollments"]])
            .node("guardian.enrollments.delete");
        path { id: String }
        decode { decode_empty: () }
    }
}
