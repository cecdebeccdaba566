// The freeze in the form of its topic and its file.
import type { FreezeMessage, Frozen } from '../../messages/freeze.ts';
import { personSource } from '../../messages/freeze.ts';
import { fromTime, toTime } from '../../messages/time.ts';
import { bounded, keyOf, lastTime, longestFirst } from './state.ts';
import type { Cause, FreezeState, Lift } from './state.ts';

/** The start of a freeze that does not say when it began, because no release worker wrote it. */
const unknownTime = '1970-01-01T00:00:00.000Z';

/** Converts a time to UTC. A time that UTC cannot express becomes the nearest one that it can. */
function storedTime(time: string): number {
  return Math.min(Math.max(0, fromTime(time)), lastTime);
}

/** The public part of a cause. */
export function frozenOf({ waitUntil: _, button: _button, changedAt: _changedAt, ...frozen }: Cause): Frozen {
  return frozen;
}

export function toMessage(state: FreezeState): FreezeMessage {
  const { lifts, allLiftedAt, changedAt } = state;
  const causes = longestFirst(state.causes);
  const all = causes.find(({ button }) => button === undefined);
  const buttons = Object.fromEntries(
    // Later entries replace earlier ones, so the longest freeze of each button stays.
    causes
      .toReversed()
      .flatMap((cause) => (cause.button === undefined ? [] : [[cause.button, frozenOf(cause)]])),
  );
  const isUntouched = changedAt === undefined && causes.length === 0;
  const lifted = [
    ...(allLiftedAt === undefined ? [] : [{ at: toTime(allLiftedAt) }]),
    ...lifts.map((lift) => ({ ...lift, at: toTime(lift.at) })),
  ];
  return {
    frozen: all !== undefined,
    ...(all === undefined ? {} : frozenOf(all)),
    ...(changedAt === undefined ? {} : { changedAt: toTime(changedAt) }),
    ...(Object.keys(buttons).length === 0 ? {} : { buttons }),
    ...(isUntouched ? {} : { causes: causes.map(causeMessage) }),
    ...(lifted.length === 0 ? {} : { lifted }),
  };
}

function causeMessage({ waitUntil: _, changedAt, ...cause }: Cause) {
  return { ...cause, ...(changedAt === undefined ? {} : { changedAt: toTime(changedAt) }) };
}

/** Also reads messages without causes, which contain one freeze of all buttons and one of each button, without sources. */
export function fromMessage(message: FreezeMessage): FreezeState {
  const { frozen, buttons, changedAt, causes = [], lifted = [], ...all } = message;
  const at = changedAt === undefined ? {} : { changedAt: storedTime(changedAt) };
  const named = causes.map(({ changedAt: changed, ...cause }) => ({
    ...cause,
    ...(changed === undefined ? {} : { changedAt: storedTime(changed) }),
  }));
  const hasCause = (of: string | undefined) => named.some(({ button }) => button === of);
  // A message that says frozen and lists no cause for it is a freeze as well.
  const unnamed: Cause[] = [
    ...(frozen && !hasCause(undefined) ? [{ source: personSource, at: unknownTime, ...all, ...at }] : []),
    ...Object.entries(buttons ?? {}).flatMap(([button, one]) =>
      hasCause(button) ? [] : [{ source: personSource, ...one, button, ...at }],
    ),
  ];
  const byKey = new Map([...named, ...unnamed].map((cause) => [keyOf(cause), cause]));
  // A foreign writer may have dated a lift ahead. A freeze that is requested here must be later than all known changes.
  const changes = [
    changedAt,
    ...causes.map((cause) => cause.changedAt),
    ...lifted.map((lift) => lift.at),
  ].flatMap((time) => (time === undefined ? [] : [storedTime(time)]));
  return bounded({
    causes: [...byKey.values()],
    lifts: lifted.flatMap(({ source, button, at: liftedAt }): Lift[] =>
      source === undefined
        ? []
        : [{ source, ...(button === undefined ? {} : { button }), at: storedTime(liftedAt) }],
    ),
    ...allLiftedAtOf(message),
    ...(changes.length === 0 ? {} : { changedAt: Math.max(...changes) }),
  });
}

/** A message without causes is complete at its last change: what it does not contain was lifted before. */
function allLiftedAtOf({ causes, lifted = [], changedAt }: FreezeMessage): { allLiftedAt?: number } {
  const times = lifted.filter(({ source, button }) => source === undefined && button === undefined);
  const liftedAt = [
    ...times.map(({ at }) => storedTime(at)),
    ...(causes === undefined && changedAt !== undefined ? [storedTime(changedAt)] : []),
  ];
  return liftedAt.length === 0 ? {} : { allLiftedAt: Math.max(...liftedAt) };
}
