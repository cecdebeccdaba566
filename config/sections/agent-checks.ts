// Checks the ids, lines and times of an agent's pins for contradictions.
import { entriesIn, refused, type Report, type Seen, type SeenList } from '../section.ts';
import type { Driver } from './agent.ts';
import { checkIds } from './duplicate-ids.ts';
import { releaseDebounceMsOf } from './release-debounce.ts';

interface Pin {
  readonly id: string;
  readonly line: number | string;
  readonly chip?: string;
}

interface Button extends Pin {
  readonly debounceMs: number;
  readonly releaseDebounceMs?: number;
  readonly gestures: readonly string[];
  readonly holdMs: number;
  readonly doubleMs: number;
  readonly stuckAfterMs: number;
}

interface Values {
  readonly driver: Seen<Driver>;
  readonly chip?: Seen<string>;
  readonly sampleMs: Seen<number>;
  readonly buttons: SeenList<Button>;
  readonly keySwitches: SeenList<Pin & { readonly debounceMs: number }>;
  readonly leds: SeenList<Pin>;
}

const lists = ['buttons', 'keySwitches', 'leds'] as const;

/** For each driver, a check for what the schema allows but the driver cannot use. */
const checkOfDriver: Readonly<Record<Driver, ((values: Values, report: Report) => void) | undefined>> = {
  auto: undefined,
  rpio: checkForRpio,
  gpiochip: undefined,
  simulated: undefined,
};

export function checkAgent(values: Values, report: Report): void {
  for (const list of lists) checkIds(list, values[list], report);
  checkSharedLines(values, report);
  for (const list of ['buttons', 'keySwitches'] as const)
    checkDebounce(list, values[list], values.sampleMs, report);
  for (const { entry, index } of entriesIn(values.buttons)) {
    checkHold(entry, ['buttons', index], report);
    checkRelease(entry, ['buttons', index], report);
  }
  if (values.driver !== refused) checkOfDriver[values.driver]?.(values, report);
  // An agent may have only LEDs, or only buttons.
  if (lists.every((list) => values[list] !== refused && values[list].length === 0))
    report.warning(
      ['buttons'],
      'is an empty list, as are agent.leds and agent.keySwitches: this agent does nothing',
      'add what is connected, or do not run the agent',
    );
}

function pinsIn(values: Values) {
  return lists.flatMap((list) => {
    const pins: SeenList<Pin> = values[list];
    return entriesIn(pins).map(({ entry, index }) => ({ list, index, ...entry }));
  });
}

/** Skips pins whose line or chip is refused. */
function checkSharedLines(values: Values, { error }: Report): void {
  const users = new Map<string, string>();
  for (const { list, index, line, chip = values.chip ?? '' } of pinsIn(values)) {
    if (line === refused || chip === refused) continue;
    const place = JSON.stringify([line, numberOfChip(chip)]);
    const first = users.get(place);
    if (first === undefined) users.set(place, `${list}[${index}]`);
    else
      error(
        [list, index, 'line'],
        `GPIO line ${line} is already used by ${first}`,
        'give each button, key switch and LED its own line; without `line`, a button has 17, a key switch 22 and an LED 27',
      );
  }
}

/** `0` and `/dev/gpiochip0` name the same chip. Only the machine knows labels and the default. */
function numberOfChip(chip: string): string {
  return chip.replace(/^\/dev\/gpiochip(?=\d+$)/, '');
}

/**
 * In milliseconds. One period of the mains is 20 ms at 50 Hz (16.7 ms at 60 Hz), and neither level of its hum lasts that long.
 * In the model of `npm run bench -- debounce`, 1,000 s of hum make thousands of presses with 10 ms, and none from 21 ms on.
 */
const longerThanHumMs = 21;

function checkDebounce(
  list: string,
  entries: SeenList<{ readonly debounceMs: number }>,
  sampleMs: Seen<number>,
  { error, warning }: Report,
): void {
  for (const {
    entry: { debounceMs },
    index,
  } of entriesIn(entries)) {
    if (debounceMs === refused) continue;
    if (sampleMs !== refused && debounceMs < sampleMs)
      error(
        [list, index, 'debounceMs'],
        `must be at least agent.sampleMs (${sampleMs}): between two samples the agent sees nothing`,
        'raise debounceMs or lower agent.sampleMs',
      );
    else if (debounceMs < longerThanHumMs)
      warning(
        [list, index, 'debounceMs'],
        `is ${debounceMs}, shorter than one period of the mains (20 ms at 50 Hz), so the hum that a long or open cable picks up would count as presses`,
        `set it to ${longerThanHumMs} or more (30 is the default); docs/hardware-debounce.md has advice for each kind of button`,
      );
  }
}

type SeenButton = { readonly [K in keyof Button]: Seen<Button[K]> };

function checkHold(button: SeenButton, at: readonly PropertyKey[], { error }: Report): void {
  const mustBeLonger = (key: 'holdMs' | 'stuckAfterMs', than: 'debounceMs' | 'holdMs') => {
    const value = button[key];
    const least = button[than];
    if (value !== refused && least !== refused && value <= least)
      error([...at, key], `must be more than ${than} (${least})`, `raise ${key} or lower ${than}`);
  };
  if (button.gestures !== refused && button.gestures.includes('hold')) {
    mustBeLonger('holdMs', 'debounceMs');
    mustBeLonger('stuckAfterMs', 'holdMs');
  } else mustBeLonger('stuckAfterMs', 'debounceMs');
}

/** A contact settles more slowly when it opens than when it closes. The second press of a double comes after both. */
function checkRelease(button: SeenButton, at: readonly PropertyKey[], { error }: Report): void {
  const { debounceMs, releaseDebounceMs, gestures, doubleMs } = button;
  if (debounceMs === refused || releaseDebounceMs === refused || gestures === refused) return;
  const releaseMs = releaseDebounceMsOf({
    debounceMs,
    gestures,
    ...(releaseDebounceMs === undefined ? {} : { releaseDebounceMs }),
  });
  if (releaseMs < debounceMs)
    error(
      [...at, 'releaseDebounceMs'],
      `must be at least debounceMs (${debounceMs})`,
      'raise releaseDebounceMs or lower debounceMs',
    );
  else if (gestures.includes('double') && doubleMs !== refused && doubleMs <= debounceMs + releaseMs)
    error(
      [...at, 'doubleMs'],
      `must be more than debounceMs and releaseDebounceMs together (${debounceMs} + ${releaseMs}): a second press cannot count before that`,
      'raise doubleMs or lower debounceMs and releaseDebounceMs',
    );
}

/** The driver rpio reads the registers of the pins of a Raspberry Pi. It knows neither chips nor names of lines. */
function checkForRpio(values: Values, { error }: Report): void {
  const why = 'but the driver rpio knows only the BCM numbers of the Raspberry Pi itself';
  const checkChip = (chip: unknown, path: readonly PropertyKey[]) => {
    if (chip !== undefined && chip !== refused)
      error(path, `names a GPIO chip, ${why}`, 'remove chip, or write `driver: gpiochip`, which uses chips');
  };
  checkChip(values.chip, ['chip']);
  for (const { list, index, line, chip } of pinsIn(values)) {
    checkChip(chip, [list, index, 'chip']);
    if (typeof line === 'string')
      error(
        [list, index, 'line'],
        `names a line, ${why}`,
        'write the BCM number of the pin, for example `line: 17`, or use `driver: gpiochip`',
      );
  }
}
