import { describe, expect, it } from 'vitest';
import {
  infosOf,
  outcomeOf,
  progressOf,
  releaseMessage,
  type AppEnd,
} from '../../../release-worker/releases/release.ts';
import { releaseLast } from '../../../messages/release.ts';
import { planned, releaseOf, startedAt } from '../support/releases.ts';

function end(outcome: AppEnd['outcome'], good = false): AppEnd {
  return { outcome, good, message: outcome };
}

describe('a release', () => {
  it.each<[string, string, AppEnd[]]>([
    [
      'succeeded',
      'all are good',
      [end('in-sync', true), end('already-in-sync', true), end('still-out-of-sync', true)],
    ],
    ['partly', 'some are good', [end('in-sync', true), end('failed')]],
    ['failed', 'none is', [end('failed'), end('refused'), end('changed')]],
    ['failed', 'they ended in several ways', [end('timed-out'), end('interrupted')]],
    ['timed-out', 'all timed out', [end('timed-out'), end('timed-out')]],
    ['interrupted', 'all were interrupted', [end('interrupted'), end('interrupted')]],
    ['failed', 'a sync that succeeded did not help', [end('still-out-of-sync')]],
  ])('%s where %s', (outcome, _, ends) => {
    expect(outcomeOf(ends)).toBe(outcome);
  });
});

describe('its message', () => {
  it('lists at most 100 applications, and says that it is truncated', () => {
    const apps = Array.from({ length: 101 }, (_, index) => planned(`app-${index}`));
    const message = releaseMessage(releaseOf(apps), new Map());
    expect([message.apps.length, message.truncated]).toEqual([100, true]);
    expect(releaseMessage(releaseOf(apps.slice(0, 100)), new Map()).truncated).toBe(false);
    expect(releaseLast.codec.decode(Buffer.from(JSON.stringify(message))).ok).toBe(true);
  });

  it('shows the progress of each application', () => {
    const progress = progressOf(new Map([['argocd/a', end('in-sync', true)]]));
    const message = releaseMessage(releaseOf([planned('a'), planned('b')]), progress, {
      at: startedAt,
      outcome: 'partly',
    });
    expect(message).toMatchObject({
      outcome: 'partly',
      finishedAt: startedAt,
      apps: [
        { name: 'a', phase: 'done', outcome: 'in-sync' },
        { name: 'b', phase: 'waiting' },
      ],
    });
  });
});

it('is recognised in Argo CD by its infos', () => {
  expect(infosOf(releaseOf([]))).toEqual([
    { name: 'release-id', value: 'r1' },
    { name: 'press-id', value: 'p1' },
    { name: 'button', value: 'main' },
  ]);
});
