// The common parts of every process: clock, log, health, metrics and identity.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Registry } from 'prom-client';
import { createClockSync } from './clock-sync.ts';
import type { ClockSync } from './clock-sync.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { createHealth } from './health.ts';
import type { Health } from './health.ts';
import type { Log } from './log.ts';
import { processMetrics } from './process-metrics.ts';
import { ownVersion } from './version.ts';

export interface Context {
  readonly clock: Clock;
  readonly log: Log;
  readonly health: Health;
  readonly metrics: Registry;
  readonly clockSync: ClockSync;
  readonly version: string;
  readonly host: string;
  /** New at each start of a process */
  readonly instance: string;
  /** 0 to 1 */
  readonly random: () => number;
}

export function createContext(log: Log): Context {
  const clock = systemClock();
  const health = createHealth(clock);
  const version = ownVersion();
  const metrics = new Registry();
  processMetrics({ registry: metrics, version, health });
  return {
    clock,
    log,
    health,
    metrics,
    clockSync: createClockSync(clock),
    version,
    host: hostname(),
    instance: randomUUID(),
    random: Math.random,
  };
}
