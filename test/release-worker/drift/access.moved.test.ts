// Applications that move to another project: nothing that was valid in the old project is used in the new one.
import { expect, it, onTestFinished } from 'vitest';
import { createAccess } from '../../../release-worker/drift/access.ts';
import { createRegistry } from '../../../release-worker/drift/registry.ts';
import { silentLog } from '../../../service/log.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { scriptedArgoCd } from '../support/argocd.ts';
import { drifted, whole } from '../support/records.ts';
import { settle } from '../support/settle.ts';

function askingAccess(answers: Parameters<typeof scriptedArgoCd>[0]) {
  const registry = createRegistry();
  const access = createAccess({
    argocd: scriptedArgoCd(answers),
    registry,
    clock: createFakeClock(),
    log: silentLog(),
    onChange: () => {},
  });
  onTestFinished(() => access.stop());
  access.start();
  return { registry, access };
}

it.each([
  ['forbidden', false, true, 'not-permitted'],
  ['frozen', true, false, 'blocked-by-sync-window'],
] as const)('what is %s is asked anew after the move', async (from, permitted, open, obstacle) => {
  const may = (project: string) => Promise.resolve(project === from ? permitted : true);
  const { registry, access } = askingAccess({
    maySyncAll: may,
    maySync: ({ project }) => may(project),
    syncWindows: ({ project }) =>
      Promise.resolve({ open: project === from ? open : true, assigned: [], active: [] }),
  });
  registry.event('changed', drifted('shop', { project: from }));
  await settle();
  expect(access.obstacleOf('argocd/shop')).toBe(obstacle);

  registry.event('changed', drifted('shop', { project: 'open' }));
  expect(access.obstacleOf('argocd/shop')).toBeUndefined();
  await settle();
  expect(access.stateOf('argocd/shop')).toMatchObject({ permitted: true, windowOpen: true });

  // Also while it is in sync, when nobody asks.
  registry.event('changed', whole({ name: 'shop', project: from }));
  registry.event('changed', drifted('shop', { project: from }));
  await settle();
  expect(access.obstacleOf('argocd/shop')).toBe(obstacle);
});

it('an answer that comes after the move is none about the application as it is', async () => {
  let answerOld = (_: boolean) => {};
  const { registry, access } = askingAccess({
    maySyncAll: () => Promise.resolve(false),
    maySync: ({ project }) =>
      project === 'open'
        ? Promise.resolve(true)
        : new Promise((resolve) => {
            answerOld = resolve;
          }),
    syncWindows: () => Promise.resolve({ open: true, assigned: [], active: [] }),
  });
  registry.event('changed', drifted('shop', { project: 'forbidden' }));
  await settle();
  registry.event('changed', drifted('shop', { project: 'open' }));
  answerOld(false);
  await settle();
  expect(access.stateOf('argocd/shop')).toMatchObject({ permitted: true });
});
