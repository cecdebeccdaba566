// After a cut connection another worker may have taken our place. The next connection to the broker shows whether it has.
import type { Clock } from '../service/clock.ts';
import type { Link } from '../service/link/link.ts';

/** Without a broker for longer than this, accepted releases continue: nobody can have taken over through that broker. */
const decideWithinMs = 5_000;

/** Resolves when the broker has been checked, or has been unreachable for too long. */
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
