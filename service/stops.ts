/** Stops what a part has built so far, the newest first. */
export interface Stops {
  /** @param stop called once for each `run`, so perhaps twice: a stop during the start is repeated after the start */
  add(stop: () => Promise<void> | void): void;
  run(): Promise<void>;
}

export function createStops(): Stops {
  const stops: (() => Promise<void> | void)[] = [];
  return {
    add: (stop) => void stops.push(stop),
    run: async () => {
      for (const stop of stops.toReversed()) await stop();
    },
  };
}
