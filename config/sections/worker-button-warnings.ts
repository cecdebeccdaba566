// What is odd about the buttons of a worker, though it may be meant.
import { entriesIn, refused, type Finding, type Seen, type SeenList } from '../declare.ts';
import type { Selection } from './application-selection.ts';

interface Button {
  readonly id: string;
  readonly select: Selection;
  readonly on: { readonly press?: string; readonly double?: string; readonly hold?: string };
  readonly waves: readonly (readonly string[])[];
}

export function buttonWarnings(buttons: SeenList<Button>): Finding[] {
  if (buttons === refused) return [];
  if (buttons.length === 0)
    return [
      warning(
        ['buttons'],
        'is an empty list: this worker releases nothing and refuses every press',
        'add a button with the applications that it releases, for example `buttons: [{id: main, select: {projects: [shop]}}]`',
      ),
    ];
  return [
    ...entriesIn(buttons).flatMap(({ entry, index }) => [
      ...twiceInWaves(entry.waves, index),
      ...outsideOfSelection(entry, index),
    ]),
    ...sharedRollbacks(buttons),
  ];
}

const warning = (path: readonly PropertyKey[], message: string, remedy: string): Finding => ({
  path,
  severity: 'warning',
  message,
  remedy,
});

function placesIn(waves: Button['waves']) {
  return waves.flatMap((names, wave) => names.map((name, at) => ({ name, wave, at })));
}

/** `argocd/shop` may be `shop`. */
const mayBeSame = (one: string, other: string) =>
  one === other || one.endsWith(`/${other}`) || other.endsWith(`/${one}`);

function twiceInWaves(waves: Seen<Button['waves']>, button: number): Finding[] {
  if (waves === refused) return [];
  const places = placesIn(waves);
  return places.flatMap(({ name, wave, at }, index) => {
    const first = places.findIndex((other) => mayBeSame(other.name, name));
    return first === index
      ? []
      : [
          warning(
            ['buttons', button, 'waves', wave, at],
            `\`${name}\` is in waves[${places[first]?.wave}] already, where it is released`,
            'name each application once',
          ),
        ];
  });
}

/** Only where the selection is by name: of projects and labels nobody knows here what is in them. */
function outsideOfSelection(
  { waves, select }: { readonly waves: Seen<Button['waves']>; readonly select: Seen<Selection> },
  button: number,
): Finding[] {
  if (waves === refused || select === refused || select.names === undefined) return [];
  const { names } = select;
  return placesIn(waves).flatMap(({ name, wave, at }) =>
    names.some((selected) => mayBeSame(selected, name))
      ? []
      : [
          warning(
            ['buttons', button, 'waves', wave, at],
            `\`${name}\` is not among select.names, so this button never releases it`,
            'add it to select.names, or remove it from waves',
          ),
        ],
  );
}

function sharedRollbacks(buttons: SeenList<Button>): Finding[] {
  const known = entriesIn(buttons);
  return known.flatMap(({ entry: { id, on, select }, index }) => {
    if (on === refused || select === refused) return [];
    const gesture = (['press', 'double', 'hold'] as const).find((each) => on[each] === 'rollback');
    const other = known.find(
      (one) => one.index !== index && one.entry.select !== refused && mayOverlap(select, one.entry.select),
    );
    return gesture === undefined || other === undefined
      ? []
      : [
          warning(
            ['buttons', index, 'on', gesture],
            `rolls back, and buttons[${other.index}] (${String(other.entry.id)}) may release the same applications: what it has released since stays, and it can release again what was rolled back, since only ${String(id)} is frozen then`,
            'let each application have one button, or freeze the other one too after a rollback',
          ),
        ];
  });
}

/** Whether an application could be in both. Conditions of one kind without a common value keep them apart. */
function mayOverlap(one: Selection, other: Selection): boolean {
  const apart = (a: readonly string[] | undefined, b: readonly string[] | undefined) =>
    a !== undefined && b !== undefined && !a.some((value) => b.includes(value));
  if (one.all === true || other.all === true) return true;
  if (apart(one.projects, other.projects) || apart(one.namespaces, other.namespaces)) return false;
  const { labels = {} } = other;
  if (Object.entries(one.labels ?? {}).some(([key, value]) => (labels[key] ?? value) !== value)) return false;
  return (
    one.names === undefined ||
    other.names === undefined ||
    one.names.some((name) => other.names?.some((second) => mayBeSame(name, second)))
  );
}
