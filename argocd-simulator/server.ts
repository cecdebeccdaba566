// The HTTP server of a simulated Argo CD. It labels every answer, and gives each request to a list of handlers.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createExchange, handle, type Handler } from './exchange.ts';
import { plain, refused, send } from './http-answers.ts';

export type Log = (
  level: 'info' | 'warn' | 'debug',
  message: string,
  fields?: Record<string, unknown>,
) => void;

export interface Simulator {
  /** Rejects with the original error if the port cannot be opened (`EADDRINUSE` …). */
  start(): Promise<{ url: string }>;
  /** Cuts open streams. It may be called twice. */
  stop(): Promise<void>;
}

export function createSimulatorServer(options: {
  host: string;
  port: number;
  handlers: readonly Handler[];
  log: Log;
  onStart: () => void;
  onStop: () => void;
}): Simulator {
  const { host, port, handlers, log, onStart, onStop } = options;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('X-Simulated', 'argocd');
    const exchange = createExchange(request, response);
    if (exchange === undefined) {
      send(request, response, plain(400, 'Bad Request\n'));
      return;
    }
    const outcome = await handle(handlers, exchange, plain(404, 'Not Found\n'));
    if (outcome !== 'handled') send(request, response, outcome);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      log('warn', 'request failed', { path: request.url, error: String(error) });
      if (response.headersSent) response.destroy();
      else send(request, response, refused({ code: 13, message: 'the simulator failed; see its log' }));
    });
  });

  // Longer than clients keep idle connections, so that they never write to one that is just being closed.
  server.keepAliveTimeout = 120_000;

  return {
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          server.on('error', (error) => log('warn', 'server error', { error: String(error) }));
          onStart();
          const address = server.address();
          const actual = typeof address === 'object' && address ? address.port : port;
          resolve({ url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}` });
        });
      }),
    stop: () =>
      new Promise((resolve) => {
        onStop();
        // `close` reports an error if the server does not listen. Then it has already stopped, so the error does not matter.
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
