// Two hundred tenants of one server, used in parallel: each sees its own users, faults, time and requests, and nothing of another.
import assert from "node:assert/strict";

const count = 200;
const url = process.env.USERS_TENANT_URL;

async function send(tenant, method, path, body, token) {
  const headers = { "content-type": "application/json", ...tenant.selecting, ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(`${tenant.base}${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, json: text ? JSON.parse(text) : null };
}

async function control(tenant, method, path, body) {
  const { status, json } = await send(tenant, method, `/_tenant${path}`, body);
  assert.ok(status < 300, `${tenant.mark} ${path}: ${status} ${JSON.stringify(json)}`);
  return json;
}

const time = (number) => new Date(Date.UTC(2032, 0, 1 + number)).toISOString();
const tenants = Array.from({ length: count }, (_, number) => ({
  number,
  // Selected by the path and by a header; `fetch` sends no host of the caller's.
  base: number % 2 ? url : `${url}/t/node-${number}`,
  selecting: number % 2 ? { "x-tenant": `node-${number}` } : {},
  mark: `mark-node-${number}-`,
}));

async function begin(tenant) {
  await control(tenant, "POST", "/reset");
  await control(tenant, "PUT", "/clock", { now: time(tenant.number), frozen: true });
  tenant.token = (await control(tenant, "POST", "/tokens", { kind: "management" })).token;
  if (tenant.number % 2) await control(tenant, "POST", "/faults", { fault: "503@users.get" });
  const user = { connection: "Username-Password-Authentication", email: `${tenant.mark}@example.com`, password: "Correct horse 1" };
  const created = await send(tenant, "POST", "/api/v2/users", user, tenant.token);
  assert.equal(created.status, 201);
  tenant.id = created.json.user_id;
}

async function check(tenant) {
  const other = tenants[(tenant.number + 1) % count];
  const path = (id) => `/api/v2/users/${encodeURIComponent(id)}`;
  const status = async (id, token) => (await send(tenant, "GET", path(id), undefined, token)).status;
  if (tenant.number % 2) assert.equal(await status(tenant.id, tenant.token), 503);
  assert.equal(await status(tenant.id, tenant.token), 200);
  assert.equal(await status(other.id, tenant.token), 404);
  assert.equal(await status(tenant.id, other.token), 401);
  const found = await send(tenant, "GET", "/api/v2/users?q=email:mark*", undefined, tenant.token);
  assert.deepEqual(found.json.map((user) => user.email), [`${tenant.mark}@example.com`]);
  assert.equal((await control(tenant, "GET", "/clock")).now, time(tenant.number));
  const log = await control(tenant, "GET", "/requests?limit=1000");
  assert.equal(log.count, 5 + (tenant.number % 2));
  assert.ok(!JSON.stringify(log).replaceAll(tenant.mark, "").includes("mark-"), tenant.mark);
}

await Promise.all(tenants.map(begin));
assert.equal(new Set(tenants.map((tenant) => tenant.id)).size, count);
assert.equal(new Set(tenants.map((tenant) => tenant.token)).size, count);
await Promise.all(tenants.map(check));
console.log(`node: ${count} tenants`);
