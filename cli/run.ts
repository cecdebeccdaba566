// Runs the parts of a process until a signal stops it.
import type { Config } from '../config/sections.ts';
import { createContext, type Context } from '../service/context.ts';
import { ownSurroundings, whyHangUpIsIgnored } from '../service/hang-up.ts';
import type { HealthCheck } from '../service/health.ts';
import { createHealthServer } from '../service/health-server.ts';
import { createParts, runUntilSignal, type Part, type ProcessEdge } from '../service/life-cycle.ts';
import { createLog } from '../service/log.ts';
import { createNotify, takeNotifySocket } from '../service/notify.ts';
import { healthPorts, type ProcessName } from './processes.ts';

export interface RunOptions {
  readonly name: ProcessName;
  readonly config: Pick<Config, 'log' | 'health'>;
  readonly warnings: readonly string[];
  readonly file?: string;
  readonly parts: (context: Context) => readonly Part[];
}

const processEdge: ProcessEdge = {
  on: (event, listener) => process.on(event, listener),
  off: (event, listener) => process.off(event, listener),
  exit: (code) => process.exit(code),
};

/** Resolves when everything has started. The process then runs until a signal. */
export async function run(options: RunOptions): Promise<void> {
  const { config, name } = options;
  let logCheck: HealthCheck | undefined;
  const log = await createLog(config.log, name, (trouble) => {
    // If the log cannot be written, it cannot report that, so health does. The check appears only after such a failure.
    logCheck ??= context.health.check('log', 'degraded');
    if (trouble === undefined) logCheck.ok();
    else logCheck.bad(trouble);
  });
  const context = createContext(log);
  const { health, metrics, clock, clockSync, version } = context;
  log.info(
    { version, node: process.version, config: options.file ?? 'none' },
    `release-button ${version}: ${name}, configuration file: ${options.file ?? 'none'}`,
  );
  for (const warning of options.warnings) log.warn(warning);

  // So /healthz reports failing from its first answer on, even before the parts have added their checks.
  const started = health.check('started', 'failing');
  const parts: Part[] = [];
  if (config.health.enabled) {
    const port = config.health.port ?? healthPorts[name];
    const server = createHealthServer({ host: config.health.host, port, health, metrics, log });
    parts.push({ name: 'health', start: () => server.start(), stop: () => server.stop() });
  }
  parts.push({ name: 'clock', start: () => clockSync.start(), stop: () => clockSync.stop() });
  parts.push(...options.parts(context), {
    name: 'started',
    start: () => started.ok(),
    stop: () => started.bad('stopping'),
  });
  // Last, so that it reports ready after all parts have started, and stopping before any part stops.
  const socket = takeNotifySocket(process.env);
  if (socket !== undefined) parts.push(createNotify({ socket, health, clock, log }));
  await runUntilSignal({
    parts: createParts(parts, log),
    clock,
    log,
    edge: processEdge,
    hangUpIgnored: whyHangUpIsIgnored(ownSurroundings()),
  });
}
