// Presses by the agent's own button or by the real mosquitto_pub, and how each ended as its sender sees it.
import { startChild, type Child } from './child.ts';
import { main, type Installation } from './installation.ts';
import type { Round } from './schedule.ts';

export interface Press {
  readonly round: number;
  readonly source: Round['press']['source'];
  /** undefined: the button did not register it (its agent died at that moment) */
  id: string | undefined;
  /** monotonic milliseconds: when somebody pressed, and when the sender knew how the press had ended */
  readonly at: number;
  settledAt: number | undefined;
  /** `taken`: the broker has acknowledged it; `sent`: the agent has sent it and not reported it as dropped */
  fate: 'unknown' | 'sent' | 'taken' | 'dropped';
}

export interface Pressing {
  readonly presses: readonly Press[];
  press(round: Round): void;
  /** the newest press of the button that did not reach the broker; monotonic milliseconds */
  readonly droppedAt: number;
  /** The newest press of the button got no result although its worker was online, and the signal has not changed. */
  readonly unanswered: boolean;
  /** must be called when the signal of the button has changed */
  signalChanged(): void;
  /** Ends the presses that still wait for a broker. */
  readonly waiting: readonly Child[];
}

const topic = `${main}/button/main/press`;

export function createPressing(installation: Installation): Pressing {
  const presses: Press[] = [];
  const waiting = new Set<Child>();
  let droppedAt = -Infinity;
  let unanswered = false;

  installation.onLog((part, { at, log }) => {
    const text = log['msg'];
    if (part !== 'agent' || typeof text !== 'string') return;
    const sent = /^button main: press, sent as press (\S+)$/.exec(text)?.[1];
    if (sent !== undefined) {
      unanswered = false;
      const press = presses.find((one) => one.source === 'button' && one.fate === 'unknown');
      if (press === undefined)
        presses.push({ round: 0, source: 'button', id: sent, at, settledAt: at, fate: 'sent' });
      else Object.assign(press, { id: sent, settledAt: at, fate: 'sent' });
    }
    const dropped = /^press (\S+) of button main was dropped/.exec(text)?.[1];
    if (dropped !== undefined) {
      droppedAt = at;
      const press = presses.find(({ id }) => id === dropped);
      if (press !== undefined) press.fate = 'dropped';
    }
    if (/^press \S+ of button main got no result within/.test(text)) unanswered = true;
  });

  const byMosquitto = (press: Press, id: string) => {
    const { folder, brokerPort } = installation;
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
      press.fate = code === 0 ? 'taken' : 'dropped';
    });
  };

  return {
    presses,
    press: ({ number, press: { source } }) => {
      // A press that was not registered stays so: the next press of the button is another one.
      for (const press of presses)
        if (press.source === 'button' && press.fate === 'unknown') press.fate = 'dropped';
      const press: Press = {
        round: number,
        source,
        id: undefined,
        at: performance.now(),
        settledAt: undefined,
        fate: 'unknown',
      };
      presses.push(press);
      if (source === 'button') {
        installation.pressButton();
        return;
      }
      press.id = `round-${number}`;
      byMosquitto(press, press.id);
    },
    get droppedAt() {
      return droppedAt;
    },
    get unanswered() {
      return unanswered;
    },
    signalChanged: () => {
      unanswered = false;
    },
    get waiting() {
      return [...waiting];
    },
  };
}
