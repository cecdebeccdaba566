// Reports every freeze. A freeze is not a fault, but it explains why a press releases nothing.
import type { FreezeMessage } from '../messages/freeze.ts';
import type { BrokerFound } from './broker.ts';
import { fromMessage } from '../release-worker/freeze/message.ts';
import { leftOf } from '../release-worker/freeze/ends.ts';
import { longestFirst } from '../release-worker/freeze/state.ts';
import { inWordsOfCause } from '../release-worker/freeze/words.ts';
import { ok, warning } from './row.ts';
import type { Row } from './row.ts';

/** The table names this many freezes; the details list all. */
const namedMax = 3;

/** A row for each worker that has published its freezes. */
export function freezeRows(found: BrokerFound): readonly Row[] {
  if (!found.connected) return [];
  const { freezes, at } = found;
  const workers = [...freezes].sort(([one], [other]) => one.localeCompare(other));
  return workers.map(([worker, freeze]) => freezeRow(freeze, at, workers.length > 1 ? worker : undefined));
}

/** @param worker the id of the worker, if there are several workers */
function freezeRow(freeze: FreezeMessage, at: number, worker: string | undefined): Row {
  const about = {
    check: 'freeze',
    ...(worker === undefined ? {} : { subject: `worker ${worker}` }),
  } as const;
  const unfreeze = `release-button unfreeze${worker === undefined ? '' : ` --worker ${worker}`}`;
  // Judged by the clock of this machine, because a worker that is offline does not end its freezes.
  const now = { now: at, monotonic: Infinity };
  const causes = longestFirst(fromMessage(freeze).causes.filter((cause) => leftOf(cause, now) > 0));
  const details = {
    causes: causes.map(({ changedAt: _, waitUntil: _wait, ...cause }) => cause),
  };
  if (causes.length === 0) return ok(about, 'nothing is frozen', details);
  const [first] = causes;
  const more = causes.length - namedMax;
  const words = causes
    .slice(0, namedMax)
    .map((cause) => inWordsOfCause(cause))
    .join('; ');
  const only = causes.every(({ button }) => button === first?.button) ? first?.button : undefined;
  return warning(
    about,
    `frozen: ${words}${more > 0 ? `; and ${more} more` : ''}`,
    only === undefined
      ? `to end all freezes: ${unfreeze}. Add --source <id> to end only those of one source, or --button <id> to end only those of one button`
      : `to end the freeze: ${unfreeze} --button ${only}`,
    details,
  );
}
