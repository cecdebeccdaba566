// Keys of a terminal as buttons: space is the first one, h holds it, 1 to 9 are the nth.

/** What is used of `process.stdin`. */
export interface KeyboardInput {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (data: Uint8Array | string) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'data', listener: (data: Uint8Array | string) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export interface Keyboard {
  /** False: there is no terminal, and nothing was touched. */
  start(): boolean;
  stop(): void;
}

export function createKeyboard(options: {
  readonly input: KeyboardInput;
  /** @param index 0 for the first button */
  readonly onPress: (index: number) => void;
  /** A terminal does not say how long a key is held, so holding has a key of its own. */
  readonly onHold: (index: number) => void;
  /** Ctrl-C, Ctrl-\ or q: in raw mode the terminal no longer turns Ctrl-C and Ctrl-\ into signals. */
  readonly onInterrupt: () => void;
}): Keyboard {
  const { input, onPress, onHold, onInterrupt } = options;
  const onData = (data: Uint8Array | string) => {
    const text = typeof data === 'string' ? data : new TextDecoder().decode(data);
    // One key at a time: an escape sequence (an arrow key) or a paste must not press what its characters happen to name.
    if (text === '\u0003' || text === '\u001C' || text === 'q') onInterrupt();
    else if (text === ' ') onPress(0);
    else if (text === 'h') onHold(0);
    else if (/^[1-9]$/.test(text)) onPress(Number(text) - 1);
  };
  // The terminal was closed: reads and changes of its mode fail from then on, also during the stop. There are no keys any
  // more, and nothing else is lost; SIGHUP says whether the process ends.
  const onGone = () => undefined;
  let started = false;
  return {
    start: () => {
      if (started) return true;
      if (input.isTTY !== true || input.setRawMode === undefined) return false;
      started = true;
      input.on('error', onGone);
      input.setRawMode(true);
      input.on('data', onData);
      input.resume();
      return true;
    },
    stop: () => {
      if (!started) return;
      started = false;
      input.off('data', onData);
      input.setRawMode?.(false);
      input.pause();
    },
  };
}
