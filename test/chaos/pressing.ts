// Presses by the button of the agent or by the real mosquitto_pub, and how each press ended for its sender.
import { startChild, type Child } from './child.ts';
import { main, type Installation } from './installation.ts';
import { environments, type Environment, type Round } from './schedule.ts';

export interface Press {
  readonly round: number;
  readonly button: Environment;
  readonly source: Round['press']['source'];
  /** undefined: the button did not register it, because its agent died at that moment */
  id: string | undefined;
  /** when somebody pressed, and when the sender knew how the press had ended; in monotonic milliseconds */
  readonly at: number;
  settledAt: number | undefined;
  /** `acknowledged`: by the broker. `sent`: the agent has sent it, and has not reported it as dropped */
  fate: 'unknown' | 'sent' | 'acknowledged' | 'dropped';
}

export interface Pressing {
  readonly presses: readonly Press[];
  press(round: Round): void;
  /** when the newest press of the button was dropped, if it did not reach the broker; in monotonic milliseconds */
  droppedAt(button: Environment): number;
  /**
   * Whether the newest press of the button got no result although its worker was online, and the signal has not changed
   * since.
   */
  isUnanswered(button: Environment): boolean;
  /** Call it when the signal of the button has changed. */
  signalChanged(button: Environment): void;
  /** the presses that still wait for a broker */
  readonly waiting: readonly Child[];
}

export function createPressing(installation: Installation): Pressing {
  const presses: Press[] = [];
  const waiting = new Set<Child>();
  const droppedAt = new Map<Environment, number>();
  const unanswered = new Set<Environment>();
  const environmentNamed = (name: string | undefined) => environments.find((one) => one === name);

  installation.onLog((part, { at, log }) => {
    const text = log['msg'];
    if (part !== 'agent' || typeof text !== 'string') return;
    const match = /^button (\S+): press, sent as press (\S+)$/.exec(text);
    const button = environmentNamed(match?.[1]);
    if (match !== null && button !== undefined) {
      unanswered.delete(button);
      const press = presses.find(
        (one) => one.source === 'button' && one.button === button && one.fate === 'unknown',
      );
      const outcome = { id: match[2], settledAt: at, fate: 'sent' as const };
      if (press === undefined) presses.push({ round: 0, button, source: 'button', at, ...outcome });
      else Object.assign(press, outcome);
    }
    const dropped = /^press (\S+) of button (\S+) was dropped/.exec(text);
    const droppedAtButton = environmentNamed(dropped?.[2]);
    if (dropped !== null && droppedAtButton !== undefined) {
      droppedAt.set(droppedAtButton, at);
      const press = presses.find(({ id }) => id === dropped[1]);
      if (press !== undefined) press.fate = 'dropped';
    }
    const withoutResult = environmentNamed(/^press \S+ of button (\S+) got no result within/.exec(text)?.[1]);
    if (withoutResult !== undefined) unanswered.add(withoutResult);
  });

  const byMosquitto = (press: Press, id: string) => {
    const { folder, brokerPort } = installation;
    const topic = `${main}/button/${press.button}/press`;
    const dated = press.source === 'dated mosquitto_pub' ? { at: new Date().toISOString() } : {};
    const payload = JSON.stringify({ id, source: 'chaos', ...dated });
    const child = startChild({
      name: 'mosquitto_pub',
      program: 'mosquitto_pub',
      args: ['-h', '127.0.0.1', '-p', String(brokerPort), '-q', '1', '-t', topic, '-m', payload],
      cwd: folder,
    });
    waiting.add(child);
    void child.exited.then(({ code }) => {
      waiting.delete(child);
      press.settledAt = performance.now();
      press.fate = code === 0 ? 'acknowledged' : 'dropped';
    });
  };

  return {
    presses,
    press: ({ number, press: { button, source } }) => {
      // A press that was not registered stays so, because the next press of the button is another one.
      for (const press of presses)
        if (press.source === 'button' && press.fate === 'unknown') press.fate = 'dropped';
      const press: Press = {
        round: number,
        button,
        source,
        id: undefined,
        at: performance.now(),
        settledAt: undefined,
        fate: 'unknown',
      };
      presses.push(press);
      if (source === 'button') {
        installation.pressButton(button);
        return;
      }
      press.id = `round-${number}`;
      byMosquitto(press, press.id);
    },
    droppedAt: (button) => droppedAt.get(button) ?? -Infinity,
    isUnanswered: (button) => unanswered.has(button),
    signalChanged: (button) => void unanswered.delete(button),
    get waiting() {
      return [...waiting];
    },
  };
}
