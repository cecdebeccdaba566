// Reports an id that another entry of the same list already has.
import { entriesIn, refused, type Report, type SeenList } from '../section.ts';

export function checkIds(list: string, entries: SeenList<{ readonly id: string }>, { error }: Report): void {
  const known = entriesIn(entries).filter(({ entry }) => entry.id !== refused);
  for (const { entry, index } of known) {
    const first = known.find((other) => other.entry.id === entry.id);
    if (first !== undefined && first.index !== index)
      error(
        [list, index, 'id'],
        `\`${String(entry.id)}\` is also the id of ${list}[${first.index}]`,
        'give each entry its own id; an entry without `id` has the id `main`',
      );
  }
}
