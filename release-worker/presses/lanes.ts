// One queue for each button, in which a press waits for earlier presses. Presses that name applications (`only`) also wait
// a moment for each other: Home Assistant's "Update all" sends one for each application, and they become one release.
import { delay } from '../../service/clock.ts';
import type { Clock } from '../../service/clock.ts';

export interface Lanes<Item> {
  /** Returns false if too many are waiting. Then the item is not added. */
  add(lane: string, item: Item): boolean;
  /** From now on, no item waits for others. Resolves when all added items are handled. */
  drain(): Promise<void>;
}

export interface Waited<Item> {
  readonly item: Item;
  /** How long it waited only because others might come, in milliseconds: at most 1 s, even if the process was paused. */
  readonly gatheredMs: number;
}

interface Lane<Item> {
  readonly items: { readonly item: Item; readonly since: number }[];
  /** Ends the wait for others. */
  hurry: (() => void) | undefined;
  done: Promise<void>;
}

/** Presses of one button that name applications and arrive within this time become one release. Source: `docs/trust.md`. */
const gatherMs = 1_000;
/** Limits of waiting presses, for one button and for all. No person sends more. */
const waitingMax = 100;
const waitingInAllMax = 1_000;

export function createLanes<Item>(options: {
  readonly clock: Clock;
  /** The applications of a press that waits for others. Undefined: it does not wait, and ends the wait of the others. */
  readonly gathers: (item: Item) => readonly string[] | undefined;
  /** Handles presses that have no application in common, or a single press. Never rejects. */
  readonly handle: (group: readonly Waited<Item>[]) => Promise<void>;
}): Lanes<Item> {
  const { clock, gathers, handle } = options;
  const lanes = new Map<string, Lane<Item>>();
  let waitingInAll = 0;
  let draining = false;

  /** Returns the time when the wait began, on the monotonic clock. */
  const gather = async (lane: Lane<Item>): Promise<number> => {
    const began = clock.monotonic();
    const [head] = lane.items;
    if (head === undefined || draining || !lane.items.every(({ item }) => gathers(item) !== undefined))
      return began;
    const leftMs = head.since + gatherMs - began;
    if (leftMs <= 0) return began;
    const hurried = new AbortController();
    lane.hurry = () => hurried.abort();
    await delay(clock, leftMs, hurried.signal);
    lane.hurry = undefined;
    return began;
  };

  const nextGroup = (items: Lane<Item>['items']): Lane<Item>['items'] => {
    const group: Lane<Item>['items'] = [];
    const keysSoFar = new Set<string>();
    for (const entry of items) {
      const keys = gathers(entry.item);
      if (keys === undefined) return group.length === 0 ? [entry] : group;
      // If two presses have an application in common, the answer to the later one depends on the earlier one.
      if (keys.some((key) => keysSoFar.has(key))) continue;
      for (const key of keys) keysSoFar.add(key);
      group.push(entry);
    }
    return group;
  };

  const run = async (name: string, lane: Lane<Item>) => {
    while (lane.items.length > 0) {
      const began = await gather(lane);
      const ended = clock.monotonic();
      const group = nextGroup(lane.items);
      await handle(
        group.map(({ item, since }) => ({
          item,
          gatheredMs: Math.min(gatherMs, Math.max(0, ended - Math.max(began, since))),
        })),
      );
      for (const entry of group) lane.items.splice(lane.items.indexOf(entry), 1);
      waitingInAll -= group.length;
    }
    lanes.delete(name);
  };

  return {
    add: (name, item) => {
      const lane = lanes.get(name);
      if ((lane?.items.length ?? 0) >= waitingMax || waitingInAll >= waitingInAllMax) return false;
      const entry = { item, since: clock.monotonic() };
      waitingInAll += 1;
      if (lane === undefined) {
        const made: Lane<Item> = { items: [entry], hurry: undefined, done: Promise.resolve() };
        lanes.set(name, made);
        made.done = Promise.resolve().then(() => run(name, made));
      } else {
        lane.items.push(entry);
        if (gathers(item) === undefined) lane.hurry?.();
      }
      return true;
    },
    drain: async () => {
      draining = true;
      while (lanes.size > 0) {
        for (const { hurry } of lanes.values()) hurry?.();
        await Promise.all([...lanes.values()].map(({ done }) => done));
      }
    },
  };
}
