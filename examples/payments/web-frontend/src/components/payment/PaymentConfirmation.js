/** What a user sees once a payment is made. */

import { html } from '../../html.js';

const STATUS_TEXTS = {
  accepted: 'Thank you, your payment is accepted.',
  pending: 'We are waiting for your bank to transfer the money.',
};

/** `payment` is a receipt as the payment service answers it. */
export function renderPaymentConfirmation({ id, amount, currency, status }) {
  return html`<section>
    <h1>${STATUS_TEXTS[status] ?? `Your payment is ${status}.`}</h1>
    <dl>
      <dt>Payment</dt><dd>${id}</dd>
      <dt>Amount</dt><dd>${amount} ${currency}</dd>
    </dl>
  </section>`;
}
