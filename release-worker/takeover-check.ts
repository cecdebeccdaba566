// A cut connection may mean that another worker has taken our place: the next look at the broker tells.
import type { Clock } from '../service/clock.ts';
import type { Link } from '../service/link/link.ts';

/** Without a broker for longer than this, what was accepted goes on: nobody can have taken over through it. */
const decideWithinMs = 5_000;

/** Resolves when the broker has been looked at, or has been away for too long. */
export function untilTakeoverKnown({
  link,
  clock,
}: {
  readonly link: Pick<Link, 'state' | 'onState'>;
  readonly clock: Clock;
}): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel();
      forgetState();
      resolve();
    };
    const timer = clock.setTimeout(done, decideWithinMs);
    const forgetState = link.onState(({ state }) => {
      if (state !== 'connecting') done();
    });
    if (link.state.state !== 'connecting') done();
  });
}
