// One timer for many deadlines: it fires at the earliest of them.
import type { Clock, Timer } from '../../service/clock.ts';

export interface Alarm {
  /** Allows deadlines from now on. */
  start(onTime: () => void): void;
  /** @param time in monotonic milliseconds. Has no effect if an earlier one is set */
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
