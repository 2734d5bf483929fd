// An application that logs users in with openid-client: authorization code with PKCE, refresh, logout. It prints its address.
import * as client from "openid-client";
import http from "node:http";

const issuer = new URL(process.argv[2]);
const insecure = { execute: [client.allowInsecureRequests] };
const config = await client.discovery(issuer, "tenant-client", "tenant-secret", undefined, insecure);
const logins = new Map();

const server = http.createServer(async (request, response) => {
  const base = `http://localhost:${server.address().port}`;
  const url = new URL(request.url, base);
  try {
    if (url.pathname === "/login") {
      const verifier = client.randomPKCECodeVerifier();
      const state = client.randomState();
      const nonce = client.randomNonce();
      logins.set(state, { verifier, nonce });
      const address = client.buildAuthorizationUrl(config, {
        redirect_uri: `${base}/callback`,
        scope: "openid profile email offline_access",
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        state,
        nonce,
      });
      response.writeHead(302, { location: address.href }).end();
    } else if (url.pathname === "/callback") {
      const state = url.searchParams.get("state");
      const { verifier, nonce } = logins.get(state);
      const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
      const tokens = await client.authorizationCodeGrant(config, url, checks);
      const claims = tokens.claims();
      const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
      const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
      if (!refreshed.access_token) {
        throw new Error("no access token after the refresh");
      }
      const logout = client.buildEndSessionUrl(config, {
        post_logout_redirect_uri: `${base}/bye`,
        id_token_hint: tokens.id_token,
      });
      response.setHeader("content-type", "text/html");
      response.end(`<p id="claims">${claims.sub} ${info.email}</p><a id="logout" href="${logout.href}">Log out</a>`);
    } else {
      response.setHeader("content-type", "text/html");
      response.end(`<p id="path">${url.pathname}</p>`);
    }
  } catch (error) {
    response.writeHead(500, { "content-type": "text/html" });
    response.end(`<p id="error">${error.message} ${JSON.stringify(error.cause ?? "")}</p>`);
  }
});
server.listen(0, "127.0.0.1", () => console.log(`http://localhost:${server.address().port}/login`));
