// Checks that the clocks are close enough, so that no press is refused as stale.
import type { ClockState } from '../messages/presence.ts';
import { fromTime } from '../messages/time.ts';
import type { Present } from './broker.ts';
import { failed, ok, warning } from './row.ts';
import type { Row } from './row.ts';
import { skewOf, toleratedMs } from './skew.ts';
import { lengthOf } from './validity.ts';

/** Agents and workers publish `at` every minute, so a retained `at` may be a minute old, plus a delay. */
const infoAgeMs = 65_000;

const remedy =
  'synchronise both machines with a time server (timedatectl set-ntp true); to see which clock is wrong, run timedatectl on each machine';

/** The clock of this machine, as far as its system reports it. */
export function ownClockRow(synchronised: ClockState): Row {
  const about = { check: 'clock', subject: 'this machine' } as const;
  if (synchronised === false)
    return warning(
      about,
      'is not synchronised, so this clock may be the cause of the differences in the rows below',
      'synchronise this machine with a time server: timedatectl set-ntp true',
      { synchronised },
    );
  const words =
    synchronised === true
      ? 'is synchronised'
      : 'the system does not say whether this clock is synchronised (timedatectl)';
  return ok(about, words, { synchronised });
}

/** The clocks of all agents and workers that are online. @param now our clock when their `info` had been read */
export function processClockRows(
  present: readonly Present[],
  now: number,
  maxPressAgeMs: number,
): readonly Row[] {
  return present.flatMap(({ kind, id, availability, info }): Row[] => {
    if (availability !== 'online' || info === undefined) return [];
    const about = { check: 'clock', subject: `${kind} ${id}` } as const;
    const { synchronised } = info.clock;
    const skewMs = skewOf({ said: fromTime(info.at), earliest: now - infoAgeMs, latest: now });
    const judged = judge(about, skewMs, maxPressAgeMs, { synchronised });
    if (judged !== undefined) return [judged];
    if (synchronised === false)
      return [
        warning(
          about,
          'reports that its clock is not synchronised',
          `synchronise its machine with a time server: timedatectl set-ntp true`,
          { synchronised, skewMs },
        ),
      ];
    const behind = 'not ahead, and at most about a minute behind';
    return [
      ok(about, `${behind}, by the time in its info${synchronised === true ? '; synchronised' : ''}`, {
        synchronised,
        skewMs,
      }),
    ];
  });
}

/** @param answer the time in Argo CD's answer, and our clock before and after */
export function argocdClockRow(
  answer: { readonly date: number; readonly sentAt: number; readonly receivedAt: number },
  maxPressAgeMs: number,
): Row {
  const about = { check: 'clock', subject: 'argocd' } as const;
  // The time is in whole seconds, so it may be up to a second old. A gateway may also have answered a moment earlier.
  const skewMs = skewOf({
    said: answer.date,
    earliest: answer.sentAt,
    latest: answer.receivedAt,
    resolution: 1000,
  });
  return (
    judge(about, skewMs, maxPressAgeMs, {}) ??
    ok(
      about,
      skewMs === 0 ? 'agrees to the second' : `differs by ${lengthOf(Math.abs(skewMs))}, which is harmless`,
      {
        skewMs,
      },
    )
  );
}

function judge(
  about: { readonly check: 'clock'; readonly subject: string },
  skewMs: number,
  maxPressAgeMs: number,
  details: Readonly<Record<string, unknown>>,
): Row | undefined {
  const most = toleratedMs(maxPressAgeMs);
  if (Math.abs(skewMs) <= most) return undefined;
  return failed(
    about,
    `is at least ${lengthOf(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'} this machine; with a difference of more than ${lengthOf(most)} (half of worker.maxPressAgeMs), presses may be refused as stale`,
    remedy,
    { ...details, skewMs },
  );
}
