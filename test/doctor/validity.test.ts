import { describe, expect, it } from 'vitest';
import { toLocalTime } from '../../messages/time.ts';
import { accountRow } from '../../doctor/argocd.ts';
import { expiryOf, lengthOf } from '../../doctor/validity.ts';

const day = 86_400_000;
const now = Date.parse('2026-03-01T00:00:00Z');

function tokenWith(claims: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;
}

describe('the expiry of a token', () => {
  it('is read from exp in its claims', () => {
    expect(expiryOf(tokenWith({ exp: now / 1000 }))).toBe(now);
  });

  it.each([
    ['a token without exp', tokenWith({ iat: 1 })],
    ['an exp that is no number', tokenWith({ exp: 'soon' })],
    ['an exp beyond all dates', tokenWith({ exp: 1e300 })],
    ['claims that are no object', tokenWith(null)],
    ['a word', 'simulated'],
    ['claims that are no JSON', 'a.b.c'],
    ['nothing', ''],
  ])('is unknown for %s', (_, token) => {
    expect(expiryOf(token)).toBeUndefined();
  });
});

describe('a length of time', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [5_000, '5 seconds'],
    [119_000, '1 minute'],
    [7_200_000, '2 hours'],
    [day * 6.9, '6 days'],
  ])('of %d ms is written as %s', (ms, text) => {
    expect(lengthOf(ms)).toBe(text);
  });
});

describe('the row of the account', () => {
  const row = (token: string, account: string | undefined) =>
    accountRow(
      {
        server: 'https://argocd.example',
        probe: { answer: { version: 'v3.6.0', simulated: false } },
        account: { answer: account },
        apps: { answer: [] },
      },
      { token, username: undefined, hide: (text) => text, remedy: 'Make a new one', now },
    );
  const until = (ms: number) => tokenWith({ exp: (now + ms) / 1000 });

  it('has a warning in the last seven days of a token, and not before', () => {
    expect(row(until(7 * day + 1000), 'button')).toMatchObject({ status: 'ok' });
    const sixDays = row(until(7 * day - 1000), 'button');
    expect(sixDays).toMatchObject({ status: 'warning', remedy: 'Make a new one' });
    expect(sixDays.found).toContain('6 days left');
    expect(sixDays.details).toMatchObject({ expires: '2026-03-07T23:59:59.000Z', accepted: true });
  });

  it('is healthy with a token that never expires', () => {
    expect(row(tokenWith({}), 'button')).toMatchObject({ status: 'ok', details: { account: 'button' } });
  });

  it('says that a refused token has expired, if the token says so itself', () => {
    expect(row(until(-day), undefined).found).toBe(
      `the token has expired: it was valid until ${toLocalTime(now - day)}`,
    );
    expect(row(until(day), undefined).found).toContain('wrong or revoked');
  });

  it('suspects the clock of this machine if Argo CD accepts a token that has expired by that clock', () => {
    expect(row(until(-day), 'button')).toMatchObject({
      status: 'warning',
      remedy: 'correct the clock of this machine',
    });
  });
});
