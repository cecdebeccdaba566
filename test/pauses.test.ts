// Nothing that others send blocks the event loop for long. Each test sends one kind of input at a hundred times the usual
// number, and compares the processor time of a turn with an idle loop, in the best of some rounds.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { ProjectWindow } from '../release-worker/argocd/sync-window.ts';
import { createSignalPublisher } from '../release-worker/drift/signal-publisher.ts';
import { createAccess } from '../release-worker/drift/access.ts';
import { createAppPublisher } from '../release-worker/drift/app-publisher.ts';
import { createRegistry } from '../release-worker/drift/registry.ts';
import { opennessOf } from '../release-worker/drift/windows.ts';
import { createStore } from '../broker/store.ts';
import { decide } from '../release-worker/presses/decide.ts';
import { createPressHistory, rememberIdsMax } from '../release-worker/presses/press-history.ts';
import { createJournal } from '../release-worker/releases/journal.ts';
import { candidatesOf, planOf } from '../release-worker/releases/plan.ts';
import { createRecovery } from '../release-worker/releases/recovery.ts';
import { wanted } from '../home-assistant/wanted.ts';
import { selects } from '../config/selects.ts';
import { systemClock } from '../service/clock.ts';
import { silentLog } from '../service/log.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { longestPauseMs } from './support/pause.ts';
import { until } from './support/wait.ts';
import { button } from './release-worker/support/buttons.ts';
import { createFakeLink } from './release-worker/support/fake-link.ts';
import { scriptedArgoCd } from './release-worker/support/argocd.ts';
import { drifted } from './release-worker/support/records.ts';
import { takingIn } from './release-worker/support/intake.ts';
import { linesOf, planned, releaseOf } from './release-worker/support/releases.ts';
import { settle } from './release-worker/support/settle.ts';
import { stateDirectory } from './release-worker/support/worker.ts';
import { clientOf, serve } from './release-worker/argocd/playback.ts';
import { agentOf, announceableOf, applicationOf, workerOf } from './home-assistant/support/installations.ts';

/** A store of the broker that is full, and a way to call its methods for the library by name. */
async function fullStore() {
  const store = createStore({ maximumMessages: 20_000, maximumBytes: 1e9, now: () => 0 });
  const call = async (name: string, argument: unknown): Promise<unknown> => {
    const method: unknown = Reflect.get(store.persistence, name);
    if (typeof method !== 'function') throw new Error(`the library no longer has ${name}`);
    const result: unknown = await Reflect.apply(method, undefined, [argument]);
    return result;
  };
  for (let index = 0; index < 20_000; index += 1)
    await call('storeRetained', { topic: `a/${index}`, payload: Buffer.from('x'), messageExpiry: 1e15 });
  return { store, call };
}

const limitMs = 50;
const applicationCount = 10_000;
const timeout = 300_000;

/** The watch that a signal publisher asks. Argo CD was reachable just now. */
const alwaysFresh = {
  freshUntil: () => Infinity,
  problem: () => undefined,
  notFresh: () => {},
  reachable: () => true,
  server: () => undefined,
};

function expectShortPause({ pause, idle }: { readonly pause: number; readonly idle: number }): void {
  expect(pause).toBeLessThan(limitMs + idle);
}

const windowsOf = (count: number): ProjectWindow[] =>
  Array.from({ length: count }, (_, index) => ({
    kind: 'deny',
    schedule: `${index % 60} * * * *`,
    duration: `${10 + index}m`,
    manualSync: false,
    timeZone: 'Europe/Berlin',
    description: `window ${index}`,
    scope: {
      applications: [`*-${index}`, `other-${index}-*`],
      namespaces: [],
      clusters: [],
      andOperator: false,
    },
  }));
/** Answers in a later turn of the event loop, as a network would. */
const answerLater = <Answer>(answer: Answer) =>
  new Promise<Answer>((resolve) => {
    setImmediate(resolve, answer);
  });
const manyDrifted = () => {
  const registry = createRegistry();
  const records = Array.from({ length: applicationCount }, (_, index) => drifted(`app-${index}`));
  registry.list(registry.ticket(), records);
  return registry;
};

