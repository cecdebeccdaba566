// What follows from a late end, and what does not.
import { describe, expect, it } from 'vitest';
import type { Ending } from '../../../release-worker/drift/ending.ts';
import { createDeployedByButton } from '../../../release-worker/releases/deployed.ts';
import { createLateEnds } from '../../../release-worker/releases/late-ends.ts';
import type { AppEnd, PlannedRelease } from '../../../release-worker/releases/release.ts';
import { newCommit, oldCommit } from '../support/records.ts';
import { planned, releaseOf } from '../support/releases.ts';

const good: AppEnd = { outcome: 'in-sync', message: 'in sync', good: true };
const timedOut: AppEnd = { outcome: 'timed-out', message: 'not over in time', good: false };

function telling() {
  const deployed = createDeployedByButton();
  const endings: Ending[] = [];
  const frozen: string[] = [];
  const late = createLateEnds({
    registry: { get: () => undefined },
    signalPublisher: { finished: (ending) => void endings.push(ending) },
    releaseTopics: { last: () => {} },
    deployed,
    freeze: ({ button }, why) => void frozen.push(`${button}: ${why}`),
  });
  const finish = (release: PlannedRelease, ends: readonly (readonly [string, AppEnd])[]) => {
    late.begun(release.button, release.id);
    deployed.note(release, new Map(ends));
    late.ended(release);
  };
  return { deployed, late, endings, frozen, finish };
}

describe('the late end of one application', () => {
  const both = releaseOf([planned('shop'), planned('till')]);
  const late = { release: both, outcome: 'succeeded', at: 0, key: 'argocd/till' } as const;
  const ends = new Map([
    ['argocd/shop', good],
    ['argocd/till', good],
  ]);

  it('does not allow a second rollback of another application', () => {
    const { deployed, late: told, finish } = telling();
    finish(both, [
      ['argocd/shop', good],
      ['argocd/till', timedOut],
    ]);
    const back = releaseOf([planned('shop', { from: newCommit, to: oldCommit })], {
      id: 'r2',
      action: 'rollback',
    });
    finish(back, [['argocd/shop', good]]);
    expect(deployed.rolledBackTo('argocd/shop')).toBe(oldCommit);

    told.correct({ ...late, ends });
    expect(deployed.rolledBackTo('argocd/shop')).toBe(oldCommit);
  });

  it('freezes the button again after a rollback, even if its freeze was lifted in the meantime', () => {
    const { late: told, frozen } = telling();
    told.correct({ ...late, ends });
    expect(frozen).toEqual([]);
    told.correct({ ...late, ends, release: { ...both, action: 'rollback' } });
    expect(frozen).toEqual(['main: rolled back']);
    const bad = new Map([['argocd/till', { ...timedOut, outcome: 'failed' as const }]]);
    told.correct({ ...late, ends: bad, release: { ...both, action: 'rollback' } });
    expect(frozen).toHaveLength(1);
  });

  it('is shown by its button unless a press has been accepted since', () => {
    const { late: told, endings, finish } = telling();
    finish(both, [['argocd/till', timedOut]]);
    told.correct({ ...late, ends });
    expect(endings).toMatchObject([{ releaseId: 'r1', outcome: 'succeeded' }]);
    told.begun('main', 'r2');
    told.correct({ ...late, ends });
    expect(endings).toHaveLength(1);
  });
});
