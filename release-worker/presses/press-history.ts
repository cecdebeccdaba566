// What the rules remember: press ids, the last accepted presses of each button, and the number of recent presses.
import { isClockSet } from '../../service/clock.ts';
import type { Clock } from '../../service/clock.ts';
import { wholeButton } from '../releases/recovery.ts';
import type { Recovered } from '../releases/recovery.ts';
import type { Lately } from './repeats.ts';

/** Each of the last 10,000 ids counts once in 24 hours. Source: `docs/trust.md`. Application names have the same limit. */
const rememberIdsMs = 86_400_000;
export const rememberIdsMax = 10_000;
const minuteMs = 60_000;
/** The highest value of a button's `coolDownMs`. */
const longestCoolDownMs = 3_600_000;

export interface PressHistory {
  /**
   * Restores the presses that the journal contains. Must be called before anything else.
   * @param former oldest first, in milliseconds since the epoch
   */
  remember(former: Pick<Recovered, 'pressIds' | 'acceptedAt'>): void;
  seen(id: string): boolean;
  note(id: string): void;
  /** @param only the applications that the press names; undefined: all of the button */
  accepted(button: string, only: readonly string[] | undefined): void;
  /**
   * Accepted presses that select any of the same applications, in milliseconds before `arrivedAt` (monotonic), or 0 if they
   * were accepted after it.
   * @param withinMs older presses are left out
   */
  lately(button: string, only: readonly string[] | undefined, arrivedAt: number, withinMs: number): Lately;
  /** A press has passed the rules. @param only the applications that it names; undefined: all of the button */
  passedRules(only: readonly string[] | undefined): void;
  /**
   * Number of presses of all buttons that passed the rules in the last minute. If `only` is given, presses that name
   * applications count only if they name one of these. Otherwise they do not count.
   */
  recent(only: readonly string[] | undefined): number;
}

export function createPressHistory(clock: Clock): PressHistory {
  // Converts wall-clock times of the former run to the monotonic clock. A step of the clock in between goes unnoticed.
  const fromWall = (at: number) => clock.monotonic() - (isUnknown(at) ? 0 : Math.max(0, clock.now() - at));
  /** A time from before the clock was set may be a moment ago, so it counts as now. */
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
      // Senders choose the names. Each is kept for the longest cool-down at most, and no more of them than press ids.
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
    passedRules: (only) => {
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
