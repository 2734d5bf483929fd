//! Authentication methods and Guardian enrollments of a user.

use crate::object::{object, open_enum, setters};
use crate::{Secret, Timestamp};

open_enum! {
    /// The type of an authentication method.
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
    /// How one-time codes are delivered to a phone.
    pub enum PreferredAuthenticationMethod {
        Voice = "voice",
        Sms = "sms",
    }
}

open_enum! {
    /// Whether a WebAuthn credential is bound to a single device.
    pub enum CredentialDeviceType {
        SingleDevice = "single_device",
        MultiDevice = "multi_device",
    }
}

open_enum! {
    /// The type of an authenticator.
    pub enum AuthenticatorType {
        Totp = "totp",
        Push = "push",
        Sms = "sms",
        Voice = "voice",
    }
}

object! {
    /// An authenticator of an authentication method: a phone may have one for calls and one for messages.
    pub struct Authenticator {
        /// The type.
        pub kind: Option<AuthenticatorType> = "type",
        /// The id: `sms|dev_…`.
        pub id: Option<String> = "id",
    }
}

object! {
    /// An authentication method of a user. Auth0 returns e-mail addresses and phone numbers masked: `chuc****@exam*******`.
    pub struct AuthenticationMethod {
        /// The id: `email|dev_…`.
        pub id: Option<String> = "id",
        /// The type.
        pub kind: Option<AuthenticationMethodType> = "type",
        /// Whether the enrollment is complete.
        pub confirmed: Option<bool> = "confirmed",
        /// The display name.
        pub name: Option<String> = "name",
        /// Its authenticators.
        pub authentication_methods: Option<Vec<Authenticator>> = "authentication_methods",
        /// How one-time codes are delivered to the phone.
        pub preferred_authentication_method: Option<PreferredAuthenticationMethod> = "preferred_authentication_method",
        /// The id of a linked method.
        pub link_id: Option<String> = "link_id",
        /// The phone number.
        pub phone_number: Option<String> = "phone_number",
        /// The e-mail address.
        pub email: Option<String> = "email",
        /// The secret of a one-time code generator, in base32. Returned by its creation only.
        pub totp_secret: Option<Secret> = "totp_secret",
        /// The id of a WebAuthn credential.
        pub key_id: Option<String> = "key_id",
        /// The public key of a WebAuthn credential.
        pub public_key: Option<String> = "public_key",
        /// The model of the authenticator, as a UUID.
        pub aaguid: Option<String> = "aaguid",
        /// The domain of a WebAuthn credential.
        pub relying_party_identifier: Option<String> = "relying_party_identifier",
        /// Whether the credential is bound to a single device.
        pub credential_device_type: Option<CredentialDeviceType> = "credential_device_type",
        /// Whether the credential is backed up.
        pub credential_backed_up: Option<bool> = "credential_backed_up",
        /// The id of the identity that a passkey belongs to.
        pub identity_user_id: Option<String> = "identity_user_id",
        /// The user agent that enrolled a passkey.
        pub user_agent: Option<String> = "user_agent",
        /// The user handle of a passkey.
        pub user_handle: Option<String> = "user_handle",
        /// The transports of the authenticator: `usb`, `nfc`, `internal`.
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
    /// The body of a request that creates an authentication method.
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
        /// The type: `phone`, `email`, `totp`, `webauthn-roaming` or `passkey`.
        pub kind: Option<AuthenticationMethodType> = "type",
        /// The display name.
        pub name: Option<String> = "name",
        /// The secret of a one-time code generator, in base32.
        pub totp_secret: Option<Secret> = "totp_secret",
        /// The phone number, in E.164 form.
        pub phone_number: Option<String> = "phone_number",
        /// The e-mail address.
        pub email: Option<String> = "email",
        /// How one-time codes are delivered to the phone.
        pub preferred_authentication_method: Option<PreferredAuthenticationMethod> = "preferred_authentication_method",
        /// The id of a WebAuthn credential.
        pub key_id: Option<String> = "key_id",
        /// The public key of a WebAuthn credential.
        pub public_key: Option<String> = "public_key",
        /// The model of the authenticator, as a UUID.
        pub aaguid: Option<String> = "aaguid",
        /// The domain of a WebAuthn credential.
        pub relying_party_identifier: Option<String> = "relying_party_identifier",
        /// Whether the credential is bound to a single device.
        pub credential_device_type: Option<CredentialDeviceType> = "credential_device_type",
        /// Whether the credential is backed up.
        pub credential_backed_up: Option<bool> = "credential_backed_up",
        /// The id of the identity that a passkey belongs to.
        pub identity_user_id: Option<String> = "identity_user_id",
        /// The user agent that enrolled a passkey.
        pub user_agent: Option<String> = "user_agent",
        /// The user handle of a passkey.
        pub user_handle: Option<String> = "user_handle",
        /// The transports of the authenticator.
        pub transports: Option<Vec<String>> = "transports",
    }
}

impl NewAuthenticationMethod {
    /// Creates a method of this type.
    pub fn new(kind: impl Into<AuthenticationMethodType>) -> Self {
        Self { kind: Some(kind.into()), ..Self::default() }
    }
}

