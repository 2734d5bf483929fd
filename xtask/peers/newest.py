"""Calls the users' endpoints of an embedded tenant with Auth0's newest Python SDK, which parses every response with its own models."""

import importlib.metadata
import json
import sys

from auth0.management import ManagementClient
from auth0.management.core.api_error import ApiError

TENANT = json.loads(sys.argv[1])
DATABASE = "Username-Password-Authentication"
API = "https://api.example.com/"
ID = "auth0|1"

client = ManagementClient(
    domain=TENANT["listening"].removeprefix("https://"),
    client_id=TENANT["client_id"],
    client_secret=TENANT["client_secret"],
    audience=TENANT["listening"] + "/api/v2/",
)
users = client.users


def equal(actual, expected):
    assert actual == expected, f"{actual!r} instead of {expected!r}"


def fails(status, call, *arguments, **named):
    try:
        answer = call(*arguments, **named)
    except ApiError as error:
        equal(error.status_code, status)
        return
    raise AssertionError(f"expected {status}, got {answer!r}")


def create_get_update_delete():
    user = users.create(connection=DATABASE, email="python@example.com", password="correct horse Battery 9")
    equal(users.get(user.user_id).nickname, "python")
    equal(users.update(user.user_id, nickname="Ada").nickname, "Ada")
    users.delete(user.user_id)
    fails(404, users.get, user.user_id)


def lists():
    equal(len(list(users.list(q='email:"ada@example.com"', search_engine="v3"))), 1)
    equal(len(users.list_users_by_email(email="ada@example.com")), 1)


def identities():
    equal(len(users.identities.link(ID, provider="auth0", user_id="2")), 2)
    equal(len(users.identities.delete(ID, "auth0", "2")), 1)


def roles_and_permissions():
    users.roles.assign(ID, roles=["rol_1"])
    equal([role.name for role in users.roles.list(ID)], ["admin"])
    equal([role.sources for role in users.effective_roles.list(ID)], [["direct", "groups"]])
    equal(next(iter(users.effective_roles.sources.groups.list(ID, role_id="rol_1"))).name, "staff")
    client.roles.users.assign("rol_1", users=["auth0|2"])
    equal(len(list(client.roles.users.list("rol_1", take=1))), 2)
    permissions = [{"resource_server_identifier": API, "permission_name": "read:orders"}]
    users.permissions.create(ID, permissions=permissions)
    equal([permission.description for permission in users.permissions.list(ID)], ["Read orders"])
    equal(len(list(users.effective_permissions.list(ID, resource_server_identifier=API))), 1)
    users.permissions.delete(ID, permissions=permissions)
    users.roles.delete(ID, roles=["rol_1"])
    role = client.roles.create(name="buyer", description="Buys")
    equal(client.roles.update(role.id, description="Buys all").description, "Buys all")
    equal([found.id for found in client.roles.list(name_filter="BUY")], [role.id])
    client.roles.delete(role.id)
    fails(404, client.roles.get, role.id)


def multifactor():
    methods = users.authentication_methods
    method = methods.create(ID, type="email", email="ada@example.com", name="Mail")
    equal(methods.get(ID, method.id).name, "Mail")
    methods.update(ID, method.id, name="Post")
    equal(len(methods.set(ID, request=[{"type": "phone", "phone_number": "+441632960044"}])), 1)
    equal(len(list(methods.list(ID))), 1)
    methods.delete(ID, method.id)
    methods.delete_all(ID)
    equal(len(users.enrollments.get(ID)), 1)
    users.authenticators.delete_all(ID)
    users.multifactor.invalidate_remember_browser(ID)
    users.multifactor.delete_provider(ID, "duo")
    equal(len(users.regenerate_recovery_code(ID).recovery_code), 24)
    assert client.guardian.enrollments.create_ticket(user_id=ID).ticket_url
    fails(404, client.guardian.enrollments.get, "dev_none")


def belongings():
    equal([organization.name for organization in users.organizations.list(ID)], ["acme"])
    assert list(users.groups.get(ID))
    equal(len(list(users.logs.list(ID))), 2)
    equal([account.access_type for account in users.connected_accounts.list(ID)], ["offline"])
    users.risk_assessments.clear(ID, connection=DATABASE, assessors=["new-device"])
    equal([member.id for member in client.groups.members.get("grp_1")], [ID])
    # Those of the seed come after what this program has changed.
    equal([entry.log_id for entry in client.logs.list(per_page=1)][-2:], ["2", "1"])
    equal(client.logs.get("2").type, "fp")


