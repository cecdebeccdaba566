// A press on its way through the rules: what arrived, and what the rules know.
import { randomUUID } from 'node:crypto';
import type { Decoded } from '../../messages/codec.ts';
import type { Gesture } from '../../messages/gesture.ts';
import type { Press } from '../../messages/press.ts';
import type { PlannedApp, PlannedRelease } from '../releases/release.ts';
import { settingsOf } from '../releases/settings.ts';
import type { ButtonConfig } from '../buttons.ts';

export interface Candidate {
  readonly pressId: string;
  /** the press came with an id, which counts once; a malformed press may come again with the same id, corrected */
  readonly ownId: boolean;
  readonly button: string;
  /** as configured; undefined: this worker has no such button */
  readonly config: ButtonConfig | undefined;
  readonly press: Press;
  readonly gesture: Gesture;
  readonly source: string;
  /** why the press could not be read */
  readonly malformed?: string;
  /** a retained copy, or sent with the retain flag */
  readonly retained: boolean;
}

export interface Knowledge {
  /** milliseconds since the epoch */
  readonly now: number;
  /** What the clock would show without its last step. Undefined: it made none, or is known to be right now. */
  readonly formerNow: number | undefined;
  readonly maxPressAgeMs: number;
  readonly maxPressesPerMinute: number;
  /** how long the press has waited for its turn in this process, in milliseconds */
  readonly waitedMs: number;
  /** a press with this id has been counted before */
  readonly seen: boolean;
  /** ids of all configured buttons */
  readonly buttons: readonly string[];
  /** number of presses in the last minute that passed the rules and that count for this press */
  readonly recent: number;
  /**
   * Milliseconds from the last accepted press of the button to the arrival of this one, at least 0. Undefined: this press
   * selects something that was not pressed just now.
   */
  readonly sinceAccepted: number | undefined;
  /** why the button is frozen */
  readonly frozen: Hold | undefined;
}

export interface Hold {
  /** in words */
  readonly why: string;
  /** only this button is frozen, not all buttons */
  readonly alone: boolean;
}

export function candidateOf(arrived: {
  readonly decoded: Decoded<Press>;
  readonly button: string;
  readonly config: ButtonConfig | undefined;
  readonly retained: boolean;
}): Candidate {
  const { decoded, button, config, retained } = arrived;
  const press = decoded.ok ? decoded.value : {};
  return {
    pressId: (decoded.ok ? press.id : decoded.id) ?? randomUUID(),
    ownId: press.id !== undefined,
    button,
    config,
    press,
    gesture: press.gesture ?? 'press',
    source: press.source ?? 'mqtt',
    ...(decoded.ok ? {} : { malformed: decoded.error }),
    retained,
  };
}

/** The applications of a press that may share a release with others: a press that names applications and releases them. */
export function gatheredBy({ malformed, retained, config, gesture, press }: Candidate) {
  const isPlain = malformed !== undefined || retained || config?.on[gesture] !== 'release';
  return isPlain ? undefined : press.only;
}

/** @param at RFC 3339 */
export function plannedRelease(
  { button, gesture, pressId, source, press: { by } }: Candidate,
  config: ButtonConfig,
  apps: readonly PlannedApp[],
  at: string,
): PlannedRelease {
  const action = config.on[gesture] === 'rollback' ? 'rollback' : 'release';
  return {
    id: randomUUID(),
    ...(action === 'rollback' ? { action } : {}),
    button,
    pressId,
    source,
    ...(by === undefined ? {} : { by }),
    startedAt: at,
    settings: settingsOf(config, action),
    apps,
  };
}
