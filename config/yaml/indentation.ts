// Describes the faults of keys and list entries that are indented differently from their neighbours.
import { keyIn, openAbove, type Fault, type Key, type Text } from './text.ts';

const spaces = (count: number) => (count === 1 ? 'by 1 space' : `by ${count} spaces`);

/** The fault of a key that begins in a column where no key above it begins. */
export function misplaced(text: Text, line: number): Fault | undefined {
  const key = keyIn(text.lines[line]);
  const open = openAbove(text, line);
  if (key === undefined || key.dash !== undefined) return undefined;
  const away = (other: Key) => Math.abs(other.column - key.column);
  const least = Math.min(...open.map(away));
  const near = open.filter((other) => away(other) === least);
  const [nearest] = near;
  if (nearest === undefined || least === 0) return undefined;
  return {
    line: line + 1,
    column: key.column + 1,
    beside: nearest.line + 1,
    message: `\`${key.name}\` is indented ${spaces(key.column)}, unlike every key above it; \`${nearest.name}\` in line ${nearest.line + 1} is indented ${spaces(nearest.column)}`,
    remedy: near
      .map((other) => `indent it ${spaces(other.column)} if it belongs beside \`${other.name}\``)
      .join(', or '),
  };
}

/** The fault of a list entry that begins in another column than the entries above it. */
export function misplacedEntry(text: Text, line: number): Fault | undefined {
  const column = /^( *)-(?: |$)/.exec(text.lines[line] ?? '')?.[1]?.length;
  if (column === undefined) return undefined;
  for (let above = line - 1; above >= 0; above -= 1) {
    const other = /^( *)-(?: |$)/.exec(text.lines[above] ?? '')?.[1]?.length;
    if (other !== undefined && other !== column)
      return {
        line: line + 1,
        column: column + 1,
        beside: above + 1,
        message: `the entry is indented ${spaces(column)}, but the entry before it in line ${above + 1} is indented ${spaces(other)}`,
        remedy: 'begin all entries of a list in the same column',
      };
    if (other !== undefined) break;
  }
  return {
    line: line + 1,
    column: column + 1,
    message: 'an entry of a list (`- `) cannot be beside keys',
    remedy: 'indent it below the key of its list, and give that key no other value',
  };
}
