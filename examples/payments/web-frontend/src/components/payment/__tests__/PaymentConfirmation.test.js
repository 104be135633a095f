/** What the confirmation shows; of the payment that a flow made, if any. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { env } from 'node:process';
import { describe, it } from 'node:test';

import { createClient } from '../../../api/client.js';
import { renderPaymentConfirmation } from '../PaymentConfirmation.js';

const SAMPLE = {
  id: 'p-1',
  amount: '12.50',
  currency: 'EUR',
  status: 'accepted',
};

const inputs = env.TESTFLOW_INPUTS
  ? JSON.parse(readFileSync(env.TESTFLOW_INPUTS, 'utf8'))
  : {};
const paymentId = inputs.props?.paymentId;

describe('PaymentConfirmation', () => {
  it('shows the payment and its amount', () => {
    const page = String(renderPaymentConfirmation(SAMPLE));
    assert.match(page, /<dd>p-1<\/dd>/);
    assert.match(page, /<dd>12\.50 EUR<\/dd>/);
    assert.match(page, /your payment is accepted/);
  });

  it('says that a bank transfer takes time', () => {
    const payment = { ...SAMPLE, status: 'pending' };
    assert.match(String(renderPaymentConfirmation(payment)), /your bank/);
  });

  it('shows what it was given as text', () => {
    const payment = { ...SAMPLE, status: '<b>odd</b>' };
    const page = String(renderPaymentConfirmation(payment));
    assert.match(page, /Your payment is &lt;b&gt;odd&lt;\/b&gt;\./);
  });

  it(
    'shows the payment that the flow made',
    { skip: !paymentId && 'no earlier step made a payment' },
    async () => {
      const client = createClient({
        paymentServiceUrl: env.PAYMENT_SERVICE_URL,
      });
      const payment = await client.fetchPayment(paymentId);
      const page = String(renderPaymentConfirmation(payment));
      assert.ok(page.includes(`<dd>${paymentId}</dd>`), page);
    },
  );
});