test(
  'deciding about one application by 500 sync windows does not block the event loop',
  { timeout },
  async () => {
    const windows = windowsOf(500);
    expectShortPause(
      await longestPauseMs(
        () => {},
        () => expect(opennessOf(windows, Date.parse('2026-03-20T12:00:30Z'))).toBeDefined(),
      ),
    );
  },
);

test(
  'checking the access to 10,000 applications in a project with 500 windows does not block the event loop',
  { timeout },
  async () => {
    const windows = windowsOf(500);
    expectShortPause(
      await longestPauseMs(
        () => {
          const clock = createFakeClock();
          const registry = manyDrifted();
          const access = createAccess({
            argocd: scriptedArgoCd({
              maySyncAll: () => answerLater(true),
              syncWindows: () => answerLater({ open: true, assigned: windows, active: [] }),
              projectWindows: () => answerLater(windows),
            }),
            registry,
            clock,
            log: silentLog(),
            onChange: () => {},
          });
          return { access, registry };
        },
        async ({ access, registry }) => {
          access.start();
          for (let round = 0; round < 100 && access.stateOf('argocd/app-9999') === undefined; round += 1)
            await settle();
          expect(access.stateOf('argocd/app-9999')).toBeDefined();
          registry.event('changed', drifted('app-0', { health: 'Degraded' }));
          await settle();
          await access.stop();
        },
      ),
    );
  },
);

test(
  'publishing changes while a sync window holds back 10,000 applications does not block the event loop',
  { timeout },
  async () => {
    expectShortPause(
      await longestPauseMs(
        () => {
          const clock = createFakeClock();
          const registry = createRegistry();
          const fake = createFakeLink();
          const signalPublisher = createSignalPublisher({
            link: fake.link,
            registry,
            watch: alwaysFresh,
            access: {
              obstacleOf: () => 'blocked-by-sync-window',
              stateOf: () => ({
                permitted: true,
                windowOpen: false,
                windowUntil: Date.parse('2027-01-01T00:00:00Z'),
                windowDescription: 'closed',
              }),
            },
            clock,
            log: silentLog(),
            worker: 'main',
            server: 'https://argocd.example',
            buttons: [button()],
            automatedGraceMs: 0,
            releasing: () => 0,
            freeze: { of: () => [], ofAll: () => [] },
            unwritable: () => undefined,
            claims: { claimedTwice: () => undefined, isOthers: () => false },
          });
          signalPublisher.start();
          const records = Array.from({ length: applicationCount }, (_, index) => drifted(`app-${index}`));
          registry.list(registry.ticket(), records);
          signalPublisher.changed(records.map(({ namespace, name }) => `${namespace}/${name}`));
          clock.advance(1_000);
          expect(fake.on('button/main/signal').at(-1)).toMatchObject({
            signal: 'blocked',
            outOfSync: applicationCount,
          });
          return { signalPublisher, clock };
        },
        async ({ signalPublisher, clock }) => {
          for (let change = 0; change < 40; change += 1) {
            signalPublisher.changed([`argocd/app-${change}`]);
            clock.advance(30);
            await answerLater(true);
          }
          signalPublisher.stop();
        },
      ),
    );
  },
);

