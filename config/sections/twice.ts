// Ids must differ within a list.
import type { Finding } from '../declare.ts';

export function idsTwice(list: string, entries: readonly { readonly id: string }[]): Finding[] {
  return entries.flatMap((entry, index): Finding[] => {
    const first = entries.findIndex((other) => other.id === entry.id);
    if (first === index) return [];
    return [
      {
        path: [list, index, 'id'],
        severity: 'error',
        message: `\`${entry.id}\` is also the id of ${list}[${first}]`,
        remedy: 'give each its own id; an id that is left out is `main`',
      },
    ];
  });
}
