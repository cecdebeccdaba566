// A runner with the real client and a watch, against a simulated Argo CD.
import { onTestFinished } from 'vitest';
import * as z from 'zod/mini';
import type { Release, ReleaseEvent } from '../../../messages/release.ts';
import type { AppRecord } from '../../../release-worker/argocd/application.ts';
import { createRegistry } from '../../../release-worker/drift/registry.ts';
import type { PlannedRelease } from '../../../release-worker/releases/release.ts';
import type { UnfinishedRelease } from '../../../release-worker/releases/recovery.ts';
import { createRunner, type RunnerOptions } from '../../../release-worker/releases/runner.ts';
import { silentLog } from '../../../service/log.ts';
import { createRunningReleases } from '../../../release-worker/releases/running.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';
import { until } from '../../support/wait.ts';
import { simulatedArgoCd } from './argocd.ts';
import { memoryJournal } from './intake.ts';
import { watchOver } from './watching.ts';

const requestsSchema = z.object({ requests: z.record(z.string(), z.number()) });

export async function releasing(
  world: unknown,
  options: {
    readonly release?: Partial<RunnerOptions['release']>;
    readonly mayAct?: () => boolean;
    readonly onEnd?: RunnerOptions['onEnd'];
    /** how many times as fast the worker's clock goes */
    readonly hurry?: number;
    readonly requestTimeoutMs?: number;
  } = {},
) {
  const { argocd, control } = await simulatedArgoCd(world, {
    requestTimeoutMs: options.requestTimeoutMs ?? 1_000,
  });
  const clock = hurriedClock(options.hurry ?? 1);
  const log = silentLog();
  const registry = createRegistry();
  const journal = memoryJournal();
  const events: ReleaseEvent[] = [];
  const currents: (Release | undefined)[] = [];
  const finished: Release[] = [];
  const refusals: (readonly [string, string])[] = [];
  const watch = watchOver({ argocd, registry, clock });
  const running = createRunningReleases(registry);
  const runner = createRunner({
    argocd,
    registry,
    running,
    journal,
    clock,
    log,
    release: {
      appTimeoutMs: 60_000,
      refreshTimeoutMs: 15_000,
      concurrency: 5,
      waitHealthy: false,
      ...options.release,
    },
    mayAct: options.mayAct ?? (() => true),
    whenTakeoverKnown: () => Promise.resolve(),
    heldSince: () => 0,
    onRefused: (key, why) => void refusals.push([key, why]),
    onEvent: (event) => void events.push(event),
    onCurrent: (release) => void currents.push(release),
    onEnd: options.onEnd ?? (() => Promise.resolve()),
    onFinished: (release) => void finished.push(release),
  });
  watch.start();
  onTestFinished(async () => {
    await runner.stop();
    argocd.stop();
    await watch.stop();
  });
  await watch.firstList;
  await until('the stream', () => [...registry.all()].every(({ detail }) => detail !== undefined));

  const ended = () => until('the end of the release', () => finished.at(-1));
  return {
    argocd,
    control,
    registry,
    journal,
    running,
    runner,
    start: (release: PlannedRelease) => runner.run(release, clock.monotonic()),
    events,
    currents,
    finished,
    refusals,
    ended,
    app: (name: string): AppRecord => {
      const found = registry.get(`argocd/${name}`);
      if (found === undefined) throw new Error(`${name} is not there`);
      return found;
    },
    run: (release: PlannedRelease) => {
      runner.run(release, clock.monotonic());
      return ended();
    },
    resume: (unfinished: UnfinishedRelease) => {
      runner.resume(unfinished);
      return ended();
    },
    /** how many POSTs of a sync have arrived, answered or not */
    posts: async () => {
      const answer: unknown = await (await fetch(`${control.url}/simulator/requests`)).json();
      return Object.entries(requestsSchema.parse(answer).requests)
        .filter(([request]) => request.startsWith('POST ') && request.endsWith('/sync'))
        .reduce((sum, [, count]) => sum + count, 0);
    },
  };
}
