// Models, from a seed, the signals that a button and its wire produce. A signal is a list of times in milliseconds: the line is
// released at 0, and its level changes at each time. To merge two sources (a finger and noise), their times are sorted, because
// each change of a source changes the line.
import { between, randomFrom, type Random } from './random.ts';

export interface Press {
  /** The time of the first contact, and the time when the finger lets go. */
  readonly from: number;
  readonly to: number;
}

export interface Signal {
  readonly name: string;
  /** In order of time; empty if nobody presses. */
  readonly presses: readonly Press[];
  /** When the level changes, in order of time. There may be any number of changes. */
  readonly changes: () => Iterable<number>;
  readonly endMs: number;
  /** True if each pair of presses is meant as a double press. */
  readonly double?: true;
}

/** The time of the first press. Before it, the agent starts and the line settles. */
const startMs = 500;

interface Switch {
  /** When a contact that has just closed changes again. The number of times is even, so that it stays closed. */
  readonly closing: (random: Random) => readonly number[];
  readonly opening: (random: Random) => readonly number[];
}

/** Changes at random moments of a bounce. The last change is at its end. */
function chatter(random: Random, forMs: number, mostPairs: number): readonly number[] {
  const pairs = Math.floor(between(random, 0, mostPairs + 1));
  if (pairs === 0) return [];
  return [...Array.from({ length: 2 * pairs - 1 }, () => forMs * random()), forMs].sort((a, b) => a - b);
}

/** Like the 18 kinds of switches that Jack Ganssle measured (A Guide to Debouncing): 1.6 ms on average, 6.2 ms at most. */
const ordinaryBounce = (random: Random) => chatter(random, Math.min(6.2, -1.6 * Math.log(1 - random())), 6);

const ordinary: Switch = { closing: ordinaryBounce, opening: ordinaryBounce };

/**
 * A push button whose contact drags on release: it opens and closes for 90 to 132 ms, and keeps each level for 1 to 66 ms, mostly
 * for a short time. With 30 ms for both edges, about 7 % of its presses are sent twice, as with the worst push buttons that people
 * have measured.
 */
const poor: Switch = {
  closing: (random) => chatter(random, between(random, 0, 15), 8),
  opening: (random) => {
    const forMs = between(random, 90, 132);
    const changes: number[] = [];
    for (let at = 0; ;) {
      at += 66 ** random();
      if (at >= forMs) break;
      changes.push(at);
    }
    return changes.length % 2 === 0 ? changes : changes.slice(0, -1);
  },
};

interface Hand {
  readonly heldMs: readonly [number, number];
  readonly apartMs: readonly [number, number];
  /** The range of every second pause, for a hand that double-presses. */
  readonly thenMs?: readonly [number, number];
}

const hand: Hand = { heldMs: [60, 400], apartMs: [300, 900] };

function finger(options: {
  readonly name: string;
  readonly seed: number;
  readonly count: number;
  readonly contact?: Switch;
  readonly hand?: Hand;
  readonly noise?: (random: Random, endMs: number) => () => Iterable<number>;
}): Signal {
  const { name, count, contact = ordinary, hand: { heldMs, apartMs, thenMs } = hand } = options;
  const random = randomFrom(options.seed);
  const presses: Press[] = [];
  const changes: number[] = [];
  let at = startMs;
  for (let index = 0; index < count; index += 1) {
    const from = at;
    const closing = contact.closing(random);
    // A press lasts at least until its contact has finished closing.
    const to = Math.max(from + between(random, ...heldMs), from + (closing.at(-1) ?? 0));
    const opening = contact.opening(random);
    presses.push({ from, to });
    changes.push(from, ...closing.map((ms) => from + ms), to, ...opening.map((ms) => to + ms));
    at = Math.max(
      to + between(random, ...(index % 2 === 1 ? (thenMs ?? apartMs) : apartMs)),
      changes.at(-1) ?? 0,
    );
  }
  const endMs = at + 1000;
  const noise = options.noise?.(random, endMs);
  return {
    name,
    presses,
    changes: noise === undefined ? () => changes : () => both(changes, noise()),
    endMs,
    ...(thenMs === undefined ? {} : { double: true }),
  };
}

