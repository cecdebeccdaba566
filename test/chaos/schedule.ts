// Makes the rounds from a seed: which part is killed or paused, when somebody presses, and how.
import { randomFrom } from '../../bench/debounce/random.ts';

/**
 * Each environment has its own worker, Argo CD, button and light. Worker, button and LED have the id of the environment.
 */
export const environments = ['main', 'staging'] as const;
export type Environment = (typeof environments)[number];

export const parts = [
  'broker',
  'agent',
  'worker main',
  'worker staging',
  'simulator main',
  'simulator staging',
] as const;
export type PartName = (typeof parts)[number];
type Kind = 'broker' | 'agent' | 'worker' | 'simulator';

const places: Readonly<Record<PartName, { readonly kind: Kind; readonly environment?: Environment }>> = {
  broker: { kind: 'broker' },
  agent: { kind: 'agent' },
  'worker main': { kind: 'worker', environment: 'main' },
  'worker staging': { kind: 'worker', environment: 'staging' },
  'simulator main': { kind: 'simulator', environment: 'main' },
  'simulator staging': { kind: 'simulator', environment: 'staging' },
};

export function kindOf(part: PartName): Kind {
  return places[part].kind;
}

/** The environment that needs the part. Undefined: both need it. */
export function environmentOf(part: PartName): Environment | undefined {
  return places[part].environment;
}

/** `kill`: SIGKILL. `stop`: SIGSTOP until the light shows it. `pause`: SIGSTOP, too short for the light to show it. */
export const faults = ['kill', 'stop', 'pause'] as const;
export type Fault = (typeof faults)[number];

export interface Round {
  /** from 1 */
  readonly number: number;
  readonly part: PartName;
  readonly fault: Fault;
  /** Whether the round waits until no release runs, so that its press can be accepted. */
  readonly calm: boolean;
  /** When a killed part returns: at once, as with a service manager, or when the light shows its death. */
  readonly comesBack: 'at once' | 'once noticed';
  /** How long a pause lasts, in milliseconds. */
  readonly pauseMs: number;
  readonly press: {
    readonly button: Environment;
    readonly moment: 'before' | 'during' | 'after';
    /** From the press to the fault, or from the fault to the press, in milliseconds. */
    readonly apartMs: number;
    /** The button of the agent; mosquitto_pub; or mosquitto_pub with the time of the press. */
    readonly source: 'button' | 'mosquitto_pub' | 'dated mosquitto_pub';
  };
  /** How many applications drift before the round, in each environment where nothing is out of sync. */
  readonly drift: 1 | 2;
}

/** 60 rounds. A paused part is noticed late, so there are few such rounds. */
const mix: Readonly<Record<PartName, Readonly<Record<Fault, number>>>> = {
  broker: { kill: 10, stop: 2, pause: 2 },
  agent: { kill: 11, stop: 2, pause: 1 },
  'worker main': { kill: 7, stop: 1, pause: 1 },
  'worker staging': { kill: 6, stop: 1, pause: 0 },
  'simulator main': { kill: 6, stop: 2, pause: 1 },
  'simulator staging': { kill: 5, stop: 2, pause: 0 },
};

/** The share of calm rounds. In the others, a release of the round before may still run. */
const calmShare = 0.75;

export function makeSchedule(seed: number): readonly Round[] {
  const random = randomFrom(seed);
  const between = (from: number, to: number) => Math.round(from + (to - from) * random());
  const pick = <T>(first: T, ...others: readonly T[]): T =>
    [first, ...others][Math.floor(random() * (others.length + 1))] ?? first;

  const deck = parts.flatMap((part) =>
    faults.flatMap((fault) => Array.from({ length: mix[part][fault] }, () => ({ part, fault }))),
  );
  const order = deck.map((card) => ({ card, at: random() })).sort((a, b) => a.at - b.at);

  return order.map(({ card: { part, fault } }, index): Round => {
    // After a withdrawal, a press still lies in the socket of a broker that was paused for more than 2 s.
    const takenBack = part === 'broker' && fault === 'pause';
    const moment = takenBack ? 'during' : pick('before', 'during', 'after');
    const noFinger = part === 'agent' && moment === 'during';
    // A client that waits for a paused broker has pressed when its wait began. Only a time in the press tells the worker.
    const mustBeDated = part === 'broker' && fault === 'stop' && moment === 'during';
    const source = takenBack ? 'button' : pick('button', 'mosquitto_pub', 'dated mosquitto_pub');
    return {
      number: index + 1,
      part,
      fault,
      calm: random() < calmShare,
      comesBack: pick('at once', 'once noticed'),
      pauseMs: takenBack ? between(2_600, 4_000) : between(500, 4_000),
      press: {
        button: pick(...environments),
        moment,
        apartMs: moment === 'before' ? between(0, 900) : between(20, 600),
        source: noFinger || (mustBeDated && source === 'mosquitto_pub') ? 'dated mosquitto_pub' : source,
      },
      drift: pick(1, 2),
    };
  });
}

/** Such as `11 kills, 2 stops and 1 pause of the broker; …`. */
export function mixOf(rounds: readonly Round[]): string {
  const count = (part: PartName, fault: Fault) =>
    rounds.filter((round) => round.part === part && round.fault === fault).length;
  return parts.map((part) => `${part} ${faults.map((fault) => count(part, fault)).join('+')}`).join(', ');
}
