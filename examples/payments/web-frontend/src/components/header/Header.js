/** The top of every page: who is signed in, or the form to do so. */

import { html } from '../../html.js';

/** `user` is undefined until somebody signs in; `problem` says why that failed. */
export function renderHeader({ user, problem } = {}) {
  return html`<header>
    <a href="/">Payments</a>
    ${user ? html`<p>Signed in as ${user.name}</p>` : signInForm(problem)}
  </header>`;
}

function signInForm(problem) {
  return html`<form method="post" action="/sign-in">
    ${problem && html`<p role="alert">${problem}</p>`}
    <label>Email <input name="email" type="email" required /></label>
    <label>Password <input name="password" type="password" required /></label>
    <button>Sign in</button>
  </form>`;
}
