//! Connections and their users.

use crate::call::{Call, CallFuture};
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::paging::List;
use crate::response::{decode_empty, decode_model};
use users_model::{Connection, Page};

/// Connections and their users.
#[derive(Clone, Debug)]
pub struct ConnectionsManager(pub(super) Client);

impl ConnectionsManager {
    /// Lists the connections of the tenant: one page when awaited, a stream of all with [`items`](Call::items).
    ///
    /// `GET /connections`, scope `read:connections`; their options require `read:connections_options` too. A stream is paged by
    /// checkpoint, beyond the first 1000.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
    /// let databases = client.connections().list().strategy("auth0").items().try_collect().await?;
    /// # let _ = databases;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/connections/get-connections>
    #[inline]
    pub fn list(&self) -> Call<ListConnections> {
        self.0.call(Ok(ListConnections::new()))
    }

    /// Gets a connection.
    ///
    /// `GET /connections/{id}`, scope `read:connections`; its options require `read:connections_options` too.
    ///
    /// <https://auth0.com/docs/api/management/v2/connections/get-connections-by-id>
    pub fn get(&self, id: impl Into<String>) -> Call<GetConnection> {
        self.0.call(GetConnection::new(id))
    }

    /// Returns the id of the connection of exactly this name, or `None` if there is none.
    ///
    /// `GET /connections`, scope `read:connections`.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
    /// if let Some(id) = client.connections().by_name("Username-Password-Authentication").await? {
    ///     println!("{id}"); // con_…
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn by_name(&self, name: impl Into<String>) -> CallFuture<Option<String>> {
        let name = name.into();
        let call = self.list().name(&name).fields(["id", "name"]);
        CallFuture::new(async move {
            let page = call.await?;
            let found = page.into_iter().find(|connection| connection.name.as_ref() == Some(&name));
            Ok(found.and_then(|connection| connection.id))
        })
    }

    /// Deletes the user with this e-mail address from a connection (`con_…`): for custom databases, whose ids Auth0 does not
    /// know.
    ///
    /// `DELETE /connections/{id}/users`, scope `delete:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/connections/delete-users-by-email>
    pub fn delete_user(&self, id: impl Into<String>, email: impl Into<String>) -> Call<DeleteConnectionUser> {
        self.0.call(DeleteConnectionUser::new(id, email))
    }
}

operations! {
    /// `GET /connections`. See [`ConnectionsManager::list`](crate::management::ConnectionsManager::list).
    operation ListConnections {
        Descriptor::get("connections.list", "/connections")
            .scopes(&[&["read:connections"]])
            .node("connections.list");
        page { AnyPaging of Connection, List { streams_by_checkpoint: true, ..List::PLAIN } }
        query {
            /// Returns connections of this strategy only, such as `auth0`. Further ones are added by
            /// [`query`](crate::Call::query): `.query("strategy", "sms")`.
            strategy: String,
            /// Returns the connection of exactly this name.
            name: String,
        }
        fields { fields }
        decode { decode_model: Page<Connection> }
    }

    /// `GET /connections/{id}`. See [`ConnectionsManager::get`](crate::management::ConnectionsManager::get).
    operation GetConnection {
        Descriptor::get("connections.get", "/connections/{id}")
            .scopes(&[&["read:connections"]])
            .node("connections.get");
        path { id: String }
        fields { fields }
        decode { decode_model: Connection }
    }

    /// `DELETE /connections/{id}/users`. See
    /// [`ConnectionsManager::delete_user`](crate::management::ConnectionsManager::delete_user).
    operation DeleteConnectionUser {
        Descriptor::delete("connections.delete_user", "/connections/{id}/users")
            .scopes(&[&["delete:users"]])
            .node("connections.users.deleteByEmail");
        path { id: String }
        required { email }
        decode { decode_empty: () }
    }
}
