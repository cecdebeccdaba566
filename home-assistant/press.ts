// The presses that Home Assistant publishes: proper ones, in the gesture that does what is wanted.
import { gestures } from '../messages/gesture.ts';
import type { Gesture } from '../messages/gesture.ts';
import { buttonPress } from '../messages/press.ts';
import type { Action, WorkerInfo } from '../messages/worker.ts';

export type WorkerButton = WorkerInfo['buttons'][number];

const source = 'home-assistant';

/** The gesture that does it, or undefined where none does. */
export function gestureFor(button: Pick<WorkerButton, 'on'>, action: Action): Gesture | undefined {
  return gestures.find((gesture) => button.on[gesture] === action);
}

/**
 * A press as a template: with the time of the press, since Home Assistant hands a message to its client also in the
 * moments in which nobody has noticed yet that the broker is gone, and sent after the reconnect it would release late;
 * and with an id of its own, so that a repeated message counts once.
 */
export function pressTemplate(gesture: Gesture): string {
  return buttonPress.codec.encode({
    id: 'ha-{{ (utcnow().timestamp() * 1000000) | int }}',
    at: '{{ utcnow().isoformat() }}',
    gesture,
    source,
  });
}

/** A press for one application. Without a time: the update entity's payload is no template. */
export function installPayload(gesture: Gesture, key: string): string {
  return buttonPress.codec.encode({ gesture, source, only: [key] });
}
