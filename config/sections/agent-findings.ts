// What contradicts among the pins of an agent: ids, lines and times.
import { entriesIn, refused, type Finding, type Seen, type SeenList } from '../declare.ts';
import { releaseDebounceMsOf } from './release-debounce.ts';
import { duplicateIds } from './duplicate-ids.ts';

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
  readonly driver: Seen<string>;
  readonly chip?: Seen<string>;
  readonly sampleMs: Seen<number>;
  readonly buttons: SeenList<Button>;
  readonly keySwitches: SeenList<Pin & { readonly debounceMs: number }>;
  readonly leds: SeenList<Pin>;
}

export function agentFindings(values: Values): Finding[] {
  return [
    ...lists.flatMap((list) => duplicateIds(list, values[list])),
    ...sharedLines(values),
    ...shorterThanASample(values),
    ...shorterThanHum(values),
    ...wrongOrder(values),
    ...wrongRelease(values),
    ...notOnRpio(values),
    ...nothingToDo(values),
  ];
}

/** An agent may have LEDs alone, or buttons alone. */
function nothingToDo(values: Values): Finding[] {
  if (!lists.every((list) => values[list] !== refused && values[list].length === 0)) return [];
  return [
    {
      path: ['buttons'],
      severity: 'warning',
      message: 'is an empty list, as are agent.leds and agent.keySwitches: this agent does nothing',
      remedy: 'add what is connected, or do not run the agent',
    },
  ];
}

const lists = ['buttons', 'keySwitches', 'leds'] as const;

const error = (path: readonly PropertyKey[], message: string, remedy: string): Finding => ({
  path,
  severity: 'error',
  message,
  remedy,
});

/** Each use of a line, as far as line and chip are known. */
function usersIn(values: Values) {
  return lists.flatMap((list) =>
    pinsOf(values, list).flatMap(({ entry: { line, chip = values.chip ?? '' }, index }) =>
      line === refused || chip === refused ? [] : [{ list, index, line, chip: numberOfChip(chip) }],
    ),
  );
}

/** Two ways to name one chip. Which one has a label, or is taken by default, only the machine knows. */
function numberOfChip(chip: string): string {
  return chip.replace(/^\/dev\/gpiochip(?=\d+$)/, '');
}

function pinsOf(values: Values, list: (typeof lists)[number]) {
  const pins: SeenList<Pin> = values[list];
  return entriesIn(pins);
}

function sharedLines(values: Values): Finding[] {
  const users = usersIn(values);
  return users.flatMap((user, index): Finding[] => {
    const first = users.findIndex((other) => other.line === user.line && other.chip === user.chip);
    const other = users[first];
    return first === index || other === undefined
      ? []
      : [
          error(
            [user.list, user.index, 'line'],
            `GPIO line ${user.line} is already used by ${other.list}[${other.index}]`,
            'give each button, key switch and LED its own line; a button without line has 17, a key switch 22, an LED 27',
          ),
        ];
  });
}

function shorterThanASample(values: Values): Finding[] {
  const { sampleMs } = values;
  if (sampleMs === refused) return [];
  return (['buttons', 'keySwitches'] as const).flatMap((list) =>
    debouncedOf(values, list).flatMap(({ entry: { debounceMs }, index }) =>
      debounceMs === refused || debounceMs >= sampleMs
        ? []
        : [
            error(
              [list, index, 'debounceMs'],
              `must be at least agent.sampleMs (${sampleMs}): between two samples the agent sees nothing`,
              'raise debounceMs or lower agent.sampleMs',
            ),
          ],
    ),
  );
}

/**
 * One period of the mains at 50 Hz is 20 ms (16.7 ms at 60 Hz), and neither level of its hum lasts that long. At 10 ms the
 * model of `npm run bench -- debounce` makes thousands of presses of 1,000 s, from 21 ms on none.
 */
const longerThanHumMs = 21;

