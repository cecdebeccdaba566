// When each worker was online, in positions of the order in which the broker sends. Pure.

export interface OnlineTimes {
  /** What is heard from now on is of a new connection. */
  connected(): void;
  heard(
    worker: string,
    isOnline: boolean,
    about: { readonly position: number; readonly isRetained: boolean },
  ): void;
  /** Until `dropFormer`, those of the connection before count as well. */
  now(): string[];
  /** Who was online at that position of this connection. */
  at(position: number): string[];
  /** Who came online after that position of this connection, the first one first. */
  after(position: number): readonly { readonly worker: string; readonly since: number }[];
  /** Forgets who was only online on the connection before. */
  dropFormer(): void;
  /** Forgets who was online once. */
  forgetPast(): void;
}

interface Known {
  times: { readonly since: number; until: number }[];
  /** It was heard live on this connection: a retained message that comes later is older. */
  isLive: boolean;
}

export function createOnlineTimes(max: number): OnlineTimes {
  let known = new Map<string, Known>();
  let former = new Set<string>();

  const select = (isMeant: (time: Known['times'][number]) => boolean) =>
    [...known].flatMap(([worker, { times }]) => (times.some(isMeant) ? [worker] : []));
  const now = () => [...new Set([...select(({ until }) => until === Infinity), ...former])];

  return {
    connected: () => {
      former = new Set(now());
      known = new Map();
    },
    heard: (worker, isOnline, { position, isRetained }) => {
      const one = known.get(worker) ?? { times: [], isLive: false };
      if (isRetained && one.isLive) return;
      if (known.size >= max && !known.has(worker)) return;
      former.delete(worker);
      known.set(worker, one);
      if (!isRetained) one.isLive = true;
      const last = one.times.at(-1);
      const isOpen = last?.until === Infinity;
      if (isOnline && !isOpen) one.times.push({ since: isRetained ? 0 : position, until: Infinity });
      else if (!isOnline && isOpen) last.until = position;
    },
    now,
    at: (position) => select(({ since, until }) => since < position && position < until),
    after: (position) =>
      [...known]
        .flatMap(([worker, { times }]) => {
          const next = times.find(({ since }) => since > position);
          return next === undefined ? [] : [{ worker, since: next.since }];
        })
        .toSorted((a, b) => a.since - b.since),
    dropFormer: () => former.clear(),
    forgetPast: () => {
      for (const one of known.values()) one.times = one.times.slice(-1);
    },
  };
}
