// When the event stream last sent something, and since when it has been sending.
import type { Clock } from '../../service/clock.ts';

export interface StreamSigns {
  /** since when the present stream has been sending; monotonic */
  since(): number | undefined;
  /** when a stream last sent something; monotonic */
  last(): number;
  /** @returns whether it is the first one of its stream */
  sign(): boolean;
  /** The stream has ended. @returns for how long it had been sending, in milliseconds */
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
