// Publishes one topic an application: only what changed, not too fast, and nothing that is gone.
import { app as appChannel } from '../../messages/drift.ts';
import type { AppMessage } from '../../messages/drift.ts';
import type { Clock, Timer } from '../../service/clock.ts';
import type { Link } from '../../service/link/link.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import type { Access } from './access.ts';
import type { Registry } from './registry.ts';
import type { Revisions } from './revisions.ts';
import { isDrifted } from './summary.ts';

export interface Publisher {
  start(): void;
  stop(): void;
  /** Something that stands in the topics of these applications may have changed. */
  changed(keys: Iterable<string>): void;
  /** Publishes these now, whatever the rate. */
  show(keys: readonly string[]): void;
  /** From now on what is retained and not in the registry is known to be gone. */
  complete(): void;
}

const tickMs = 100;

export function createPublisher(options: {
  readonly link: Link;
  readonly registry: Registry;
  readonly access: Access;
  readonly revisions: Revisions;
  readonly clock: Clock;
  readonly maxPublishesPerSecond: number;
  /** base of links for people */
  readonly externalUrl: string;
}): Publisher {
  const { link, registry, clock, externalUrl } = options;
  const published = new Map<string, string>();
  const dirty = new Set<string>();
  const found = new Set<string>();
  const perTick = Math.max(1, Math.round((options.maxPublishesPerSecond * tickMs) / 1_000));
  let timer: Timer | undefined;
  let complete = false;
  let running = false;

  const publish = (key: string): boolean => {
    dirty.delete(key);
    const record = registry.get(key);
    const slash = key.indexOf('/');
    const address = appChannel.at({ namespace: key.slice(0, slash), name: key.slice(slash + 1) });
    if (record === undefined) {
      if (!published.delete(key)) return false;
      link.clear(address);
      return true;
    }
    const message = messageFor(record);
    const text = JSON.stringify(message);
    if (published.get(key) === text) return false;
    published.set(key, text);
    link.publish(address, message);
    return true;
  };

  const messageFor = (record: AppRecord): AppMessage => {
    const known = isDrifted(record) ? options.access.known(keyOf(record)) : undefined;
    const deployed = record.detail?.deployed ?? '';
    const revision = (text: string) => ({ revision: text, ...options.revisions.of(record, text) });
    return {
      namespace: record.namespace,
      name: record.name,
      project: record.project,
      labels: record.labels,
      sync: record.sync,
      health: record.health,
      automated: record.automated,
      link: `${externalUrl}/applications/${record.namespace}/${record.name}`,
      ...(deployed === '' ? {} : { deployed: revision(deployed) }),
      ...(record.target === '' ? {} : { target: revision(record.target) }),
      ...(record.phase === '' ? {} : { phase: record.phase }),
      ...(record.detail === undefined || record.detail.message === ''
        ? {}
        : { message: record.detail.message.slice(0, 500) }),
      ...(known === undefined
        ? {}
        : { window: known.windowOpen ? ('open' as const) : ('closed' as const), permitted: known.permitted }),
    };
  };

  const tick = () => {
    timer = undefined;
    let left = perTick;
    for (const key of dirty) {
      if (left <= 0) break;
      if (publish(key)) left -= 1;
    }
    if (dirty.size > 0) arm();
  };
  const arm = () => {
    if (running) timer ??= clock.setTimeout(tick, tickMs);
  };

  const clearGone = () => {
    if (!complete) return;
    for (const key of found) {
      found.delete(key);
      if (registry.get(key) !== undefined) continue;
      const slash = key.indexOf('/');
      link.clear(appChannel.at({ namespace: key.slice(0, slash), name: key.slice(slash + 1) }));
    }
  };

  return {
    start: () => {
      running = true;
      // Stored copies of a former run: what is not there any more must not stay on the broker.
      link.subscribe(
        appChannel.filter(),
        (message, { params, retained }) => {
          if (message === undefined || !retained) return;
          found.add(`${params.namespace}/${params.name}`);
          clearGone();
        },
        { noLocal: true },
      );
      if (dirty.size > 0) arm();
    },
    stop: () => {
      running = false;
      timer?.cancel();
      timer = undefined;
    },
    changed: (keys) => {
      for (const key of keys) dirty.add(key);
      arm();
    },
    show: (keys) => {
      for (const key of keys) publish(key);
    },
    complete: () => {
      complete = true;
      clearGone();
    },
  };
}
