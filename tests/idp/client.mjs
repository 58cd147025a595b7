// The official TypeScript SDK's client as a person uses it: logs in when challenged, lists the tools, calls one.
//
// node client.mjs SERVER_URL MODE LOGIN TOOL ARGUMENTS: prints what it saw as one line of JSON.
// MODE is `legacy`, `auto`, or the revision to insist on.

import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';

const REDIRECT_URI = 'http://127.0.0.1:33418/callback'; // never opened: the browser stops before it

const [serverUrl, mode, login, tool, toolArguments] = process.argv.slice(2);
const seen = { logins: 0 };

// A browser: follows redirects, keeps cookies, sends every form it is shown.
async function browse(start) {
  const cookies = new Map();
  let url = new URL(start);
  for (let step = 0; step < 20; step += 1) {
    if (url.href.startsWith(REDIRECT_URI)) return url.searchParams;
    let answer = await visit(url, cookies);
    if (!answer.headers.has('location')) answer = await visit(url, cookies, new URLSearchParams({ login }));
    url = new URL(answer.headers.get('location'), url);
  }
  throw new Error('the login goes in circles');
}

async function visit(url, cookies, form) {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const answer = await fetch(url, {
    method: form ? 'POST' : 'GET',
    body: form,
    headers: { cookie },
    redirect: 'manual',
  });
  for (const line of answer.headers.getSetCookie()) {
    const [name, value] = line.split(';')[0].split(/=(.*)/s);
    cookies.set(name, value);
  }
  return answer;
}

class Person {
  redirectUrl = REDIRECT_URI;
  clientMetadata = {
    client_name: 'TypeScript SDK client',
    redirect_uris: [REDIRECT_URI],
    token_endpoint_auth_method: 'none',
  };
  clientInformation = () => this.client;
  saveClientInformation = (client) => void (this.client = client);
  tokens = () => this.granted;
  saveTokens = (tokens) => void (this.granted = tokens);
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier) => void (this.verifier = verifier);

  async redirectToAuthorization(url) {
    seen.logins += 1;
    this.callback = await browse(url);
  }
}

const person = new Person();

function transportOf() {
  return new StreamableHTTPClientTransport(new URL(serverUrl), { authProvider: person });
}

async function withLogin(transport, act) {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await transport.finishAuth(person.callback);
    return act(true);
  }
}

function versionNegotiation() {
  return { mode: mode === 'legacy' || mode === 'auto' ? mode : { pin: mode } };
}

let client;
let transport = transportOf();
await withLogin(transport, async (again) => {
  if (again) transport = transportOf();
  client = new Client({ name: 'a test', version: '1' }, { versionNegotiation: versionNegotiation() });
  await client.connect(transport);
});
seen.tools = (await client.listTools()).tools.map(({ name }) => name);
seen.scopes = [person.granted?.scope];
try {
  const result = await withLogin(transport, () => client.callTool({ name: tool, arguments: JSON.parse(toolArguments) }));
  seen.result = result.structuredContent;
} catch (error) {
  seen.error = String(error);
}
seen.scopes.push(person.granted?.scope);
seen.revision = client.getNegotiatedProtocolVersion?.() ?? null;
console.log(JSON.stringify(seen));
await client.close();
process.exit(0);
