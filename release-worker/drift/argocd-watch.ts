// The interface of the watch over Argo CD.
import type { Version } from '../argocd/client.ts';
import type { ArgoCdError } from '../argocd/errors.ts';

export interface ArgoCdWatch {
  start(): void;
  stop(): Promise<void>;
  /** On the monotonic clock. 0 before anything is known */
  freshUntil(): number;
  /** When Argo CD last reported the state of its applications, on the monotonic clock */
  heardAt(): number | undefined;
  /** True if the event stream is open and has sent something */
  streaming(): boolean;
  /**
   * Call this for every failed request of other parts: Argo CD may be down, or may refuse the token.
   * @param change true if the request was to change something in Argo CD
   */
  failed(error: ArgoCdError, change: boolean): void;
  /** Why Argo CD cannot be reached. Until it can, no other requests are sent */
  away(): string | undefined;
  /** Call this for every answered request of other parts. */
  answered(): void;
  /**
   * Checks that Argo CD is there, for a caller that is about to rely on it. It asks if the last answer is some seconds old.
   * Undefined: Argo CD is there, or is known to be down. Otherwise it resolves when that is known.
   */
  doubt(): Promise<void> | undefined;
  /** Call this when `freshUntil` has passed, so that health reports it. */
  notFresh(): void;
  /** True if Argo CD answered the last request. A refusal is reported at once, even while the known state is still fresh. */
  reachable(): boolean;
  /** The problem of Argo CD and what to do about it */
  problem(): string | undefined;
  /** Wall-clock time of the last full list, in milliseconds since the epoch */
  lastListAt(): number | undefined;
  server(): Version | undefined;
  /** Resolves when the first full list is in the registry. Never rejects. */
  readonly firstList: Promise<void>;
}
