// What workers have published on this connection. After a reconnect every signal and every availability is unknown again.
import type { ButtonSignal, Signal } from '../messages/button.ts';
import type { Availability } from '../messages/presence.ts';

export interface Signals {
  /** @returns true if the signal of the button differs from the last one ever received */
  hear(button: string, message: ButtonSignal | undefined): boolean;
  hearWorker(worker: string, availability: Availability | undefined): void;
  /** The connection is lost. */
  forget(): void;
  of(button: string): { readonly signal: Signal; readonly workerOnline: boolean } | undefined;
}

export function createSignals(): Signals {
  const current = new Map<string, ButtonSignal>();
  const online = new Set<string>();
  const last = new Map<string, Signal>();

  return {
    hear: (button, message) => {
      if (message === undefined) {
        current.delete(button);
        return false;
      }
      const changed = last.get(button) !== message.signal;
      current.set(button, message);
      last.set(button, message.signal);
      return changed;
    },
    hearWorker: (worker, availability) => {
      if (availability === 'online') online.add(worker);
      else online.delete(worker);
    },
    forget: () => {
      current.clear();
      online.clear();
    },
    of: (button) => {
      const message = current.get(button);
      return message === undefined
        ? undefined
        : { signal: message.signal, workerOnline: online.has(message.worker) };
    },
  };
}
