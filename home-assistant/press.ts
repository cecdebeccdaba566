// The presses that Home Assistant publishes, each with the gesture that does what is wanted.
import { gestures, type Gesture } from '../messages/gesture.ts';
import { buttonPress } from '../messages/press.ts';
import type { Action, WorkerInfo } from '../messages/worker.ts';

export type WorkerButton = WorkerInfo['buttons'][number];

const source = 'home-assistant';

/** The gesture that triggers the action. Undefined: none does. */
export function gestureFor(button: Pick<WorkerButton, 'on'>, action: Action): Gesture | undefined {
  return gestures.find((gesture) => button.on[gesture] === action);
}

/**
 * A press as a template. It has the time of the press: Home Assistant also accepts a press in the moments before it notices
 * that the broker is gone, and would send it after the reconnect. It has an id, so that a repeated message counts once.
 */
export function pressTemplate(gesture: Gesture): string {
  return buttonPress.codec.encode({
    id: 'ha-{{ (utcnow().timestamp() * 1000000) | int }}',
    at: '{{ utcnow().isoformat() }}',
    gesture,
    source,
  });
}

/** A press for one application. It has no time, because the payload of an update entity is no template. */
export function installPayload(gesture: Gesture, key: string): string {
  return buttonPress.codec.encode({ gesture, source, only: [key] });
}
