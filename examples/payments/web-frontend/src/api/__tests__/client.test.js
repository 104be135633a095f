/** What is sent to the services, and how their refusals arrive. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';

import { createClient } from '../client.js';

describe('client', () => {
  let server;
  let url;

  before(async () => {
    // Stands in for both services: it answers with the request that it got.
    server = createServer(async (request, response) => {
      const chunks = await request.toArray();
      const { method, url: path, headers } = request;
      response.writeHead(path === '/payments/unknown' ? 404 : 200);
      response.end(
        JSON.stringify({
          error: 'not found: payment unknown',
          access_token: 'a.b.c',
          seen: [method, path, headers.authorization],
          body: String(Buffer.concat(chunks)),
        }),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${server.address().port}`;
  });

  after(() => server.close());

  const client = () =>
    createClient({ paymentServiceUrl: url, userServiceUrl: url });

  it('sends a payment with the token of its user', async () => {
    const values = { methodId: 'm-1', amount: '12.50', currency: 'EUR' };
    const { seen, body } = await client().createPayment(values, 'a.b.c');
    assert.deepEqual(seen, ['POST', '/payments', 'Bearer a.b.c']);
    assert.deepEqual(JSON.parse(body), {
      method_id: 'm-1',
      amount: '12.50',
      currency: 'EUR',
    });
  });

  it('gets a token for a password', async () => {
    const credentials = { email: 'ada@example.org', password: 'engine' };
    assert.equal(await client().signIn(credentials), 'a.b.c');
  });

  it('cannot be led to another address by an id', async () => {
    const { seen } = await client().fetchPayment('../me');
    assert.equal(seen[1], '/payments/..%2Fme');
  });

  it('passes on why a service refuses', async () => {
    await assert.rejects(client().fetchPayment('unknown'), {
      name: 'ServiceError',
      message: 'not found: payment unknown',
      status: 404,
    });
  });

  it('says which service cannot be reached', async () => {
    // Port 9 (discard) has no listener, and is one that fetch refuses outright.
    const nowhere = createClient({ paymentServiceUrl: 'http://127.0.0.1:9' });
    await assert.rejects(nowhere.fetchPayment('p-1'), {
      message: /^payment service unavailable: /,
      status: 503,
    });
  });
});
