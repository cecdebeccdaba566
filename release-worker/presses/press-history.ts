// What the rules remember: ids, the last accepted press of each button, and how many presses came lately.
import { isClockSet } from '../../service/clock.ts';
import type { Clock } from '../../service/clock.ts';
import { wholeButton } from '../releases/recovery.ts';
import type { Recovered } from '../releases/recovery.ts';
import type { Lately } from './repeats.ts';

/** An id counts once in 24 hours, of the last 10,000. Source: `docs/trust.md`. As many names of applications are kept. */
const rememberIdsMs = 86_400_000;
export const rememberIdsMax = 10_000;
const minuteMs = 60_000;
/** As long as `coolDownMs` of a button may be. */
const longestCoolDownMs = 3_600_000;

export interface PressHistory {
  /**
   * What the journal tells of the former run; to be called before anything else.
   * @param former oldest first, in milliseconds since the epoch
   */
  remember(former: Pick<Recovered, 'pressIds' | 'acceptedAt'>): void;
  seen(id: string): boolean;
  note(id: string): void;
  /** @param only the applications that the press names; undefined: all of the button */
  accepted(button: string, only: readonly string[] | undefined): void;
  /**
   * Accepted presses that select any of the same applications, in milliseconds to `arrivedAt` (monotonic), 0 where it was
   * accepted later than that.
   * @param withinMs older ones are left out
   */
  lately(button: string, only: readonly string[] | undefined, arrivedAt: number, withinMs: number): Lately;
  /** A press has passed the rules. @param only as above */
  looked(only: readonly string[] | undefined): void;
  /**
   * How many have done so in the last minute, of all buttons. Of presses that name applications only those of the same
   * ones count, and for a press that names none they do not count.
   */
  recent(only: readonly string[] | undefined): number;
}

export function createPressHistory(clock: Clock): PressHistory {
  // Wall-clock times of the former run become times of the monotonic clock; a jump in between cannot be seen.
  const fromWall = (at: number) => clock.monotonic() - (isUnknown(at) ? 0 : Math.max(0, clock.now() - at));
  /** Written before the clock was set: it may have been a moment ago, and then it counts as that. */
  const isUnknown = (at: number) => !isClockSet(at) && isClockSet(clock.now());
  const ids = new Map<string, number>();
  const acceptedAt = new Map<string, Map<string, number>>();
  let looks: { readonly at: number; readonly only: ReadonlySet<string> | undefined }[] = [];

  return {
    remember: (former) => {
      for (const [id, at] of former.pressIds) ids.set(id, fromWall(at));
      for (const [button, selected] of former.acceptedAt)
        acceptedAt.set(button, new Map([...selected].map(([key, at]) => [key, fromWall(at)])));
    },
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
      const selected = acceptedAt.get(button) ?? new Map<string, number>();
      acceptedAt.set(button, selected);
      for (const key of only ?? [wholeButton]) {
        selected.delete(key);
        selected.set(key, now);
      }
      // Names are the sender's: none is kept for longer than a cool-down may last, and no more than of ids.
      for (const [oldest, at] of selected) {
        if (selected.size <= rememberIdsMax && now - at < longestCoolDownMs) break;
        selected.delete(oldest);
      }
    },
    lately: (button, only, arrivedAt, withinMs) => {
      const selected = acceptedAt.get(button) ?? new Map<string, number>();
      const apps = new Map<string, number>();
      const sinceOf = (at: number | undefined) => {
        const since = at === undefined ? undefined : Math.max(0, arrivedAt - at);
        return since !== undefined && since < withinMs ? since : undefined;
      };
      for (const key of only ?? selected.keys()) {
        const since = key === wholeButton ? undefined : sinceOf(selected.get(key));
        if (since !== undefined) apps.set(key, since);
      }
      return { whole: sinceOf(selected.get(wholeButton)), apps };
    },
    looked: (only) => {
      looks.push({ at: clock.monotonic(), only: only === undefined ? undefined : new Set(only) });
    },
    recent: (only) => {
      const since = clock.monotonic() - minuteMs;
      looks = looks.filter(({ at }) => at > since);
      return looks.filter(
        (look) => look.only === undefined || only?.some((key) => look.only?.has(key) === true) === true,
      ).length;
    },
  };
}
