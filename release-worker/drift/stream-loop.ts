// Keeps one event stream open: opens it again when it ends, and reports when its first burst is over and when it is silent.
import type { Clock, Timer } from '../../service/clock.ts';
import type { Health } from '../../service/health.ts';
import { backoffMs } from '../../service/backoff.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { StreamOptions } from '../argocd/stream.ts';
import { followStream } from '../argocd/stream.ts';
import { createPause } from './pause.ts';
import type { StreamSigns } from './stream-signs.ts';

export interface StreamLoopOptions extends Pick<
  StreamOptions,
  'argocd' | 'clock' | 'signal' | 'idleMs' | 'onEvent' | 'onUnreadable'
> {
  readonly clock: Clock;
  readonly log: Log;
  readonly health: ReturnType<Health['check']>;
  readonly random: () => number;
  readonly signs: StreamSigns;
  /** @param first true for the first event of its stream */
  readonly onSign: (first: boolean) => void;
  /** The stream has reported everything that exists, and reports changes from now on. */
  readonly onBurstOver: () => void;
  /** The stream is open, but silent for longer than the interval of its keep-alives. */
  readonly onQuiet: () => void;
  /** @param sent true if it had sent something */
  readonly onEnd: (error: unknown, sent: boolean) => void;
  /** Resolves when there is a server to open the next stream at. */
  readonly whenThere: () => Promise<void>;
}

export interface StreamLoop {
  /** Ends with `signal`, after `hurry`. */
  run(): Promise<void>;
  /** Opens the next stream without a further pause. */
  hurry(): void;
}

/** Argo CD sends a keep-alive every 15 s. In milliseconds. */
export const keepAliveGapMs = 20_000;
/** A stream that has never sent anything may be half-open without a sign, so it is opened again. */
const silentStreamMs = 600_000;
/** The first burst of a stream is over when nothing has arrived for this time, or after the longest time. */
const burstQuietMs = 1_000;
const burstLongestMs = 15_000;
const reconnect = { minMs: 1_000, maxMs: 60_000 };
/** After a stream of at least this length, the pauses start again from the beginning. */
const steadyStreamMs = 30_000;

export function createStreamLoop(options: StreamLoopOptions): StreamLoop {
  const { argocd, clock, log, health, signal, signs, idleMs, onUnreadable } = options;
  const aborted = () => signal.aborted;
  const pause = createPause(clock);
  let lastEvent = 0;
  let burst: Timer | undefined;
  let quiet: Timer | undefined;

  const awaitEndOfBurst = (begun: number) => {
    const now = clock.monotonic();
    const endsAt = Math.min(Math.max(begun, lastEvent) + burstQuietMs, begun + burstLongestMs);
    if (now >= endsAt) options.onBurstOver();
    else burst = clock.setTimeout(() => awaitEndOfBurst(begun), endsAt - now);
  };
  /** A stopped server, or a cable that was pulled, does not close a connection. */
  const lookWhenQuiet = () => {
    const leftMs = signs.last() + keepAliveGapMs - clock.monotonic();
    if (leftMs <= 0) options.onQuiet();
    quiet = clock.setTimeout(lookWhenQuiet, leftMs > 0 ? leftMs : keepAliveGapMs);
  };
  const onSign = () => {
    const first = signs.sign();
    if (first) health.ok('live');
    options.onSign(first);
    if (!first) return;
    awaitEndOfBurst(signs.last());
    lookWhenQuiet();
  };
  const onEnd = () => {
    burst?.cancel();
    quiet?.cancel();
    return signs.end();
  };

  return {
    run: async () => {
      let failures = 0;
      for (;;) {
        await options.whenThere();
        if (aborted()) return;
        try {
          await followStream({
            argocd,
            clock,
            signal,
            idleMs,
            silentMs: silentStreamMs,
            onSign,
            onEvent: (type, record) => {
              lastEvent = clock.monotonic();
              options.onEvent(type, record);
            },
            onUnreadable,
          });
        } catch (error) {
          const sent = signs.since() !== undefined;
          const lived = onEnd();
          if (aborted()) return;
          failures = lived >= steadyStreamMs ? 1 : failures + 1;
          const waitMs = backoffMs(failures, reconnect, options.random());
          // Health does not say when the stream is opened again, because that would be wrong a moment later.
          health.bad(messageOf(error));
          log.warn(`${messageOf(error)}; the worker opens it again in ${(waitMs / 1000).toFixed(0)} s`);
          options.onEnd(error, sent);
          await pause.take(waitMs);
        }
      }
    },
    hurry: () => pause.end(),
  };
}
