/** The form to make a payment with one's own payment methods. */

import { html } from '../../html.js';

/** ISO 4217: how many digits each currency has behind the point. */
const MINOR_UNITS = new Map([
  ['EUR', 2],
  ['USD', 2],
  ['GBP', 2],
  ['CHF', 2],
  ['JPY', 0],
  ['BHD', 3],
]);

const METHOD_NAMES = {
  credit_card: 'Credit card',
  paypal: 'PayPal',
  bank_transfer: 'Bank transfer',
};

/** What is wrong with the values, by field: an empty object if nothing is. */
export function validatePayment({ methodId, amount, currency }) {
  const problems = {};
  if (!methodId) problems.methodId = 'Choose a payment method.';
  const digits = MINOR_UNITS.get(currency);
  if (digits === undefined) problems.currency = 'Choose a currency.';
  if (!/^\d{1,12}(\.\d+)?$/.test(amount ?? '')) {
    problems.amount = 'Enter an amount such as 12.50.';
  } else if (!/[1-9]/.test(amount)) {
    problems.amount = 'Enter an amount above zero.';
  } else if ((amount.split('.')[1] ?? '').length > digits) {
    problems.amount = `${currency} has at most ${digits} decimals.`;
  }
  return problems;
}

/** The form, filled with `values`, with each of the `problems` at its field. */
export function renderPaymentForm({ methods, values = {}, problems = {} }) {
  if (!methods.length) return html`<p>You have no payment methods yet.</p>`;
  const currencies = [...MINOR_UNITS.keys()];
  return html`<form method="post" action="/payments">
    <label>Pay with
      <select name="methodId">${methods.map((method) =>
        option(method.id, methodName(method), values.methodId),
      )}</select>
    </label>${alert(problems.methodId)}
    <label>Amount
      <input name="amount" inputmode="decimal" value="${values.amount}" />
    </label>${alert(problems.amount)}
    <label>Currency
      <select name="currency">${currencies.map((currency) =>
        option(currency, currency, values.currency),
      )}</select>
    </label>${alert(problems.currency)}
    <button>Pay</button>
  </form>`;
}

function option(value, text, chosen) {
  const selected = value === chosen ? html` selected` : '';
  return html`<option value="${value}"${selected}>${text}</option>`;
}

function methodName({ type, details }) {
  const name = METHOD_NAMES[type] ?? type;
  return details?.number ? `${name} ${details.number}` : name;
}

function alert(problem) {
  return problem && html`<p role="alert">${problem}</p>`;
}
