// Sends a recorded request again, and removes from answers what differs between two installations.
import { request as httpRequest } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { createTestArgoCd, type Simulator, type SimulatorClock } from '../argocd.ts';
import type { Arrangement } from './arrangement.ts';
import { patienceMs } from '../../support/patience.ts';
import { tokenFor } from './recorded-world.ts';
import type { Recording } from './recordings.ts';

export type Reply = { status: number; headers: Record<string, unknown>; body: string };

/** A clock on which the simulator's own waits take a tenth of their time. */
const fastClock: SimulatorClock = {
  now: () => Date.now(),
  setTimeout: (run, ms) => {
    const timer = setTimeout(run, ms / 10);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Starts a simulator with the world of the recording. */
export async function startArranged(
  arrangement: Arrangement,
): Promise<{ simulator: Simulator; url: string }> {
  const simulator = createTestArgoCd({
    port: 0,
    driftEveryMs: 0,
    world: arrangement.world,
    clock: fastClock,
  });
  const { url } = await simulator.start();
  await send(url, {
    method: 'POST',
    path: '/simulator/faults',
    headers: {},
    body: JSON.stringify(arrangement.faults),
  });
  return { simulator, url };
}

export function send(
  url: string,
  {
    method,
    path,
    headers,
    body,
  }: { method: string; path: string; headers: Record<string, string>; body?: string },
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}${path}`, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const text = response.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text.toString('utf8') });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** The recorded headers, with a token in place of the placeholder. */
export function headersOf({ request, token }: Recording): Record<string, string> {
  const { account } = request;
  const value = tokenFor(token, account);
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, text]) => [name, text.replaceAll('<token>', value)]),
  );
}

export function play(url: string, recording: Recording): Promise<Reply> {
  const { method, path, body } = recording.request;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return send(url, {
    method,
    path,
    headers: headersOf(recording),
    ...(text === undefined ? {} : { body: text }),
  });
}

/** Members whose values differ in every installation. */
const volatile = new Set(['uid', 'resourceVersion', 'generation']);
const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;

/** Replaces versions, times and ids, and removes managedFields and kubectl's annotation. */
export function normalised(value: unknown): unknown {
  if (typeof value === 'string') {
    return value
      .replaceAll(time, '<time>')
      .replaceAll(/-(presync|postsync)-\d+/g, '-$1-<second>')
      .replaceAll(/at \d+:\d\d[AP]M/g, 'at <time>')
      .replace(/^v3\.6\.0\+\w+$/, 'v3.6.0+<build>');
  }
  if (Array.isArray(value)) return value.map(normalised);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(
    ([key]) => key !== 'managedFields' && key !== 'kubectl.kubernetes.io/last-applied-configuration',
  );
  return Object.fromEntries(
    members.map(([key, member]) => [key, volatile.has(key) ? `<${key}>` : normalised(member)]),
  );
}

/** Repeats a check until it does not throw. Throws its last error when the time is up. */
export async function eventually<T>(check: () => Promise<T>, withinMs = patienceMs): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
  }
}
