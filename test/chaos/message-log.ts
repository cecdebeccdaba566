// A real mosquitto_sub that receives every message all the time, and new ones that list the retained messages.
import { spawnSync } from 'node:child_process';
import { startChild, type Child } from './child.ts';

export interface Message {
  /** when it arrived, in monotonic milliseconds */
  readonly at: number;
  readonly topic: string;
  readonly payload: string;
}

export interface MessageLog {
  readonly child: Child;
  /** the newest payload of a topic, as text; '' if there is none */
  text(topic: string): string;
  /** the newest payload of a topic, parsed */
  latest(topic: string): Readonly<Record<string, unknown>>;
  /** all payloads of a topic, the oldest first */
  all(topic: string): readonly Message[];
  /** Forgets the retained messages, because the broker that held them is dead. */
  forget(): void;
}

const format = ['-q', '1', '-V', '5', '-F', '%r %t %p'];

function messageOf(
  text: string,
): { readonly isRetained: boolean; readonly topic: string; readonly payload: string } | undefined {
  const match = /^([01]) (\S+) (.*)$/.exec(text);
  return match === null
    ? undefined
    : { isRetained: match[1] === '1', topic: match[2] ?? '', payload: match[3] ?? '' };
}

/** @param events topics of which every message is kept, not only the newest */
export function listen(options: {
  readonly brokerPort: number;
  readonly cwd: string;
  readonly events: readonly string[];
}): MessageLog {
  const newest = new Map<string, string>();
  const events = new Map<string, Message[]>(options.events.map((topic) => [topic, []]));
  const child = startChild({
    name: 'mosquitto_sub',
    program: 'mosquitto_sub',
    args: ['-h', '127.0.0.1', '-p', String(options.brokerPort), '-t', '#', ...format],
    cwd: options.cwd,
    onLine: ({ at, text }) => {
      const message = messageOf(text);
      if (message === undefined) return;
      newest.set(message.topic, message.payload);
      const { topic, payload } = message;
      events.get(topic)?.push({ at, topic, payload });
    },
  });
  return {
    child,
    text: (topic) => newest.get(topic) ?? '',
    latest: (topic) => parse(newest.get(topic) ?? ''),
    all: (topic) => events.get(topic) ?? [],
    forget: () => newest.clear(),
  };
}

/** The last retained message that a new subscriber gets. When it has come, all others have come. */
const markTopic = 'chaos/mark';

/** Every retained message, by its topic. */
export async function retained(options: {
  readonly brokerPort: number;
  readonly cwd: string;
}): Promise<ReadonlyMap<string, string>> {
  const address = ['-h', '127.0.0.1', '-p', String(options.brokerPort)];
  // The store sends its messages in the order in which they were stored.
  const mark = spawnSync('mosquitto_pub', [...address, '-r', '-q', '1', '-t', markTopic, '-m', 'mark'], {
    timeout: 5_000,
  });
  if (mark.status !== 0) throw new Error(`mosquitto_pub cannot leave its mark: ${String(mark.stderr)}`);
  const payloads = new Map<string, string>();
  await new Promise<void>((resolve, reject) => {
    const finish = (error?: Error) => {
      clearTimeout(tooLong);
      child.signal('SIGKILL');
      if (error === undefined) resolve();
      else reject(error);
    };
    const tooLong = setTimeout(() => finish(new Error('the retained messages do not arrive')), 5_000);
    const child = startChild({
      name: 'mosquitto_sub',
      program: 'mosquitto_sub',
      args: [...address, '-t', '#', ...format],
      cwd: options.cwd,
      onLine: ({ text }) => {
        const message = messageOf(text);
        if (message?.topic === markTopic) finish();
        else if (message?.isRetained === true) payloads.set(message.topic, message.payload);
      },
    });
  });
  return payloads;
}

export function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? Object.fromEntries(Object.entries(parsed)) : {};
  } catch {
    return {};
  }
}
