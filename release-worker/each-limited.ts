// Many at once, but not too many: Argo CD is asked by a bounded number of requests at a time.

/** Calls `each` for every item, at most `limit` at once, in their order. */
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

/** Makes calls of which at most `limit` run at once; the others wait for their turn. */
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
      // The turn is handed on, or free.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
