// Measures how long work blocks the event loop: in processor time, so that other processes of a busy machine do not count,
// and beside an idle loop, which is measured directly before.
import { performance } from 'node:perf_hooks';

const turn = () =>
  new Promise<void>((resolve) => {
    setImmediate(resolve);
  });

/** The longest turn of the loop, in milliseconds. A turn counts by the smaller of processor time and elapsed time. */
async function longestTurnOf(work: () => void | Promise<void>): Promise<number> {
  let longest = 0;
  const over = new AbortController();
  const watch = async () => {
    while (!over.signal.aborted) {
      const [at, used] = [performance.now(), process.cpuUsage()];
      await turn();
      const { user, system } = process.cpuUsage(used);
      longest = Math.max(longest, Math.min(performance.now() - at, (user + system) / 1_000));
    }
  };
  const watching = watch();
  await turn();
  await work();
  await turn();
  over.abort();
  await watching;
  return longest;
}

/** The first run is slower, because the code is compiled then, and so is any run that something else disturbs. */
const rounds = 4;

/**
 * @param prepare makes the input of one round, which is not measured
 * @returns for how many milliseconds the work blocks the loop, in the best of some rounds; and an idle loop too
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
        for (let count = 0; count < 20; count += 1) await turn();
      }),
    );
    pause = Math.min(pause, await longestTurnOf(() => work(prepared)));
  }
  return { pause, idle };
}
