//! The second factors and passkeys that a user has enrolled.

use crate::object::{object, open_enum, setters};
use crate::{Secret, Timestamp};

open_enum! {
    /// A kind of authentication method.
    pub enum AuthenticationMethodType {
        RecoveryCode = "recovery-code",
        Totp = "totp",
        Push = "push",
        Phone = "phone",
        Email = "email",
        EmailVerification = "email-verification",
        WebauthnRoaming = "webauthn-roaming",
        WebauthnPlatform = "webauthn-platform",
        Guardian = "guardian",
        Passkey = "passkey",
        Password = "password",
    }
}

open_enum! {
    /// How a code reaches a phone.
    pub enum PreferredAuthenticationMethod {
        Voice = "voice",
        Sms = "sms",
    }
}

open_enum! {
    /// Whether a credential stays on one device.
    pub enum CredentialDeviceType {
        SingleDevice = "single_device",
        MultiDevice = "multi_device",
    }
}

open_enum! {
    /// What an authentication method is used as.
    pub enum AuthenticatorType {
        Totp = "totp",
        Push = "push",
        Sms = "sms",
        Voice = "voice",
    }
}

object! {
    /// One use of an authentication method: a phone takes calls and messages.
    pub struct Authenticator {
        /// What it is used as.
        pub kind: Option<AuthenticatorType> = "type",
        /// The id: `sms|dev_…`.
        pub id: Option<String> = "id",
    }
}

object! {
    /// An authentication method of a user. Addresses and numbers are masked where it is read: `chuc****@exam*******`.
    pub struct AuthenticationMethod {
        /// The id: `email|dev_…`.
        pub id: Option<String> = "id",
        /// The kind.
        pub kind: Option<AuthenticationMethodType> = "type",
        /// Whether the enrolment was completed.
        pub confirmed: Option<bool> = "confirmed",
        /// The name that people see.
        pub name: Option<String> = "name",
        /// What it is used as.
        pub authentication_methods: Option<Vec<Authenticator>> = "authentication_methods",
        /// How a code reaches the phone.
        pub preferred_authentication_method: Option<PreferredAuthenticationMethod> = "preferred_authentication_method",
        /// The id of a linked method.
        pub link_id: Option<String> = "link_id",
        /// The phone number.
        pub phone_number: Option<String> = "phone_number",
        /// The e-mail address.
        pub email: Option<String> = "email",
        /// The secret of a one-time code generator, in base32; only in the answer to its enrolment.
        pub totp_secret: Option<Secret> = "totp_secret",
        /// The id of a WebAuthn credential.
        pub key_id: Option<String> = "key_id",
        /// The public key of a WebAuthn credential.
        pub public_key: Option<String> = "public_key",
        /// The model of the authenticator, as a UUID.
        pub aaguid: Option<String> = "aaguid",
        /// The domain of a WebAuthn credential.
        pub relying_party_identifier: Option<String> = "relying_party_identifier",
        /// Whether the credential stays on one device.
        pub credential_device_type: Option<CredentialDeviceType> = "credential_device_type",
        /// Whether the credential is backed up.
        pub credential_backed_up: Option<bool> = "credential_backed_up",
        /// The id of the identity that a passkey belongs to.
        pub identity_user_id: Option<String> = "identity_user_id",
        /// The browser that enrolled a passkey.
        pub user_agent: Option<String> = "user_agent",
        /// The user handle of a passkey.
        pub user_handle: Option<String> = "user_handle",
        /// How the authenticator can be reached: `usb`, `nfc`, `internal`.
        pub transports: Option<Vec<String>> = "transports",
        /// When it was created.
        pub created_at: Option<Timestamp> = "created_at",
        /// When it was enrolled.
        pub enrolled_at: Option<Timestamp> = "enrolled_at",
        /// When it was last used.
        pub last_auth_at: Option<Timestamp> = "last_auth_at",
    }
}

object! {
    /// An authentication method to be created.
    ///
    /// ```
    /// use users_model::NewAuthenticationMethod;
    ///
    /// let phone = NewAuthenticationMethod::new("phone").phone_number("+441632960044").preferred_authentication_method("sms");
    /// assert_eq!(
    ///     serde_json::to_string(&phone)?,
    ///     r#"{"type":"phone","phone_number":"+441632960044","preferred_authentication_method":"sms"}"#
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct NewAuthenticationMethod {
        /// The kind: `phone`, `email`, `totp`, `webauthn-roaming` or `passkey`.
        pub kind: Option<AuthenticationMethodType> = "type",
        /// The name that people see.
        pub name: Option<String> = "name",
        /// The secret of a one-time code generator, in base32.
        pub totp_secret: Option<Secret> = "totp_secret",
        /// The phone number, in E.164 form.
        pub phone_number: Option<String> = "phone_number",
        /// The e-mail address.
        pub email: Option<String> = "email",
        /// How a code reaches the phone.
        pub preferred_authentication_method: Option<PreferredAuthenticationMethod> = "preferred_authentication_method",
        /// The id of a WebAuthn credential.
        pub key_id: Option<String> = "key_id",
        /// The public key of a WebAuthn credential.
        pub public_key: Option<String> = "public_key",
        /// The model of the authenticator, as a UUID.
        pub aaguid: Option<String> = "aaguid",
        /// The domain of a WebAuthn credential.
        pub relying_party_identifier: Option<String> = "relying_party_identifier",
        /// Whether the credential stays on one device.
        pub credential_device_type: Option<CredentialDeviceType> = "credential_device_type",
        /// Whether the credential is backed up.
        pub credential_backed_up: Option<bool> = "credential_backed_up",
        /// The id of the identity that a passkey belongs to.
        pub identity_user_id: Option<String> = "identity_user_id",
        /// The browser that enrolled a passkey.
        pub user_agent: Option<String> = "user_agent",
        /// The user handle of a passkey.
        pub user_handle: Option<String> = "user_handle",
        /// How the authenticator can be reached.
        pub transports: Option<Vec<String>> = "transports",
    }
}

