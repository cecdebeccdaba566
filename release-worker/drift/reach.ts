// Whether Argo CD can be reached at all. A call that found nobody there raises a doubt, and a cheap question decides: so
// one lost answer changes nothing, and a server that is really gone is noticed within seconds.
import type { Clock, Timer } from '../../service/clock.ts';
import { messageOf } from '../../service/log.ts';
import type { ArgoCd } from '../argocd/client.ts';
import { ArgoCdError } from '../argocd/errors.ts';
import type { ArgoCdErrorKind } from '../argocd/errors.ts';

export interface Reach {
  /** A call has found nobody there, or the stream has ended: Argo CD is asked whether it is there. */
  doubt(): void;
  isInDoubt(): boolean;
  /** It did not answer, and is asked again until it does. */
  isAway(): boolean;
  /** Resolves when no doubt is open, or at the stop. */
  whenDecided(): Promise<void>;
  /** Resolves when Argo CD is there as far as is known, or at the stop. */
  whenThere(): Promise<void>;
  stop(): void;
}

/** From one question to the next at least, while Argo CD is away and where doubts come thick and fast. In milliseconds. */
const everyMs = 2_000;

/** Whoever needs longer to say its version would not take a release either. In milliseconds. */
export const answerWithinMs = 4_000;
/**
 * Where this process itself was paused or busy for so long beyond that, an answer may have come that it did not read. The
 * question is asked again then, so many times at most.
 */
const lateMs = 250;
const lateMax = 3;

const nobodyThere: ReadonlySet<ArgoCdErrorKind> = new Set([
  'unreachable',
  'unavailable',
  'unsure',
  'not-argocd',
]);

/** Whether a call may have failed because nobody is there. */
export function raisesDoubt({ kind }: ArgoCdError): boolean {
  return nobodyThere.has(kind);
}

function isRefusal(error: unknown): boolean {
  return error instanceof ArgoCdError && !raisesDoubt(error);
}

/** It was sent and not answered at all, in time or ever. */
function isSilence(error: unknown): boolean {
  return error instanceof ArgoCdError && error.kind === 'unsure' && error.status === undefined;
}

export function createReach(options: {
  readonly argocd: Pick<ArgoCd, 'probe'>;
  readonly clock: Clock;
  /** when Argo CD last sent something by itself: one that does is slow at most */
  readonly lastSign: () => number;
  /** after each question that nobody of Argo CD's has answered */
  readonly onAway: (why: string) => void;
  /** after each one that was; `back`: those before it were not */
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
      // Whoever refuses is there: a proxy may want more of a question without a token than of one with it.
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
