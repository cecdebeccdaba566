// What the watch over Argo CD tells everybody else, and what it is told.
import type { Version } from '../argocd/client.ts';
import type { ArgoCdError } from '../argocd/errors.ts';

export interface ArgoCdWatch {
  start(): void;
  stop(): Promise<void>;
  /** on the monotonic clock; 0 before anything is known */
  freshUntil(): number;
  /** on the monotonic clock; when Argo CD last said how its applications are */
  heardAt(): number | undefined;
  /** whether the event stream is open and has sent something */
  streaming(): boolean;
  /**
   * To be told of every call of others that failed: nobody may be there, or the token not be accepted any more.
   * @param change whether it was to change something in Argo CD
   */
  failed(error: ArgoCdError, change: boolean): void;
  /** why Argo CD cannot be reached; nothing but whether it can is asked for meanwhile */
  away(): string | undefined;
  /** To be told of every call of others that was answered. */
  answered(): void;
  /**
   * Whether Argo CD is there, for somebody who is about to rely on it: it is asked where it has not been heard for some
   * seconds. Undefined: it is, or is known not to be. Otherwise resolves when that is known.
   */
  doubt(): Promise<void> | undefined;
  /** To be told when `freshUntil` has passed, so that health says so too. */
  notFresh(): void;
  /** Whether Argo CD has answered when it was asked last: a refusal is a fact at once, however fresh what is known is. */
  reachable(): boolean;
  /** what is wrong with Argo CD, with the remedy */
  problem(): string | undefined;
  /** wall clock of the last full list, in milliseconds since the epoch */
  lastListAt(): number | undefined;
  server(): Version | undefined;
  /** Resolves when the first full list is in the registry; never rejects. */
  readonly firstList: Promise<void>;
}
