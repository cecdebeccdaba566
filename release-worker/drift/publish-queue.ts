// The order in which topics of applications are published if there are more than the rate allows: first changes, then what is
// out of sync and was never published, then what the broker has already.
import type { AppMessage } from '../../messages/drift.ts';
import type { AppRecord } from '../argocd/application.ts';
import { isDrifted } from './drifted.ts';

/** The members that somebody waits for. The author of a commit and the permission may come later. */
export interface Gist {
  readonly sync: string;
  readonly health: string;
  readonly phase: string;
  /** Absent: not known, which is no change */
  readonly target: string | undefined;
}

export function gistOf({ sync, health, phase, target }: AppRecord): Gist {
  return { sync, health, phase, target };
}

export function gistOfMessage({ sync, health, phase = '', target }: AppMessage): Gist {
  return { sync, health, phase, target: target?.revision };
}

function isNews(now: Gist, before: Gist): boolean {
  const isOtherTarget =
    now.target !== undefined && before.target !== undefined && now.target !== before.target;
  return (
    isOtherTarget || now.sync !== before.sync || now.health !== before.health || now.phase !== before.phase
  );
}

export interface PublishQueue {
  /** The application has changed, or the broker's copy of it has become known. */
  add(key: string): void;
  delete(key: string): void;
  /** The next application. It stays until it is deleted. */
  next(): string | undefined;
  readonly size: number;
}

/** One in this many is taken from those that wait, so that none waits forever behind constant changes. */
const othersEvery = 10;

export function createPublishQueue(options: {
  readonly get: (key: string) => AppRecord | undefined;
  /** The broker's copy, if known */
  readonly shown: (key: string) => Gist | undefined;
}): PublishQueue {
  const changed = new Set<string>();
  const untold = new Set<string>();
  const others = new Set<string>();
  /** Its state when it was added to the queue */
  const cameAs = new Map<string, Gist>();
  let turn = 0;

  const remove = (key: string) => {
    cameAs.delete(key);
    for (const queue of [changed, untold, others]) queue.delete(key);
  };
  const queueOf = (key: string): Set<string> => {
    const app = options.get(key);
    if (app === undefined) return changed;
    const now = gistOf(app);
    const shown = options.shown(key);
    const before = cameAs.get(key);
    if ((shown !== undefined && isNews(now, shown)) || (before !== undefined && isNews(now, before)))
      return changed;
    if (before === undefined) cameAs.set(key, now);
    return shown === undefined && isDrifted(app) ? untold : others;
  };
  const firstOf = (queues: readonly Set<string>[]) => {
    for (const queue of queues) for (const key of queue) return key;
    return undefined;
  };

  return {
    add: (key) => {
      if (changed.has(key)) return;
      const queue = queueOf(key);
      if (queue.has(key)) return;
      untold.delete(key);
      others.delete(key);
      queue.add(key);
    },
    delete: remove,
    next: () => {
      turn = (turn + 1) % othersEvery;
      return firstOf(turn === 0 ? [others, untold, changed] : [changed, untold, others]);
    },
    get size() {
      return changed.size + untold.size + others.size;
    },
  };
}
