//! The page that shows a tenant: stories of a person who looks at it.

mod faults;
mod inbox;
mod key;
mod keyboard;
mod look;
mod profile;
mod traffic;
mod users;

use serde_json::json;
use users_core::model::NewUser;
use users_mock::{Limits, Seed, Tenant};
use users_tenant::{TenantServer, Tenants};

const PASSWORD: &str = "Correct horse 1";
const DATABASE: &str = "Username-Password-Authentication";

/// A server of tenants that begin with a user whose name is a piece of HTML, Ada, who has all that a user can have, and thirty others.
struct Served {
    tenants: Tenants,
    server: TenantServer,
    users: users_hyper::management::UsersManager,
}

impl Served {
    async fn start() -> Self {
        let tenants = Tenants::builder(template()).build();
        let server = TenantServer::builder(tenants.clone()).bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let token = tenants.tenant(&"default".parse().unwrap()).management_token();
        let users = users_hyper::management(server.url()).token(token.expose()).build().unwrap().users();
        Self { tenants, server, users }
    }

    fn tenant(&self) -> Tenant {
        self.tenants.tenant(&"default".parse().unwrap())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    /// Creates a user who logs in, fails to, and asks for another password.
    async fn create_grace(&self) -> String {
        let grace = NewUser::new(DATABASE).email("grace@example.com").password(PASSWORD).verify_email(true);
        let id = self.users.create(grace).await.unwrap().user_id.unwrap();
        let auth = users_hyper::authentication(self.server.url())
            .client_id("tenant-client")
            .client_secret("tenant-secret")
            .build()
            .unwrap();
        auth.oauth()
            .password_grant("grace@example.com", PASSWORD)
            .scope("openid offline_access")
            .await
            .unwrap();
        auth.oauth().password_grant("grace@example.com", "wrong").await.unwrap_err();
        auth.database().change_password(DATABASE, "grace@example.com").await.unwrap();
        id.to_string()
    }
}

fn template() -> users_mock::TenantBuilder {
    let seed = json!({
        "users": [
            {"user_id": "auth0|evil", "email": "evil@example.com", "name": "<script>document.title='evil'</script>"},
            {"user_id": "auth0|ada", "email": "ada@example.com", "email_verified": true, "name": "Ada Lovelace", "logins_count": 3,
             "last_login": "2026-05-02T10:00:00.000Z", "last_ip": "203.0.113.7", "user_metadata": {"theme": "dark"}, "app_metadata": {"plan": "gold"}},
        ],
        "roles": [{"id": "rol_1", "name": "editor", "description": "Edits orders", "permissions": ["read:orders", "write:orders"]}],
        "resource_servers": [{"id": "1", "identifier": "https://api.example.com/", "name": "Orders",
            "scopes": [{"value": "read:orders", "description": "Read orders"}, {"value": "write:orders", "description": "Write orders"}]}],
        "belongings": {"auth0|ada": {
            "roles": [{"id": "rol_1"}],
            "permissions": [{"resource_server_identifier": "https://api.example.com/", "permission_name": "read:orders"}],
            "organizations": [{"id": "org_1", "name": "acme", "display_name": "Acme Corporation"}],
            "organization_roles": [{"organization_id": "org_1", "id": "rol_1"}],
            "authentication_methods": [{"id": "totp|dev_1", "type": "totp", "name": "Phone", "confirmed": true, "created_at": "2026-04-01T08:00:00.000Z"}],
            "sessions": [
                {"id": "s1", "user_id": "auth0|ada", "created_at": "2026-05-01T10:00:00.000Z", "last_interacted_at": "2026-05-02T10:00:00.000Z",
                 "device": {"last_ip": "203.0.113.7", "last_user_agent":
                    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"},
                 "clients": [{"client_id": "shop"}]},
                {"id": "s2", "user_id": "auth0|ada", "created_at": "2026-05-01T11:00:00.000Z", "device": {"initial_ip": "203.0.113.8"}}],
            "refresh_tokens": [{"id": "t1", "user_id": "auth0|ada", "client_id": "shop", "session_id": "s1", "rotating": true,
                "created_at": "2026-05-01T10:00:00.000Z", "last_exchanged_at": "2026-05-02T09:00:00.000Z", "device": {"last_ip": "203.0.113.7"}}],
            "blocked_for": [{"identifier": "ada@example.com", "ip": "203.0.113.9", "connection": DATABASE}],
            "logs": [
                {"log_id": "1", "type": "s", "date": "2026-05-01T10:00:00.000Z", "client_name": "Shop", "ip": "203.0.113.7", "user_agent": "Chrome 140.0.0 / Linux 0.0.0"},
                {"log_id": "2", "type": "fp", "date": "2026-05-02T10:00:00.000Z", "description": "Wrong email or password.", "client_name": "Shop", "ip": "203.0.113.9"}],
        }},
    });
    Tenant::builder()
        .system_clock()
        .users(30)
        .limits(Limits::essentials())
        .seed(Seed::from_json(&seed.to_string()).unwrap())
}
