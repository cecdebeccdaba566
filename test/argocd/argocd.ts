// The Argo CD of the tests: the simulator of the demo, and in addition everything that the recordings contain and tests
// need. A test describes and replaces worlds, counts requests, and sets faults.
import type { ServerResponse } from 'node:http';
import { createApi } from '../../argocd-simulator/api.ts';
import { createControls } from '../../argocd-simulator/control.ts';
import { createDrift, driftForever } from '../../argocd-simulator/drift.ts';
import type { Exchange, Handler } from '../../argocd-simulator/exchange.ts';
import { refused, type Answer } from '../../argocd-simulator/http-answers.ts';
import { createSimulatorServer, type Log, type Simulator } from '../../argocd-simulator/server.ts';
import {
  keepAliveMs as defaultKeepAliveMs,
  newestVersion,
  showFrontPage,
} from '../../argocd-simulator/simulator.ts';
import { createTimers, systemClock, type SimulatorClock } from '../../argocd-simulator/timers.ts';
import { createTestApi, goRouter, isStream } from './api.ts';
import { testControls } from './control.ts';
import { createFaults, type Faults, type RequestFault } from './faults.ts';
import { createRequestLog } from './request-log.ts';
import { createTestBackend } from './test-backend.ts';
import { versionOf } from './versions.ts';
import { parseWorld, type WorldDescription } from './world-description.ts';

export type { Simulator, SimulatorClock, WorldDescription };

export interface TestArgoCdOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** How often an application drifts, in ms; default 0: never. */
  driftEveryMs?: number;
  /** The version of Argo CD that it simulates, `2.14.21` or newer; default the newest. */
  version?: string;
  /** Default: no application, and the token `simulated` for everything. */
  world?: WorldDescription;
  /** Default 15,000, as in Argo CD. */
  keepAliveMs?: number;
  /** Host names that the controls accept besides those of this machine. */
  controlHosts?: readonly string[];
  log?: Log;
  clock?: SimulatorClock;
}

/** @throws RangeError with a message if `world` or `version` cannot be used */
export function createTestArgoCd(options: TestArgoCdOptions = {}): Simulator {
  const { host = '127.0.0.1', port = 0, driftEveryMs = 0, keepAliveMs = defaultKeepAliveMs } = options;
  const { version = newestVersion, world = {}, controlHosts, log = () => {}, clock = systemClock } = options;
  const description = parseWorld(world);
  if (!description.ok) throw new RangeError(`The simulated world cannot be used: ${description.message}`);

  const timers = createTimers(clock);
  const backend = createTestBackend(description.value, 'simulated', timers, versionOf(version));
  const drift = createDrift(backend);
  const faults = createFaults();
  const requests = createRequestLog(({ namespace, name, status }) =>
    log('debug', 'sync', { namespace, name, status }),
  );
  const streams = new Set<ServerResponse>();
  const logInfo = (message: string, fields: Record<string, unknown>) => log('info', message, fields);
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      timers.after(ms, resolve);
    });

  const countRequests: Handler = ({ method, path }, next) => {
    requests.request(method, path);
    return next();
  };
  const keepStreams: Handler = (exchange, next) => {
    const { response } = exchange;
    if (isStream(exchange)) {
      streams.add(response);
      response.once('close', () => streams.delete(response));
    }
    return next();
  };

  return createSimulatorServer({
    host,
    port,
    log,
    handlers: [
      createControls(
        testControls({
          backend,
          drift,
          faults,
          requests,
          cutStreams: () => {
            for (const stream of streams) stream.destroy();
          },
          log: logInfo,
        }),
        controlHosts,
      ),
      countRequests,
      withFaults(faults, pause),
      keepStreams,
      showFrontPage,
      goRouter,
      createTestApi({ backend, requests, faults, timers, keepAliveMs }),
      createApi({
        backend,
        version: () => backend.version.text,
        authenticate: (headers) => backend.accounts.authenticate(headers),
        timers,
        keepAliveMs,
      }),
    ],
    onStart: () =>
      driftForever({
        drift,
        change: (record) => backend.changes.commit(record, {})?.revision,
        timers,
        everyMs: driftEveryMs,
        log: logInfo,
      }),
    onStop: () => timers.cancelAll(),
  });
}

/** Delays, replaces or drops answers. */
function withFaults(faults: Faults, pause: (ms: number) => Promise<void>): Handler {
  return async (exchange, next) => {
    const fault = faults.take(exchange.method, exchange.path);
    if (fault === undefined) return next();
    const { hang, cut, status, carriedOut, delayMs } = fault;
    if (hang) return 'handled';
    if (cut === 'before') return cutOff(exchange);
    if (isStream(exchange) && status === undefined) return next();
    const outcome = status === undefined || carriedOut === true ? await next() : undefined;
    if (delayMs !== undefined) await pause(delayMs);
    if (cut === 'after') return cutOff(exchange);
    return outcome === undefined || status !== undefined ? faulty(fault) : outcome;
  };
}

function cutOff({ response }: Exchange): 'handled' {
  response.destroy();
  return 'handled';
}

function faulty({ status = 500, message = `simulated fault ${status}` }: RequestFault): Answer {
  return { ...refused({ code: 2, message }), status };
}
