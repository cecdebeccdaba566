// Publishes the signals of the buttons and the summary: gathers changes, chooses the signals, publishes what has changed.
import { buttonSignal } from '../../messages/button.ts';
import type { ButtonSignal, Signal } from '../../messages/button.ts';
import { toTime } from '../../messages/time.ts';
import type { Clock } from '../../service/clock.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import { keyOf } from '../argocd/application.ts';
import type { ButtonConfig } from '../buttons.ts';
import type { Claims } from '../claims.ts';
import type { Freeze } from '../freeze/freeze.ts';
import type { Access } from './access.ts';
import { createAlarm } from './alarm.ts';
import { createClosedWindows } from './closed-windows.ts';
import type { Ending } from './ending.ts';
import { createEndings } from './endings.ts';
import { createLostComparisons } from './lost-comparisons.ts';
import type { Lost, LostComparisonChanges } from './lost-comparisons.ts';
import { createInTurns } from './in-turns.ts';
import { firstCause, lostInWords } from './comparison-words.ts';
import type { Registry } from './registry.ts';
import { signalOf } from './signal.ts';
import type { DriftCounts } from './drifted.ts';
import { createSummaryPublisher } from './summary-publisher.ts';
import { createDriftCounter } from './drift-counter.ts';
import type { ArgoCdWatch } from './argocd-watch.ts';

export interface SignalPublisher {
  start(): void;
  stop(): void;
  /** Something has changed, perhaps about these applications. It is processed soon, together with other changes. */
  changed(keys?: Iterable<string>): void;
  /** A release has started: the end of the last one is no longer shown. Call it when the first request has been sent. */
  started(button: string): void;
  /** A release has ended, perhaps one of an earlier run. If called again for the same release, the later end counts. */
  finished(ending: Ending): void;
  /**
   * From an earlier run: the application was out of sync before it could not be compared. Call it before anything is known
   * about Argo CD.
   * @param at milliseconds since the epoch
   */
  remember(key: string, at: number): void;
  /** For an application that cannot be compared: when it was last known to be out of sync, in milliseconds since the epoch. */
  wasOutOfSyncAt(key: string): number | undefined;
  /** True if it is out of sync but not shown yet, because Argo CD should sync it by itself. */
  isUnripe(key: string): boolean;
}

/** The input of a choice, and the chosen signal. */
export interface ButtonShown {
  readonly button: string;
  readonly signal: Signal;
  readonly drift: DriftCounts;
  /** In monotonic milliseconds, for the application that has been out of sync for longest */
  readonly driftSince: () => number | undefined;
}

export interface SignalPublisherOptions {
  readonly link: Link;
  readonly registry: Registry;
  readonly watch: Pick<ArgoCdWatch, 'freshUntil' | 'notFresh' | 'problem' | 'reachable' | 'server'>;
  readonly access: Pick<Access, 'obstacleOf' | 'stateOf'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly worker: string;
  readonly server: string;
  readonly buttons: readonly ButtonConfig[];
  /** How long drift of an application with automated sync must last before it counts. */
  readonly automatedGraceMs: number;
  readonly releasing: (button: string) => number;
  readonly freeze: Pick<Freeze, 'of' | 'ofAll'>;
  readonly claims: Pick<Claims, 'claimedTwice' | 'isOthers'>;
  /** Why the state directory cannot be written, for people */
  readonly unwritable: () => string | undefined;
  /** The failure is over: a restart must not bring it back. */
  readonly onOver?: (ending: Ending) => void;
  /** A restart must know which applications were out of sync before Argo CD failed to compare them. */
  readonly onLost?: (changes: LostComparisonChanges) => void;
  /** Called for each button after each update */
  readonly onShown?: (shown: ButtonShown) => void;
}

/** A single change is published at once. Changes within this time after it are published together. In milliseconds. */
const gatherMs = 30;
/** Publishing takes as long as sending a sync, which goes first. Nobody sees this delay. In milliseconds. */
const startedMs = 10;

