// A small HTTP server that answers as Argo CD 2.14 to 3.6 does, for the demo and the tests. It is always labelled: the version
// ends with `+simulated`, and every answer carries `X-Simulated: argocd`.
//
// Argo CD's endpoints: GET /api/version, /api/v1/session/userinfo, /api/v1/account/can-i/…, /api/v1/applications (list,
// one, revisions/…/metadata, syncwindows), POST …/sync, …/rollback, DELETE …/operation, /api/v1/projects/… (one,
// globalprojects), POST /api/v1/session,
// GET /api/v1/stream/applications, /healthz.
// Its own, documented in docs/argocd-simulator.md: POST /simulator/drift, POST /simulator/world, POST /simulator/version,
// GET and DELETE /simulator/requests, GET and POST /simulator/faults.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { globPattern } from './accounts.ts';
import { plain, refused, send } from './answers.ts';
import type { Answer } from './answers.ts';
import { answerApi, isStream } from './api.ts';
import type { ApiParts } from './api.ts';
import { control } from './control.ts';
import { demoWorld } from './demo-world.ts';
import { createDrift, inWordsOf } from './drift.ts';
import { createFaults } from './faults.ts';
import type { RequestFault } from './faults.ts';
import { createRequestLog } from './request-log.ts';
import { openStream, refuseStream } from './stream.ts';
import { createTimers, systemClock } from './timers.ts';
import type { SimulatorClock } from './timers.ts';
import { newestVersion, versionOf } from './versions.ts';
import { createSimulatedWorld } from './world.ts';
import { parseWorld } from './world-description.ts';
import type { WorldDescription } from './world-description.ts';

export type { SimulatorClock, WorldDescription };

export interface SimulatorOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** 0: any free port. */
  port: number;
  /** The token that may do everything where the world names no tokens; default `simulated`. */
  token?: string;
  /** How often an application drifts, in ms; 0: never. */
  driftEveryMs: number;
  /** The version of Argo CD to answer as, `2.14.21` or newer; default the newest. */
  version?: string;
  /** Default: the demo. */
  world?: WorldDescription;
  /** Default 15,000, as Argo CD. */
  keepAliveMs?: number;
  /** Host names that the control endpoints accept besides those of this machine. */
  controlHosts?: readonly string[];
  log?: (level: 'info' | 'warn' | 'debug', message: string, fields?: Record<string, unknown>) => void;
  clock?: SimulatorClock;
}

export interface Simulator {
  /** Rejects with the original error where the port cannot be opened (`EADDRINUSE` …). */
  start(): Promise<{ url: string }>;
  /** Cuts open streams; may be called twice. */
  stop(): Promise<void>;
}

/** Throws a RangeError with words where `world` or `version` cannot be used. */
export function createArgoCdSimulator(options: SimulatorOptions): Simulator {
  const { host = '127.0.0.1', port, token = 'simulated', driftEveryMs, keepAliveMs = 15_000 } = options;
  const clock = options.clock ?? systemClock;
  const log = options.log ?? (() => {});
  const description = parseWorld(options.world ?? demoWorld(clock.now()));
  if (!description.ok) throw new RangeError(`The simulated world cannot be used: ${description.message}`);

  const timers = createTimers(clock);
  const world = createSimulatedWorld(
    description.value,
    token,
    timers,
    versionOf(options.version ?? newestVersion),
  );
  const drift = createDrift(world);
  const faults = createFaults(globPattern);
  const requests = createRequestLog(({ namespace, name, status }) =>
    log('debug', 'sync', { namespace, name, status }),
  );
  const streams = new Set<ServerResponse>();
  const cutStreams = (): void => {
    for (const stream of streams) stream.destroy();
  };
  const api: ApiParts = { world, requests, now: () => clock.now() };
  const controlParts = {
    world,
    drift,
    faults,
    requests,
    hosts: options.controlHosts ?? [],
    cutStreams,
    log: (message: string, fields: Record<string, unknown>) => log('info', message, fields),
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('X-Simulated', 'argocd');
    const url = parseUrl(request.url);
    if (!url) {
      send(request, response, plain(400, 'Bad Request\n'));
      return;
    }
    if (url.pathname.startsWith('/simulator')) {
      send(request, response, await control(controlParts, request, url.pathname));
      return;
    }
    requests.request(request.method ?? '', url.pathname);
    const fault = faults.take(request.method ?? '', url.pathname);
    if (fault?.hang) return;
    if (fault?.cut === 'before') {
      response.destroy();
      return;
    }
    if (isStream(request.method, url.pathname) && fault?.status === undefined) {
      stream(request, response, url.searchParams);
      return;
    }
    const taken = fault?.status === undefined || fault.taken === true;
    const answer = taken ? await answerApi(api, request, url) : faulty(fault);
    if (fault?.delayMs !== undefined) {
      await new Promise<void>((resolve) => {
        timers.after(fault.delayMs ?? 0, resolve);
      });
    }
    if (fault?.cut === 'after') response.destroy();
    else send(request, response, fault?.status === undefined ? answer : faulty(fault));
  }

  function stream(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void {
    const parts = { world, timers, keepAliveMs, faults, request, response, query };
    const authentication = world.accounts.authenticate(request.headers);
    if (!('account' in authentication)) {
      refuseStream(parts, { code: 16, message: authentication.problem });
      return;
    }
    streams.add(response);
    response.once('close', () => streams.delete(response));
    openStream(parts, authentication.account);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      log('warn', 'request failed', { path: request.url, error: String(error) });
      if (response.headersSent) response.destroy();
      else send(request, response, refused({ code: 13, message: 'the simulator failed; see its log' }));
    });
  });

  // Longer than clients keep idle connections: they never send into one that is being closed.
  server.keepAliveTimeout = 120_000;

  function driftLater(): void {
    timers.after(driftEveryMs, () => {
      const drifted = drift.now({});
      if (drifted && drifted.length > 0) log('info', inWordsOf(drifted), { drifted });
      driftLater();
    });
  }

  return {
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          server.on('error', (error) => log('warn', 'server error', { error: String(error) }));
          if (driftEveryMs > 0) driftLater();
          const address = server.address();
          const actual = typeof address === 'object' && address ? address.port : port;
          resolve({ url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}` });
        });
      }),
    stop: () =>
      new Promise((resolve) => {
        timers.cancelAll();
        // `close` reports a server that does not listen as an error; to have stopped is all that is asked for.
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function faulty(fault: RequestFault): Answer {
  const status = fault.status ?? 500;
  const message = fault.message ?? `simulated fault ${status}`;
  return { ...refused({ code: 2, message }), status };
}

function parseUrl(path: string | undefined): URL | undefined {
  return URL.canParse(path ?? '/', 'http://simulator') ? new URL(path ?? '/', 'http://simulator') : undefined;
}
