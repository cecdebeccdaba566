// Decisions on a manual clock: how long they wait for Argo CD, and what follows from changes in the meantime.
import { expect, it } from 'vitest';
import { keyOf, type AppRecord } from '../../../release-worker/argocd/application.ts';
import { createRegistry, type Registry } from '../../../release-worker/drift/registry.ts';
import { decide } from '../../../release-worker/presses/decide.ts';
import type { Decision } from '../../../release-worker/presses/decision.ts';
import type { DecideOptions } from '../../../release-worker/presses/fresh-checks.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { scriptedArgoCd } from '../support/argocd.ts';
import { button } from '../support/buttons.ts';
import { drifted, detailOf, newCommit, newestCommit, oldCommit, whole } from '../support/records.ts';
import { settle } from '../support/settle.ts';

function judgingBy(
  apps: readonly AppRecord[],
  options: {
    readonly get?: () => Promise<AppRecord>;
    /** how long it is unknown whether Argo CD answers, in milliseconds */
    readonly doubtMs?: number;
    readonly released?: readonly string[];
    /** names of applications whose drift the light does not show yet */
    readonly unripe?: readonly string[];
    /** what changes while permissions are requested again; before, there are none */
    readonly onLookAgain?: (registry: Registry) => void;
  } = {},
) {
  const clock = createFakeClock();
  const registry = createRegistry();
  for (const app of apps) registry.event('changed', app);
  let permitted = options.onLookAgain === undefined;
  let decided: Promise<void> | undefined;
  if (options.doubtMs !== undefined)
    decided = new Promise((resolve) => {
      clock.setTimeout(() => {
        decided = undefined;
        resolve();
      }, options.doubtMs ?? 0);
    });
  const judgeOptions: DecideOptions = {
    argocd: scriptedArgoCd({ get: options.get ?? (() => new Promise(() => {})) }),
    registry,
    clock,
    watch: {
      freshUntil: () => Infinity,
      doubt: () => decided,
      problem: () => undefined,
      lastListAt: () => undefined,
    },
    access: {
      obstacleOf: () => (permitted ? undefined : 'not-permitted'),
      stateOf: () => ({ permitted, windowOpen: true }),
      lookAgain: () => {
        permitted = true;
        options.onLookAgain?.(registry);
        return Promise.resolve();
      },
    },
    refreshOnPressMax: 20,
    rolledBackTo: () => undefined,
    whyBusy: () => undefined,
    whyUnwritable: () => Promise.resolve(undefined),
    isUnripe: (key) =>
      registry.get(key)?.sync === 'OutOfSync' &&
      options.unripe?.some((name) => key === `argocd/${name}`) === true,
    wasOutOfSyncAt: () => undefined,
    deployedBy: () =>
      (options.released ?? []).map((name) => ({ key: `argocd/${name}`, revision: newCommit })),
    isBusy: () => false,
    show: () => {},
  };
  return {
    clock,
    decide: (action: 'release' | 'rollback') => decide(judgeOptions, button(), action, undefined),
  };
}

it('after a long doubt about Argo CD, requests have only the rest of the 5 s that the agent waits', async () => {
  const { clock, decide: decided } = judgingBy([whole()], { doubtMs: 3_500 });
  let decision: Decision | undefined;
  void decided('release').then((found) => {
    decision = found;
  });
  for (let ms = 0; ms < 4_500; ms += 500) {
    await settle();
    clock.advance(500);
  }
  await settle();
  expect(decision).toMatchObject({ outcome: 'nothing-to-release' });
});

it('a rollback does not undo what was deployed while permissions were requested', async () => {
  const app = (name: string, deployed: string) =>
    whole({ name, detail: detailOf({ deployed, previous: deployed === newCommit ? oldCommit : newCommit }) });
  const { decide: decided } = judgingBy([app('shop', newCommit), app('till', newCommit)], {
    released: ['shop', 'till'],
    onLookAgain: (registry) => registry.event('changed', app('shop', newestCommit)),
  });
  const decision = await decided('rollback');
  expect(decision).toMatchObject({
    outcome: 'accepted',
    message: expect.stringContaining('argocd/shop: something else has been deployed since'),
  });
  expect('apps' in decision ? decision.apps.map(keyOf) : []).toEqual(['argocd/till']);
});

it('drift that the light does not show yet is left to Argo CD, even if it begins while permissions are requested', async () => {
  const synced = whole({ name: 'till', automated: true });
  const { decide: decided } = judgingBy([drifted('shop'), synced], {
    unripe: ['till'],
    onLookAgain: (registry) => registry.event('changed', { ...synced, sync: 'OutOfSync' }),
  });
  const decision = await decided('release');
  expect(decision).toMatchObject({
    outcome: 'accepted',
    message: expect.stringContaining('1 newly out of sync, which Argo CD should sync itself'),
  });
  expect('apps' in decision ? decision.apps.map(keyOf) : []).toEqual(['argocd/shop']);
});
