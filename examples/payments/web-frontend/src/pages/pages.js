/** Which page answers which request. */

import { ServiceError } from '../api/client.js';
import { renderHeader } from '../components/header/Header.js';
import { renderPaymentConfirmation } from '../components/payment/PaymentConfirmation.js';
import {
  renderPaymentForm,
  validatePayment,
} from '../components/payment/PaymentForm.js';
import { html } from '../html.js';

/**
 * The answer { status, headers, body } to a request.
 * `token` is the session's, if any; `form` the fields that were posted.
 */
export async function answer({ method, path, token, form }, client) {
  try {
    if (path.startsWith('/payments/') && method === 'GET') {
      const id = path.slice('/payments/'.length);
      return await confirmationPage({ token, id }, client);
    }
    switch (`${method} ${path}`) {
      case 'GET /':
        return await paymentPage({ token }, client);
      case 'POST /payments':
        return await pay(token, form, client);
      case 'POST /sign-in':
        return await signIn(form, client);
      default:
        return page(404, renderHeader(), html`<p>There is no such page.</p>`);
    }
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.status === 401) return signInPage(401, 'Please sign in.');
    return page(error.status, renderHeader(), html`<p>${error.message}</p>`);
  }
}

async function paymentPage({ token, values, problems, status = 200 }, client) {
  if (!token) return signInPage(status);
  const [user, methods] = await Promise.all([
    client.fetchUser(token),
    client.fetchMethods(token),
  ]);
  const form = renderPaymentForm({ methods, values, problems });
  return page(status, renderHeader({ user }), form);
}

async function pay(token, values, client) {
  const problems = validatePayment(values);
  if (Object.keys(problems).length) {
    return paymentPage({ token, values, problems, status: 422 }, client);
  }
  const payment = await client.createPayment(values, token);
  return redirect(`/payments/${payment.id}`);
}

async function confirmationPage({ token, id }, client) {
  const [user, payment] = await Promise.all([
    token && client.fetchUser(token),
    client.fetchPayment(id),
  ]);
  return page(200, renderHeader({ user }), renderPaymentConfirmation(payment));
}

async function signIn(credentials, client) {
  try {
    const token = await client.signIn(credentials);
    const cookie = `session=${token}; HttpOnly; SameSite=Strict; Path=/`;
    return redirect('/', { 'Set-Cookie': cookie });
  } catch (error) {
    if (![400, 401].includes(error.status)) throw error;
    return signInPage(error.status, 'Wrong email or password.');
  }
}

function signInPage(status, problem) {
  return page(status, renderHeader({ problem }), html`<p>Sign in to pay.</p>`);
}

function redirect(location, headers) {
  return { status: 303, headers: { ...headers, Location: location }, body: '' };
}

function page(status, header, main) {
  const body = html`<!doctype html>
<html lang="en">
  <head><meta charset="utf-8" /><title>Payments</title></head>
  <body>${header}<main>${main}</main></body>
</html>
`;
  const headers = { 'Content-Type': 'text/html; charset=utf-8' };
  return { status, headers, body: String(body) };
}
