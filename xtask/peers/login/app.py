"""An application that logs users in with Authlib: authorization code with PKCE, refresh, logout. It prints its address."""

import html
import http.server
import secrets
import sys
import urllib.parse

import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

issuer = sys.argv[1].rstrip("/") + "/"
metadata = requests.get(issuer + ".well-known/openid-configuration", timeout=10).json()
assert metadata["issuer"] == issuer, metadata["issuer"]
keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())
logins = {}


def session(**more):
    return OAuth2Session(
        "tenant-client",
        "tenant-secret",
        scope="openid profile email offline_access",
        redirect_uri=base() + "/callback",
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_post",
        **more,
    )


def base():
    return f"http://localhost:{server.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/login":
            verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
            address, state = session().create_authorization_url(
                metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
            )
            logins[state] = verifier, nonce
            self.send_response(302)
            self.send_header("location", address)
            self.end_headers()
        elif url.path == "/callback":
            try:
                self.page(self.callback())
            except Exception as error:
                self.page(f'<p id="error">{html.escape(repr(error))}</p>')
        else:
            self.page(f'<p id="path">{html.escape(url.path)}</p>')

    def callback(self):
        state = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)["state"][0]
        verifier, nonce = logins.pop(state)
        client = session(state=state)
        token = client.fetch_token(
            metadata["token_endpoint"], authorization_response=base() + self.path, code_verifier=verifier
        )
        decoded = jwt.decode(token["id_token"], keys, algorithms=["RS256"])
        registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": "tenant-client"},
            nonce={"essential": True, "value": nonce},
        )
        registry.validate(decoded.claims)
        info = client.get(metadata["userinfo_endpoint"]).json()
        client.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
        logout = metadata["end_session_endpoint"] + "?" + urllib.parse.urlencode(
            {"post_logout_redirect_uri": base() + "/bye", "id_token_hint": token["id_token"]}
        )
        claims = html.escape(f"{decoded.claims['sub']} {info['email']}")
        return f'<p id="claims">{claims}</p><a id="logout" href="{html.escape(logout)}">Log out</a>'

    def page(self, body):
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"{base()}/login", flush=True)
server.serve_forever()
