// What the rules remember: ids, the last accepted press of each button, and how many presses came lately.
import type { Clock } from '../../service/clock.ts';

/** An id counts once in 24 hours, of the last 10,000. Source: `docs/trust.md`. */
const rememberIdsMs = 86_400_000;
export const rememberIdsMax = 10_000;
const minuteMs = 60_000;

export interface PressMemory {
  seen(id: string): boolean;
  note(id: string): void;
  accepted(button: string): void;
  /** Milliseconds from the last accepted press to `arrivedAt` (monotonic), 0 where it arrived before. */
  sinceAccepted(button: string, arrivedAt: number): number | undefined;
  /** A press has passed the rules. */
  looked(): void;
  /** how many have done so in the last minute */
  recent(): number;
}

export function createPressMemory(options: {
  readonly clock: Clock;
  /** of the former run, oldest first, in milliseconds since the epoch */
  readonly pressIds: readonly (readonly [id: string, at: number])[];
  readonly acceptedAt: ReadonlyMap<string, number>;
}): PressMemory {
  const { clock } = options;
  // Wall-clock times of the former run become times of the monotonic clock; a jump in between cannot be seen.
  const fromWall = (at: number) => clock.monotonic() - Math.max(0, clock.now() - at);
  const ids = new Map<string, number>(options.pressIds.map(([id, at]) => [id, fromWall(at)]));
  const acceptedAt = new Map<string, number>(
    [...options.acceptedAt].map(([button, at]) => [button, fromWall(at)]),
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
    accepted: (button) => {
      acceptedAt.set(button, clock.monotonic());
    },
    sinceAccepted: (button, arrivedAt) => {
      const at = acceptedAt.get(button);
      return at === undefined ? undefined : Math.max(0, arrivedAt - at);
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
