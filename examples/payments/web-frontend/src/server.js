/** Serve the pages as the environment variables say, and end on SIGTERM. */

import { createServer } from 'node:http';
import { env } from 'node:process';
import { text } from 'node:stream/consumers';

import { createClient } from './api/client.js';
import { answer } from './pages/pages.js';

const client = createClient({
  paymentServiceUrl: env.PAYMENT_SERVICE_URL ?? 'http://127.0.0.1:8080',
  userServiceUrl: env.USER_SERVICE_URL ?? 'http://127.0.0.1:8081',
});

const server = createServer(async (request, response) => {
  try {
    const { status, headers, body } = await respond(request);
    response.writeHead(status, headers).end(body);
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
});

async function respond(request) {
  const { pathname: path } = new URL(request.url, 'http://localhost');
  if (path === '/health') return { status: 200, body: 'ok\n' };
  const token = /(?:^|; )session=([^;]+)/.exec(request.headers.cookie)?.[1];
  const form = Object.fromEntries(new URLSearchParams(await text(request)));
  return answer({ method: request.method, path, token, form }, client);
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => server.close());
}
server.listen(Number(env.PORT ?? 8082), env.HOST ?? '0.0.0.0', () => {
  const { address, port } = server.address();
  console.log(`web-frontend: listening on ${address}:${port}`);
});
