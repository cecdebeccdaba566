// HTTP listener for the operator of a process. /healthz says whether it can do its work. /livez says whether it answers at all,
// for a supervisor that restarts it. /metrics has the metrics.
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import type { Health } from './health.ts';
import { listen } from './listen.ts';
import type { Log } from './log.ts';
import { messageOf } from './log.ts';

export interface HealthServerOptions {
  readonly host: string;
  /** 0: any free port */
  readonly port: number;
  readonly health: Health;
  readonly metrics: Registry;
  readonly log: Log;
}

export interface HealthServer {
  /** @throws ListenError when the port cannot be opened */
  start(): Promise<{ url: string }>;
  stop(): Promise<void>;
}

export function createHealthServer(options: HealthServerOptions): HealthServer {
  const { host, port, health, metrics, log } = options;
  let server: Server | undefined;

  return {
    start: async () => {
      server = createServer((request, response) => {
        response.setHeader('Cache-Control', 'no-store');
        const path = request.url?.split('?')[0];
        if (request.method !== 'GET' && request.method !== 'HEAD') {
          response.setHeader('Allow', 'GET, HEAD');
          return answer(response, 405, 'text/plain', 'GET only\n');
        }
        if (path === '/healthz') {
          const report = health.report();
          const status = report.status === 'failing' ? 503 : 200;
          return answer(response, status, 'application/json', `${JSON.stringify(report)}\n`);
        }
        // Only a process that hangs fails here, because a restart does not bring back a broker or Argo CD.
        if (path === '/livez') return answer(response, 200, 'text/plain', 'ok\n');
        if (path === '/metrics') {
          metrics.metrics().then(
            (text) => answer(response, 200, metrics.contentType, text),
            (error: unknown) => answer(response, 500, 'text/plain', `${messageOf(error)}\n`),
          );
          return undefined;
        }
        return answer(
          response,
          404,
          'text/plain',
          'not found: this server has only /healthz, /livez and /metrics\n',
        );
      });
      server.requestTimeout = 10_000;
      server.headersTimeout = 5_000;
      server.maxConnections = 100;
      const url = await listen(server, {
        host,
        port,
        scheme: 'http',
        what: 'health and metrics',
        key: 'health.port',
      });
      // Such an error, for example too few file descriptors for another connection, must not end the process.
      server.on('error', (error) =>
        log.error({ err: error }, `the health listener reports ${messageOf(error)}`),
      );
      log.info({ url, what: 'health and metrics' }, 'listening');
      return { url };
    },
    stop: async () => {
      const closing = server;
      server = undefined;
      if (closing === undefined) return;
      await new Promise<void>((resolve) => {
        closing.close(() => resolve());
        closing.closeAllConnections();
      });
    },
  };
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'Content-Type': type });
  response.end(body);
}
