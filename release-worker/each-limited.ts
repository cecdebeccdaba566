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
