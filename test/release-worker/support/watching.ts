// A watch on a hand-moved clock, with a scripted Argo CD.
import { onTestFinished } from 'vitest';
import type { ListedApp } from '../../../release-worker/argocd/application.ts';
import type { ArgoCd } from '../../../release-worker/argocd/client.ts';
import { ArgoCdError } from '../../../release-worker/argocd/errors.ts';
import type { ArgoCdWatch } from '../../../release-worker/drift/argocd-watch.ts';
import { createRegistry, type Registry } from '../../../release-worker/drift/registry.ts';
import { createArgoCdWatch } from '../../../release-worker/drift/create-argocd-watch.ts';
import type { Clock } from '../../../service/clock.ts';
import { createHealth } from '../../../service/health.ts';
import { silentLog } from '../../../service/log.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { scriptedArgoCd, scriptedStream, type ScriptedStream } from './argocd.ts';
import { listed, whole } from './records.ts';
import { passTime, settle } from './settle.ts';

export const keepAlive = ':\n';

/** A watch that has not been started, with an Argo CD that answers nothing. */
export function idleWatch() {
  const clock = createFakeClock();
  return createArgoCdWatch({
    argocd: scriptedArgoCd({ list: never, openStream: (signal) => scriptedStream(signal).request }),
    registry: createRegistry(),
    drift: { maxAgeMs: 60_000, listEveryMs: 180_000, streamIdleMs: 45_000 },
    clock,
    log: silentLog(),
    health: createHealth(clock),
    random: () => 0.5,
    onChange: () => {},
  });
}

/** A watch, not started, for tests of what relies on one. */
export function watchOver(parts: {
  readonly argocd: ArgoCd;
  readonly registry: Registry;
  readonly clock: Clock;
}): ArgoCdWatch {
  return createArgoCdWatch({
    ...parts,
    log: silentLog(),
    drift: { maxAgeMs: 60_000, listEveryMs: 180_000, streamIdleMs: 600_000 },
    health: createHealth(parts.clock),
    random: Math.random,
    onChange: () => {},
  });
}

export async function watching(over: Partial<ArgoCd> = {}, drift: { readonly maxAgeMs?: number } = {}) {
  const clock = createFakeClock();
  const registry = createRegistry((app) => app.project !== 'other');
  const health = createHealth(clock);
  const streams: ScriptedStream[] = [];
  const lists: number[] = [];
  const gets: string[] = [];
  let answer: () => Promise<readonly ListedApp[]> = () => Promise.resolve([listed()]);
  let changes = 0;
  /** As the client aborts requests in progress when it is stopped. */
  const gone = new AbortController();
  const stopped = new Promise<never>((_, reject) => {
    gone.signal.addEventListener('abort', () => reject(new Error('stopped')));
  });
  stopped.catch(() => {});
  const watch = createArgoCdWatch({
    argocd: scriptedArgoCd({
      ...over,
      list: () => {
        lists.push(clock.monotonic());
        return Promise.race([over.list?.() ?? answer(), stopped]);
      },
      get: ({ name }) => {
        gets.push(name);
        return Promise.resolve(whole({ name }));
      },
      openStream: (signal) => {
        const stream = scriptedStream(signal);
        streams.push(stream);
        return stream.request;
      },
    }),
    registry,
    drift: { maxAgeMs: 60_000, listEveryMs: 180_000, streamIdleMs: 45_000, ...drift },
    clock,
    log: silentLog(),
    health,
    random: () => 0.5,
    onChange: () => {
      changes += 1;
    },
  });
  watch.start();
  onTestFinished(() => {
    gone.abort();
    return watch.stop();
  });
  await settle();
  return {
    clock,
    registry,
    watch,
    streams,
    lists,
    gets,
    changes: () => changes,
    check: (name: string) => health.report().checks[name],
    answerWith: (next: () => Promise<readonly ListedApp[]>) => {
      answer = next;
    },
    stream: () => {
      const newest = streams.at(-1);
      if (newest === undefined) throw new Error('no stream has been opened');
      return newest;
    },
    isFresh: () => clock.monotonic() < watch.freshUntil(),
    /** step by step, so that effects happen in between */
    pass: (ms: number) => passTime(clock, ms),
  };
}

export const unreachable = () =>
  Promise.reject(new ArgoCdError({ kind: 'unreachable', message: 'nothing listens there' }));
export const never = () => new Promise<never>(() => {});
