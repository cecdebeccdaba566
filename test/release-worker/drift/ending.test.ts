// How long the light shows a release that did not succeed.
import { describe, expect, it } from 'vitest';
import type { AppRecord } from '../../../release-worker/argocd/application.ts';
import { endingInWords, endingOf, leftOf } from '../../../release-worker/drift/ending.ts';
import type { AppEnd } from '../../../release-worker/releases/release.ts';
import { drifted, newCommit, newestCommit, whole } from '../support/records.ts';
import { planned, releaseOf } from '../support/releases.ts';

const good: AppEnd = { outcome: 'in-sync', message: 'in sync', good: true };
const bad: AppEnd = { outcome: 'failed', message: 'the namespace is missing', good: false };
const at = new Date(2026, 0, 1, 14, 2).getTime();

type Ends = Readonly<Record<string, AppEnd>>;

function ending(ends: Ends, over: Parameters<typeof releaseOf>[1] = {}, targetNow?: string) {
  const apps = Object.keys(ends).map((name) => planned(name));
  const outcome = Object.values(ends).some((end) => end.good) ? 'partly' : 'failed';
  return endingOf(
    releaseOf(apps, over),
    new Map(Object.entries(ends).map(([name, end]) => [`argocd/${name}`, end])),
    { outcome, at },
    () => targetNow,
  );
}

function left(end: ReturnType<typeof ending>, ...apps: readonly AppRecord[]) {
  return leftOf(end, (key) => apps.find(({ name }) => `argocd/${name}` === key));
}

describe('what is left of a release that failed', () => {
  const failed = ending({ a: bad, b: bad });
  const same = drifted('a', { target: newCommit });
  const fixed = (name: string) => drifted(name, { target: newestCommit });
  const unknown = whole({ name: 'b', sync: 'Unknown', target: 'main' });

  it.each<[ReturnType<typeof leftOf>, string, readonly AppRecord[]]>([
    ['failed', 'an application is out of sync with what failed', [same, whole({ name: 'b' })]],
    ['failed', 'one has a new target and another has not', [same, fixed('b')]],
    ['failed', 'one cannot be compared now', [whole({ name: 'a' }), unknown]],
    ['failed', 'one has a new target and another cannot be compared', [fixed('a'), unknown]],
    ['failed', 'the target is not known', [drifted('a', { target: undefined })]],
    ['new-target', 'each has a new target', [fixed('a'), fixed('b')]],
    ['new-target', 'what is still out of sync has a new target', [fixed('a'), whole({ name: 'b' })]],
    ['over', 'all is in sync', [whole({ name: 'a' }), whole({ name: 'b' })]],
    ['over', 'what is not in sync is gone, or going', [drifted('b', { deleting: true })]],
    ['over', 'others are out of sync', [whole({ name: 'a' }), whole({ name: 'b' }), drifted('c')]],
  ])('%s: %s', (expected, _, apps) => {
    expect(left(failed, ...apps)).toBe(expected);
  });

  it('only what it was not good for counts', () => {
    expect(left(ending({ a: good, b: bad }), same, whole({ name: 'b' }))).toBe('over');
  });

  it('all of it counts where none of the applications tells what went wrong', () => {
    const odd = endingOf(releaseOf([planned('a')]), new Map([['argocd/a', good]]), { outcome: 'failed', at });
    expect(left(odd, same)).toBe('failed');
  });

  it('what was not pinned has failed with what was shown, and with what it was at its end', () => {
    const loose = ending({ a: bad }, { settings: { pinRevision: false } }, newestCommit);
    expect(left(loose, same)).toBe('failed');
    expect(left(loose, fixed('a'))).toBe('failed');
    expect(left(loose, drifted('a', { target: '4'.repeat(40) }))).toBe('new-target');
  });

  it('of a rollback any target is the one in Git', () => {
    expect(left(ending({ a: bad }, { action: 'rollback' }), fixed('a'))).toBe('failed');
  });
});

describe('in words', () => {
  const localTime = '2026-01-01 14:02 [+-]\\d\\d:\\d\\d';

  it('it is said when, which application and why', () => {
    expect(endingInWords(ending({ a: good, b: bad, c: bad }))).toMatch(
      new RegExp(
        `^the last release succeeded only in part at ${localTime}: argocd/b: the namespace is missing \\(and 1 more\\)$`,
      ),
    );
    expect(endingInWords(ending({ a: bad }, { action: 'rollback' }))).toMatch(
      new RegExp(`^the last rollback failed at ${localTime}: argocd/a: the namespace is missing$`),
    );
  });

  it('a long message of Argo CD is cut', () => {
    const long = ending({ a: { ...bad, message: 'x'.repeat(5_000) } });
    expect(endingInWords(long).length).toBeLessThan(400);
  });
});