function* both(one: Iterable<number>, other: Iterable<number>): Iterable<number> {
  const rest = other[Symbol.iterator]();
  let next = rest.next();
  for (const at of one) {
    for (; next.done !== true && next.value < at; next = rest.next()) yield next.value;
    yield at;
  }
  for (; next.done !== true; next = rest.next()) yield next.value;
}

/** Spikes of the given length at 100 Hz, each at a random moment of its 10 ms, with 3 ms to the next one. */
const spikes = (widthMs: readonly [number, number]) => (random: Random, endMs: number) => {
  const seed = random() * 2 ** 32;
  return function* changes() {
    const own = randomFrom(seed);
    for (let turn = 0; turn < endMs; turn += 10) {
      const width = between(own, ...widthMs);
      const from = turn + 2 * own();
      yield from;
      yield from + width;
    }
  };
};

function noise(name: string, endMs: number, levels: () => Iterable<number>): Signal {
  return {
    name,
    presses: [],
    endMs,
    changes: function* changes() {
      let at = startMs;
      for (const ms of levels()) {
        at += ms;
        if (at >= endMs) return;
        yield at;
      }
    },
  };
}

/** A wire that picks up the mains: half waves of about 10 ms, which vary with the load, and chatter at the crossings. */
function* hum(seed: number): Iterable<number> {
  const random = randomFrom(seed);
  for (;;) {
    const low = between(random, 8.5, 11.5);
    for (const half of [low, 20 - low]) {
      const crossing = chatter(random, 0.6, 3);
      let last = 0;
      for (const ms of crossing) {
        yield ms - last;
        last = ms;
      }
      yield half - last;
    }
  }
}

/** Bursts as in IEC 61000-4-4: 15 ms of spikes at 5 kHz every 300 ms, stretched by cable and pull-up to 0.02 to 0.15 ms. */
function* bursts(seed: number): Iterable<number> {
  const random = randomFrom(seed);
  yield 285;
  for (;;) {
    for (let spike = 1; spike <= 75; spike += 1) {
      const width = between(random, 0.02, 0.15);
      yield width;
      yield (spike === 75 ? 285 : 0.2) - width;
    }
  }
}

function* levels(seed: number, fromMs: number, toMs: number): Iterable<number> {
  const random = randomFrom(seed);
  for (;;) yield between(random, fromMs, toMs);
}

/**
 * @param count the number of presses in each signal with a finger
 * @param noiseMs the length of the signals that are only noise
 */
export function signalsOf(count: number, noiseMs: number): readonly Signal[] {
  const loud: Hand = { heldMs: [100, 400], apartMs: [300, 900] };
  return [
    finger({ name: 'ordinary switch', seed: 1, count }),
    finger({ name: 'poor push button, bounces to 132 ms', seed: 2, count, contact: poor }),
    finger({ name: 'taps of 45 to 60 ms', seed: 3, count, hand: { heldMs: [45, 60], apartMs: [200, 500] } }),
    finger({ name: 'spikes of 0.3 ms at 100 Hz', seed: 4, count, hand: loud, noise: spikes([0.3, 0.3]) }),
    finger({
      name: 'spikes of 0.05 to 2.9 ms at 100 Hz',
      seed: 5,
      count,
      hand: loud,
      noise: spikes([0.05, 2.9]),
    }),
    finger({
      name: 'double presses, 80 to 150 ms apart',
      seed: 6,
      count,
      hand: { heldMs: [50, 120], apartMs: [80, 150], thenMs: [900, 1200] },
    }),
    noise('hum of 50 Hz alone', noiseMs, () => hum(7)),
    noise('bursts of 5 kHz alone', noiseMs, () => bursts(8)),
    noise('5 kHz without end, alone', noiseMs, () => levels(9, 0.08, 0.12)),
    noise('levels of 0.05 to 2.9 ms without end', noiseMs, () => levels(10, 0.05, 2.9)),
  ];
}
