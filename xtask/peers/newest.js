// Calls the users' endpoints of an embedded tenant with Auth0's newest Node SDK, which parses every response with its own schemas.
'use strict';

const assert = require('assert');
const { ManagementClient } = require('auth0');

const tenant = JSON.parse(process.argv[2]);
const domain = tenant.listening.replace(/^https:\/\//, '');
const client = new ManagementClient({ domain, clientId: tenant.client_id, clientSecret: tenant.client_secret, audience: tenant.listening + '/api/v2/' });
const { users } = client;
const connection = 'Username-Password-Authentication';
const password = 'correct horse Battery 9';
const api = 'https://api.example.com/';
const id = 'auth0|1';

const all = async (page) => {
  const items = [];
  for await (const item of await page) items.push(item);
  return items;
};
const fails = (promise) => promise.then((value) => { throw new Error('expected a failure, got ' + JSON.stringify(value)); }, (error) => error);

const steps = {
  async 'users.create, get, update, delete'() {
    const user = await users.create({ connection, email: 'newest@example.com', password });
    assert.strictEqual((await users.get(user.user_id)).nickname, 'newest');
    assert.strictEqual((await users.update(user.user_id, { nickname: 'Ada' })).nickname, 'Ada');
    await users.delete(user.user_id);
    assert.strictEqual((await fails(users.get(user.user_id))).statusCode, 404);
  },
  async 'users.list, listUsersByEmail'() {
    assert.ok((await all(users.list({ q: 'email:"ada@example.com"', search_engine: 'v3' }))).length === 1);
    assert.strictEqual((await users.listUsersByEmail({ email: 'ada@example.com' })).length, 1);
  },
  async 'users.identities'() {
    assert.strictEqual((await users.identities.link(id, { provider: 'auth0', user_id: '2' })).length, 2);
    assert.strictEqual((await users.identities.delete(id, 'auth0', '2')).length, 1);
  },
  async 'users.roles, roles.users, effectiveRoles'() {
    await users.roles.assign(id, { roles: ['rol_1'] });
    assert.strictEqual((await all(users.roles.list(id)))[0].name, 'admin');
    assert.strictEqual((await all(users.effectiveRoles.list(id)))[0].sources[0], 'direct');
    assert.strictEqual((await all(users.effectiveRoles.sources.groups.list(id, { role_id: 'rol_1' })))[0].name, 'staff');
    await client.roles.users.assign('rol_1', { users: ['auth0|2'] });
    assert.strictEqual((await all(client.roles.users.list('rol_1', { take: 1 }))).length, 2);
  },
  async 'users.permissions, effectivePermissions'() {
    const permissions = [{ resource_server_identifier: api, permission_name: 'read:orders' }];
    await users.permissions.create(id, { permissions });
    assert.strictEqual((await all(users.permissions.list(id)))[0].description, 'Read orders');
    assert.strictEqual((await all(users.effectivePermissions.list(id, { resource_server_identifier: api }))).length, 1);
    const sources = users.effectivePermissions.sources.roles.list(id, { resource_server_identifier: api, permission_name: 'read:orders' });
    assert.strictEqual((await all(sources))[0].name, 'admin');
    await users.permissions.delete(id, { permissions });
    await users.roles.delete(id, { roles: ['rol_1'] });
  },
  async 'users.authenticationMethods, authenticators, enrollments, multifactor'() {
    const method = await users.authenticationMethods.create(id, { type: 'email', email: 'ada@example.com', name: 'Mail' });
    assert.strictEqual((await users.authenticationMethods.get(id, method.id)).name, 'Mail');
    await users.authenticationMethods.update(id, method.id, { name: 'Post' });
    assert.strictEqual((await users.authenticationMethods.set(id, [{ type: 'phone', phone_number: '+441632960044' }])).length, 1);
    assert.strictEqual((await all(users.authenticationMethods.list(id))).length, 1);
    await users.authenticationMethods.delete(id, method.id);
    await users.authenticationMethods.deleteAll(id);
    assert.strictEqual((await users.enrollments.get(id)).length, 1);
    await users.authenticators.deleteAll(id);
    await users.multifactor.invalidateRememberBrowser(id);
    await users.multifactor.deleteProvider(id, 'duo');
    assert.strictEqual((await users.regenerateRecoveryCode(id)).recovery_code.length, 24);
  },
  async 'users.organizations, groups, logs, connectedAccounts, riskAssessments'() {
    assert.strictEqual((await all(users.organizations.list(id)))[0].name, 'acme');
    assert.ok((await all(users.groups.get(id))).length >= 1);
    assert.strictEqual((await all(users.logs.list(id))).length, 2);
    assert.strictEqual((await all(users.connectedAccounts.list(id)))[0].access_type, 'offline');
    await users.riskAssessments.clear(id, { connection, assessors: ['new-device'] });
  },
  async 'sessions'() {
    assert.strictEqual((await all(users.sessions.list(id, { take: 1 }))).length, 3);
    assert.strictEqual((await client.sessions.get('s1')).id, 's1');
    assert.deepStrictEqual((await client.sessions.update('s1', { session_metadata: { a: 1 } })).session_metadata, { a: 1 });
    await client.sessions.revoke('s1');
    await client.sessions.delete('s2');
    await users.sessions.delete(id);
    assert.strictEqual((await all(users.sessions.list(id))).length, 0);
  },
  async 'refreshTokens'() {
    assert.ok((await all(users.refreshToken.list(id, { take: 1 }))).length >= 2);
    assert.ok((await all(client.refreshTokens.list({ user_id: id }))).length >= 2);
    assert.strictEqual((await client.refreshTokens.get('t4')).id, 't4');
    await client.refreshTokens.update('t4', { refresh_token_metadata: { a: 1 } });
    await client.refreshTokens.delete('t4');
    await client.refreshTokens.revoke({ user_id: id, client_id: 'other' });
    await users.refreshToken.delete(id);
    await users.revokeAccess(id, { preserve_refresh_tokens: true });
  },
  async 'userBlocks'() {
    assert.strictEqual((await client.userBlocks.list(id)).blocked_for.length, 2);
    assert.strictEqual((await client.userBlocks.listByIdentifier({ identifier: 'ada' })).blocked_for.length, 1);
    await client.userBlocks.deleteByIdentifier({ identifier: 'ada' });
    await client.userBlocks.delete(id);
  },
  async 'tickets'() {
    assert.ok((await client.tickets.verifyEmail({ user_id: id })).ticket);
    assert.ok((await client.tickets.changePassword({ user_id: id })).ticket);
  },
  async 'roles'() {
    const role = await client.roles.create({ name: 'buyer', description: 'Buys' });
    assert.strictEqual((await client.roles.get(role.id)).name, 'buyer');
    assert.strictEqual((await client.roles.update(role.id, { description: 'Buys all' })).description, 'Buys all');
    assert.strictEqual((await all(client.roles.list({ name_filter: 'BUY' })))[0].id, role.id);
    await client.roles.delete(role.id);
    assert.strictEqual((await fails(client.roles.get(role.id))).statusCode, 404);
  },
  async 'connections'() {
    const found = await all(client.connections.list({ name: connection }));
    assert.strictEqual((await client.connections.get(found[0].id)).name, connection);
  },
  async 'organizations'() {
    const { organizations } = client;
    const created = await organizations.create({ name: 'initech', display_name: 'Initech' });
    assert.strictEqual((await organizations.get(created.id)).display_name, 'Initech');
    assert.strictEqual((await organizations.getByName('initech')).id, created.id);
    assert.strictEqual((await organizations.update(created.id, { display_name: 'Initech Ltd' })).display_name, 'Initech Ltd');
    assert.strictEqual((await fails(organizations.create({ name: 'initech' }))).statusCode, 409);
    assert.ok((await all(organizations.list({ take: 1 }))).some((organization) => organization.id === created.id));
    await organizations.delete(created.id);
    assert.strictEqual((await fails(organizations.get(created.id))).statusCode, 404);
  },
  async 'organizations.members, members.roles, members.effectiveRoles'() {
    const { members } = client.organizations;
    await members.create('org_1', { members: [id, 'auth0|2'] });
    assert.deepStrictEqual((await all(members.list('org_1', { take: 1 }))).map((member) => member.user_id), [id, 'auth0|2']);
    await members.roles.assign('org_1', id, { roles: ['rol_2', 'rol_1'] });
    assert.deepStrictEqual((await all(members.roles.list('org_1', id))).map((role) => role.name), ['admin', 'guest']);
    assert.strictEqual((await all(members.list('org_1', { fields: 'user_id,roles' })))[0].roles.length, 2);
    assert.deepStrictEqual((await all(members.effectiveRoles.list('org_1', id)))[0].sources, ['direct']);
    await members.roles.delete('org_1', id, { roles: ['rol_2'] });
    assert.strictEqual((await all(members.roles.list('org_1', id))).length, 1);
    await members.delete('org_1', { members: ['auth0|2'] });
    assert.strictEqual((await all(members.list('org_1'))).length, 1);
    assert.strictEqual((await all(users.organizations.list('auth0|2'))).length, 0);
  },
  async 'organizations.invitations'() {
    const { invitations } = client.organizations;
    const invitation = await invitations.create('org_1', { inviter: { name: 'Ada' }, invitee: { email: 'new@example.com' }, client_id: tenant.client_id });
    assert.ok(invitation.invitation_url.includes(invitation.ticket_id));
    assert.strictEqual((await invitations.get('org_1', invitation.id)).invitee.email, 'new@example.com');
    assert.strictEqual((await all(invitations.list('org_1'))).length, 1);
    await invitations.delete('org_1', invitation.id);
    assert.strictEqual((await fails(invitations.get('org_1', invitation.id))).statusCode, 404);
  },
  async 'userGrants, deviceCredentials'() {
    assert.deepStrictEqual((await all(client.userGrants.list({ user_id: id })))[0].scope, ['read:orders']);
    await client.userGrants.delete('5f0c6bd15f0c6bd15f0c6bd1');
    assert.strictEqual((await all(client.userGrants.list({ user_id: id }))).length, 1);
    await client.userGrants.deleteByUserId({ user_id: id });
    assert.strictEqual((await all(client.userGrants.list({ user_id: id }))).length, 0);
    assert.strictEqual((await all(client.deviceCredentials.list({ user_id: id, type: 'public_key' })))[0].device_name, 'Phone');
    await client.deviceCredentials.delete('dcr_1');
    assert.strictEqual((await all(client.deviceCredentials.list({ user_id: id, type: 'public_key' }))).length, 0);
  },
  async 'guardian.enrollments, groups.members, logs'() {
    assert.ok((await client.guardian.enrollments.createTicket({ user_id: id })).ticket_url);
    assert.strictEqual((await fails(client.guardian.enrollments.get('dev_none'))).statusCode, 404);
    assert.strictEqual((await all(client.groups.members.get('grp_1')))[0].id, id);
    // Those of the seed come after what this program has changed.
    const entries = await all(client.logs.list({ per_page: 1 }));
    assert.deepStrictEqual(entries.slice(-2).map((entry) => entry.log_id), ['2', '1']);
    assert.ok(entries.slice(0, -2).some((entry) => entry.type === 'sapi'));
    assert.strictEqual((await client.logs.get('2')).type, 'fp');
  },
  async 'jobs'() {
    const file = new Blob([JSON.stringify([{ email: 'imported@example.com' }, { email: 'bad' }])], { type: 'application/json' });
    const job = await client.jobs.usersImports.create({ users: file, connection_id: 'con_TenantDatabase00' });
    assert.strictEqual((await client.jobs.get(job.id)).status, 'completed');
    assert.strictEqual((await client.jobs.errors.get(job.id)).length, 1);
    const exported = await client.jobs.usersExports.create({ format: 'json', fields: [{ name: 'email' }] });
    assert.ok((await client.jobs.get(exported.id)).location);
    await client.jobs.verificationEmail.create({ user_id: id });
    await client.connections.users.deleteByEmail('con_TenantDatabase00', { email: 'imported@example.com' });
  },
};

(async () => {
  for (const [name, step] of Object.entries(steps)) {
    await step();
    console.log('  ' + name);
  }
  console.log(Object.keys(steps).length + ' steps of auth0@' + require('auth0/package.json').version + ' work');
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
