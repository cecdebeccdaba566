// Writes the output of `release-button config`: every key, its value and its origin. Secrets are masked.
import { stringify } from 'yaml';
import { mask, redact } from './problems/problem.ts';

interface Rendered {
  readonly file?: string;
  readonly leaves: readonly { readonly path: string; readonly value: unknown; readonly origin: string }[];
  readonly warnings: readonly string[];
}

/** Aligned lines of `key  value  # origin`. A list is a YAML block below its key. */
export function renderConfig({ file, leaves, warnings }: Rendered): string {
  const rows = leaves.map(({ path, value, origin }) => ({ path, ...valueText(value), origin }));
  const inline = rows.filter(({ block }) => block === undefined);
  const keyWidth = Math.max(0, ...rows.map(({ path }) => path.length));
  // A long value must not move the origins of the other lines.
  const valueWidth = Math.min(40, Math.max(0, ...inline.map(({ text }) => text.length)));
  const lines = rows.map(
    ({ path, text, block, origin }) =>
      `${path.padEnd(keyWidth)}  ${text.padEnd(valueWidth)}  # ${origin}${block === undefined ? '' : `\n${block}`}`,
  );
  return [
    `# configuration file: ${file ?? 'none'}`,
    ...warnings.map((warning) => `# warning: ${warning}`),
    '',
    ...lines,
    '',
  ].join('\n');
}

function valueText(value: unknown): { readonly text: string; readonly block?: string } {
  if (value === undefined) return { text: '(not set)' };
  if (value === mask) return { text: mask };
  if (Array.isArray(value) && value.length > 0) {
    const block = stringify(value, { lineWidth: 0 }).trimEnd().replace(/^/gm, '    ');
    return { text: '', block };
  }
  const plain = typeof value === 'string' ? redact(value) : value;
  return { text: stringify(plain, { lineWidth: 0, defaultStringType: 'PLAIN' }).trimEnd() };
}
