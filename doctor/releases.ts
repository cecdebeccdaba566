// Reports how the last release ended. The answer `accepted` to a press only says that it began.
import type { ButtonSignal } from '../messages/button.ts';
import type { Release, ReleaseOutcome } from '../messages/release.ts';
import { shortened } from '../messages/shortened.ts';
import { fromTime, toLocalTime } from '../messages/time.ts';
import type { BrokerFound } from './broker.ts';
import { ok, skipped, some, warning } from './row.ts';
import type { Row } from './row.ts';
import { lengthOf } from './validity.ts';

const check = 'release';
const messageLength = 200;

const endings: Readonly<Record<ReleaseOutcome, string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  partly: 'succeeded only in part',
  'timed-out': 'did not end in time',
  interrupted: 'was interrupted',
};

/** A row for each worker, from its retained `release/last` and the signal of the button. */
export function releaseRows(found: BrokerFound): readonly Row[] {
  if (!found.connected) return [skipped({ check }, 'not checked: there is no connection to the broker')];
  const { last, signals, at } = found;
  const rows = [...last]
    .sort(([one], [other]) => one.localeCompare(other))
    .flatMap(([, release]) => releaseRow(release, signals, at) ?? []);
  return rows.length === 0 ? [skipped({ check }, 'no release has ended yet')] : rows;
}

function releaseRow(last: Release, signals: ReadonlyMap<string, ButtonSignal>, now: number): Row | undefined {
  const { button, action, outcome, finishedAt } = last;
  if (outcome === undefined) return undefined;
  const about = { check, subject: button } as const;
  const signal = signals.get(button);
  const details = {
    id: last.id,
    pressId: last.pressId,
    outcome,
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(signal === undefined ? {} : { signal: signal.signal }),
  };
  const what = `the last ${action}${whenOf(finishedAt, now)} ${endings[outcome]}`;
  if (outcome === 'succeeded') return ok(about, what, details);
  const failures = last.apps.filter(({ outcome }) => outcome !== 'in-sync' && outcome !== 'already-in-sync');
  const why = `${what}${failures.length === 0 ? '' : `: ${some(failures.map(failureOf), 3)}`}`;
  if (signal !== undefined && isOver(signal.signal))
    return ok(about, `${why}. Since then, the signal of the button is ${signal.signal}`, details);
  return warning(
    about,
    why,
    `correct this, then press again: \`release-button press ${button} --wait\` also prints how the release ends`,
    details,
  );
}

/** Signals that hide `failed`, such as `unknown`, do not mean that the failure is over. */
function isOver(signal: string): boolean {
  return signal !== 'failed' && signal !== 'unknown' && signal !== 'releasing';
}

function whenOf(finishedAt: string | undefined, now: number): string {
  if (finishedAt === undefined) return '';
  const at = fromTime(finishedAt);
  return at > now
    ? ` (at ${toLocalTime(at)}, ahead of this clock)`
    : ` (${lengthOf(now - at)} ago, at ${toLocalTime(at)})`;
}

function failureOf({ namespace, name, outcome, phase, message }: Release['apps'][number]): string {
  return `${namespace}/${name}: ${shortened(message ?? outcome ?? phase, messageLength)}`;
}
