// Whether Argo CD answered when it was asked last, which is told at once, however fresh what is known still is.
import { ArgoCdError } from '../argocd/errors.ts';
import { raisesDoubt } from './reach.ts';

export interface LastAnswer {
  now(): boolean;
  /** A list was answered, or failed with this. */
  listed(error?: unknown): void;
  answered(): void;
  failed(error: ArgoCdError): void;
}

export function isTokenRefused(error: unknown): error is ArgoCdError {
  return error instanceof ArgoCdError && error.kind === 'unauthenticated';
}

export function createLastAnswer({ onChange }: { readonly onChange: () => void }): LastAnswer {
  /** An answer to a small question is none to a list, so each counts for itself. */
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
      // That nobody listens is a fact. Of anything else the question that follows says whether it was in passing.
      if (kind !== 'unreachable') return;
      set(() => {
        isThere = false;
      });
    },
  };
}
