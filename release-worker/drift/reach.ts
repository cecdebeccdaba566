// Decides whether Argo CD can be reached. A request that may have failed because Argo CD is not there raises a doubt, and a
// cheap request settles it. So one lost answer changes nothing, but a server that is down is noticed within seconds.
import type { Clock, Timer } from '../../service/clock.ts';
import { messageOf } from '../../service/log.ts';
import type { ArgoCd } from '../argocd/client.ts';
import { ArgoCdError } from '../argocd/errors.ts';
import type { ArgoCdErrorKind } from '../argocd/errors.ts';

export interface Reach {
  /** A request may have failed because Argo CD is not there, or the stream has ended: ask Argo CD. */
  doubt(): void;
  isInDoubt(): boolean;
  /** Argo CD did not answer. It is asked again until it answers. */
  isAway(): boolean;
  /** Resolves when there is no doubt, or at the stop. */
  whenDecided(): Promise<void>;
  /** Resolves when Argo CD is there as far as is known, or at the stop. */
  whenThere(): Promise<void>;
  stop(): void;
}

/** The shortest pause between two questions, while Argo CD is down or doubts are frequent. In milliseconds. */
const everyMs = 2_000;

/** A server that needs longer for its version would not accept a release either. In milliseconds. */
export const answerWithinMs = 4_000;
/**
 * If this process was paused or busy for this much longer, it may not have read an answer. Then it repeats the question, at
 * most this many times.
 */
const lateMs = 250;
const lateMax = 3;

const nobodyThere: ReadonlySet<ArgoCdErrorKind> = new Set([
  'unreachable',
  'unavailable',
  'unsure',
  'not-argocd',
]);

/** True if a request may have failed because nobody is there. */
export function raisesDoubt({ kind }: ArgoCdError): boolean {
  return nobodyThere.has(kind);
}

function isRefusal(error: unknown): boolean {
  return error instanceof ArgoCdError && !raisesDoubt(error);
}

/** The request was sent, and no answer came in time. */
function isSilence(error: unknown): boolean {
  return error instanceof ArgoCdError && error.kind === 'unsure' && error.status === undefined;
}

export function createReach(options: {
  readonly argocd: Pick<ArgoCd, 'probe'>;
  readonly clock: Clock;
  /** When the stream last sent an event or a keep-alive. While it does, Argo CD is slow but not down */
  readonly lastSign: () => number;
  /** Called after each question that Argo CD did not answer */
  readonly onAway: (why: string) => void;
  /** Called after each answered question; `back`: the one before was not answered */
  readonly onThere: (back: boolean) => void;
}): Reach {
  const { clock } = options;
  const waiting = new Set<() => void>();
  let inDoubt = false;
  let away = false;
  let stopped = false;
  let askedAt = -Infinity;
  let late = 0;
  let timer: Timer | undefined;

  const when = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!stopped && !holds()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const lookAll = () => {
    for (const look of waiting) look();
  };

  const ask = async (): Promise<void> => {
    timer = undefined;
    askedAt = clock.monotonic();
    let why: string | undefined;
    try {
      await options.argocd.probe({ timeoutMs: answerWithinMs });
    } catch (error) {
      // A server that refuses is there. A proxy may require more for a question without a token.
      if (isRefusal(error)) why = undefined;
      else if (!isSilence(error)) why = messageOf(error);
      else if (options.lastSign() < askedAt) {
        if (!stopped && clock.monotonic() - askedAt > answerWithinMs + lateMs && ++late < lateMax)
          return ask();
        why = messageOf(error);
      }
    }
    late = 0;
    if (stopped) return;
    const wasAway = away;
    inDoubt = false;
    away = why !== undefined;
    if (why !== undefined) {
      options.onAway(why);
      timer = clock.setTimeout(() => void ask(), everyMs);
    } else options.onThere(wasAway);
    lookAll();
  };

  return {
    doubt: () => {
      if (stopped || inDoubt || away) return;
      inDoubt = true;
      const waitMs = askedAt + everyMs - clock.monotonic();
      if (waitMs > 0) timer = clock.setTimeout(() => void ask(), waitMs);
      else void ask();
    },
    isInDoubt: () => inDoubt,
    isAway: () => away,
    whenDecided: () => when(() => !inDoubt),
    whenThere: () => when(() => !inDoubt && !away),
    stop: () => {
      stopped = true;
      timer?.cancel();
      lookAll();
    },
  };
}
