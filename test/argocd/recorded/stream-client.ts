// Reads a stream line by line while it arrives.
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { eventually } from './playback.ts';

export interface OpenStream {
  /** the complete lines so far, without line ends */
  readonly lines: readonly string[];
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders | undefined;
  /** How the stream ended: `end` in order, `cut` without an end; undefined while it is open. */
  readonly ended: 'end' | 'cut' | undefined;
  /** Resolves when so many lines meet the condition. Rejects after some seconds, with the lines so far. */
  waitFor(condition: (line: string) => boolean, times?: number): Promise<void>;
  waitForEnd(): Promise<void>;
  close(): void;
}

export function openStream(url: string, path: string, headers: Record<string, string>): OpenStream {
  const lines: string[] = [];
  let status: number | undefined;
  let received: IncomingHttpHeaders | undefined;
  let ended: 'end' | 'cut' | undefined;
  const request = httpRequest(`${url}${path}`, { headers, agent: false }, (response) => {
    status = response.statusCode;
    received = response.headers;
    response.on('end', () => (ended ??= 'end'));
    response.on('error', () => (ended ??= 'cut'));
    const text =
      response.headers['content-encoding'] === 'gzip'
        ? response.pipe(createGunzip()).on('error', () => (ended ??= 'cut'))
        : response;
    createInterface({ input: text })
      .on('line', (line) => lines.push(line))
      .on('error', () => (ended ??= 'cut'));
  });
  request.on('error', () => (ended ??= 'cut'));
  request.end();
  return {
    lines,
    get status() {
      return status;
    },
    get headers() {
      return received;
    },
    get ended() {
      return ended;
    },
    waitFor: (condition, times = 1) =>
      eventually(() => {
        if (lines.filter(condition).length >= times) return Promise.resolve();
        return Promise.reject(new Error(`no such line among ${lines.length}: ${lines.slice(-5).join('\n')}`));
      }),
    waitForEnd: () =>
      eventually(() => (ended ? Promise.resolve() : Promise.reject(new Error('the stream is still open')))),
    close: () => request.destroy(),
  };
}
