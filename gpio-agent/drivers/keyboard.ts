// Keys of a terminal as buttons: space presses the first button, h holds it, 1 to 9 press the nth.

/** The used part of `process.stdin`. */
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
  /** False if there is no terminal; nothing was changed then. */
  start(): boolean;
  stop(): void;
}

export function createKeyboard(options: {
  readonly input: KeyboardInput;
  /** @param index 0 for the first button */
  readonly onPress: (index: number) => void;
  /** Holds a button. A terminal does not report how long a key is held, so this has a key of its own. */
  readonly onHold: (index: number) => void;
  /** Ctrl-C, Ctrl-\ or q. In raw mode the terminal no longer turns Ctrl-C and Ctrl-\ into signals. */
  readonly onInterrupt: () => void;
}): Keyboard {
  const { input, onPress, onHold, onInterrupt } = options;
  const onData = (data: Uint8Array | string) => {
    const text = typeof data === 'string' ? data : new TextDecoder().decode(data);
    // One key at a time: an escape sequence (an arrow key) or a pasted text must not press buttons.
    if (text === '\u0003' || text === '\u001C' || text === 'q') onInterrupt();
    else if (text === ' ') onPress(0);
    else if (text === 'h') onHold(0);
    else if (/^[1-9]$/.test(text)) onPress(Number(text) - 1);
  };
  // The terminal was closed. From now on reads and mode changes fail, also during the stop. Only the keys are lost; SIGHUP
  // decides whether the process ends.
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
