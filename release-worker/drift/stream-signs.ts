// When the event stream last sent something, and since when it has been sending.
import type { Clock } from '../../service/clock.ts';

export interface StreamSigns {
  /** Since when the current stream has been sending, in monotonic milliseconds */
  since(): number | undefined;
  /** When a stream last sent something, in monotonic milliseconds */
  last(): number;
  /** @returns true for the first event of its stream */
  sign(): boolean;
  /** The stream has ended. @returns how long it had been sending, in milliseconds */
  end(): number;
}

export function createStreamSigns(clock: Clock): StreamSigns {
  let since: number | undefined;
  let last = -Infinity;
  return {
    since: () => since,
    last: () => last,
    sign: () => {
      last = clock.monotonic();
      const isFirst = since === undefined;
      since ??= last;
      return isFirst;
    },
    end: () => {
      const lived = since === undefined ? 0 : clock.monotonic() - since;
      since = undefined;
      return lived;
    },
  };
}
