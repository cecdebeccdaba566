// A YAML file as a person reads it: its lines and the keys in them.

export interface Fault {
  /** Counts from 1, like the column. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly remedy: string;
  /** A line above that the message compares with. */
  readonly beside?: number;
}

export interface Text {
  readonly whole: string;
  readonly lines: readonly string[];
  /** Counts from 0. */
  lineAt(offset: number): number;
  /** Counts from 1. */
  placeOf(offset: number): { readonly line: number; readonly column: number };
}

export function textOf(whole: string): Text {
  const starts = [0];
  for (let at = whole.indexOf('\n'); at >= 0; at = whole.indexOf('\n', at + 1)) starts.push(at + 1);
  const lineAt = (offset: number) => {
    const next = starts.findIndex((start) => start > offset);
    return next < 0 ? starts.length - 1 : next - 1;
  };
  return {
    whole,
    lines: whole.split('\n').map((line) => line.replace(/\r$/, '')),
    lineAt,
    placeOf: (offset) => {
      const line = lineAt(offset);
      return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
    },
  };
}

export interface Key {
  readonly name: string;
  /** The column of the key itself, from 0. */
  readonly column: number;
  /** The column of the first `-` before the key, if there is one. */
  readonly dash?: number;
  /** Whether another `: ` follows in the line. */
  readonly hasSecond: boolean;
}

export function keyIn(line: string | undefined): Key | undefined {
  const [, indent = '', dashes = '', name, rest = ''] =
    /^( *)((?:- +)*)([\w.-]+|"[^"]*"|'[^']*') *:(?: +(.*))?$/.exec(line ?? '') ?? [];
  return name === undefined
    ? undefined
    : {
        name: name.replace(/^["']|["']$/g, ''),
        column: indent.length + dashes.length,
        ...(dashes === '' ? {} : { dash: indent.length }),
        hasSecond: /^[^"'[{#]*: /.test(rest),
      };
}

const isBlank = (line: string) => /^\s*(#.*)?$/.test(line);

export function nextOf({ lines }: Text, line: number): number | undefined {
  const next = lines.findIndex((text, index) => index > line && !isBlank(text));
  return next < 0 ? undefined : next;
}

/** The keys above a line to which the line may still belong, the nearest first. */
export function openAbove({ lines }: Text, line: number): readonly (Key & { readonly line: number })[] {
  const open: (Key & { readonly line: number })[] = [];
  for (let above = line - 1; above >= 0; above -= 1) {
    const key = keyIn(lines[above]);
    const innermost = open.at(-1);
    if (key && key.column < (innermost?.dash ?? innermost?.column ?? Infinity))
      open.push({ ...key, line: above });
  }
  return open;
}