setters!(NewAuthenticationMethod {
    /// Sets the display name.
    name: String,
    /// Sets the secret of a one-time code generator, in base32.
    totp_secret: Secret,
    /// Sets the phone number: `+` and 1 to 15 digits.
    phone_number: String,
    /// Sets the e-mail address.
    email: String,
    /// Sets how one-time codes are delivered to the phone.
    preferred_authentication_method: PreferredAuthenticationMethod,
    /// Sets the id of a WebAuthn credential.
    key_id: String,
    /// Sets the public key of a WebAuthn credential.
    public_key: String,
    /// Sets the model of the authenticator, as a UUID.
    aaguid: String,
    /// Sets the domain of a WebAuthn credential.
    relying_party_identifier: String,
    /// Sets whether the credential is bound to a single device.
    credential_device_type: CredentialDeviceType,
    /// Sets whether the credential is backed up.
    credential_backed_up: bool,
    /// Sets the id of the identity that a passkey belongs to.
    identity_user_id: String,
    /// Sets the user agent that enrolled a passkey.
    user_agent: String,
    /// Sets the user handle of a passkey.
    user_handle: String,
    /// Sets the transports of the authenticator: `usb`, `nfc`, `internal`.
    transports: Vec<String>,
});

object! {
    /// One of the authentication methods that replace all existing ones. WebAuthn credentials and passkeys cannot be set this
    /// way.
    ///
    /// ```
    /// use users_model::AuthenticationMethodReplacement;
    ///
    /// let email = AuthenticationMethodReplacement::new("email").email("ada@example.com");
    /// assert_eq!(serde_json::to_string(&email)?, r#"{"type":"email","email":"ada@example.com"}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct AuthenticationMethodReplacement {
        /// The type: `phone`, `email` or `totp`.
        pub kind: Option<AuthenticationMethodType> = "type",
        /// The display name.
        pub name: Option<String> = "name",
        /// The secret of a one-time code generator, in base32.
        pub totp_secret: Option<Secret> = "totp_secret",
        /// The phone number, in E.164 form.
        pub phone_number: Option<String> = "phone_number",
        /// The e-mail address.
        pub email: Option<String> = "email",
        /// How one-time codes are delivered to the phone.
        pub preferred_authentication_method: Option<PreferredAuthenticationMethod> = "preferred_authentication_method",
    }
}

impl AuthenticationMethodReplacement {
    /// Creates a method of this type.
    pub fn new(kind: impl Into<AuthenticationMethodType>) -> Self {
        Self { kind: Some(kind.into()), ..Self::default() }
    }
}

setters!(AuthenticationMethodReplacement {
    /// Sets the display name.
    name: String,
    /// Sets the secret of a one-time code generator, in base32.
    totp_secret: Secret,
    /// Sets the phone number: `+` and 1 to 15 digits.
    phone_number: String,
    /// Sets the e-mail address.
    email: String,
    /// Sets how one-time codes are delivered to the phone.
    preferred_authentication_method: PreferredAuthenticationMethod,
});

object! {
    /// An update of an authentication method. Only the fields that are set are sent.
    pub struct AuthenticationMethodUpdate {
        /// The display name.
        pub name: Option<String> = "name",
        /// How one-time codes are delivered to the phone.
        pub preferred_authentication_method: Option<PreferredAuthenticationMethod> = "preferred_authentication_method",
    }
}

impl AuthenticationMethodUpdate {
    /// Creates an empty update.
    pub fn new() -> Self {
        Self::default()
    }
}

setters!(AuthenticationMethodUpdate {
    /// Sets the display name.
    name: String,
    /// Sets how one-time codes are delivered to the phone.
    preferred_authentication_method: PreferredAuthenticationMethod,
});

open_enum! {
    /// The status of an enrollment.
    pub enum EnrollmentStatus {
        Pending = "pending",
        Confirmed = "confirmed",
    }
}

open_enum! {
    /// The authentication method of a Guardian enrollment.
    pub enum EnrollmentMethod {
        Authenticator = "authenticator",
        Guardian = "guardian",
        Sms = "sms",
        WebauthnPlatform = "webauthn-platform",
        WebauthnRoaming = "webauthn-roaming",
    }
}

object! {
    /// A Guardian enrollment of a user.
    pub struct Enrollment {
        /// The id: `dev_…`.
        pub id: Option<String> = "id",
        /// The status.
        pub status: Option<EnrollmentStatus> = "status",
        /// The type.
        pub kind: Option<String> = "type",
        /// The device's name.
        pub name: Option<String> = "name",
        /// The device's identifier.
        pub identifier: Option<String> = "identifier",
        /// The phone number.
        pub phone_number: Option<String> = "phone_number",
        /// The authentication method.
        pub auth_method: Option<EnrollmentMethod> = "auth_method",
        /// When the enrollment was completed.
        pub enrolled_at: Option<Timestamp> = "enrolled_at",
        /// When it was last used.
        pub last_auth: Option<Timestamp> = "last_auth",
    }
}

object! {
    /// A new recovery code, which replaces a second factor once.
    pub struct RecoveryCode {
        /// The code: 24 letters and digits.
        pub recovery_code: Option<Secret> = "recovery_code",
    }
}
