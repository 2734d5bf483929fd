//! Groups of users.

use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::operation_macro::operations;
use crate::paging::List;
use crate::response::decode_model;
use users_model::{GroupMember, Page};

/// Groups of users.
#[derive(Clone, Debug)]
pub struct GroupsManager(pub(super) Client);

impl GroupsManager {
    /// Lists the members of a group (`grp_…`): one page when awaited, a stream of all with [`items`](Call::items).
    ///
    /// `GET /groups/{id}/members`, scope `read:group_members`.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
    /// let members = client.groups().members("grp_1a2b3c4d5e6f7g").items().try_collect().await?;
    /// # let _ = members;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/groups/get-group-members>
    pub fn members(&self, id: impl Into<String>) -> Call<ListGroupMembers> {
        self.0.call(ListGroupMembers::new(id))
    }
}

operations! {
    /// `GET /groups/{id}/members`. See [`GroupsManager::members`](crate::management::GroupsManager::members).
    operation ListGroupMembers {
        Descriptor::get("groups.members", "/groups/{id}/members")
            .scopes(&[&["read:group_members"]])
            .node("groups.members.get");
        path { id: String }
        page { CheckpointPaging of GroupMember, List::PLAIN }
        fields { fields }
        decode { decode_model: Page<GroupMember> }
    }
}