test(
  'taking in a first list of 10,000 applications for five buttons does not block the event loop',
  { timeout },
  async () => {
    const buttons = ['a', 'b', 'c', 'd', 'e'].map((id) =>
      button({ id, select: id === 'a' ? { all: true } : { labels: { team: id } } }),
    );
    const records = Array.from({ length: applicationCount }, (_, index) =>
      drifted(`app-${index}`, { labels: { team: 'abcde'.charAt(index % 5), tier: 'critical' } }),
    );
    expectShortPause(
      await longestPauseMs(
        () => {
          const clock = systemClock();
          const fake = createFakeLink();
          const registry = createRegistry((app) => buttons.some(({ select }) => selects(select, app)));
          const argocd = scriptedArgoCd({
            maySyncAll: () => answerLater(true),
            projectWindows: () => answerLater([]),
          });
          const changed = (keys: Iterable<string>) => {
            appPublisher.changed(keys);
            signalPublisher.changed(keys);
          };
          const access = createAccess({ argocd, registry, clock, log: silentLog(), onChange: changed });
          const shared = { link: fake.link, registry, access, clock, log: silentLog(), buttons };
          const appPublisher = createAppPublisher({
            ...shared,
            revisions: { of: () => undefined },
            maxPublishesPerSecond: 50,
            externalUrl: 'https://argocd.example',
            worker: 'main',
          });
          const signalPublisher = createSignalPublisher({
            ...shared,
            watch: alwaysFresh,
            worker: 'main',
            server: 'https://argocd.example',
            automatedGraceMs: 0,
            releasing: () => 0,
            freeze: { of: () => [], ofAll: () => [] },
            unwritable: () => undefined,
            claims: { claimedTwice: () => undefined, isOthers: () => false },
          });
          registry.onChange(changed);
          appPublisher.start();
          signalPublisher.start();
          access.start();
          const stop = async () => {
            appPublisher.stop();
            signalPublisher.stop();
            await access.stop();
          };
          return { fake, registry, signalPublisher, stop };
        },
        async ({ fake, registry, signalPublisher, stop }) => {
          await registry.listInTurns(registry.ticket(), records, () => answerLater(undefined));
          signalPublisher.changed();
          const signals = () => fake.on('button/a/signal');
          while (signals().length < 2) await answerLater(true);
          await stop();
          expect(signals()).toMatchObject([
            { signal: 'unknown' },
            { signal: 'drifted', outOfSync: applicationCount },
          ]);
        },
      ),
    );
  },
);

test('reading a list of 10,000 applications does not block the event loop', { timeout }, async () => {
  const items = Array.from({ length: applicationCount }, (_, index) => ({
    metadata: { name: `app-${index}`, namespace: 'argocd', labels: { team: 'pay', tier: 'critical' } },
    spec: {
      project: 'default',
      destination: { namespace: 'shop', server: 'https://kubernetes.default.svc' },
      source: { repoURL: 'https://git.example/shop.git', path: `apps/app-${index}`, targetRevision: 'main' },
      syncPolicy: null,
      sources: null,
    },
    status: {
      sync: { status: 'Synced', revision: '1'.repeat(40) },
      health: { status: 'Healthy', lastTransitionTime: '2026-11-22T10:34:50Z' },
      operationState: {
        phase: 'Succeeded',
        startedAt: '2026-11-22T10:05:20Z',
        finishedAt: '2026-11-22T10:05:20Z',
      },
    },
  }));
  const text = JSON.stringify({ metadata: { resourceVersion: '1' }, items });
  const { url } = await serve((response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(text);
  });
  const argocd = clientOf(url);
  expectShortPause(
    await longestPauseMs(
      () => {},
      async () => {
        expect(await argocd.list()).toHaveLength(applicationCount);
      },
    ),
  );
});

test(
  'planning a press that names 500 of 10,000 applications does not block the event loop',
  { timeout },
  async () => {
    const only = Array.from({ length: 500 }, (_, index) => `argocd/app-${index}`);
    expectShortPause(
      await longestPauseMs(manyDrifted, (registry) => {
        const candidates = candidatesOf(registry, () => true, only);
        const plan = planOf(
          candidates,
          () => false,
          () => undefined,
          [only, only],
        );
        expect(plan.apps).toHaveLength(500);
      }),
    );
  },
);

test(
  'deciding 100 presses within a second, with 10,000 applications, does not block the event loop',
  { timeout },
  async () => {
    expectShortPause(
      await longestPauseMs(manyDrifted, async (registry) => {
        const { clock, press, released } = takingIn({
          buttons: [button({ select: { projects: ['default'] } })],
          decide: (config, action, only, acceptedJustNow) =>
            decide(
              {
                argocd: scriptedArgoCd({}),
                registry,
                watch: {
                  lastListAt: () => undefined,
                  freshUntil: () => Infinity,
                  problem: () => undefined,
                  doubt: () => undefined,
                },
                access: {
                  lookAgain: () => Promise.resolve(),
                  obstacleOf: () => undefined,
                  stateOf: () => ({ permitted: true, windowOpen: true }),
                },
                clock,
                refreshOnPressMax: 0,
                whyUnwritable: () => Promise.resolve(undefined),
                isBusy: () => false,
                whyBusy: () => undefined,
                wasOutOfSyncAt: () => undefined,
                isUnripe: () => false,
                deployedBy: () => [],
                rolledBackTo: () => undefined,
                show: () => {},
              },
              config,
              action,
              only,
              acceptedJustNow,
            ),
        });
        for (let index = 0; index < 50; index += 1) {
          press({ only: [`argocd/app-${index}`] });
          press({ only: [`argocd/nobody-${index}`] });
        }
        await settle();
        clock.advance(1_000);
        await until('the release', () => released.length > 0);
        expect(released).toMatchObject([{ apps: { length: 50 } }]);
      }),
    );
  },
);

