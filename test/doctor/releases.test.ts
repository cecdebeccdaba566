import { describe, expect, it } from 'vitest';
import type { BrokerFound } from '../../doctor/broker.ts';
import { releaseRows } from '../../doctor/releases.ts';
import type { Signal } from '../../messages/button.ts';
import type { Release } from '../../messages/release.ts';
import { toLocalTime } from '../../messages/time.ts';

const now = Date.parse('2026-03-01T12:00:00.000Z');
const release: Release = {
  id: 'r1',
  button: 'main',
  pressId: 'p1',
  action: 'release',
  source: 'cli',
  startedAt: '2026-03-01T11:54:00.000Z',
  finishedAt: '2026-03-01T11:55:00.000Z',
  outcome: 'failed',
  apps: [
    { namespace: 'argocd', name: 'blog', from: 'a', to: 'b', phase: 'done', outcome: 'in-sync' },
    {
      namespace: 'argocd',
      name: 'shop',
      from: 'a',
      to: 'b',
      phase: 'done',
      outcome: 'failed',
      message: 'the hook migrate failed',
    },
  ],
  truncated: false,
};
const found = (last: Release | undefined, signal?: Signal): BrokerFound => ({
  connected: true,
  message: 'connected',
  present: [],
  last: new Map(last === undefined ? [] : [['main', last]]),
  freezes: new Map(),
  signals: new Map(
    signal === undefined
      ? []
      : [['main', { signal, worker: 'main', outOfSync: 0, blocked: 0, at: '2026-03-01T11:55:00.000Z' }]],
  ),
  at: now,
});

const releaseRow = (found: BrokerFound) => releaseRows(found)[0];

describe('the row of the last release', () => {
  it('says how it ended, when, and which application did not succeed', () => {
    const row = releaseRow(found(release, 'failed'));
    expect(row).toMatchObject({
      subject: 'main',
      status: 'warning',
      found: `the last release (5 minutes ago, at ${toLocalTime(Date.parse('2026-03-01T11:55:00.000Z'))}) failed: argocd/shop: the hook migrate failed`,
      details: { outcome: 'failed', pressId: 'p1', signal: 'failed' },
    });
  });

  it.each([
    ['succeeded', undefined, 'ok', 'succeeded'],
    ['partly', 'failed', 'warning', 'succeeded only in part'],
    ['timed-out', 'failed', 'warning', 'did not end in time'],
    ['interrupted', 'unknown', 'warning', 'was interrupted'],
    ['failed', undefined, 'warning', 'failed'],
    ['failed', 'releasing', 'warning', 'failed'],
    ['failed', 'clear', 'ok', 'Since then, the signal of the button is clear'],
  ] as const)('for the outcome %s with the signal %s is %s', (outcome, signal, status, words) => {
    const row = releaseRow(found({ ...release, outcome }, signal));
    expect(row).toMatchObject({ status, found: expect.stringContaining(words) });
  });

  it('says whether it was a release or a rollback', () => {
    expect(releaseRow(found({ ...release, action: 'rollback' }))?.found).toMatch(/^the last rollback /);
  });

  it('is not there if there was no release, or no broker', () => {
    expect(releaseRow(found(undefined))).toMatchObject({
      status: 'skipped',
      found: 'no release has ended yet',
    });
    expect(releaseRow({ connected: false, message: 'refused' })).toMatchObject({ status: 'skipped' });
  });
});