impl NewAuthenticationMethod {
    /// A method of this kind.
    pub fn new(kind: impl Into<AuthenticationMethodType>) -> Self {
        Self { kind: Some(kind.into()), ..Self::default() }
    }
}

setters!(NewAuthenticationMethod {
    /// The name that people see.
    name: String,
    /// The secret of a one-time code generator, in base32.
    totp_secret: Secret,
    /// The phone number: `+` and 1 to 15 digits.
    phone_number: String,
    /// The e-mail address.
    email: String,
    /// How a code reaches the phone.
    preferred_authentication_method: PreferredAuthenticationMethod,
    /// The id of a WebAuthn credential.
    key_id: String,
    /// The public key of a WebAuthn credential.
    public_key: String,
    /// The model of the authenticator, as a UUID.
    aaguid: String,
    /// The domain of a WebAuthn credential.
    relying_party_identifier: String,
    /// Whether the credential stays on one device.
    credential_device_type: CredentialDeviceType,
    /// Whether the credential is backed up.
    credential_backed_up: bool,
    /// The id of the identity that a passkey belongs to.
    identity_user_id: String,
    /// The browser that enrolled a passkey.
    user_agent: String,
    /// The user handle of a passkey.
    user_handle: String,
    /// How the authenticator can be reached: `usb`, `nfc`, `internal`.
    transports: Vec<String>,
});

object! {
    /// An authentication method that takes the place of those before. WebAuthn credentials and passkeys cannot be set so.
    ///
    /// ```
    /// use users_model::AuthenticationMethodReplacement;
    ///
    /// let mail = AuthenticationMethodReplacement::new("email").email("ada@example.com");
    /// assert_eq!(serde_json::to_string(&mail)?, r#"{"type":"email","email":"ada@example.com"}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct AuthenticationMethodReplacement {
        /// The kind: `phone`, `email` or `totp`.
        pub kind: Option<AuthenticationMethodType> = "type",
        /// The name that people see.
        pub name: Option<String> = "name",
        /// The secret of a one-time code generator, in base32.
        pub totp_secret: Option<Secret> = "totp_secret",
        /// The phone number, in E.164 form.
        pub phone_number: Option<String> = "phone_number",
        /// The e-mail address.
        pub email: Option<String> = "email",
        /// How a code reaches the phone.
        pub preferred_authentication_method: Option<PreferredAuthenticationMethod> = "preferred_authentication_method",
    }
}

impl AuthenticationMethodReplacement {
    /// A method of this kind.
    pub fn new(kind: impl Into<AuthenticationMethodType>) -> Self {
        Self { kind: Some(kind.into()), ..Self::default() }
    }
}

setters!(AuthenticationMethodReplacement {
    /// The name that people see.
    name: String,
    /// The secret of a one-time code generator, in base32.
    totp_secret: Secret,
    /// The phone number: `+` and 1 to 15 digits.
    phone_number: String,
    /// The e-mail address.
    email: String,
    /// How a code reaches the phone.
    preferred_authentication_method: PreferredAuthenticationMethod,
});

object! {
    /// A change to an authentication method.
    pub struct AuthenticationMethodUpdate {
        /// The name that people see.
        pub name: Option<String> = "name",
        /// How a code reaches the phone.
        pub preferred_authentication_method: Option<PreferredAuthenticationMethod> = "preferred_authentication_method",
    }
}

impl AuthenticationMethodUpdate {
    /// A change of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }
}

setters!(AuthenticationMethodUpdate {
    /// The name that people see.
    name: String,
    /// How a code reaches the phone.
    preferred_authentication_method: PreferredAuthenticationMethod,
});

open_enum! {
    /// How far an enrolment has come.
    pub enum EnrollmentStatus {
        Pending = "pending",
        Confirmed = "confirmed",
    }
}

open_enum! {
    /// What a Guardian enrolment is used as.
    pub enum EnrollmentMethod {
        Authenticator = "authenticator",
        Guardian = "guardian",
        Sms = "sms",
        WebauthnPlatform = "webauthn-platform",
        WebauthnRoaming = "webauthn-roaming",
    }
}

object! {
    /// A Guardian enrolment of a user.
    pub struct Enrollment {
        /// The id: `dev_…`.
        pub id: Option<String> = "id",
        /// How far it has come.
        pub status: Option<EnrollmentStatus> = "status",
        /// The kind.
        pub kind: Option<String> = "type",
        /// The device's name.
        pub name: Option<String> = "name",
        /// The device's own id.
        pub identifier: Option<String> = "identifier",
        /// The phone number.
        pub phone_number: Option<String> = "phone_number",
        /// What it is used as.
        pub auth_method: Option<EnrollmentMethod> = "auth_method",
        /// When it was completed.
        pub enrolled_at: Option<Timestamp> = "enrolled_at",
        /// When it was last used.
        pub last_auth: Option<Timestamp> = "last_auth",
    }
}

object! {
    /// A new recovery code: it stands in for a second factor once.
    pub struct RecoveryCode {
        /// The code: 24 letters and digits.
        pub recovery_code: Option<Secret> = "recovery_code",
    }
}
