// Keeps a connection to the broker: retries with growing pauses, chooses the MQTT version, and yields to another process.
import { EventEmitter } from 'node:events';
import type { Timer } from '../clock.ts';
import { backoffMs } from '../backoff.ts';
import { openConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import type { LinkOptions, LinkState } from './options.ts';
import { credentials } from './options.ts';
import { firstVersion, refusesVersion, sessionTakenOver, versionAfterClose } from './refusal.ts';
import { probeTakeover } from './takeover-probe.ts';
import type { TakeoverProbe } from './takeover-probe.ts';
import { createStandby } from './standby.ts';
import { brokerAddress, describeClose } from './wording.ts';
import type { CloseReason, IncomingPacket, Outgoing } from './wire.ts';

export interface ConnectorOptions extends LinkOptions {
  readonly will?: Outgoing;
  /** The instance in the `info` that we have published; undefined before that */
  readonly instance: () => string | undefined;
  /** The broker has accepted the connection. `connected` is reported after this. */
  readonly onOpen: (connection: Connection) => void;
  readonly onMessage: (packet: IncomingPacket) => void;
  readonly onThrownOut: () => void;
  readonly onState: (state: LinkState['state'], message: string) => void;
}

export interface Connector {
  start(): void;
  /** @param farewell last messages for an open connection. False: cut it, so that the broker publishes the last will */
  stop(farewell: (connection: Connection) => Promise<boolean>): Promise<void>;
  /** The connection that the broker has accepted */
  readonly open: Connection | undefined;
}

/** The next step, after a pause or at once. */
interface Steps {
  connect: [];
  /** Finds out whether another process has taken the client id. If not, `connect` follows. */
  probe: [];
}

/** After a connection of at least this length, the pauses start again from the beginning. */
const steadyMs = 5_000;

export function createConnector(options: ConnectorOptions): Connector {
  const { clock, log, presence, clientId, onState } = options;
  const url = new URL(options.url);
  const at = brokerAddress(url);
  const random = options.random ?? Math.random;
  let connection: Connection | undefined;
  let open = false;
  let running = false;
  let choice = firstVersion;
  let failures = 0;
  let timer: Timer | undefined;
  let gone: (() => void) | undefined;
  let probe: TakeoverProbe | undefined;
  const steps = new EventEmitter<Steps>();
  const isOurs = (instance: string) => instance === options.instance();

  const standby =
    presence === undefined
      ? undefined
      : createStandby({
          ...options,
          presence,
          random,
          isOurs,
          onTakeOver: () => {
            failures = 0;
            steps.emit('connect');
          },
          onSeen: (message) => onState('standby', message),
        });

  const onOpen = () => {
    if (connection === undefined || !running) return;
    open = true;
    timer = clock.setTimeout(() => {
      failures = 0;
    }, steadyMs);
    const mqtt = versionName(connection.version);
    log.info({ url: at, clientId, mqtt }, `connected to the broker at ${at}`);
    options.onOpen(connection);
    onState('connected', `connected to ${at} (MQTT ${mqtt})`);
  };

  const stepAside = (who: string) => {
    const message = `standing by: ${clientId} is already connected ${who}; give one of the two processes another id, or stop one of them`;
    log.error(message);
    options.onThrownOut();
    onState('standby', message);
    standby?.start(choice.version);
  };

  const tryAgain = (reason: CloseReason, next: keyof Steps) => {
    const before = choice;
    choice = versionAfterClose(choice, reason);
    failures += 1;
    // Retries without a pause only if the broker refused our version. Otherwise two sides that disagree would retry in a tight loop.
    const atOnce = refusesVersion(reason) && before.version === 5;
    const waitMs = atOnce ? 0 : backoffMs(failures, options.reconnect, random());
    const change = before.version === choice.version ? '' : ` with MQTT ${versionName(choice.version)}`;
    const message = `${describeClose(reason, url)}; next try${change} ${atOnce ? 'at once' : `in ${(waitMs / 1000).toFixed(1)} s`}`;
    log.warn(message);
    timer = clock.setTimeout(() => steps.emit(next), waitMs);
    onState('connecting', message);
  };

  const onClose = (reason: CloseReason) => {
    open = false;
    connection = undefined;
    timer?.cancel();
    gone?.();
    if (!running) return;
    if (reason.disconnect === sessionTakenOver && standby !== undefined) {
      choice = versionAfterClose(choice, reason);
      stepAside('from another process');
      return;
    }
    // If the connection was lost without a reason, another process may have taken the client id. Only our `info` can show that.
    const isUnsure = reason.reached === 'accepted' && reason.disconnect === undefined;
    tryAgain(reason, isUnsure && options.instance() !== undefined ? 'probe' : 'connect');
  };

  steps.on('probe', () => {
    if (presence === undefined) return;
    probe = probeTakeover({
      ...options,
      presence,
      random,
      version: choice.version,
      isOurs,
      onAnswer: (other) => {
        if (other === undefined) steps.emit('connect');
        else stepAside(`from ${other.host} (instance ${other.instance})`);
      },
      // A broker that refuses only this second connection must not keep the process from connecting.
      onFailed: (reason) => {
        if (reason.connack === undefined) tryAgain(reason, 'probe');
        else steps.emit('connect');
      },
    });
  });

  steps.on('connect', () => {
    connection = openConnection({
      url,
      clientId,
      version: choice.version,
      keepAliveSeconds: options.keepAliveSeconds,
      clock,
      log,
      ...credentials(options),
      ...(options.will === undefined ? {} : { will: options.will }),
      onOpen,
      onMessage: options.onMessage,
      onClose,
    });
  });

  return {
    start: () => {
      running = true;
      choice = firstVersion;
      failures = 0;
      onState('connecting', `connecting to ${at}`);
      steps.emit('connect');
    },
    stop: async (farewell) => {
      running = false;
      timer?.cancel();
      const leaving = connection;
      if (leaving !== undefined) {
        const left = new Promise<void>((resolve) => {
          gone = resolve;
        });
        if (!open || (await farewell(leaving))) leaving.end();
        else leaving.reset();
        await left;
      }
      await Promise.all([probe?.stop(), standby?.stop()]);
    },
    get open() {
      return open ? connection : undefined;
    },
  };
}

function versionName(version: 4 | 5): string {
  return version === 4 ? '3.1.1' : '5';
}
