// A host of the official TypeScript SDK, version 1 or 2: logs in, calls a tool, and calls it again with a token that
// the server no longer takes.
//
// node typescript.mjs JSON: prints what it saw as one line of JSON. The JSON has `sdk` (1 or 2), `url`, `tool`, and
// as it applies `mode` (legacy, auto or a revision; version 2), `metadataUrl`, `clientId`, `clientSecret`, and `forItself`:
// whether the client logs in with its secret instead of sending a person.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';

const asked = JSON.parse(process.argv[2]);
const seen = { logins: 0, results: [], tokens: [] };

const sdk = asked.sdk === 1 ? await version1() : await import('@modelcontextprotocol/client');

async function version1() {
  const modules = ['client/index.js', 'client/streamableHttp.js', 'client/auth.js', 'client/auth-extensions.js'];
  const loaded = await Promise.all(modules.map((name) => import(`@modelcontextprotocol/sdk/${name}`)));
  return Object.assign({}, ...loaded);
}

// What a host on the person's machine does: listen, open the browser, wait for it to come back.
class Person {
  #answered;
  #listener = createServer((request, response) => {
    response.end('You can close this page.');
    this.#answered(new URL(request.url, this.redirectUrl).searchParams);
  });
  clientMetadataUrl = asked.metadataUrl;

  async listen() {
    this.#listener.listen(0, '127.0.0.1');
    await once(this.#listener, 'listening');
    this.redirectUrl = `http://127.0.0.1:${this.#listener.address().port}/callback`;
  }
  get clientMetadata() {
    return { client_name: 'TypeScript host', redirect_uris: [this.redirectUrl], token_endpoint_auth_method: 'none' };
  }
  clientInformation = () => this.client ?? (asked.clientId && { client_id: asked.clientId, client_secret: asked.clientSecret });
  saveClientInformation = (client) => void (this.client = client);
  tokens = () => this.granted;
  saveTokens = (tokens) => void (this.granted = tokens);
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier) => void (this.verifier = verifier);
  state = () => 'of-the-host';

  async redirectToAuthorization(url) {
    seen.logins += 1;
    this.callback = new Promise((answered) => (this.#answered = answered));
    spawn(process.env.TEST_BROWSER, ['-m', 'tests.support.browser', url.href], { stdio: 'inherit' });
  }
}

const person = asked.forItself
  ? new sdk.ClientCredentialsProvider({ clientId: asked.clientId, clientSecret: asked.clientSecret, expectedIssuer: asked.issuer })
  : new Person();
if (!asked.forItself) await person.listen();
const save = person.saveTokens.bind(person);
person.saveTokens = (tokens) => {
  seen.tokens.push(tokens);
  save(tokens);
};

function newTransport() {
  return new sdk.StreamableHTTPClientTransport(new URL(asked.url), { authProvider: person });
}

async function connect() {
  const mode = asked.mode ?? 'legacy';
  const negotiated = { mode: mode === 'legacy' || mode === 'auto' ? mode : { pin: mode } };
  const client = new sdk.Client({ name: 'a host', version: '1' }, asked.sdk === 1 ? {} : { versionNegotiation: negotiated });
  const transport = newTransport();
  try {
    await client.connect(transport);
    return client;
  } catch (error) {
    if (!(error instanceof sdk.UnauthorizedError) || person.callback === undefined) throw error;
    const answer = await person.callback;
    // The second version compares `iss`, so it wants the whole answer.
    await transport.finishAuth(asked.sdk === 1 ? answer.get('code') : answer);
    person.callback = undefined;
    return connect();
  }
}

const client = await connect();
const call = async () => seen.results.push((await client.callTool({ name: asked.tool, arguments: {} })).structuredContent);
await call();
const good = person.tokens();
save({ ...good, access_token: `${good.access_token}x` });
await call();
seen.client = person.clientInformation();
seen.revision = client.getNegotiatedProtocolVersion?.() ?? null;
console.log(JSON.stringify(seen));
await client.close();
process.exit(0);
