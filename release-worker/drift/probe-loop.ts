// Looks out for Argo CD while no stream tells that it is there: the next list and the next try of the stream may be half
// a minute away. One small question at a time, the more seldom the less it is answered.
import type { Clock, Timer } from '../../service/clock.ts';
import { backoffMs } from '../../service/backoff.ts';
import type { ArgoCd } from '../argocd/client.ts';
import { ArgoCdError } from '../argocd/errors.ts';
import { answerWithinMs, raisesDoubt } from './reach.ts';
import type { Reach } from './reach.ts';

export interface ProbeLoop {
  /** No stream tells. Without effect while it looks out already. */
  begin(): void;
  /** A stream tells, or nobody wants to know any more. */
  end(): void;
}

/**
 * From an answer to the next question; it grows where Argo CD is there and could not answer. Together with the pause before
 * a kept connection is tried again, a port that refuses is found out within 3 s. In milliseconds.
 */
const pauses = { minMs: 2_000, maxMs: 30_000 };

export function createProbeLoop(options: {
  readonly argocd: Pick<ArgoCd, 'probe'>;
  readonly clock: Clock;
  /** asks by itself while it is in doubt or Argo CD is away */
  readonly reach: Pick<Reach, 'whenThere'>;
  readonly random: () => number;
  readonly onAnswer: () => void;
  readonly onFailure: (error: unknown) => void;
}): ProbeLoop {
  const { clock } = options;
  let wanted = false;
  let asking = false;
  let timer: Timer | undefined;
  let failures = 0;

  /** Returns how long to pause before the next one. */
  const question = async (): Promise<number> => {
    try {
      await options.argocd.probe({ timeoutMs: answerWithinMs, once: true });
    } catch (error) {
      if (!(error instanceof ArgoCdError && !raisesDoubt(error))) {
        if (wanted) options.onFailure(error);
        const isBusy = !(error instanceof ArgoCdError && error.kind === 'unreachable');
        failures = isBusy ? failures + 1 : 0;
        return isBusy ? backoffMs(failures, pauses, options.random()) : pauses.minMs;
      }
    }
    // Whoever refuses is there.
    failures = 0;
    if (wanted) options.onAnswer();
    return pauses.minMs;
  };
  const ask = async () => {
    timer = undefined;
    asking = true;
    await options.reach.whenThere();
    const pauseMs = wanted ? await question() : pauses.minMs;
    asking = false;
    if (wanted) timer = clock.setTimeout(() => void ask(), pauseMs);
  };

  return {
    begin: () => {
      wanted = true;
      if (asking || timer !== undefined) return;
      timer = clock.setTimeout(() => void ask(), pauses.minMs);
    },
    end: () => {
      wanted = false;
      timer?.cancel();
      timer = undefined;
    },
  };
}
