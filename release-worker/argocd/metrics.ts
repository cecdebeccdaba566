// Metrics of requests to Argo CD, by call and status code. The number of codes is limited, whatever a server answers.
import { Counter, Histogram, type Registry } from 'prom-client';

/** Every kind of request that the worker sends, by its name in the metrics. */
export const argocdCalls = [
  'version',
  'userinfo',
  'session',
  'list',
  'get',
  'refresh',
  'sync',
  'terminate',
  'can-i',
  'syncwindows',
  'project',
  'revision-metadata',
  'stream',
] as const;
export type ArgoCdCall = (typeof argocdCalls)[number];

/** @param ms how long the answer took; undefined for the stream, whose answer begins with its first event */
export type OnAnswer = (call: ArgoCdCall, status: number, ms?: number) => void;

/** Codes that Argo CD, its gateway or a proxy answers. All others are counted by class. */
const codes = new Set([200, 302, 400, 401, 403, 404, 408, 409, 412, 415, 429, 500, 501, 502, 503, 504]);

export function codeOf(status: number): string {
  if (status === 0) return 'none';
  if (codes.has(status)) return String(status);
  return status >= 100 && status < 600 ? `${Math.floor(status / 100)}xx` : 'other';
}

export function argocdMetrics(registry: Registry, worker: string): OnAnswer {
  const registers = [registry];
  const requests = new Counter({
    name: 'release_button_argocd_requests_total',
    help: 'Requests to Argo CD by call and HTTP status. Rare statuses are grouped by class, such as 4xx. The code is "none" if no answer came.',
    labelNames: ['call', 'code', 'worker'],
    registers,
  });
  const duration = new Histogram({
    name: 'release_button_argocd_request_duration_seconds',
    help: 'Time until Argo CD answered a request or the worker gave up. The event stream is not included.',
    labelNames: ['call', 'worker'],
    // One application takes milliseconds, thousands take seconds, and a refresh waits for Git. A list times out after 30 s.
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30],
    registers,
  });
  for (const call of argocdCalls) {
    for (const code of ['200', 'none']) requests.inc({ call, code, worker }, 0);
    if (call !== 'stream') duration.zero({ call, worker });
  }
  return (call, status, ms) => {
    requests.inc({ call, code: codeOf(status), worker });
    if (ms !== undefined) duration.observe({ call, worker }, ms / 1000);
  };
}