function shorterThanHum(values: Values): Finding[] {
  const { sampleMs } = values;
  return (['buttons', 'keySwitches'] as const).flatMap((list) =>
    debouncedOf(values, list).flatMap(({ entry: { debounceMs }, index }): Finding[] =>
      debounceMs === refused ||
      debounceMs >= longerThanHumMs ||
      // An error says enough.
      (sampleMs !== refused && debounceMs < sampleMs)
        ? []
        : [
            {
              path: [list, index, 'debounceMs'],
              severity: 'warning',
              message: `is ${debounceMs}, shorter than one period of the mains (20 ms at 50 Hz): the hum that a long or open cable picks up then counts as presses`,
              remedy: `set it to ${longerThanHumMs} or more (30 is the default); docs/hardware.md has advice for each kind of button`,
            },
          ],
    ),
  );
}

function debouncedOf(values: Values, list: 'buttons' | 'keySwitches') {
  const debounced: SeenList<{ readonly debounceMs: number }> = values[list];
  return entriesIn(debounced);
}

/** Times of a button that must be longer than others. */
function wrongOrder({ buttons }: Values): Finding[] {
  return entriesIn(buttons).flatMap(({ entry, index }) => {
    const { gestures } = entry;
    const knows = (gesture: string) => gestures !== refused && gestures.includes(gesture);
    const longer = (key: 'holdMs' | 'stuckAfterMs', than: 'debounceMs' | 'holdMs', applies: boolean) => {
      const value = entry[key];
      const least = entry[than];
      return !applies || value === refused || least === refused || value > least
        ? []
        : [
            error(
              ['buttons', index, key],
              `must be more than ${than} (${least})`,
              `raise ${key} or lower ${than}`,
            ),
          ];
    };
    return [
      ...longer('holdMs', 'debounceMs', knows('hold')),
      ...longer('stuckAfterMs', 'holdMs', knows('hold')),
      ...longer('stuckAfterMs', 'debounceMs', !knows('hold')),
    ];
  });
}

/** A release settles for longer than a press, and the second press of a double comes after both. */
function wrongRelease({ buttons }: Values): Finding[] {
  return entriesIn(buttons).flatMap(({ entry, index }) => {
    const { debounceMs, releaseDebounceMs, gestures, doubleMs } = entry;
    if (debounceMs === refused || releaseDebounceMs === refused || gestures === refused) return [];
    const releaseMs = releaseDebounceMsOf({
      debounceMs,
      gestures,
      ...(releaseDebounceMs === undefined ? {} : { releaseDebounceMs }),
    });
    if (releaseMs < debounceMs)
      return [
        error(
          ['buttons', index, 'releaseDebounceMs'],
          `must be at least debounceMs (${debounceMs})`,
          'raise releaseDebounceMs or lower debounceMs',
        ),
      ];
    const least = debounceMs + releaseMs;
    return !gestures.includes('double') || doubleMs === refused || doubleMs > least
      ? []
      : [
          error(
            ['buttons', index, 'doubleMs'],
            `must be more than debounceMs and releaseDebounceMs together (${debounceMs} + ${releaseMs}): a second press counts only after that`,
            'raise doubleMs or lower debounceMs and releaseDebounceMs',
          ),
        ];
  });
}

/** The driver rpio reads the registers of a Raspberry Pi's own pins: it knows no chips and no names. */
function notOnRpio(values: Values): Finding[] {
  if (values.driver !== 'rpio') return [];
  const why = 'which the driver rpio does not know: it has only the pins of the Raspberry Pi itself';
  const givenChip = (chip: unknown, path: readonly PropertyKey[]): Finding[] =>
    chip === undefined || chip === refused
      ? []
      : [
          error(
            path,
            `names a GPIO chip, ${why}`,
            'remove chip, or write `driver: gpiochip`, which uses chips',
          ),
        ];
  return [
    ...givenChip(values.chip, ['chip']),
    ...lists.flatMap((list) =>
      pinsOf(values, list).flatMap(({ entry: { chip, line }, index }) => [
        ...givenChip(chip, [list, index, 'chip']),
        ...(typeof line === 'string'
          ? [
              error(
                [list, index, 'line'],
                `names a line, ${why}`,
                'write the BCM number of the pin, for example `line: 17`, or use `driver: gpiochip`',
              ),
            ]
          : []),
      ]),
    ),
  ];
}
