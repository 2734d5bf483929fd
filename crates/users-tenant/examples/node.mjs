// users-tenant exec -- node examples/node.mjs
import assert from "node:assert/strict";

const tenant = `${process.env.USERS_TENANT_URL}/t/node`; // a tenant of this test alone, made by its first request

async function control(method, path, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${tenant}/_tenant${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  assert.ok(response.ok, text);
  return text && JSON.parse(text);
}

await control("POST", "/reset");
const { user_ids } = await control("POST", "/users", { count: 3 });
await control("POST", "/faults", { fault: "503@users.get" });
await control("PUT", "/clock", { now: "2030-01-01T00:00:00Z", frozen: true });

const { token } = await control("POST", "/tokens", { kind: "management" });
const headers = { authorization: `Bearer ${token}` };
const user = () => fetch(`${tenant}/api/v2/users/${encodeURIComponent(user_ids[0])}`, { headers });
assert.equal((await user()).status, 503);
assert.equal((await (await user()).json()).user_id, user_ids[0]);

await control("POST", "/clock/advance", { seconds: 100_000 }); // tokens are valid for a day
assert.equal((await user()).status, 401);
const log = await control("GET", "/requests?operation=users.get");
assert.deepEqual(log.requests.map((request) => request.status), [503, 200, 401]);
console.log("ok");
