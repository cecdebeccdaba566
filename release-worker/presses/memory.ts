// What the rules remember: ids, the last accepted press of each button, and how many presses came lately.
import { isClockSet } from '../../service/clock.ts';
import type { Clock } from '../../service/clock.ts';
import { wholeButton } from '../releases/recovery.ts';
import type { Accepted } from '../releases/recovery.ts';

/** An id counts once in 24 hours, of the last 10,000. Source: `docs/trust.md`. */
const rememberIdsMs = 86_400_000;
export const rememberIdsMax = 10_000;
const minuteMs = 60_000;
/** As long as `coolDownMs` of a button may be. */
const longestCoolDownMs = 3_600_000;

export interface PressMemory {
  seen(id: string): boolean;
  note(id: string): void;
  /** @param only the applications that the press names; undefined: all of the button */
  accepted(button: string, only: readonly string[] | undefined): void;
  /**
   * Milliseconds to `arrivedAt` (monotonic) from the last accepted press that selects any of the same applications, 0
   * where it was accepted later than that.
   */
  sinceAccepted(button: string, only: readonly string[] | undefined, arrivedAt: number): number | undefined;
  /** A press has passed the rules. */
  looked(): void;
  /** how many have done so in the last minute */
  recent(): number;
}

export function createPressMemory(options: {
  readonly clock: Clock;
  /** of the former run, oldest first, in milliseconds since the epoch */
  readonly pressIds: readonly (readonly [id: string, at: number])[];
  readonly acceptedAt: ReadonlyMap<string, Accepted>;
}): PressMemory {
  const { clock } = options;
  // Wall-clock times of the former run become times of the monotonic clock; a jump in between cannot be seen.
  const fromWall = (at: number) => clock.monotonic() - (isUnknown(at) ? 0 : Math.max(0, clock.now() - at));
  /** Written before the clock was set: it may have been a moment ago, and then it counts as that. */
  const isUnknown = (at: number) => !isClockSet(at) && isClockSet(clock.now());
  const ids = new Map<string, number>(options.pressIds.map(([id, at]) => [id, fromWall(at)]));
  const acceptedAt = new Map(
    [...options.acceptedAt].map(([button, selected]): [string, Map<string, number>] => [
      button,
      new Map([...selected].map(([key, at]) => [key, fromWall(at)])),
    ]),
  );
  let lately: number[] = [];

  return {
    seen: (id) => {
      const at = ids.get(id);
      return at !== undefined && clock.monotonic() - at < rememberIdsMs;
    },
    note: (id) => {
      ids.delete(id);
      ids.set(id, clock.monotonic());
      for (const oldest of ids.keys()) {
        if (ids.size <= rememberIdsMax) break;
        ids.delete(oldest);
      }
    },
    accepted: (button, only) => {
      const now = clock.monotonic();
      // Names are the sender's: none is kept for longer than a cool-down may last.
      const selected = new Map(
        [...(acceptedAt.get(button) ?? [])].filter(([, at]) => now - at < longestCoolDownMs),
      );
      for (const key of only ?? [wholeButton]) selected.set(key, now);
      acceptedAt.set(button, selected);
    },
    sinceAccepted: (button, only, arrivedAt) => {
      const selected = acceptedAt.get(button);
      if (selected === undefined) return undefined;
      const same =
        only === undefined
          ? selected.values()
          : [wholeButton, ...only].flatMap((key) => selected.get(key) ?? []);
      let last: number | undefined;
      for (const at of same) if (last === undefined || at > last) last = at;
      return last === undefined ? undefined : Math.max(0, arrivedAt - last);
    },
    looked: () => {
      lately.push(clock.monotonic());
    },
    recent: () => {
      const since = clock.monotonic() - minuteMs;
      lately = lately.filter((at) => at > since);
      return lately.length;
    },
  };
}
