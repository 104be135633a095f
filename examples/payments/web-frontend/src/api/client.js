/** The services behind the pages. */

const LIMIT = 5000; // milliseconds

/** A service refused a request, or could not be reached (status 503). */
export class ServiceError extends Error {
  constructor(message, status, options) {
    super(message, options);
    this.name = 'ServiceError';
    this.status = status;
  }
}

/** What the pages ask of the services at these addresses. */
export function createClient({ paymentServiceUrl, userServiceUrl }) {
  const payments = (path, options) =>
    request('payment', paymentServiceUrl + path, options);
  const users = (path, options) =>
    request('user', userServiceUrl + path, options);

  return {
    /** The token of the user with this address and password. */
    async signIn({ email, password }) {
      const body = { email, password };
      return (await users('/login', { body })).access_token;
    },
    fetchUser: (token) => users('/me', { token }),
    fetchMethods: (token) => payments('/payment-methods', { token }),
    fetchPayment: (id) => payments(`/payments/${encodeURIComponent(id)}`),
    createPayment: ({ methodId, amount, currency }, token) =>
      payments('/payments', {
        token,
        body: { method_id: methodId, amount, currency },
      }),
  };
}

async function request(service, url, { body, token } = {}) {
  let response;
  let content;
  try {
    response = await fetch(url, {
      method: body ? 'POST' : 'GET',
      body: body && JSON.stringify(body),
      headers: token ? { Authorization: `Bearer ${token}` } : {},
      signal: AbortSignal.timeout(LIMIT),
    });
    content = await response.json();
  } catch (cause) {
    const reason = cause.cause?.message ?? cause.message;
    const message = `${service} service unavailable: ${reason}`;
    throw new ServiceError(message, 503, { cause });
  }
  if (!response.ok) throw new ServiceError(content.error, response.status);
  return content;
}
