//! Enrollment in multi-factor authentication by a link.

use crate::Secret;
use crate::object::{object, open_enum, setters};

object! {
    /// The body of a request for a link by which a user enrolls a second factor.
    pub struct NewEnrollmentTicket {
        /// The id of the user.
        pub user_id: Option<String> = "user_id",
        /// The address of the e-mail, if it is not the user's.
        pub email: Option<String> = "email",
        /// Whether the link is sent by e-mail.
        pub send_mail: Option<bool> = "send_mail",
        /// The language of the e-mail: `en-GB`.
        pub email_locale: Option<String> = "email_locale",
        /// The factor to enroll. Universal Login only.
        pub factor: Option<GuardianFactor> = "factor",
        /// Whether a user who has enrolled this factor can do so again. Universal Login only.
        pub allow_multiple_enrollments: Option<bool> = "allow_multiple_enrollments",
    }
}

impl NewEnrollmentTicket {
    /// Requests a link for this user.
    pub fn new(user_id: impl Into<String>) -> Self {
        Self { user_id: Some(user_id.into()), ..Self::default() }
    }
}

setters!(NewEnrollmentTicket {
    /// Sets the address of the e-mail, if it is not the user's.
    email: String,
    /// Sets whether the link is sent by e-mail.
    send_mail: bool,
    /// Sets the language of the e-mail: `en-GB`.
    email_locale: String,
    /// Sets the factor to enroll. Universal Login only.
    factor: GuardianFactor,
    /// Sets whether a user who has enrolled this factor can do so again. Universal Login only.
    allow_multiple_enrollments: bool,
});

open_enum! {
    /// A second factor.
    pub enum GuardianFactor {
        PushNotification = "push-notification",
        Phone = "phone",
        Email = "email",
        Otp = "otp",
        WebauthnRoaming = "webauthn-roaming",
        WebauthnPlatform = "webauthn-platform",
    }
}

object! {
    /// A link by which a user enrolls a second factor.
    pub struct EnrollmentTicket {
        /// The ticket's id. Anyone who knows it can use it, so `Debug` does not show it.
        pub ticket_id: Option<Secret> = "ticket_id",
        /// The link. Anyone who knows it can use it, so `Debug` does not show it.
        pub ticket_url: Option<Secret> = "ticket_url",
    }
}
