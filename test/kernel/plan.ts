// Makes a finger and the noise of its line from a seed: presses whose contacts bounce, and spikes between them.
import { randomFrom } from '../../bench/debounce/random.ts';

export interface Step {
  readonly pressed: boolean;
  /** how long the level stays */
  readonly us: number;
  /**
   * `press`: from the last bounce until the release. The other parts must not count. `dropout`: a spike while the button
   * is held.
   */
  readonly part: 'press' | 'bounce' | 'spike' | 'dropout' | 'gap';
  /** the number of the press that the step belongs to, from 0 */
  readonly press?: number;
}

/** In µs. A press counts after 30 ms and a release after 100 ms. These are longer; spikes and bounces are shorter. */
const durations = {
  bounce: [100, 5_000],
  held: [60_000, 100_000],
  /** Before and after the dropout of a press. */
  heldPart: [40_000, 60_000],
  between: [120_000, 150_000],
  spike: [100, 20_000],
  /** Also shorter than the debounce time, because nothing needs to settle between two spikes. */
  betweenSpikes: [10_000, 60_000],
} as const;

/** One press of so many has a dropout, as long as spikes are left for it. */
const dropoutEvery = 5;

/** @param numbers how many presses, and how many spikes; some of the spikes are dropouts while a press is held */
export function makePlan(
  seed: number,
  { presses, spikes }: { readonly presses: number; readonly spikes: number },
): readonly Step[] {
  const random = randomFrom(seed);
  const between = ([from, to]: readonly [number, number]) => Math.round(from + (to - from) * random());
  const steps: Step[] = [];
  const dropouts = Math.min(spikes, Math.ceil(presses / dropoutEvery));

  /** Contacts that touch and part again before they stay closed. */
  const bounces = (first: boolean, press: number) => {
    const pairs = Math.floor(random() * 5);
    for (let pair = 0; pair < pairs; pair += 1)
      for (const pressed of [first, !first])
        steps.push({ pressed, us: between(durations.bounce), part: 'bounce', press });
  };
  const press = (number: number) => {
    bounces(true, number);
    if (number % dropoutEvery === 0 && number < dropouts * dropoutEvery) {
      steps.push({ pressed: true, us: between(durations.heldPart), part: 'press', press: number });
      steps.push({ pressed: false, us: between(durations.spike), part: 'dropout', press: number });
      steps.push({ pressed: true, us: between(durations.heldPart), part: 'press', press: number });
    } else steps.push({ pressed: true, us: between(durations.held), part: 'press', press: number });
    bounces(false, number);
    steps.push({ pressed: false, us: between(durations.between), part: 'gap' });
  };
  const spike = () => {
    steps.push({ pressed: true, us: between(durations.spike), part: 'spike' });
    steps.push({ pressed: false, us: between(durations.betweenSpikes), part: 'gap' });
  };

  steps.push({ pressed: false, us: durations.between[1], part: 'gap' });
  let pressesLeft = presses;
  let spikesLeft = spikes - dropouts;
  while (pressesLeft + spikesLeft > 0)
    if (random() * (pressesLeft + spikesLeft) < pressesLeft) {
      press(presses - pressesLeft);
      pressesLeft -= 1;
    } else {
      spike();
      spikesLeft -= 1;
    }
  return steps;
}

/**
 * Presses of a second each on a line with spikes of 0.3 ms at 100 Hz. None of them may be missed.
 * @param presses how many
 */
function makeSpikyPlan(presses: number): readonly Step[] {
  const spikes = (pressed: boolean, forMs: number, press?: number): readonly Step[] =>
    Array.from({ length: forMs / 10 }, () => [
      {
        pressed,
        us: 9_700,
        part: pressed ? ('press' as const) : ('gap' as const),
        ...(press === undefined ? {} : { press }),
      },
      { pressed: !pressed, us: 300, part: 'spike' as const },
    ]).flat();
  return [
    ...Array.from({ length: presses }, (_, press) => [
      ...spikes(false, 500),
      ...spikes(true, 1000, press),
    ]).flat(),
    { pressed: false, us: 500_000, part: 'gap' },
  ];
}

/** Always the same, so that a failure can be repeated. */
export const seed = 20_261_125;

/** The plans of the two buttons. */
export const plans = {
  main: makePlan(seed, { presses: 100, spikes: 500 }),
  second: makePlan(seed + 1, { presses: 100, spikes: 500 }),
};
export const spikyPlan = makeSpikyPlan(10);
export const onePress = makePlan(seed + 2, { presses: 1, spikes: 1 });

/**
 * Writes a plan in the format of the stimulus.
 * @param activeLow whether pressed is the low level
 */
export function planText(steps: readonly Step[], activeLow: boolean): string {
  return steps.map(({ pressed, us }) => `${pressed === activeLow ? 0 : 1} ${us}\n`).join('');
}
