// Warns about buttons of a worker that probably do not do what their writer meant.
import { entriesIn, refused, type Report, type Seen, type SeenList } from '../section.ts';
import type { Selection } from './application-selection.ts';

interface Button {
  readonly id: string;
  readonly select: Selection;
  readonly on: { readonly press?: string; readonly double?: string; readonly hold?: string };
  readonly waves: readonly (readonly string[])[];
}

export function checkButtons(buttons: SeenList<Button>, report: Report): void {
  if (buttons !== refused && buttons.length === 0)
    report.warning(
      ['buttons'],
      'is an empty list: this worker releases nothing and refuses every press',
      'add a button with the applications that it releases, for example `buttons: [{id: main, select: {projects: [shop]}}]`',
    );
  for (const { entry, index } of entriesIn(buttons)) checkWaves(entry, index, report);
  checkSharedRollbacks(buttons, report);
}

/** `shop` may mean `argocd/shop`. */
const mayBeSame = (one: string, other: string) =>
  one === other || one.endsWith(`/${other}`) || other.endsWith(`/${one}`);

function checkWaves(
  { waves, select }: { readonly waves: Seen<Button['waves']>; readonly select: Seen<Selection> },
  button: number,
  { warning }: Report,
): void {
  if (waves === refused) return;
  const places = waves.flatMap((names, wave) => names.map((name, at) => ({ name, wave, at })));
  // Only a selection by name says which applications it contains.
  const selected = select === refused ? undefined : select.names;
  for (const [index, { name, wave, at }] of places.entries()) {
    const path = ['buttons', button, 'waves', wave, at];
    const first = places.findIndex((other) => mayBeSame(other.name, name));
    if (first !== index)
      warning(
        path,
        `\`${name}\` is already in waves[${places[first]?.wave}], and is released there`,
        'name each application once',
      );
    if (selected?.some((one) => mayBeSame(one, name)) === false)
      warning(
        path,
        `\`${name}\` is not among select.names, so this button never releases it`,
        'add it to select.names, or remove it from waves',
      );
  }
}

function checkSharedRollbacks(buttons: SeenList<Button>, { warning }: Report): void {
  const known = entriesIn(buttons);
  for (const { entry, index } of known) {
    const { id, on, select } = entry;
    if (on === refused || select === refused) continue;
    const gesture = (['press', 'double', 'hold'] as const).find((each) => on[each] === 'rollback');
    const other = known.find(
      (one) => one.index !== index && one.entry.select !== refused && mayOverlap(select, one.entry.select),
    );
    if (gesture !== undefined && other !== undefined)
      warning(
        ['buttons', index, 'on', gesture],
        `rolls back, but buttons[${other.index}] (${String(other.entry.id)}) may release the same applications. A rollback by ${String(id)} undoes only its own releases, and freezes only ${String(id)}, so ${String(other.entry.id)} can release the same revisions again`,
        'let only one button release each application, or freeze the other button too after a rollback',
      );
  }
}

/** Whether both could select the same application. They cannot if they share no project, namespace, label or name. */
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
