import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../release-worker/argocd/redactor.ts';

describe("secrets in a server's text", () => {
  it.each([
    ['a long token', 'eyJhbGciOiJIUzI1NiJ9.e30.c2ln', true],
    ['a long password of letters', 'correcthorsebatterystaple', true],
    ['a short password with a digit', 'hunter2hunter2', true],
    ['a short password with a sign', 'p-ssword!', true],
    ['a word that texts have', 'simulated', false],
    ['another one', 'password', false],
    ['a version', 'v3.6.0', false],
    ['nothing', '', false],
  ])('%s', (_, secret, hidden) => {
    const redactor = createRedactor();
    redactor.add(secret);
    const text = redactor.redact(`the server said ${secret} twice: ${secret}`);
    expect(text).toBe(
      hidden ? 'the server said <secret> twice: <secret>' : `the server said ${secret} twice: ${secret}`,
    );
  });
});
