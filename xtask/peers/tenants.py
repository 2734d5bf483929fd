# Two hundred tenants of one server, used in parallel: each sees its own users, faults, time and requests, and nothing of another.
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

COUNT = 200
URL = os.environ["USERS_TENANT_URL"]


class Tenant:
    def __init__(self, number):
        self.number = number
        # Selected by the path, by the host and by a header.
        name = f"python-{number}"
        self.base = f"{URL}/t/{name}" if number % 3 == 0 else URL
        self.selecting = [{}, {"host": f"{name}.localhost:{URL.rsplit(':')[-1]}"}, {"x-tenant": name}][number % 3]
        self.mark = f"mark-python-{number}-"
        self.time = (datetime(2033, 1, 1) + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def send(self, method, path, body=None, token=None):
        headers = {"content-type": "application/json", **self.selecting}
        if token:
            headers["authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as response:
                return response.status, json.loads(response.read() or "null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or "null")

    def control(self, method, path, body=None):
        status, answer = self.send(method, "/_tenant" + path, body)
        assert status < 300, (self.mark, path, status, answer)
        return answer

    def begin(self):
        self.control("POST", "/reset")
        self.control("PUT", "/clock", {"now": self.time, "frozen": True})
        self.token = self.control("POST", "/tokens", {"kind": "management"})["token"]
        if self.number % 2:
            self.control("POST", "/faults", {"fault": "503@users.get"})
        user = {"connection": "Username-Password-Authentication", "email": f"{self.mark}@example.com", "password": "Correct horse 1"}
        status, created = self.send("POST", "/api/v2/users", user, self.token)
        assert status == 201, created
        self.id = created["user_id"]

    def check(self, other):
        def status(user_id, token):
            return self.send("GET", "/api/v2/users/" + urllib.parse.quote(user_id, safe=""), token=token)[0]

        if self.number % 2:
            assert status(self.id, self.token) == 503
        assert status(self.id, self.token) == 200
        assert status(other.id, self.token) == 404
        assert status(self.id, other.token) == 401
        _, found = self.send("GET", "/api/v2/users?q=email:mark*", token=self.token)
        assert [user["email"] for user in found] == [f"{self.mark}@example.com"], found
        assert self.control("GET", "/clock")["now"] == self.time
        log = self.control("GET", "/requests?limit=1000")
        assert log["count"] == 5 + self.number % 2, log
        assert "mark-" not in json.dumps(log).replace(self.mark, ""), self.mark


tenants = [Tenant(number) for number in range(COUNT)]
with ThreadPoolExecutor(32) as pool:
    list(pool.map(Tenant.begin, tenants))
    assert len({tenant.id for tenant in tenants}) == COUNT
    assert len({tenant.token for tenant in tenants}) == COUNT
    list(pool.map(Tenant.check, tenants, tenants[1:] + tenants[:1]))
print(f"python: {COUNT} tenants")
