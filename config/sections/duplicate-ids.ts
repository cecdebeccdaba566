// Refuses an id that another entry of the same list has.
import { entriesIn, refused, type Finding, type SeenList } from '../declare.ts';

export function duplicateIds(list: string, entries: SeenList<{ readonly id: string }>): Finding[] {
  const known = entriesIn(entries).filter(({ entry }) => entry.id !== refused);
  return known.flatMap(({ entry: { id }, index }): Finding[] => {
    const first = known.find(({ entry }) => entry.id === id);
    if (first === undefined || first.index === index) return [];
    return [
      {
        path: [list, index, 'id'],
        severity: 'error',
        message: `\`${String(id)}\` is also the id of ${list}[${first.index}]`,
        remedy: 'give each its own id; an id that is left out is `main`',
      },
    ];
  });
}
