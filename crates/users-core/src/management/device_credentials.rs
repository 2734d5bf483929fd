//! Credentials of devices: refresh tokens and public keys.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::paging::List;
use crate::response::{decode_empty, decode_model};
use users_model::{DeviceCredential, DeviceCredentialType, Page};

/// Credentials of devices: refresh tokens and public keys.
#[derive(Clone, Debug)]
pub struct DeviceCredentialsManager(pub(super) Client);

impl DeviceCredentialsManager {
    /// Lists credentials of devices: one page when awaited, a stream of the first 1000 with [`items`](Call::items).
    ///
    /// `GET /device-credentials`, scope `read:device_credentials`. Without a type, refresh tokens and public keys are listed, but
    /// no rotating refresh tokens. For refresh tokens, [`users().refresh_tokens(id)`](crate::management::UsersManager::refresh_tokens)
    /// lists more of each.
    ///
    /// <https://auth0.com/docs/api/management/v2/device-credentials/get-device-credentials>
    #[inline]
    pub fn list(&self) -> Call<ListDeviceCredentials> {
        self.0.call(Ok(ListDeviceCredentials::new()))
    }

    /// Deletes a credential. Succeeds if it no longer exists.
    ///
    /// `DELETE /device-credentials/{id}`, scope `delete:device_credentials` or `delete:current_user_device_credentials`.
    ///
    /// <https://auth0.com/docs/api/management/v2/device-credentials/delete-device-credentials-by-id>
    pub fn delete(&self, id: impl Into<String>) -> Call<DeleteDeviceCredential> {
        self.0.call(DeleteDeviceCredential::new(id))
    }
}

operations! {
    /// `GET /device-credentials`. See
    /// [`DeviceCredentialsManager::list`](crate::management::DeviceCredentialsManager::list).
    operation ListDeviceCredentials {
        Descriptor::get("device_credentials.list", "/device-credentials")
            .scopes(&[&["read:device_credentials"]])
            .node("deviceCredentials.list");
        page { OffsetPaging of DeviceCredential, List { may_ignore_pages: true, ..List::PLAIN } }
        query {
            /// Returns credentials of this user only.
            user_id: String,
            /// Returns credentials of this application only.
            client_id: String,
            /// Returns credentials of this type only.
            kind: DeviceCredentialType = "type",
        }
        fields { fields }
        decode { decode_model: Page<DeviceCredential> }
    }

    /// `DELETE /device-credentials/{id}`. See
    /// [`DeviceCredentialsManager::delete`](crate::management::DeviceCredentialsManager::delete).
    operation DeleteDeviceCredential {
        Descriptor::delete("device_credentials.delete", "/device-credentials/{id}")
            .scopes(&[&["delete:device_credentials"], &["delete:current_user_device_credentials"]])
            .node("deviceCredentials.delete");
        path { id: String }
        decode { decode_empty: () }
    }
}
