// A small HTTP server for the demo that answers as Argo CD 3.6 does. It is always labelled: the version ends with
// `+simulated`, and every answer has `X-Simulated: argocd`. docs/argocd-simulator.md lists what it answers.
//
// The tests build their own Argo CD (test/argocd) from the same parts: they add handlers in front, and bring another
// `Backend` and another `Course` of an operation.
import { createApi, onlyToken } from './api.ts';
import { createBackend } from './backend.ts';
import { createControls, demoControls } from './control.ts';
import { demoWorld } from './demo-world.ts';
import { createDrift, driftForever } from './drift.ts';
import type { Handler } from './exchange.ts';
import { plain } from './http-answers.ts';
import { createSimulatorServer, type Log, type Simulator } from './server.ts';
import { createTimers, systemClock } from './timers.ts';

export interface SimulatorOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Requests with this bearer token may do everything. */
  token: string;
  /** How often an application drifts, in ms; 0: never. */
  driftEveryMs: number;
  log: Log;
}

export const newestVersion = '3.6.0';

/** How often an open stream sends a keep-alive, in ms. */
export const keepAliveMs = 15_000;

const frontPage = `This is a simulated Argo CD (X-Simulated: argocd). It deploys nothing.
Its state: GET /api/v1/applications with its token. Its controls: docs/argocd-simulator.md.
`;

export const showFrontPage: Handler = ({ path }, next) => (path === '/' ? plain(200, frontPage) : next());

export function createArgoCdSimulator({ host, port, token, driftEveryMs, log }: SimulatorOptions): Simulator {
  const timers = createTimers(systemClock);
  const backend = createBackend(demoWorld(timers.now()), timers);
  const drift = createDrift(backend);
  const logInfo = (message: string, fields: Record<string, unknown>) => log('info', message, fields);
  return createSimulatorServer({
    host,
    port,
    log,
    handlers: [
      createControls(demoControls(backend, drift, logInfo)),
      showFrontPage,
      createApi({
        backend,
        version: () => `v${newestVersion}+simulated`,
        authenticate: onlyToken(token),
        timers,
        keepAliveMs,
      }),
    ],
    onStart: () =>
      driftForever({
        drift,
        change: (record) => backend.controller.push(record, {})?.revision,
        timers,
        everyMs: driftEveryMs,
        log: logInfo,
      }),
    onStop: () => timers.cancelAll(),
  });
}
