//! Blocks a user who leaves, and deletes the user a day later. It uses the SDK's client and no transport.

use std::time::Duration;
use users_core::model::{MetadataUpdate, UserUpdate};
use users_core::{Clock, Error, ManagementClient};

pub struct Offboarding {
    client: ManagementClient,
}

#[derive(Debug, PartialEq)]
pub enum Outcome {
    Unknown,
    Deleted(usize),
}

impl Offboarding {
    pub const GRACE: Duration = Duration::from_secs(24 * 60 * 60);

    pub fn new(client: ManagementClient) -> Self {
        Self { client }
    }

    pub async fn leave(&self, email: &str, clock: &impl Clock) -> Result<Outcome, Error> {
        let users = self.client.users();
        let found = users.get_all().q(format!("email:\"{email}\"")).await?;
        let ids: Vec<_> = found.into_iter().filter_map(|user| user.user_id).collect();
        if ids.is_empty() {
            return Ok(Outcome::Unknown);
        }
        for id in &ids {
            let gone = UserUpdate::new().blocked(true).app_metadata(MetadataUpdate::new().set("left", true));
            users.update(id, gone).await?;
        }
        clock.sleep(Self::GRACE).await;
        for id in &ids {
            users.delete(id).await?;
        }
        Ok(Outcome::Deleted(ids.len()))
    }
}
