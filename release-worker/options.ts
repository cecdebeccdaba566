// The options of a release worker.
import type { Registry } from 'prom-client';
import type { Config } from '../config/sections.ts';
import type { ClockState } from '../messages/presence.ts';
import type { Clock } from '../service/clock.ts';
import type { Health } from '../service/health.ts';
import type { Link } from '../service/link/link.ts';
import type { Log } from '../service/log.ts';
import type { ArgoCd } from './argocd/client.ts';
import type { FreezeFile } from './freeze/file.ts';
import type { Journal } from './releases/journal.ts';

export interface WorkerOptions {
  readonly config: Config['worker'];
  readonly link: Link;
  readonly argocd: ArgoCd;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: Health;
  readonly metrics: Registry;
  readonly freezeFile: FreezeFile;
  readonly topicPrefix: string;
  readonly clockState: () => ClockState;
  readonly version: string;
  readonly host: string;
  readonly instance: string;
  /** Base URL of links for people */
  readonly externalUrl: string;
  /** 0 to 1, for the jitter */
  readonly random: () => number;
}
