// A press on its way through the rules: what arrived, and what the rules may know.
import type { Gesture } from '../../messages/gesture.ts';
import type { Press } from '../../messages/press.ts';
import type { ButtonConfig } from '../selection.ts';

export interface Candidate {
  readonly pressId: string;
  /** the press gave its own id; a fresh one cannot be a duplicate */
  readonly ownId: boolean;
  readonly button: string;
  /** as configured; undefined: no such button here */
  readonly config: ButtonConfig | undefined;
  readonly press: Press;
  readonly gesture: Gesture;
  readonly source: string;
  /** why it could not be read */
  readonly malformed?: string;
  /** a stored copy, or sent with the retain flag */
  readonly retained: boolean;
}

export interface Knowledge {
  /** milliseconds since the epoch */
  readonly now: number;
  readonly maxPressAgeMs: number;
  readonly maxPressesPerMinute: number;
  /** milliseconds for which it has waited here for its turn */
  readonly waitedMs: number;
  readonly seen: boolean;
  /** presses looked at in the last minute: those that no rule objected to */
  readonly recent: number;
  /** milliseconds from the last accepted press of the button to the arrival of this one, at least 0 */
  readonly sinceAccepted: number | undefined;
}
