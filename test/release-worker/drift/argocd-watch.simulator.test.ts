// The watch with its real client against the simulated Argo CD.
import { expect, it, onTestFinished } from 'vitest';
import { createTestArgoCd } from '../../argocd/argocd.ts';
import type { ArgoCd } from '../../../release-worker/argocd/client.ts';
import { createRegistry } from '../../../release-worker/drift/registry.ts';
import { createArgoCdWatch } from '../../../release-worker/drift/create-argocd-watch.ts';
import { createHealth } from '../../../service/health.ts';
import { silentLog } from '../../../service/log.ts';
import { freePort } from '../../support/ports.ts';
import { worldOf } from '../../support/argocd-control.ts';
import { until } from '../../support/wait.ts';
import { simulatedArgoCd } from '../support/argocd.ts';
import { clientWith } from '../support/client.ts';
import { newCommit, newestCommit } from '../support/records.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';

function watchOn(argocd: ArgoCd, hurry = 1) {
  const clock = hurriedClock(hurry);
  const registry = createRegistry();
  const health = createHealth(clock);
  let reconnects = 0;
  const watch = createArgoCdWatch({
    argocd,
    registry,
    clock,
    log: silentLog(),
    drift: { maxAgeMs: 60_000, listEveryMs: 180_000, streamIdleMs: 45_000 },
    health,
    random: () => 0.5,
    onReconnect: () => {
      reconnects += 1;
    },
    onChange: () => {},
  });
  watch.start();
  onTestFinished(async () => {
    argocd.stop();
    await watch.stop();
  });
  return {
    watch,
    registry,
    reconnects: () => reconnects,
    check: (name: string) => health.report().checks[name],
    target: (name: string) => registry.get(`argocd/${name}`)?.target,
  };
}

it('hears of a commit, also after the stream was cut', async () => {
  const { argocd, control } = await simulatedArgoCd(worldOf([{ name: 'shop' }]));
  const { watch, target, reconnects, check, registry } = watchOn(argocd, 10);
  await watch.firstList;
  await until('the stream', () => registry.get('argocd/shop')?.detail);
  await control.post('drift', { app: 'shop', revision: newestCommit });
  await until('the commit', () => target('shop') === newestCommit);

  await control.post('faults', { streams: { cut: true } });
  await until('the new stream', () => reconnects() === 1 && check('argocd-stream')?.ok === true);
  await control.post('drift', { app: 'shop', revision: '4'.repeat(40) });
  await until('the next commit', () => target('shop') === '4'.repeat(40));
});

it('finds by lists what the stream has lost', async () => {
  const { argocd, control } = await simulatedArgoCd(worldOf([{ name: 'shop' }]));
  const { watch, target, registry } = watchOn(argocd, 200);
  await watch.firstList;
  await until('the stream', () => registry.get('argocd/shop')?.detail);
  await control.post('faults', { streams: { dropEvents: 1_000_000 } });
  await control.post('drift', { app: 'shop', revision: newestCommit });
  await until('the commit', () => target('shop') === newestCommit);
  await until('its detail', () => registry.get('argocd/shop')?.detail?.deployed === newCommit);
});

it('tells of a wrong token, and of an account that sees nothing', async () => {
  const world = {
    ...JSON.parse(JSON.stringify(worldOf([{ name: 'shop' }]))),
    accounts: [{ name: 'button' }],
  };
  const blind = await simulatedArgoCd(world);
  const wrong = await simulatedArgoCd(world, { token: 'wrong' });
  const seesNothing = watchOn(blind.argocd);
  const refused = watchOn(wrong.argocd);

  await until('the first problem', () => seesNothing.watch.problem()?.includes('applications, get'));
  await until('the second problem', () => refused.watch.problem()?.includes('ARGOCD_AUTH_TOKEN'));
  expect(refused.watch.problem()).not.toContain('wrong token');
  expect(refused.watch.freshUntil()).toBe(0);
});

it('waits for an Argo CD that comes later', async () => {
  const port = await freePort();
  const { watch, registry, check } = watchOn(
    clientWith({ server: `http://127.0.0.1:${port}`, requestTimeoutMs: 1_000 }),
    10,
  );
  await until('the problem', () => watch.problem()?.includes('ECONNREFUSED'));
  expect(check('argocd')).toMatchObject({ ok: false });

  const simulator = createTestArgoCd({
    port,
    driftEveryMs: 0,
    world: { applications: [{ name: 'shop' }] },
  });
  await simulator.start();
  onTestFinished(() => simulator.stop());
  await watch.firstList;
  expect([watch.problem(), registry.size]).toEqual([undefined, 1]);
  expect(watch.server()).toMatchObject({ simulated: true });
  await until('the stream', () => check('argocd-stream')?.ok === true);
});
