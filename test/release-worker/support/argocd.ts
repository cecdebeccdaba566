// A simulated Argo CD with the worker's real client, for one test, and a client made of plain functions.
import { onTestFinished } from 'vitest';
import { createTestArgoCd } from '../../argocd/argocd.ts';
import type { ArgoCd } from '../../../release-worker/argocd/client.ts';
import { ArgoCdError } from '../../../release-worker/argocd/errors.ts';
import { argocdControl, type ArgoCdControl } from '../../support/argocd-control.ts';
import { clientWith } from './client.ts';

export interface SimulatedArgoCd {
  readonly argocd: ArgoCd;
  readonly control: ArgoCdControl;
}

/** @param world as `worldOf` of the test support builds it */
export async function simulatedArgoCd(
  world: unknown,
  options: {
    readonly token?: string;
    readonly requestTimeoutMs?: number;
    readonly keepAliveMs?: number;
    /** the version of Argo CD; the newest by default */
    readonly version?: string;
  } = {},
): Promise<SimulatedArgoCd> {
  const { token = 'simulated', requestTimeoutMs = 1_000, keepAliveMs = 15_000, version } = options;
  const simulator = createTestArgoCd({
    port: 0,
    driftEveryMs: 0,
    world: {},
    keepAliveMs,
    ...(version === undefined ? {} : { version }),
  });
  const { url } = await simulator.start();
  onTestFinished(() => simulator.stop());
  const control = argocdControl(url);
  await control.post('world', world);
  const argocd = clientWith({ server: url, token, requestTimeoutMs });
  onTestFinished(() => argocd.stop());
  return { argocd, control };
}

const neverAsked = (what: string) => () =>
  Promise.reject(new ArgoCdError({ kind: 'invalid', message: `the test did not expect: ${what}` }));

/** Answers only what a test supplies. */
export function scriptedArgoCd(answers: Partial<ArgoCd>): ArgoCd {
  return {
    server: 'https://argocd.example',
    remedy: 'Set ARGOCD_AUTH_TOKEN',
    version: () => Promise.resolve({ version: 'v3.6.0', simulated: false }),
    probe: () => Promise.resolve({ version: 'v3.6.0', simulated: false }),
    account: () => Promise.resolve('button'),
    list: neverAsked('list'),
    get: neverAsked('get'),
    sync: neverAsked('sync'),
    terminate: neverAsked('terminate'),
    syncDetail: neverAsked('syncDetail'),
    ownSyncPolicy: neverAsked('ownSyncPolicy'),
    maySync: neverAsked('maySync'),
    maySyncAll: neverAsked('maySyncAll'),
    syncWindows: neverAsked('syncWindows'),
    projectWindows: neverAsked('projectWindows'),
    revisionMetadata: neverAsked('revisionMetadata'),
    openStream: () => scriptedStream().request,
    stop: () => {},
    ...answers,
  };
}

export interface ScriptedStream {
  readonly request: ReturnType<ArgoCd['openStream']>;
  send(text: string): void;
  fail(error: Error): void;
}

/** A stream that sends what a test gives it, and ends when it is destroyed. */
export function scriptedStream(signal?: AbortSignal): ScriptedStream {
  const chunks: Uint8Array[] = [];
  let ended: Error | true | undefined;
  let wake = () => {};
  const end = (how: Error | true) => {
    ended ??= how;
    wake();
  };
  signal?.addEventListener('abort', () => end(true), { once: true });
  async function* read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = chunks.shift();
      if (chunk !== undefined) yield chunk;
      else if (ended instanceof Error) throw ended;
      else if (ended === true) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }
  return {
    request: { [Symbol.asyncIterator]: read, destroy: () => end(true) },
    send: (text) => {
      chunks.push(new TextEncoder().encode(text));
      wake();
    },
    fail: end,
  };
}

/** An event as Argo CD's stream sends it, with the members that matter to the test. */
export function streamEvent(type: 'ADDED' | 'MODIFIED' | 'DELETED', application: unknown): string {
  return `data: ${JSON.stringify({ result: { type, application } })} \n\n\n`;
}
