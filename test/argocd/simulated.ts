// Starts a simulator for one test, and sends requests to it.
import { onTestFinished } from 'vitest';
import { createTestArgoCd, type Simulator, type TestArgoCdOptions, type WorldDescription } from './argocd.ts';
import { send, type Reply } from './recorded/playback.ts';
import { openStream, type OpenStream } from './recorded/stream-client.ts';

export interface Simulated {
  simulator: Simulator;
  url: string;
  /** Sends a request as the account that may do everything. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  control(method: string, endpoint: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  stream(query?: string, accept?: string): OpenStream;
}

export async function simulated(
  world: WorldDescription,
  options: Partial<TestArgoCdOptions> = {},
): Promise<Simulated> {
  const simulator = createTestArgoCd({ port: 0, driftEveryMs: 0, world, ...options });
  const { url } = await simulator.start();
  onTestFinished(() => simulator.stop());
  const authorization = { Authorization: 'Bearer simulated' };
  return {
    simulator,
    url,
    ask: (method, path, body, headers = {}) =>
      send(url, {
        method,
        path: `/api/v1/${path}`,
        headers: { ...authorization, 'Content-Type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    control: (method, endpoint, body, headers = {}) =>
      send(url, {
        method,
        path: `/simulator/${endpoint}`,
        headers,
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    stream(query = '', accept = 'text/event-stream') {
      const stream = openStream(url, `/api/v1/stream/applications${query}`, {
        ...authorization,
        Accept: accept,
      });
      onTestFinished(() => stream.close());
      return stream;
    },
  };
}

/** Applications that sync at once. */
export function quick(...names: string[]): WorldDescription {
  return { applications: names.map((name) => ({ name, syncMs: 5 })) };
}
