// How other programs tell a press from noise. Each algorithm is written anew from the public source of the program. It gets the
// level of a line whenever it changes, and says when the program would report a press. Times are in milliseconds.

export interface Contender {
  readonly name: string;
  readonly create: (pressed: (at: number) => void) => Listener;
}

interface Listener {
  /** The level has changed. */
  change(isPressed: boolean, at: number): void;
  end(at: number): void;
}

/**
 * Reports a level when no edge has come for a given time, if the level differs from the last reported one. The kernel does this
 * (Linux, drivers/gpio/gpiolib-cdev.c: debounce_irq_handler, debounce_work_func). So do lgpio below gpiozero (joan2937/lg,
 * lgPthAlerts.c: xDebWatEvt; gpiozero/pins/lgpio.py: _set_bounce) and onoff with its debounceTimeout.
 */
const quietFor = (ms: number) => (pressed: (at: number) => void) => {
  let level = false;
  let reported = false;
  let dueAt = Number.POSITIVE_INFINITY;
  const settle = (now: number) => {
    if (now < dueAt) return;
    if (level !== reported && level) pressed(dueAt);
    reported = level;
    dueAt = Number.POSITIVE_INFINITY;
  };
  return {
    change: (isPressed: boolean, at: number) => {
      settle(at);
      level = isPressed;
      dueAt = at + ms;
    },
    end: settle,
  };
};

/**
 * Counts an edge when enough time has passed since the last counted edge (RPi.GPIO, source/event_gpio.c: poll_thread).
 * gpiozero then reads the level and compares it with the previous one (gpiozero/pins/rpigpio.py, gpiozero/mixins.py).
 */
const lockOut = (ms: number) => (pressed: (at: number) => void) => {
  let known = false;
  let countedAt = Number.NEGATIVE_INFINITY;
  return {
    change: (isPressed: boolean, at: number) => {
      if (at - countedAt <= ms) return;
      countedAt = at;
      if (isPressed && !known) pressed(at);
      known = isPressed;
    },
    end: () => undefined,
  };
};

/**
 * Each falling edge is a press, unless another one came shortly before (flyte/mqtt-io, modules/gpio/raspberrypi.py:
 * setup_interrupt).
 */
const edgeLockOut = (ms: number) => (pressed: (at: number) => void) => {
  let countedAt = Number.NEGATIVE_INFINITY;
  return {
    change: (isPressed: boolean, at: number) => {
      if (!isPressed || at - countedAt <= ms) return;
      countedAt = at;
      pressed(at);
    },
    end: () => undefined,
  };
};

/** Reads the level at a fixed interval. */
const looking = (everyMs: number, look: (level: boolean, at: number) => void) => (): Listener => {
  let level = false;
  let lookAt = 0;
  const until = (now: number) => {
    for (; lookAt < now; lookAt += everyMs) look(level, lookAt);
  };
  return {
    change: (isPressed, at) => {
      until(at);
      level = isPressed;
    },
    end: until,
  };
};

/** A press is a pressed reading after a released one (flyte/mqtt-io, server.py: digital_input_poller; poll_interval 0.1 s). */
const polled = (everyMs: number) => (pressed: (at: number) => void) => {
  let known = false;
  return looking(everyMs, (level, at) => {
    if (level && !known) pressed(at);
    known = level;
  })();
};

/**
 * A loop reads the level every 16 ms. Each change that it finds restarts a timer, which then reports the level (esphome/esphome,
 * components/binary_sensor/filter.cpp: DelayedOnOffFilter).
 */
const delayedOnOff = (ms: number) => (pressed: (at: number) => void) => {
  let found = false;
  let reported = false;
  let dueAt = Number.POSITIVE_INFINITY;
  return looking(16, (level, at) => {
    if (level !== found) {
      found = level;
      dueAt = at + ms;
    }
    if (at < dueAt) return;
    if (found && !reported) pressed(at);
    reported = found;
    dueAt = Number.POSITIVE_INFINITY;
  })();
};

export const contenders: readonly Contender[] = [
  { name: 'kernel, lgpio, onoff: 30 ms', create: quietFor(30) },
  { name: 'the same, 100 ms', create: quietFor(100) },
  { name: 'gpiozero, as it comes', create: lockOut(-1) },
  { name: 'gpiozero on RPi.GPIO, 30 ms', create: lockOut(30) },
  { name: 'mqtt-io, interrupt (100 ms)', create: edgeLockOut(100) },
  { name: 'mqtt-io, as it comes (poll)', create: polled(100) },
  { name: 'ESPHome delayed_on_off, 30 ms', create: delayedOnOff(30) },
];
