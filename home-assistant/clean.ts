// Removes everything that was announced to Home Assistant for a topic prefix.
import { addressBelow, filterBelow } from '../messages/foreign.ts';
import { discoveryConfig } from '../messages/home-assistant.ts';
import type { Clock } from '../service/clock.ts';
import type { Link } from '../service/link/link.ts';
import { isOurs } from './next-message.ts';
import { createQuietTimer } from './quiet-timer.ts';

export interface Cleaned {
  /** ids of devices that were removed from the broker */
  readonly cleared: readonly string[];
  /** ids of devices whose removal the broker has not confirmed */
  readonly left: readonly string[];
}

/** The broker sends retained messages at once. After a pause of this length it has sent all. In milliseconds. */
const quietMs = 1_000;
const quietMaxMs = 10_000;
const clearedMs = 5_000;

/** @param link connected; the caller stops it */
export function clean(options: {
  readonly link: Pick<Link, 'subscribeRaw' | 'subscribed' | 'clear'>;
  readonly prefix: string;
  readonly discoveryPrefix: string;
  /** ids of devices that were announced before, even if the broker has forgotten them */
  readonly announcedBefore: Iterable<string>;
  readonly clock: Clock;
}): Promise<Cleaned> {
  const { link, prefix, discoveryPrefix, clock } = options;
  return new Promise((resolve) => {
    const found = new Set(options.announcedBefore);
    const cleared = new Set<string>();
    let clearing = false;

    const finish = () =>
      resolve({ cleared: [...cleared].sort(), left: [...found].filter((id) => !cleared.has(id)).sort() });
    const clear = () => {
      clearing = true;
      if (found.size === 0) {
        finish();
        return;
      }
      overdue = clock.setTimeout(finish, clearedMs);
      for (const id of found) link.clear(addressBelow(discoveryPrefix, discoveryConfig.at({ object: id })));
    };
    let overdue = { cancel: () => {} };
    const quietTimer = createQuietTimer(clock, quietMs, clear);

    link.subscribeRaw(filterBelow(discoveryPrefix, discoveryConfig.filter()), (decoded, { params }) => {
      const id = params.object;
      if (decoded?.ok === true && !clearing && isOurs(prefix, id, decoded.value)) found.add(id);
      if (!clearing) quietTimer.restart(quietMaxMs);
      else if (decoded === undefined && found.has(id)) {
        // The broker forwards to us what we have published, so it has accepted the removal.
        cleared.add(id);
        if (cleared.size < found.size) return;
        overdue.cancel();
        finish();
      }
    });
    void link.subscribed().then(() => quietTimer.restart(quietMaxMs));
  });
}