def sessions_and_refresh_tokens():
    equal(len(list(users.sessions.list(ID, take=1))), 3)
    equal(client.sessions.get("s1").id, "s1")
    equal(client.sessions.update("s1", session_metadata={"a": 1}).session_metadata, {"a": 1})
    client.sessions.revoke("s1")
    client.sessions.delete("s2")
    users.sessions.delete(ID)
    equal(len(list(users.sessions.list(ID))), 0)
    assert len(list(users.refresh_token.list(ID, take=1))) >= 2
    assert len(list(client.refresh_tokens.list(user_id=ID))) >= 2
    equal(client.refresh_tokens.get("t4").id, "t4")
    client.refresh_tokens.update("t4", refresh_token_metadata={"a": 1})
    client.refresh_tokens.delete("t4")
    client.refresh_tokens.revoke(user_id=ID, client_id="other")
    users.refresh_token.delete(ID)
    users.revoke_access(ID, preserve_refresh_tokens=True)


def blocks_and_tickets():
    equal(len(client.user_blocks.list(ID).blocked_for), 2)
    equal(len(client.user_blocks.list_by_identifier(identifier="ada").blocked_for), 1)
    client.user_blocks.delete_by_identifier(identifier="ada")
    client.user_blocks.delete(ID)
    assert client.tickets.verify_email(user_id=ID).ticket
    assert client.tickets.change_password(user_id=ID).ticket


def organizations():
    organizations, members, invitations = client.organizations, client.organizations.members, client.organizations.invitations
    created = organizations.create(name="initech", display_name="Initech")
    equal(organizations.get_by_name("initech").id, created.id)
    equal(organizations.update(created.id, display_name="Initech Ltd").display_name, "Initech Ltd")
    assert created.id in [organization.id for organization in organizations.list(take=1)]
    organizations.delete(created.id)
    fails(404, organizations.get, created.id)
    members.create("org_1", members=["auth0|2"])
    equal([member.user_id for member in members.list("org_1", take=1)], [ID, "auth0|2"])
    members.roles.assign("org_1", ID, roles=["rol_1"])
    equal([role.name for role in members.roles.list("org_1", ID)], ["admin"])
    equal([role.sources for role in members.effective_roles.list("org_1", ID)], [["direct"]])
    members.roles.delete("org_1", ID, roles=["rol_1"])
    members.delete("org_1", members=["auth0|2"])
    equal(len(list(members.list("org_1"))), 1)
    invitation = invitations.create(
        "org_1", inviter={"name": "Ada"}, invitee={"email": "new@example.com"}, client_id=TENANT["client_id"]
    )
    equal(invitations.get("org_1", invitation.id).invitee.email, "new@example.com")
    equal(len(list(invitations.list("org_1"))), 1)
    invitations.delete("org_1", invitation.id)
    fails(404, invitations.get, "org_1", invitation.id)


def grants_and_devices():
    equal([grant.scope for grant in client.user_grants.list(user_id=ID)], [["read:orders"], []])
    client.user_grants.delete("5f0c6bd15f0c6bd15f0c6bd1")
    client.user_grants.delete_by_user_id(user_id=ID)
    equal(len(list(client.user_grants.list(user_id=ID))), 0)
    equal([device.device_name for device in client.device_credentials.list(user_id=ID, type="public_key")], ["Phone"])
    client.device_credentials.delete("dcr_1")
    equal(len(list(client.device_credentials.list(user_id=ID, type="public_key"))), 0)


def jobs():
    connection = next(iter(client.connections.list(name=DATABASE)))
    equal(client.connections.get(connection.id).name, DATABASE)
    rows = json.dumps([{"email": "imported@example.com"}, {"email": "bad"}]).encode()
    job = client.jobs.users_imports.create(users=("users.json", rows, "application/json"), connection_id=connection.id)
    equal(client.jobs.get(job.id).status, "completed")
    equal(len(client.jobs.errors.get(job.id)), 1)
    exported = client.jobs.users_exports.create(format="json", fields=[{"name": "email"}])
    assert client.jobs.get(exported.id).location
    client.jobs.verification_email.create(user_id=ID)
    client.connections.users.delete_by_email(connection.id, email="imported@example.com")


STEPS = [
    create_get_update_delete,
    lists,
    identities,
    roles_and_permissions,
    multifactor,
    belongings,
    sessions_and_refresh_tokens,
    blocks_and_tickets,
    organizations,
    grants_and_devices,
    jobs,
]

for step in STEPS:
    step()
    print(f"  {step.__name__}")
print(f"{len(STEPS)} steps of auth0-python {importlib.metadata.version('auth0-python')} work")
