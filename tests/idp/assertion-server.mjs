// An MCP server of the official TypeScript SDK that believes the gateway's assertion and nothing else.
//
// node assertion-server.mjs KEYS_URL AUDIENCE: prints its own URL once it listens.

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { McpServer } from '@modelcontextprotocol/server';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const [keysUrl, audience] = process.argv.slice(2);

// docs: begin
const keys = createRemoteJWKSet(new URL(keysUrl));

async function verifyCaller(request, body) {
  const { payload } = await jwtVerify(request.headers['x-gateway-assertion'] ?? '', keys, {
    audience,
    typ: 'gateway-assertion+jwt',
    requiredClaims: ['exp', 'body_sha256'],
  });
  const digest = createHash('sha256').update(body).digest('base64url');
  if (payload.body_sha256 !== digest) throw new Error('the assertion is about another body');
  if (payload.htm !== request.method) throw new Error('the assertion is about another method');
  return payload;
}
// docs: end

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function answer(request, response) {
  const body = await bodyOf(request);
  let caller;
  try {
    caller = await verifyCaller(request, body);
  } catch {
    response.writeHead(403).end();
    return;
  }
  const server = new McpServer({ name: 'assertion', version: '1.0.0' });
  server.registerTool('whoami', { description: 'Show the verified caller.' }, () => ({
    content: [{ type: 'text', text: JSON.stringify(caller) }],
  }));
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: undefined,
    enableJsonResponse: true,
  });
  await server.connect(transport);
  await transport.handleRequest(request, response, JSON.parse(body.toString() || 'null'));
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    response.destroy();
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/mcp`));
