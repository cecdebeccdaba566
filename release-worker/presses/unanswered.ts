// Presses of the former run whose result was not acknowledged. They are answered once, when the link is connected.
import { fromTime } from '../../messages/time.ts';
import { isClockSet } from '../../service/clock.ts';
import type { Clock } from '../../service/clock.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { Journal } from '../releases/journal.ts';
import type { Recovered } from '../releases/recovery.ts';
import { resultOf, sendResult } from './result.ts';

/** Nobody waits any longer for the result of a press that is older than this. In milliseconds. */
const lateMs = 600_000;
const acknowledgeWithinMs = 10_000;

/** Returns a function that stops. The next run tries results again that were not acknowledged. */
export function answerFormerPresses(options: {
  readonly presses: Recovered['unanswered'];
  readonly link: Link;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
}): () => void {
  const { link, journal, clock, log } = options;
  // A press from before the clock was set may have been made a moment ago.
  const presses = options.presses.filter(
    ({ at }) => !isClockSet(fromTime(at)) || clock.now() - fromTime(at) <= lateMs,
  );

  const answerAll = async () => {
    log.info({ presses: presses.length }, 'answering presses of the former run that got no result');
    for (const press of presses) {
      try {
        await sendResult({ link, journal, clock, log }, resultOf(press), acknowledgeWithinMs);
      } catch (error) {
        log.error(
          { press: press.pressId },
          `a press of the former run could not be answered: ${messageOf(error)}`,
        );
      }
    }
  };

  if (presses.length === 0) return () => {};
  const forget = link.onState(({ state }) => {
    if (state !== 'connected') return;
    forget();
    void answerAll();
  });
  return forget;
}
