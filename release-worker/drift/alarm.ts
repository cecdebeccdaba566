// One timer for many wishes: it goes off at the earliest of the times that were asked for.
import type { Clock, Timer } from '../../service/clock.ts';

export interface Alarm {
  /** From now on it can be set. */
  start(onTime: () => void): void;
  /** @param time monotonic milliseconds; later than what is set already: without effect */
  set(time: number): void;
  stop(): void;
}

export function createAlarm(clock: Clock): Alarm {
  let timer: Timer | undefined;
  let setTo = Infinity;
  let whenDue: (() => void) | undefined;

  const cancel = () => {
    timer?.cancel();
    setTo = Infinity;
  };
  return {
    start: (onTime) => {
      whenDue = () => {
        setTo = Infinity;
        onTime();
      };
    },
    set: (time) => {
      if (whenDue === undefined || time >= setTo) return;
      cancel();
      setTo = time;
      timer = clock.setTimeout(whenDue, time - clock.monotonic());
    },
    stop: () => {
      cancel();
      whenDue = undefined;
    },
  };
}
