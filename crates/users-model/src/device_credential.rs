//! Device credentials.

use crate::object::{object, open_enum};

object! {
    /// A credential of a device: a refresh token, or a public key.
    pub struct DeviceCredential {
        /// The id: `dcr_…`.
        pub id: Option<String> = "id",
        /// The name of the device.
        pub device_name: Option<String> = "device_name",
        /// The id of the device, which most refresh tokens have not.
        pub device_id: Option<String> = "device_id",
        /// The type.
        pub kind: Option<DeviceCredentialType> = "type",
        /// The user's id.
        pub user_id: Option<String> = "user_id",
        /// The application.
        pub client_id: Option<String> = "client_id",
    }
}

open_enum! {
    /// The type of a device credential.
    pub enum DeviceCredentialType {
        PublicKey = "public_key",
        RefreshToken = "refresh_token",
        RotatingRefreshToken = "rotating_refresh_token",
    }
}