export function createSignalPublisher(options: SignalPublisherOptions): SignalPublisher {
  const { link, registry, watch, access, clock, log, buttons } = options;
  const published = new Map<string, { readonly signal: Signal; readonly text: string }>();
  const { automatedGraceMs } = options;
  const alarm = createAlarm(clock);
  let lookedAt = -Infinity;
  const lookSoon = () => alarm.set(Math.max(clock.monotonic(), lookedAt + gatherMs));
  const lost = createLostComparisons();
  const driftCounter = createDriftCounter({
    registry,
    buttons,
    obstacleOf: access.obstacleOf,
    automatedGraceMs,
    lost,
  });
  /** While this still counts, nothing is published: a first list of thousands must not look complete when it is not. */
  const counting = createInTurns({
    clock,
    handle: (key) => driftCounter.update([key], clock.monotonic()),
    onDone: lookSoon,
  });
  const get = (key: string) => registry.get(key);
  const endings = createEndings({ clock, get, onOver: (ending) => options.onOver?.(ending) });
  /** Calculated once, because the two clocks do not run alike. */
  const lostSince = new WeakMap<Lost, number>();
  const closedWindows = createClosedWindows({ drifted: driftCounter.drifted, access });
  const summary = createSummaryPublisher({
    link,
    worker: options.worker,
    clock,
    driftCounter,
    obstacleOf: access.obstacleOf,
    reachable: watch.reachable,
    server: options.server,
    simulated: () => watch.server()?.simulated ?? false,
    frozen: () => options.freeze.ofAll()[0],
  });

  const withWallTime = (one: Lost) => {
    const at = lostSince.get(one) ?? clock.now() - (clock.monotonic() - one.at);
    lostSince.set(one, at);
    return { key: one.key, at };
  };

  const look = () => {
    // Updated again when everything is counted.
    if (counting.waiting) return;
    const now = clock.monotonic();
    lookedAt = now;
    const freshUntil = watch.freshUntil();
    if (now >= freshUntil) watch.notFresh();
    const problem = watch.problem();
    const unwritable = options.unwritable();
    let nextAt = driftCounter.ripen(now);
    if (now < freshUntil && driftCounter.all().total > 0) lost.complete();
    const changes = lost.changes();
    if (changes !== undefined) options.onLost?.(changes);

    for (const button of buttons) {
      const drift = driftCounter.of(button.id);
      // Before the first list, or while Argo CD shows nothing at all, no failure is known to be over.
      if (now < freshUntil && drift.total > 0) endings.sweep(button.id);
      const ended = endings.of(button.id);
      const frozen = options.freeze.of(button.id);
      const claimedTwice = options.claims.claimedTwice(button.id);
      const choice =
        claimedTwice === undefined
          ? signalOf(
              {
                drift,
                freshUntil,
                releasing: options.releasing(button.id),
                ...(problem === undefined ? {} : { problem }),
                ...(ended === undefined ? {} : { last: ended }),
                ...(frozen.length === 0 ? {} : { frozen }),
                ...(unwritable === undefined ? {} : { unwritable }),
                cause: () => firstCause(driftCounter.unknown(button.id)),
                lost: () => lostInWords([...driftCounter.wereOutOfSync(button.id)].map(withWallTime), get),
                windows: () => {
                  const windows = closedWindows(button.id, drift.outOfSync, now);
                  nextAt = Math.min(nextAt, windows.lookAgainAt);
                  return windows;
                },
              },
              now,
            )
          : { signal: 'unknown' as const, reason: claimedTwice };
      options.onShown?.({
        button: button.id,
        signal: choice.signal,
        drift,
        driftSince: () => driftCounter.oldest(button.id),
      });
      nextAt = Math.min(nextAt, choice.nextAt ?? Infinity);
      if (options.claims.isOthers(button.id)) {
        published.delete(button.id);
        link.leave(buttonSignal.at({ button: button.id }));
        continue;
      }
      const message: Omit<ButtonSignal, 'at'> = {
        signal: choice.signal,
        worker: options.worker,
        outOfSync: drift.outOfSync,
        blocked: drift.blocked,
        ...(choice.reason === undefined ? {} : { reason: choice.reason }),
        ...(choice.until === undefined ? {} : { until: choice.until }),
      };
      const text = JSON.stringify(message);
      const before = published.get(button.id);
      if (before?.text === text) continue;
      published.set(button.id, { signal: choice.signal, text });
      // With thousands of applications the counts change dozens of times a second.
      log[before?.signal === choice.signal ? 'debug' : 'info'](
        { button: button.id, signal: choice.signal, outOfSync: drift.outOfSync },
        `button ${button.id}: ${choice.signal}${choice.reason === undefined ? '' : ` (${choice.reason})`}`,
      );
      link.publish(buttonSignal.at({ button: button.id }), { ...message, at: toTime(clock.now()) });
    }
    alarm.set(Math.min(nextAt, summary.publish(now < freshUntil, now)));
  };

  return {
    start: () => {
      alarm.start(look);
      // A signal for a button that is no longer ours would stay on the broker under our name. Only such buttons are subscribed:
      // our own signals change dozens of times a second, and each copy would have to be read and acknowledged.
      link.subscribe(
        buttonSignal.filter(),
        (message, { params }) => {
          if (buttons.some(({ id }) => id === params.button)) {
            // Published again if somebody has cleared it, or if another worker with the same button has overwritten it.
            const isOverwritten =
              message?.worker !== options.worker && options.claims.claimedTwice(params.button) !== undefined;
            if (message !== undefined && !isOverwritten) return;
            published.delete(params.button);
            lookSoon();
            return;
          }
          if (message?.worker !== options.worker) return;
          log.info(
            { button: params.button },
            `button ${params.button} is no longer configured, so its signal was cleared`,
          );
          link.clear(buttonSignal.at({ button: params.button }));
        },
        { noLocal: true },
      );
      counting.add([...registry.all()].map(keyOf));
      look();
    },
    stop: () => {
      counting.stop();
      alarm.stop();
    },
    changed: (keys = []) => {
      counting.add(keys);
      lookSoon();
    },
    started: (button) => {
      endings.started(button);
      alarm.set(clock.monotonic() + startedMs);
    },
    finished: (ending) => {
      endings.finished(ending);
      alarm.set(clock.monotonic());
    },
    remember: (key, at) => lost.remember(key, clock.monotonic() - (clock.now() - at)),
    isUnripe: (key) => {
      counting.hurry(key);
      return driftCounter.isUnripe(key);
    },
    wasOutOfSyncAt: (key) => {
      counting.hurry(key);
      const found = lost.get(key);
      return found === undefined ? undefined : withWallTime(found).at;
    },
  };
}
