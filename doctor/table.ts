// The table for people: for each row a sign, the check and its result, and below these what to do.
import type { Row, Status } from './row.ts';

export interface TableOptions {
  /** The width of the terminal, in characters */
  readonly width: number;
  readonly colours: boolean;
}

const signs: Readonly<Record<Status, string>> = { ok: '✓', warning: '!', failed: '✗', skipped: '–' };
const paints: Readonly<Record<Status, string>> = { ok: '32', warning: '33', failed: '31', skipped: '2' };
/** The narrowest text column, in characters. A narrower one is unreadable. */
const leastText = 30;

export function renderTable(rows: readonly Row[], { width, colours }: TableOptions): string {
  const labels = rows.map(labelOf);
  const labelWidth = Math.max(0, ...labels.map((label) => label.length));
  const indent = ' '.repeat(labelWidth + 4);
  const textWidth = Math.max(leastText, width - indent.length);
  const lines = rows.flatMap((row, index) => {
    const sign = colours ? `\u001B[${paints[row.status]}m${signs[row.status]}\u001B[0m` : signs[row.status];
    const found = wrap(printable(row.found), textWidth);
    const remedy = row.remedy === undefined ? [] : remedyLines(row.remedy, textWidth);
    return [...found, ...remedy].map((line, at) =>
      at === 0
        ? `${sign} ${(labels[index] ?? '').padEnd(labelWidth)}  ${line}`
        : `${indent}${line}`.trimEnd(),
    );
  });
  return [...lines, '', summary(rows)].join('\n');
}

export function isWell(rows: readonly Row[]): boolean {
  return rows.every(({ status }) => status !== 'failed');
}

function summary(rows: readonly Row[]): string {
  const count = (status: Status) => rows.filter((row) => row.status === status).length;
  const failures = count('failed');
  const warnings = count('warning');
  const head = failures === 0 ? 'all is well' : `${failures} must be fixed`;
  return `${head}${warnings === 0 ? '' : `, ${warnings} to look at`}${count('skipped') === 0 ? '' : `, ${count('skipped')} not checked`}`;
}

function labelOf({ check, subject }: Row): string {
  return printable(subject === undefined ? check : `${check} ${subject}`);
}

/** Foreign text must not send control characters to the terminal. */
function printable(text: string): string {
  return text.replaceAll(/[\s\p{Zl}\p{Zp}]+/gu, ' ').replaceAll(/\p{C}/gu, '\uFFFD');
}

/** Keeps the lines of an example, but removes their common indentation. */
function remedyLines(remedy: string, width: number): readonly string[] {
  const [first = '', ...more] = remedy.split('\n');
  const margin = Math.min(...more.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)));
  return [
    ...wrap(`→ ${printable(first)}`, width),
    ...more.map((line) => `  ${line.slice(margin).replaceAll(/\p{C}/gu, '\uFFFD')}`.trimEnd()),
  ];
}

/** Breaks the text at spaces. A word that is longer than a line stays in one piece, so that people can copy it. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
