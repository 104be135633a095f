/** What the form refuses, and what it shows; of generated payment methods, if any. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { env } from 'node:process';
import { describe, it } from 'node:test';

import { renderPaymentForm, validatePayment } from '../PaymentForm.js';

const SAMPLE = [
  { id: 'm-1', type: 'credit_card', details: { number: '•••• 4242' } },
  { id: 'm-2', type: 'paypal', details: {} },
];

const methods = env.TESTFLOW_DATA
  ? JSON.parse(readFileSync(env.TESTFLOW_DATA, 'utf8')).payment_methods
  : SAMPLE;

describe('PaymentForm', () => {
  describe('validation', () => {
    const valid = { methodId: 'm-1', amount: '12.50', currency: 'EUR' };

    it('accepts a complete payment', () => {
      assert.deepEqual(validatePayment(valid), {});
    });

    it('names every field of an empty form', () => {
      const problems = Object.keys(validatePayment({}));
      assert.deepEqual(problems.sort(), ['amount', 'currency', 'methodId']);
    });

    for (const amount of ['', '0', '0.00', '-1', '1,50', '1e3', '12.505']) {
      it(`refuses the amount "${amount}"`, () => {
        const problems = validatePayment({ ...valid, amount });
        assert.deepEqual(Object.keys(problems), ['amount']);
      });
    }

    describe('of a currency without minor units', () => {
      it('accepts whole amounts', () => {
        const yen = { ...valid, amount: '1200', currency: 'JPY' };
        assert.deepEqual(validatePayment(yen), {});
      });

      it('refuses decimals', () => {
        const yen = { ...valid, amount: '12.5', currency: 'JPY' };
        assert.equal(
          validatePayment(yen).amount,
          'JPY has at most 0 decimals.',
        );
      });
    });
  });

  describe('rendering', () => {
    it('offers each payment method', () => {
      const form = String(renderPaymentForm({ methods }));
      for (const { id } of methods) {
        assert.ok(form.includes(`<option value="${id}">`), id);
      }
    });

    it('names payment methods as people do', () => {
      const form = String(renderPaymentForm({ methods: SAMPLE }));
      assert.match(form, />Credit card •••• 4242</);
      assert.match(form, />PayPal</);
    });

    it('keeps what was typed, as text', () => {
      const values = { amount: '"><script>', currency: 'USD' };
      const form = String(renderPaymentForm({ methods, values }));
      assert.match(form, /value="&quot;&gt;&lt;script&gt;"/);
      assert.match(form, /<option value="USD" selected>/);
    });

    it('shows a problem at its field', () => {
      const problems = { amount: 'Enter an amount above zero.' };
      const form = String(renderPaymentForm({ methods, problems }));
      const field = form.slice(form.indexOf('name="amount"'));
      assert.match(field, /<p role="alert">Enter an amount above zero\.<\/p>/);
    });

    it('has no form without a payment method', () => {
      const form = String(renderPaymentForm({ methods: [] }));
      assert.match(form, /no payment methods yet/);
    });
  });
});
