// Describes what the self-test saw at an input in a sentence that leads to the wiring fault. Pure.

/** Everything that happened at one input while a person was asked to use it. Times in ms. */
export interface Observation {
  /** The level before the person was asked. */
  readonly pressedAtFirst: boolean;
  /** The first complete press. Absent: none. */
  readonly heldMs?: number;
  /** Pressed, but not released before the time was over. */
  readonly stillHeld: boolean;
  readonly bounces: number;
  readonly shortestPulseMs?: number;
  readonly fault?: string;
  /** The longest time without a read of the pin. 0: the reads were on time. */
  readonly longestGapMs: number;
  readonly lostEdges: number;
  /** Other inputs that were used during that time. */
  readonly others: readonly string[];
}

export interface Verdict {
  readonly ok: boolean;
  readonly text: string;
}

interface Wiring {
  readonly pull: 'up' | 'down' | 'off';
  readonly activeLow: boolean;
  readonly debounceMs: number;
  /** A key stays in its position; a button returns. */
  readonly isKey: boolean;
  /** The sampling period in ms. Absent: the driver sees every edge. */
  readonly sampleMs?: number;
}

/** Our choice: a good contact bounces a few times. More means a worn contact, or something else moves the line. */
const manyBounces = 30;

export function levelWord(pressed: boolean, { activeLow }: Pick<Wiring, 'activeLow'>): 'low' | 'high' {
  return pressed === activeLow ? 'low' : 'high';
}

export function verdictOf(observation: Observation, wiring: Wiring): Verdict {
  const { ok, text } = wiringOf(observation, wiring);
  return { ok, text: [text, ...unseenOf(observation)].join('. ') };
}

/** If no press is found, a person suspects the wiring. The cause may be the machine. */
function unseenOf({ longestGapMs, lostEdges }: Observation): readonly string[] {
  return [
    ...(longestGapMs === 0
      ? []
      : [
          `Meanwhile, the pins were not read for ${Math.round(longestGapMs)} ms, because this process got no processor time. A press may have been missed. Check the load of the machine`,
        ]),
    ...(lostEdges === 0
      ? []
      : [
          `Meanwhile, ${lostEdges} edge${lostEdges === 1 ? ' was' : 's were'} lost, because edges came faster than they could be read. A press may have been missed. Check the load of the machine, and look for noise on the line`,
        ]),
  ];
}

function wiringOf(observation: Observation, wiring: Wiring): Verdict {
  const bad = (text: string): Verdict => ({ ok: false, text });
  const bounced = bouncesOf(observation, wiring);
  if (observation.fault !== undefined) return bad(observation.fault);
  if (wiring.isKey && observation.pressedAtFirst)
    return bad('was already on at the beginning: turn it off, and test again');
  if (wiring.isKey && observation.stillHeld) return bad('turned on, but not off again in time');
  if (observation.heldMs !== undefined) {
    if (observation.pressedAtFirst)
      return bad(
        `read as pressed before it was touched, and then as released: a normally-closed contact, or activeLow is wrong (now ${String(wiring.activeLow)}); ${bounced}`,
      );
    const text = `seen: held for ${Math.round(observation.heldMs)} ms; ${bounced}`;
    return {
      ok: true,
      text:
        observation.bounces > manyBounces
          ? `${text}. That is a lot: a worn contact or noise on the line; see docs/hardware-debounce.md, or raise debounceMs`
          : text,
    };
  }
  if (observation.stillHeld && !observation.pressedAtFirst)
    return bad(
      `pressed, but not released in time: a jammed button, or a switch that stays where it is turned`,
    );
  const level = levelWord(observation.pressedAtFirst, wiring);
  if (observation.pressedAtFirst)
    return bad(
      `reads as pressed all the time (level ${level}): a short circuit, a normally-closed contact, or activeLow is wrong (now ${String(wiring.activeLow)})`,
    );
  if (observation.others.length > 0)
    return bad(`${observation.others.join(' and ')} changed instead of this one: are the wires swapped?`);
  if (observation.bounces > 0)
    return bad(
      `only short pulses, none as long as debounceMs (${wiring.debounceMs} ms); ${bounced}: a loose contact, or noise on a line without a resistor`,
    );
  return bad(
    `no change at all (level ${level}): is this the right line, and not the number of a header pin? Does the button connect it to ${wiring.activeLow ? 'ground' : '3.3 V'}? ${pullWord(wiring)}`,
  );
}

function bouncesOf({ bounces, shortestPulseMs }: Observation, { sampleMs }: Wiring): string {
  const count = bounces === 0 ? 'no bounce' : `${bounces} bounce${bounces === 1 ? '' : 's'}`;
  const shortest =
    shortestPulseMs === undefined
      ? ''
      : `, the shortest pulse ${String(Number(shortestPulseMs.toFixed(2)))} ms`;
  return `${count}${shortest}${sampleMs === undefined ? '' : ` (as far as reads every ${sampleMs} ms can show)`}`;
}

function pullWord({ pull, activeLow }: Wiring): string {
  if (pull === 'off') return 'pull is off: a resistor of your own must hold the line while it is open';
  return (pull === 'up') === activeLow
    ? `The resistor (pull ${pull}) is right for that`
    : `pull is ${pull}, which holds the line at the level of a press: set pull: ${activeLow ? 'up' : 'down'}`;
}