test(
  'announcing 10,000 applications to Home Assistant does not block the event loop',
  { timeout },
  async () => {
    const applications = Array.from({ length: applicationCount }, (_, index) =>
      applicationOf(`app-${index}`),
    );
    expectShortPause(
      await longestPauseMs(
        () => {},
        () => {
          const { leftOut } = wanted({
            prefix: 'release-button',
            announceable: announceableOf({ agents: [agentOf()], workers: [workerOf()], applications }),
            config: { applications: [{ all: true }], maxApplications: 100 },
            ownVersion: '0.1.0',
            packetMax: 262_144,
          });
          expect(leftOut).toBe(applicationCount - 100);
        },
      ),
    );
  },
);

test(
  'finding the retained messages of 500 wildcards among 20,000 does not block the event loop',
  { timeout },
  async () => {
    const filters = Array.from({ length: 500 }, (_, index) => `nothing/${index}/#`);
    expectShortPause(
      await longestPauseMs(fullStore, async ({ call }) => {
        const stream: unknown = await call('createRetainedStreamCombi', [...filters, 'a/7', 'a/+/b', '+/8']);
        if (!(stream instanceof Readable))
          throw new Error('the library now reads retained messages in another way');
        const topics = await stream.map(({ topic }: { readonly topic: string }) => topic).toArray();
        expect(new Set(topics)).toEqual(new Set(['a/7', 'a/8']));
      }),
    );
  },
);

test(
  'refusing 1,000 more retained messages while the broker is full does not block the event loop',
  { timeout },
  async () => {
    expectShortPause(
      await longestPauseMs(fullStore, ({ store }) => {
        for (let index = 0; index < 1_000; index += 1)
          expect(store.hasRoomFor({ topic: `b/${index}`, payload: 'x' })).toBe(false);
      }),
    );
  },
);

test('reading a journal of 100,000 lines does not block the event loop', { timeout }, async () => {
  const stateDir = stateDirectory();
  const lines = linesOf(releaseOf([planned('shop')])).map((line) => JSON.stringify(line));
  const releases = Math.ceil(100_000 / lines.length);
  const text = Array.from({ length: releases }, (_, index) =>
    lines
      .map((line) => `${line.replaceAll('"r1"', `"r${index}"`).replaceAll('"p1"', `"p${index}"`)}\n`)
      .join(''),
  ).join('');
  writeFileSync(join(stateDir, 'journal.jsonl'), text);
  expectShortPause(
    await longestPauseMs(
      () => {},
      async () => {
        const recovery = createRecovery(rememberIdsMax);
        const journal = createJournal({ stateDir, log: silentLog() });
        await journal.open(recovery.add);
        expect(recovery.result().pressIds).toHaveLength(rememberIdsMax);
        await journal.close();
      },
    ),
  );
});

test(
  'remembering 1,000 more press ids while the memory of ids is full does not block the event loop',
  { timeout },
  async () => {
    const pressIds = Array.from({ length: rememberIdsMax }, (_, index) => [`p${index}`, Date.now()] as const);
    expectShortPause(
      await longestPauseMs(
        () => {
          const history = createPressHistory(systemClock());
          history.remember({ pressIds, acceptedAt: new Map() });
          return history;
        },
        (history) => {
          for (let index = 0; index < 1_000; index += 1) {
            expect(history.seen(`q${index}`)).toBe(false);
            history.note(`q${index}`);
          }
          expect([history.seen('p0'), history.seen('q999')]).toEqual([false, true]);
        },
      ),
    );
  },
);
