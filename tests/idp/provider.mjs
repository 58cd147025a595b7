// A real OpenID provider for the tests: it prints its issuer on standard output once it listens.
//
// Any login name is an account without a password. A script drives the login with plain HTTP: the
// interaction page answers GET with a form and POST of that form with the next redirect.
//
// The first argument says what access tokens are like:
//   RS256, ES256  RFC 9068 JWTs with that signature, bound to the requested resource (RFC 8707)
//   opaque        bound to the resource too, but only introspection tells (client `gateway`)
//   unbound       opaque, and the provider does not know about resources
//
// A second one makes it a provider as most are: nobody can register, and `gateway` is a client whose
// redirect URI that is. POST /disable/NAME disables an account.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';

import { errors, Provider } from 'oidc-provider';

const MODE = process.argv[2] ?? 'RS256';
const REDIRECT_URI = process.argv[3];
const disabled = new Set();
const IS_JWT = MODE === 'RS256' || MODE === 'ES256';
const SCOPES = ['mcp:read', 'mcp:write'];

// ID tokens are always RS256; access tokens what the mode says.
function signingKeys() {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  return [
    { ...rsa.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'provider-1' },
    { ...ec.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'provider-2' },
  ];
}

function profile(accountId) {
  return { email: `${accountId}@example.com`, name: `Test ${accountId}`, groups: ['engineering'] };
}

function account(accountId) {
  const told = { sub: accountId, email_verified: true, ...profile(accountId) };
  return { accountId, claims: () => (REDIRECT_URI ? told : { sub: accountId }) };
}

function resourceServer(ctx, resource) {
  if (new URL(resource).hostname !== '127.0.0.1') throw new errors.InvalidTarget();
  return {
    scope: SCOPES.join(' '),
    audience: resource,
    accessTokenFormat: IS_JWT ? 'jwt' : 'opaque',
    accessTokenTTL: 300,
    ...(IS_JWT ? { jwt: { sign: { alg: MODE } } } : {}),
  };
}

const configuration = {
  jwks: { keys: signingKeys() },
  cookies: { keys: ['a test needs no secret'] },
  scopes: ['openid', 'offline_access', ...SCOPES],
  claims: { openid: ['sub'], profile: ['name', 'groups'], email: ['email', 'email_verified'] },
  findAccount: (ctx, accountId) => (disabled.has(accountId) ? undefined : account(accountId)),
  extraTokenClaims: (ctx, token) => (token.accountId ? profile(token.accountId) : undefined),
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  features: {
    devInteractions: { enabled: false },
    registration: { enabled: !REDIRECT_URI },
    introspection: { enabled: true },
    revocation: { enabled: true },
    deviceFlow: { enabled: true },
    resourceIndicators: {
      enabled: MODE !== 'unbound',
      getResourceServerInfo: resourceServer,
      useGrantedResource: () => true,
    },
  },
  clients: [
    {
      client_id: 'gateway',
      client_secret: 'a secret that only the tests know',
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: REDIRECT_URI ? ['authorization_code', 'refresh_token'] : [],
      response_types: REDIRECT_URI ? ['code'] : [],
      redirect_uris: REDIRECT_URI ? [REDIRECT_URI] : [],
    },
  ],
  clientDefaults: { token_endpoint_auth_method: 'none' },
  pkce: { required: () => true },
  ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 300 },
};

async function formOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

async function grantAll(provider, { params, prompt, session, grantId }) {
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = prompt.details;
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
  if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims);
  for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scopes.join(' '));
  }
  return { consent: { grantId: await grant.save() } };
}

// This provider holds a client for ever to the scopes of its registration, and the SDKs register with
// those of the first challenge: nobody could ask for more later. Others do not hold them to it.
async function forgetScope(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { scope, ...metadata } = JSON.parse(Buffer.concat(chunks).toString());
  request.body = metadata;
}

async function interact(provider, request, response) {
  const interaction = await provider.interactionDetails(request, response);
  const { name } = interaction.prompt;
  if (request.method !== 'POST') {
    response.writeHead(200, { 'Content-Type': 'text/html' });
    response.end(`<form method="post"><input name="login"><button>${name}</button></form>`);
    return;
  }
  const accountId = (await formOf(request)).get('login');
  const result = name === 'login' ? { login: { accountId } } : await grantAll(provider, interaction);
  await provider.interactionFinished(request, response, result, {
    mergeWithLastSubmission: name !== 'login',
  });
}

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  const answer = provider.callback();
  server.on('request', async (request, response) => {
    if (request.method === 'POST' && request.url.startsWith('/disable/')) {
      disabled.add(request.url.slice('/disable/'.length));
      response.writeHead(204).end();
      return;
    }
    if (!request.url.startsWith('/interaction/')) {
      if (request.method === 'POST' && request.url === '/reg') await forgetScope(request);
      answer(request, response);
      return;
    }
    interact(provider, request, response).catch((error) => {
      response.writeHead(500, { 'Content-Type': 'text/plain' });
      response.end(String(error));
    });
  });
  console.log(issuer);
});
