// The result of a press that finds nothing to release.
import { describe, expect, it } from 'vitest';
import type { AppRecord } from '../../../release-worker/argocd/application.ts';
import { nothingFound, type NothingFound } from '../../../release-worker/presses/nothing.ts';
import { detailOf, drifted, listed, whole } from '../support/records.ts';

const noon = new Date(2026, 0, 1, 12, 0).getTime();
const condition = 'ComparisonError: Failed to load target state';
const unknown = (name: string) => whole({ name, sync: 'Unknown', detail: detailOf({ condition }) });

function answer(candidates: readonly AppRecord[], over: Partial<NothingFound> = {}) {
  return nothingFound({
    candidates,
    refreshed: candidates.length,
    lastListAt: noon,
    wasOutOfSyncAt: () => undefined,
    ...over,
  });
}

describe('nothing to release', () => {
  it.each<[string, readonly AppRecord[], string]>([
    ['one', [whole()], 'the application is in sync'],
    ['several', [whole({ name: 'a' }), whole({ name: 'b' })], 'all 2 applications are in sync'],
    [
      'one that is being deleted is not in sync, whatever Argo CD says',
      [whole({ name: 'a' }), whole({ name: 'b', deleting: true }), drifted('c', { deleting: true })],
      '1 of 3 applications is in sync; argocd/b, argocd/c are being deleted',
    ],
    ['nothing but one that is being deleted', [whole({ deleting: true })], 'argocd/shop is being deleted'],
    [
      'one that cannot be compared, with the cause',
      [whole({ name: 'a' }), unknown('b')],
      `1 of 2 applications is in sync; argocd/b cannot be compared: ${condition}`,
    ],
    [
      'one that cannot be compared, before the cause is known',
      [whole({ name: 'a' }), listed({ name: 'b', sync: 'Unknown' })],
      '1 of 2 applications is in sync; argocd/b cannot be compared',
    ],
  ])('%s', (_, candidates, message) => {
    const decision = answer(candidates);
    expect(decision.outcome).toBe('nothing-to-release');
    expect(decision.message.split('; Argo CD has')[0]).toBe(message);
  });

  it('says that Argo CD has just looked at Git, and does not mention the last list', () => {
    expect(answer([whole()]).message).toBe(
      'the application is in sync; Argo CD has just looked at Git again',
    );
  });

  it('gives the time of the last list if this press has not refreshed all applications', () => {
    const two = [whole({ name: 'a' }), whole({ name: 'b' })];
    expect(answer(two, { refreshed: 1 }).message).toMatch(
      /just looked at Git again for 1 of them; the last full list of applications is from 2026-01-01 12:00 /,
    );
    expect(answer(two, { refreshed: 0 }).message).toMatch(/in sync; the last full list .* 2026-01-01 12:00 /);
    expect(answer(two, { refreshed: 0, lastListAt: undefined }).message).toBe(
      'all 2 applications are in sync',
    );
  });
});

describe('it is not known what is out of sync', () => {
  it('if an application was out of sync and cannot be compared now', () => {
    const decision = answer([whole({ name: 'a' }), unknown('b')], {
      wasOutOfSyncAt: (key) => (key === 'argocd/b' ? noon : undefined),
    });
    expect(decision).toMatchObject({ outcome: 'rejected', reason: 'argocd-unreachable' });
    expect(decision.message).toMatch(
      /: argocd\/b was out of sync at 2026-01-01 12:00 \S+ and cannot be compared now: ComparisonError: Failed/,
    );
  });

  it('if no application can be compared', () => {
    const decision = answer([unknown('a'), unknown('b'), whole({ name: 'c', deleting: true })]);
    expect(decision).toMatchObject({ outcome: 'rejected', reason: 'argocd-unreachable' });
    expect(decision.message).toContain(`argocd/a, argocd/b cannot be compared: ${condition}`);
  });

  it('if the application is new to Argo CD', () => {
    expect(answer([whole({ sync: 'Unknown', compared: false })]).message).toContain('not compared it yet');
  });
});
