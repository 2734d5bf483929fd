// Makes every call of Auth0's Node SDK against an embedded tenant, at the version that documents the two UsersManagers.
'use strict';

const assert = require('assert');
const auth0 = require('auth0');
const AuthUsersManager = require('auth0/src/auth/UsersManager');

const tenant = JSON.parse(process.argv[2]);
const domain = tenant.listening.replace(/^https:\/\//, '');
const management = new auth0.ManagementClient({ token: tenant.token, domain });
const authentication = new auth0.AuthenticationClient({ domain, clientId: tenant.client_id });
const users = management.users;
const connection = 'Username-Password-Authentication';
const password = 'correct horse Battery 9';

const fails = (promise) => promise.then(
  (value) => { throw new Error('expected a failure, got ' + JSON.stringify(value)); },
  (error) => error,
);

const steps = {
  async create() {
    const user = await users.create({ connection, email: 'node@example.com', password, user_metadata: { theme: 'dark', beta: true } });
    assert.strictEqual(user.email, 'node@example.com');
    assert.strictEqual(user.nickname, 'node');
    assert.ok(/^auth0\|/.test(user.user_id));
    steps.id = user.user_id;
    const other = await users.create({ connection, email: 'other@example.com', password });
    steps.other = other.user_id;
  },
  async createAgain() {
    const error = await fails(users.create({ connection, email: 'node@example.com', password }));
    assert.strictEqual(error.statusCode, 409);
  },
  async getAll() {
    const page = await users.getAll({ per_page: 1, page: 0, include_totals: true, q: 'email:"node@example.com"', search_engine: 'v3' });
    assert.strictEqual(page.total, 1);
    assert.strictEqual(page.users[0].user_id, steps.id);
    const list = await users.getAll();
    assert.ok(Array.isArray(list) && list.length >= 2);
  },
  async get() {
    const user = await users.get({ id: steps.id });
    assert.strictEqual(user.user_id, steps.id);
    const error = await fails(users.get({ id: 'auth0|nobody' }));
    assert.strictEqual(error.statusCode, 404);
  },
  async update() {
    const user = await users.update({ id: steps.id }, { nickname: 'Ada', given_name: 'Ada' });
    assert.strictEqual(user.nickname, 'Ada');
  },
  async updateUserMetadata() {
    const user = await users.updateUserMetadata({ id: steps.id }, { theme: 'light', beta: null });
    assert.deepStrictEqual(user.user_metadata, { theme: 'light' });
  },
  async updateAppMetadata() {
    const user = await users.updateAppMetadata({ id: steps.id }, { plan: 'gold' });
    assert.deepStrictEqual(user.app_metadata, { plan: 'gold' });
  },
  async deleteMultifactorProvider() {
    await users.deleteMultifactorProvider({ id: steps.id, provider: 'google-authenticator' });
  },
  async link() {
    const identities = await users.link(steps.id, { provider: 'auth0', user_id: steps.other });
    assert.strictEqual(identities.length, 2);
    assert.strictEqual(identities[1].profileData.email, 'other@example.com');
  },
  async unlink() {
    const identities = await users.unlink({ id: steps.id, provider: 'auth0', user_id: steps.other.split('|')[1] });
    assert.strictEqual(identities.length, 1);
  },
  async identities() {
    const linked = await users.identities.create({ id: steps.id }, { provider: 'auth0', user_id: steps.other.split('|')[1] });
    assert.strictEqual(linked.length, 2);
    const left = await users.identities.delete({ id: steps.id, provider: 'auth0', user_id: steps.other.split('|')[1] });
    assert.strictEqual(left.length, 1);
  },
  async multifactor() {
    await users.multifactor.delete({ id: steps.id, provider: 'duo' });
  },
  async getInfo() {
    const info = await authentication.users.getInfo(tenant.user_token);
    assert.strictEqual(info.sub, tenant.user_id);
  },
  async getInfoRefused() {
    const error = await fails(authentication.users.getInfo('not.a.token'));
    assert.strictEqual(error.status, 401);
  },
  async impersonate() {
    const manager = new AuthUsersManager({
      baseUrl: tenant.listening,
      headers: { Authorization: 'Bearer ' + tenant.global_token, 'Content-Type': 'application/json' },
      clientId: tenant.client_id,
    });
    // This version returns an empty object for a text response; that the promise resolves shows the status 200.
    await manager.impersonate(steps.id, { impersonator_id: tenant.user_id, protocol: 'oauth2', additionalParameters: {} });
  },
  async delete() {
    await users.delete({ id: steps.other });
    await users.delete({ id: steps.other });
    const error = await fails(users.get({ id: steps.other }));
    assert.strictEqual(error.statusCode, 404);
  },
  async deleteAll() {
    await new Promise((resolve, reject) => users.deleteAll((error) => (error ? reject(error) : resolve())));
    assert.deepStrictEqual(await users.getAll(), []);
  },
};

(async () => {
  const names = Object.keys(steps).filter((name) => typeof steps[name] === 'function');
  for (const name of names) {
    await steps[name]();
    console.log('  ' + name);
  }
  console.log(names.length + ' steps of auth0@' + require('auth0/package.json').version + ' work');
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
