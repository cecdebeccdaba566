// Measures how long work blocks the event loop. It measures processor time, because other processes keep a machine busy.
// It also measures an idle loop just before, to compare with.
import { performance } from 'node:perf_hooks';

const nextTurn = () =>
  new Promise<void>((resolve) => {
    setImmediate(resolve);
  });

/** The longest turn of the loop, in milliseconds. A turn counts by the smaller of processor time and elapsed time. */
async function longestTurnOf(work: () => void | Promise<void>): Promise<number> {
  let longest = 0;
  const finished = new AbortController();
  const watch = async () => {
    while (!finished.signal.aborted) {
      const [at, cpuBefore] = [performance.now(), process.cpuUsage()];
      await nextTurn();
      const { user, system } = process.cpuUsage(cpuBefore);
      longest = Math.max(longest, Math.min(performance.now() - at, (user + system) / 1_000));
    }
  };
  const watched = watch();
  await nextTurn();
  await work();
  await nextTurn();
  finished.abort();
  await watched;
  return longest;
}

/** The best of these rounds counts. In the first one the code is compiled, and other work may disturb any of them. */
const rounds = 4;

/**
 * @param prepare makes the input of one round; its time does not count
 * @returns the longest pause of the event loop during the work, and of an idle loop, in milliseconds
 */
export async function longestPauseMs<Prepared>(
  prepare: () => Prepared | Promise<Prepared>,
  work: (prepared: Prepared) => void | Promise<void>,
): Promise<{ readonly pause: number; readonly idle: number }> {
  let [pause, idle] = [Infinity, Infinity];
  for (let round = 0; round < rounds; round += 1) {
    const prepared = await prepare();
    idle = Math.min(
      idle,
      await longestTurnOf(async () => {
        for (let count = 0; count < 20; count += 1) await nextTurn();
      }),
    );
    pause = Math.min(pause, await longestTurnOf(() => work(prepared)));
  }
  return { pause, idle };
}
