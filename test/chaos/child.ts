// A real process whose output is read once, line by line, as it comes. To read the output of a long run again each time
// would be slow.
import { spawn } from 'node:child_process';

export interface Line {
  /** when it arrived, in monotonic milliseconds */
  readonly at: number;
  readonly text: string;
  /** the line as a JSON object of our log; empty for any other line */
  readonly log: Readonly<Record<string, unknown>>;
}

export interface Child {
  readonly name: string;
  readonly lines: readonly Line[];
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly running: boolean;
  write(text: string): void;
  signal(signal: NodeJS.Signals): void;
}

export interface ChildOptions {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (line: Line) => void;
}

export function startChild(options: ChildOptions): Child {
  const { name, program, args, cwd, env = {} } = options;
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const lines: Line[] = [];
  let running = true;

  const listen = (stream: NodeJS.ReadableStream) => {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const at = performance.now();
      const texts = `${rest}${chunk}`.split(/\r?\n/);
      rest = texts.pop() ?? '';
      for (const text of texts) {
        const line = { at, text, log: parse(text) };
        lines.push(line);
        options.onLine?.(line);
      }
    });
  };
  listen(child.stdout);
  listen(child.stderr);
  // A killed process accepts no more input.
  child.stdin.on('error', () => {});
  const exited = new Promise<Awaited<Child['exited']>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      running = false;
      resolve({ code, signal });
    });
  });

  return {
    name,
    lines,
    exited,
    get running() {
      return running;
    },
    write: (text) => void child.stdin.write(text),
    signal: (signal) => void child.kill(signal),
  };
}

function parse(text: string): Line['log'] {
  if (!text.startsWith('{')) return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? Object.fromEntries(Object.entries(parsed)) : {};
  } catch {
    return {};
  }
}
