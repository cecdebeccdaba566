// Publishes one topic for each application: only changes, at a limited rate, and clears those that are gone.
import { createHash } from 'node:crypto';
import { app as appChannel } from '../../messages/drift.ts';
import type { AppMessage } from '../../messages/drift.ts';
import type { Clock, Timer } from '../../service/clock.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import { keyOf } from '../argocd/application.ts';
import { toTime } from '../../messages/time.ts';
import type { Access } from './access.ts';
import { createInTurns } from './in-turns.ts';
import { notesOf } from './notes.ts';
import { createPublishQueue, gistOf, gistOfMessage } from './publish-queue.ts';
import type { Gist } from './publish-queue.ts';
import type { Registry } from './registry.ts';
import type { Revisions } from './revisions.ts';
import { isDrifted } from './drifted.ts';
import type { ButtonConfig } from '../buttons.ts';
import { buttonsSelecting } from '../buttons.ts';

export interface AppPublisher {
  start(): void;
  stop(): void;
  /** Something may have changed that the topics of these applications show. */
  changed(keys: Iterable<string>): void;
  /** Publishes these now, without the rate limit. */
  show(keys: readonly string[]): void;
  /** The registry is complete, so retained topics of any other application belong to one that is gone. */
  complete(): void;
}

const tickMs = 100;
/** Topics of an earlier run are cleared this long after they were found, because other workers may own them. In milliseconds. */
const clearAfterMs = 2_000;
/** Limit for retained copies that are tracked. A broker with more of them has other problems. */
const foundMax = 20_000;

export function createAppPublisher(options: {
  readonly link: Link;
  readonly worker: string;
  readonly registry: Registry;
  readonly access: Pick<Access, 'stateOf' | 'obstacleOf'>;
  readonly revisions: Pick<Revisions, 'of'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly maxPublishesPerSecond: number;
  readonly buttons: readonly Pick<ButtonConfig, 'id' | 'select'>[];
  /** Base URL of links for people */
  readonly externalUrl: string;
}): AppPublisher {
  const { link, worker, registry, clock, log, externalUrl } = options;
  /** Digests, because the texts of 10,000 applications would take megabytes */
  const published = new Map<string, string>();
  /** What the broker has for each application, from us or an earlier run */
  const shown = new Map<string, Gist>();
  const queue = createPublishQueue({ get: (key) => registry.get(key), shown: (key) => shown.get(key) });
  const queueing = createInTurns({
    clock,
    handle: (key) => {
      queue.add(key);
      arm();
    },
  });
  /** Retained by an earlier run, and not published in this one */
  const found = new Set<string>();
  /** In thousandths of a message. A rate below one for each tick accumulates. */
  const perTick = options.maxPublishesPerSecond * tickMs;
  let budget = 0;
  let timer: Timer | undefined;
  let clearTimer: Timer | undefined;
  let complete = false;
  let running = false;

  const addressOf = (key: string) => {
    const slash = key.indexOf('/');
    try {
      return appChannel.at({ worker, namespace: key.slice(0, slash), name: key.slice(slash + 1) });
    } catch (error) {
      log.warn(`the application ${key} has no topic of its own: ${messageOf(error)}`);
      return undefined;
    }
  };
  const publish = (key: string): boolean => {
    queue.delete(key);
    const record = registry.get(key);
    if (record === undefined) {
      const ours = published.delete(key);
      if (!ours && !(complete && found.has(key))) return false;
      return clear(key);
    }
    const message = messageFor(record);
    const digest = digestOf(JSON.stringify(message));
    if (published.get(key) === digest) return false;
    published.set(key, digest);
    shown.set(key, gistOf(record));
    found.delete(key);
    const address = addressOf(key);
    if (address === undefined) return false;
    link.publish(address, message);
    return true;
  };
  const clear = (key: string): boolean => {
    found.delete(key);
    shown.delete(key);
    const address = addressOf(key);
    if (address !== undefined) link.clear(address);
    return address !== undefined;
  };

  const messageFor = (record: AppRecord): AppMessage => {
    const state = isDrifted(record) ? options.access.stateOf(keyOf(record)) : undefined;
    const notes = notesOf(record, options.access.obstacleOf(keyOf(record)));
    const condition = record.detail?.condition ?? '';
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
      buttons: buttonsSelecting(options.buttons, record),
      link: `${externalUrl}/applications/${record.namespace}/${record.name}`,
      ...(deployed === '' ? {} : { deployed: revision(deployed) }),
      ...(record.target === undefined ? {} : { target: revision(record.target) }),
      ...(record.phase === '' ? {} : { phase: record.phase }),
      ...(record.detail === undefined || record.detail.message === ''
        ? {}
        : { message: record.detail.message.slice(0, 500) }),
      ...(state === undefined
        ? {}
        : {
            window: state.windowOpen ? ('open' as const) : ('closed' as const),
            ...(state.windowUntil === undefined ? {} : { windowUntil: toTime(state.windowUntil) }),
            ...(state.windowDescription === undefined ? {} : { windowReason: state.windowDescription }),
            permitted: state.permitted,
          }),
      ...(notes.length === 0 ? {} : { notes }),
      ...(condition === '' ? {} : { condition }),
    };
  };

  const tick = () => {
    timer = undefined;
    budget = Math.min(budget + perTick, Math.max(perTick, 1_000));
    while (budget >= 1_000) {
      const key = queue.next();
      if (key === undefined) break;
      if (publish(key)) budget -= 1_000;
    }
    if (queue.size > 0) arm();
  };
  const arm = () => {
    if (running) timer ??= clock.setTimeout(tick, tickMs);
  };

  const clearGone = () => {
    clearTimer = undefined;
    for (const key of found) if (registry.get(key) === undefined) clear(key);
  };
  const clearSoon = () => {
    if (running && complete && found.size > 0) clearTimer ??= clock.setTimeout(clearGone, clearAfterMs);
  };

  return {
    start: () => {
      running = true;
      // Retained copies of an earlier run: an application that is gone must not stay on the broker.
      link.subscribe(
        appChannel.filter({ worker }),
        (message, { params, retained }) => {
          const key = `${params.namespace}/${params.name}`;
          if (message === undefined || !retained || published.has(key) || found.size >= foundMax) return;
          found.add(key);
          shown.set(key, gistOfMessage(message));
          if (registry.get(key) !== undefined) {
            queue.add(key);
            arm();
          }
          clearSoon();
        },
        { noLocal: true },
      );
      if (queue.size > 0) arm();
    },
    stop: () => {
      running = false;
      queueing.stop();
      timer?.cancel();
      timer = undefined;
      clearTimer?.cancel();
      clearTimer = undefined;
    },
    changed: (keys) => queueing.add(keys),
    show: (keys) => {
      for (const key of keys) publish(key);
    },
    complete: () => {
      complete = true;
      clearSoon();
    },
  };
}

function digestOf(text: string): string {
  return createHash('sha1').update(text).digest('base64');
}
