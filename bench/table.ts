// Prints a table of figures: a row for each figure, a column for each size, and the growth between two sizes.
import { print } from './processes.ts';

export function createTable(title: string, columns: readonly string[]) {
  const rows = new Map<string, Map<string, number>>();
  return {
    set: (row: string, column: string, value: number) => {
      const values = rows.get(row) ?? new Map<string, number>();
      values.set(column, value);
      rows.set(row, values);
    },
    /** @param growth two columns whose ratio is shown too */
    print: (growth?: readonly [string, string]) => {
      const width = Math.max(...[...rows.keys()].map((row) => row.length), title.length);
      const cells = (texts: readonly string[]) => texts.map((text) => text.padStart(9)).join(' ');
      print('');
      print(`${title.padEnd(width)} ${cells([...columns, ...(growth === undefined ? [] : ['growth'])])}`);
      for (const [row, values] of rows) {
        const texts = columns.map((column) => shown(values.get(column)));
        const [from, to] = growth ?? [];
        const ratio =
          from === undefined || to === undefined
            ? []
            : [shown((values.get(to) ?? Number.NaN) / (values.get(from) ?? Number.NaN))];
        print(`${row.padEnd(width)} ${cells([...texts, ...ratio])}`);
      }
    },
  };
}

export type Table = ReturnType<typeof createTable>;

function shown(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return 'never';
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}
