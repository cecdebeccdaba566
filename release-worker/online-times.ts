// When each worker was online. A position is the number of a message, in the order in which the broker sends them. Pure.

export interface OnlineTimes {
  /** A new connection begins. */
  connected(): void;
  /** Notes an availability message. */
  note(
    worker: string,
    isOnline: boolean,
    about: { readonly position: number; readonly isRetained: boolean },
  ): void;
  /** Workers that are online now. Until `dropFormer`, this includes workers of the previous connection. */
  now(): string[];
  /** Workers that were online at that position of this connection. */
  at(position: number): string[];
  /** Workers that came online after that position of this connection, in the order in which they came. */
  after(position: number): readonly { readonly worker: string; readonly since: number }[];
  /** Forgets workers that were online only on the previous connection. */
  dropFormer(): void;
  /** Keeps only the last time of each worker. */
  forgetPast(): void;
}

interface Presence {
  times: { readonly since: number; until: number }[];
  /** A live message has arrived on this connection, so a retained message that comes later is older. */
  isLive: boolean;
}

export function createOnlineTimes(max: number): OnlineTimes {
  let presences = new Map<string, Presence>();
  let former = new Set<string>();

  const select = (isMeant: (time: Presence['times'][number]) => boolean) =>
    [...presences].flatMap(([worker, { times }]) => (times.some(isMeant) ? [worker] : []));
  const now = () => [...new Set([...select(({ until }) => until === Infinity), ...former])];

  return {
    connected: () => {
      former = new Set(now());
      presences = new Map();
    },
    note: (worker, isOnline, { position, isRetained }) => {
      const presence = presences.get(worker) ?? { times: [], isLive: false };
      if (isRetained && presence.isLive) return;
      if (presences.size >= max && !presences.has(worker)) return;
      former.delete(worker);
      presences.set(worker, presence);
      if (!isRetained) presence.isLive = true;
      const last = presence.times.at(-1);
      const isOpen = last?.until === Infinity;
      if (isOnline && !isOpen) presence.times.push({ since: isRetained ? 0 : position, until: Infinity });
      else if (!isOnline && isOpen) last.until = position;
    },
    now,
    at: (position) => select(({ since, until }) => since < position && position < until),
    after: (position) =>
      [...presences]
        .flatMap(([worker, { times }]) => {
          const next = times.find(({ since }) => since > position);
          return next === undefined ? [] : [{ worker, since: next.since }];
        })
        .toSorted((a, b) => a.since - b.since),
    dropFormer: () => former.clear(),
    forgetPast: () => {
      for (const presence of presences.values()) presence.times = presence.times.slice(-1);
    },
  };
}
