// Limits concurrency: Argo CD gets a bounded number of requests at a time.

/** Calls `each` for every item in order, at most `limit` at a time. */
export async function eachLimited<Item>(
  items: readonly Item[],
  limit: number,
  each: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await each(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}

/** Makes calls, at most `limit` at a time. Others wait for their turn. */
export function fewAtOnce(limit: number): <Answer>(call: () => Promise<Answer>) => Promise<Answer> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (call) => {
    if (running < limit) running += 1;
    else
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    try {
      return await call();
    } finally {
      // The turn goes to the next caller, or becomes free.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
