# users-tenant exec -- python3 examples/python.py
import json
import os
import urllib.error
import urllib.parse
import urllib.request

tenant = os.environ["USERS_TENANT_URL"] + "/t/python"  # a tenant of this test alone, made by its first request


def send(method, path, body=None, headers={}):
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", **headers}
    request = urllib.request.Request(tenant + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.loads(response.read() or "null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or "null")


def control(method, path, body=None):
    status, answer = send(method, "/_tenant" + path, body)
    assert status < 300, answer
    return answer


control("POST", "/reset")
snapshot = control("POST", "/snapshots")["id"]
user_id = control("POST", "/users")["user_ids"][0]
control("PUT", "/index", {"lag_ms": 60_000})  # searches see changes a minute later, as they may in Auth0

headers = {"authorization": "Bearer " + control("POST", "/tokens", {"kind": "management"})["token"]}
new = {"connection": "Username-Password-Authentication", "email": "ada@example.com", "password": "Correct horse 1"}
status, ada = send("POST", "/api/v2/users", new, headers)
assert status == 201
search = "/api/v2/users?" + urllib.parse.urlencode({"q": "email:ada@example.com"})
assert send("GET", search, headers=headers) == (200, [])
control("POST", "/index/refresh")
assert [user["user_id"] for user in send("GET", search, headers=headers)[1]] == [ada["user_id"]]

control("POST", f"/snapshots/{snapshot}/restore")
assert send("GET", "/api/v2/users/" + urllib.parse.quote(user_id, safe=""), headers=headers)[0] == 404
print("ok")
