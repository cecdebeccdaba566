// Probes Argo CD while no stream shows that it is there. The next list and the next attempt to open the stream may be half a
// minute away. One small request at a time, with growing pauses while there is no answer.
import type { Clock, Timer } from '../../service/clock.ts';
import { backoffMs } from '../../service/backoff.ts';
import type { ArgoCd } from '../argocd/client.ts';
import { ArgoCdError } from '../argocd/errors.ts';
import { answerWithinMs, raisesDoubt } from './reach.ts';
import type { Reach } from './reach.ts';

export interface ProbeLoop {
  /** No stream is open. Has no effect while it is probing. */
  begin(): void;
  /** A stream is open, or nobody needs the answer any more. */
  end(): void;
}

/**
 * The pause after an answer. It grows while Argo CD is there but cannot answer. With the pause before a retry on a kept
 * connection, a port that refuses is noticed within 3 s. In milliseconds.
 */
const pauses = { minMs: 2_000, maxMs: 30_000 };

export function createProbeLoop(options: {
  readonly argocd: Pick<ArgoCd, 'probe'>;
  readonly clock: Clock;
  /** It asks by itself while it is in doubt or Argo CD is down */
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

  /** Returns the pause before the next one. */
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
    // A server that refuses is there.
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
