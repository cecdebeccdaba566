// Whether Argo CD answered the last request. It is reported at once, even while the known state is fresh.
import { ArgoCdError } from '../argocd/errors.ts';
import { raisesDoubt } from './reach.ts';

export interface LastAnswer {
  now(): boolean;
  /** A list was answered, or failed with this error. */
  listed(error?: unknown): void;
  answered(): void;
  failed(error: ArgoCdError): void;
}

export function isTokenRefused(error: unknown): error is ArgoCdError {
  return error instanceof ArgoCdError && error.kind === 'unauthenticated';
}

export function createLastAnswer({ onChange }: { readonly onChange: () => void }): LastAnswer {
  /** An answer to a small request does not prove that lists work, so lists count separately. */
  let lists = true;
  let isThere = true;

  const set = (change: () => void) => {
    const before = lists && isThere;
    change();
    if ((lists && isThere) !== before) onChange();
  };
  return {
    now: () => lists && isThere,
    listed: (error) => {
      const isNoAnswer = error instanceof ArgoCdError && (raisesDoubt(error) || isTokenRefused(error));
      if (error !== undefined && !isNoAnswer) return;
      set(() => {
        lists = !isNoAnswer;
      });
    },
    answered: () =>
      set(() => {
        isThere = true;
      }),
    failed: ({ kind }) => {
      // A refused connection is a fact. After any other failure, the next question shows whether it was temporary.
      if (kind !== 'unreachable') return;
      set(() => {
        isThere = false;
      });
    },
  };
}
