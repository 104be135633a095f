/** Which page answers which request. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { ServiceError } from '../../api/client.js';
import { answer } from '../pages.js';

// Stands in for the services, which have tests of their own.
const services = {
  async signIn({ password }) {
    if (password !== 'engine') throw new ServiceError('no', 401);
    return 'a.b.c';
  },
  async fetchUser(token) {
    if (token !== 'a.b.c') throw new ServiceError('no', 401);
    return { name: 'Ada' };
  },
  fetchMethods: async () => [{ id: 'm-1', type: 'paypal', details: {} }],
  createPayment: async () => ({ id: 'p-1' }),
  async fetchPayment(id) {
    if (id !== 'p-1') throw new ServiceError(`not found: payment ${id}`, 404);
    return { id, amount: '12.50', currency: 'EUR', status: 'accepted' };
  },
};

const get = (path, token) =>
  answer({ method: 'GET', path, token, form: {} }, services);
const post = (path, form, token) =>
  answer({ method: 'POST', path, token, form }, services);

describe('pages', () => {
  describe('signing in', () => {
    it('is asked for before anything can be paid', async () => {
      const { status, body } = await get('/');
      assert.equal(status, 200);
      assert.match(body, /Sign in to pay/);
    });

    it('leads to the form, with the token out of reach of scripts', async () => {
      const { status, headers } = await post('/sign-in', {
        password: 'engine',
      });
      assert.equal(status, 303);
      assert.equal(headers.Location, '/');
      assert.match(headers['Set-Cookie'], /^session=a\.b\.c; HttpOnly/);
    });

    it('is refused with a wrong password', async () => {
      const { status, body } = await post('/sign-in', { password: 'guess' });
      assert.equal(status, 401);
      assert.match(body, /Wrong email or password/);
    });

    it('is asked for again when the token has ended', async () => {
      const { status, body } = await get('/', 'an.old.one');
      assert.equal(status, 401);
      assert.match(body, /Please sign in/);
    });
  });

  describe('paying', () => {
    const payment = { methodId: 'm-1', amount: '12.50', currency: 'EUR' };

    it('starts with the form', async () => {
      const { status, body } = await get('/', 'a.b.c');
      assert.equal(status, 200);
      assert.match(body, /Signed in as Ada/);
      assert.match(body, /<option value="m-1">PayPal<\/option>/);
    });

    it('returns to the form with what is wrong', async () => {
      const form = { ...payment, amount: 'all of it' };
      const { status, body } = await post('/payments', form, 'a.b.c');
      assert.equal(status, 422);
      assert.match(body, /value="all of it"/);
      assert.match(body, /Enter an amount such as 12\.50/);
    });

    it('leads to the confirmation', async () => {
      const { status, headers } = await post('/payments', payment, 'a.b.c');
      assert.equal(status, 303);
      assert.equal(headers.Location, '/payments/p-1');
    });
  });

  it('confirm a payment to whoever has its address', async () => {
    const { status, body } = await get('/payments/p-1');
    assert.equal(status, 200);
    assert.match(body, /12\.50 EUR/);
  });

  it('confirm a payment under the name of its user', async () => {
    const { body } = await get('/payments/p-1', 'a.b.c');
    assert.match(body, /Signed in as Ada/);
  });

  for (const path of ['/payments/p-2', '/nowhere']) {
    it(`answer ${path} with 404`, async () => {
      assert.equal((await get(path)).status, 404);
    });
  }
});
