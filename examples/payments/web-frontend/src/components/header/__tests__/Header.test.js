/** Who the header says is signed in. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { renderHeader } from '../Header.js';

describe('Header', () => {
  it('offers to sign in while nobody has', () => {
    assert.match(String(renderHeader()), /action="\/sign-in"/);
  });

  it('says why signing in failed', () => {
    const header = String(renderHeader({ problem: 'Wrong password.' }));
    assert.match(header, /<p role="alert">Wrong password\.<\/p>/);
  });

  it('names who is signed in, as text', () => {
    const header = String(renderHeader({ user: { name: '<i>Ada</i>' } }));
    assert.match(header, /Signed in as &lt;i&gt;Ada&lt;\/i&gt;/);
    assert.doesNotMatch(header, /sign-in/);
  });
});
