// Syncs that releases have left in Argo CD, on a manual clock.
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AppName } from '../../../release-worker/argocd/client.ts';
import { keyOf, type AppRecord } from '../../../release-worker/argocd/application.ts';
import { ArgoCdError } from '../../../release-worker/argocd/errors.ts';
import { createRegistry } from '../../../release-worker/drift/registry.ts';
import type { JournalLine } from '../../../release-worker/releases/journal-lines.ts';
import { createRecovery } from '../../../release-worker/releases/recovery.ts';
import { createLeftoverSyncs, type EndedRelease } from '../../../release-worker/releases/leftover-syncs.ts';
import { silentLog } from '../../../service/log.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { scriptedArgoCd } from '../support/argocd.ts';
import { memoryJournal } from '../support/intake.ts';
import { detailOf, drifted, oldCommit } from '../support/records.ts';
import { linesOf, planned, releaseOf, startedAt } from '../support/releases.ts';
import { passTime, settle } from '../support/settle.ts';

const under = (phase: string, releaseId = 'r1', name = 'shop') =>
  drifted(name, { phase, detail: detailOf({ deployed: oldCommit, operation: { releaseId } }) });

/** The journal's copy of the release that `adopt` receives. */
const formerLines = linesOf(releaseOf([planned('shop')])).map((line): JournalLine => {
  if (line.type === 'finished') return { ...line, outcome: 'timed-out' };
  if (line.type !== 'app' || line.step !== 'done') return line;
  return { ...line, outcome: 'timed-out', message: 'not over in time', good: false };
});

function leaving(
  options: {
    readonly get?: (app: AppName) => Promise<AppRecord>;
    readonly terminate?: () => Promise<void>;
    /** a release that still handles other applications */
    readonly running?: string;
  } = {},
) {
  const clock = createFakeClock();
  const registry = createRegistry();
  const terminated: string[] = [];
  const gets: string[] = [];
  const told: EndedRelease[] = [];
  const journal = memoryJournal();
  const leftoverSyncs = createLeftoverSyncs({
    argocd: scriptedArgoCd({
      get: (app) => {
        gets.push(app.name);
        const known = registry.get(keyOf(app));
        if (options.get !== undefined) return options.get(app);
        return known === undefined
          ? Promise.reject(new ArgoCdError({ kind: 'unavailable', message: 'not now' }))
          : Promise.resolve(known);
      },
      syncDetail: () => Promise.reject(new ArgoCdError({ kind: 'unavailable', message: 'not now' })),
      terminate: (app) => {
        terminated.push(keyOf(app));
        return options.terminate?.() ?? Promise.resolve();
      },
    }),
    registry,
    clock,
    log: silentLog(),
    journal,
    release: { refreshTimeoutMs: 15_000, waitHealthy: false },
    running: {
      isAt: () => false,
      buttonOf: (releaseId) => (releaseId === options.running ? 'main' : undefined),
    },
    onLate: (ended) => void told.push(ended),
  });
  onTestFinished(async () => {
    const stopping = leftoverSyncs.stop();
    clock.advance(5_000);
    await stopping;
    expect(clock.pendingTimers()).toBe(0);
  });
  return {
    clock,
    registry,
    leftoverSyncs,
    terminated,
    gets,
    lines: journal.lines,
    told,
    adopt: (names: readonly string[] = ['shop']) => {
      const release = releaseOf(names.map((name) => planned(name)));
      const end = { outcome: 'timed-out', message: 'not over in time', good: false } as const;
      const ends = new Map(release.apps.map((app) => [keyOf(app), end]));
      leftoverSyncs.adopt({ release, ends, outcome: 'timed-out', at: clock.now() });
    },
    event: async (record: AppRecord) => {
      registry.event('changed', record);
      await settle();
    },
    pass: (ms: number) => passTime(clock, ms),
  };
}

describe('a sync of a release of which only the id is known', () => {
  it('is terminated as soon as Argo CD starts it, as the reply promises', async () => {
    const { leftoverSyncs, event, terminated } = leaving();
    await event(under('Pending'));
    expect(leftoverSyncs.terminate('argocd/shop')).toMatchObject({
      applications: 1,
      waiting: ['argocd/shop'],
    });
    await event(drifted('till'));
    expect(terminated).toEqual([]);
    await event(under('Running'));
    expect(terminated).toEqual(['argocd/shop']);
    await event(under('Terminating'));
    expect(terminated).toEqual(['argocd/shop']);
  });

  it('is forgotten if another one has replaced it', async () => {
    const { leftoverSyncs, event, terminated } = leaving();
    await event(under('Pending'));
    leftoverSyncs.terminate('argocd/shop');
    await event(under('Running', 'another'));
    await event(under('Running'));
    expect(terminated).toEqual([]);
  });
});

it('an application that a running release has given up is named by a freeze, and terminated with the release', async () => {
  const { leftoverSyncs, event, terminated } = leaving({ running: 'r2' });
  await event(under('Running', 'r2'));
  await event(under('Running', 'another', 'till'));
  expect(leftoverSyncs.inWords('main')).toEqual(['argocd/shop of release r2 is running in Argo CD']);
  expect(leftoverSyncs.inWords('other')).toEqual([]);
  expect(leftoverSyncs.terminate(undefined)).toMatchObject({ applications: 1, releases: ['r2'] });
  await settle();
  expect(terminated).toEqual(['argocd/shop']);
});

it('a termination that Argo CD has refused is soon retried, however long there was no update', async () => {
  const refusal = new ArgoCdError({ kind: 'unavailable', message: 'not now' });
  const { adopt, leftoverSyncs, event, terminated, pass } = leaving({
    terminate: () => Promise.reject(refusal),
  });
  await event(under('Running'));
  adopt();
  await pass(3_600_000);
  leftoverSyncs.terminate('argocd/shop');
  await pass(10_000);
  expect(terminated.length).toBeGreaterThan(1);
});

it('a sync that Argo CD never shows is not followed after every later start', async () => {
  const { adopt, event, pass, told, lines } = leaving();
  await event(drifted('shop'));
  adopt();
  await pass(60_000);
  expect(told).toEqual([]);
  const recovery = createRecovery(10);
  for (const line of [...formerLines, ...lines]) recovery.add(line);
  expect(recovery.result()).toMatchObject({
    timedOut: [],
    failed: [{ outcome: 'timed-out', at: startedAt }],
    last: { outcome: 'timed-out', at: startedAt },
  });
});

it('a stop does not wait for an answer that does not come', async () => {
  const { adopt, leftoverSyncs, clock, event, gets, pass } = leaving({ get: () => new Promise(() => {}) });
  await event(under('Running'));
  adopt();
  await pass(3_000);
  expect(gets).toHaveLength(1);
  let stopped = false;
  const stopping = leftoverSyncs.stop().then(() => {
    stopped = true;
  });
  await settle();
  clock.advance(5_000);
  await settle();
  expect(stopped).toBe(true);
  await stopping;
});

it('GETs of many leftover syncs are limited, so that the GET of a press does not wait', async () => {
  const { adopt, event, gets, pass } = leaving({ get: () => new Promise(() => {}) });
  const names = Array.from({ length: 100 }, (_, index) => `shop${index}`);
  for (const name of names) await event(under('Running', 'r1', name));
  adopt(names);
  await pass(3_000);
  expect(gets.length).toBeLessThanOrEqual(10);
});
