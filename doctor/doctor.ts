// Runs all checks at the same time, each with a time limit, in about 15 s at most. Changes nothing anywhere.
import { reachedAt } from '../config/host.ts';
import type { Config } from '../config/sections.ts';
import { argocdFromConfig } from '../release-worker/argocd/from-config.ts';
import type { ArgoCdFromConfig } from '../release-worker/argocd/from-config.ts';
import { isWholeItem } from '../release-worker/argocd/application.ts';
import type { ArgoCd } from '../release-worker/argocd/client.ts';
import { createRedactor } from '../release-worker/argocd/redactor.ts';
import { selects } from '../config/selects.ts';
import { createClockSync } from '../service/clock-sync.ts';
import type { Clock } from '../service/clock.ts';
import { silentLog } from '../service/log.ts';
import { accountRow, applicationsRow, argocdRow, ask, faultOf } from './argocd.ts';
import type { ArgoCdAnswers } from './argocd.ts';
import { askBroker } from './broker.ts';
import { askPermissions, buttonRow, releases } from './buttons.ts';
import { controlPlaneRows } from './control-plane.ts';
import { argocdClockRow, ownClockRow, processClockRows } from './clocks.ts';
import { freezeRows } from './freeze.ts';
import { brokerRow, claimedTwiceRows, processRows } from './processes.ts';
import { releaseRows } from './releases.ts';
import type { Expected } from './processes.ts';
import { failed, ok, skipped } from './row.ts';
import type { CheckName, Row } from './row.ts';
import { checkStateDirectory } from './state-directory.ts';
import { lengthOf } from './validity.ts';
import { late, within } from './within.ts';

/** A part of the configuration. `invalid`: it has errors, so what it configures cannot be checked. */
type Part<Value> = Value | 'invalid';

export interface ExaminedProcess {
  /** The result of loading the configuration */
  readonly configuration: readonly Row[];
  readonly mqtt: Part<Config['mqtt']>;
  /** The address at which `start` opens its own broker. Absent if the process uses another broker */
  readonly embedded?: { readonly host: string; readonly port: number };
  /** Absent if the process has no worker */
  readonly worker?: Part<Config['worker']>;
  readonly argocd?: Part<ArgoCdFromConfig>;
  /** Whether Argo CD is the simulated one of `start`, which may not be running now */
  readonly demo: boolean;
}

export interface Surroundings {
  readonly cwd: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly version: string;
  /** The client id of this run */
  readonly id: string;
}

/** In milliseconds. The three steps for Argo CD follow one another: 5 s, 5 s, then the rest of 12 s. */
const limits = { request: 5_000, permissions: 12_000, disk: 5_000 };
/** The default of worker.maxPressAgeMs, for an agent without that section. */
const usualPressAgeMs = 10_000;
const invalid = 'not checked: the configuration has faults in this part';

export async function examine(
  examined: ExaminedProcess,
  surroundings: Surroundings,
): Promise<readonly Row[]> {
  const { worker } = examined;
  const maxPressAgeMs = worker === undefined || worker === 'invalid' ? usualPressAgeMs : worker.maxPressAgeMs;
  const [broker, argocd, own, state] = await Promise.all([
    aboutBroker(examined, surroundings, maxPressAgeMs),
    aboutArgoCd(examined, surroundings, maxPressAgeMs),
    aboutOwnClock(surroundings.clock),
    aboutState(examined, surroundings),
  ]);
  return [
    ...examined.configuration,
    ...broker.rows,
    ...argocd.rows,
    own,
    ...broker.clocks,
    ...argocd.clocks,
    ...state,
  ];
}

interface Found {
  readonly rows: readonly Row[];
  readonly clocks: readonly Row[];
}

async function aboutBroker(
  { mqtt, embedded, worker }: ExaminedProcess,
  { clock, random, id, version }: Surroundings,
  maxPressAgeMs: number,
): Promise<Found> {
  const about = { check: 'broker' } as const;
  if (mqtt === 'invalid') return { rows: [skipped(about, invalid)], clocks: [] };
  if (embedded?.port === 0)
    return {
      rows: [
        ok(about, 'mqtt.url is not set, so `start` will run its own broker, on a free port (broker.port: 0)'),
      ],
      clocks: [],
    };
  const url = mqtt.url ?? `mqtt://${reachedAt(embedded?.host ?? '127.0.0.1')}:${embedded?.port ?? 1883}`;
  const expected: Expected = { url, embedded: embedded !== undefined, prefix: mqtt.topicPrefix };
  try {
    const found = await askBroker({ mqtt, url, id, clock, random });
    return {
      rows: [
        brokerRow(found, expected),
        ...processRows(found, expected, version),
        ...freezeRows(found),
        ...claimedTwiceRows(found, expected),
        ...(worker === undefined ? [] : releaseRows(found)),
      ],
      clocks: found.connected ? processClockRows(found.present, found.at, maxPressAgeMs) : [],
    };
  } catch (error) {
    // For example, mqtt.caFile cannot be read.
    const { found, remedy } = faultOf(error);
    return { rows: [failed(about, found, remedy)], clocks: [] };
  }
}

async function aboutArgoCd(
  examined: ExaminedProcess,
  { clock, random }: Surroundings,
  maxPressAgeMs: number,
): Promise<Found> {
  const { argocd: given, worker } = examined;
  if (given === undefined) return { rows: [], clocks: [] };
  const notAsked = (why: string): Found => ({
    rows: (['argocd', 'account', 'applications'] satisfies CheckName[]).map((check) =>
      skipped({ check }, why),
    ),
    clocks: [],
  });
  if (given === 'invalid') return notAsked(invalid);
  const { argocd: config } = given;
  let client: ArgoCd;
  try {
    client = argocdFromConfig(
      {
        ...given,
        argocd: { ...config, requestTimeoutMs: Math.min(config.requestTimeoutMs, limits.request) },
      },
      { clock, random, log: silentLog() },
    );
  } catch (error) {
    const { found, remedy } = faultOf(error);
    return { rows: [failed({ check: 'argocd' }, found, remedy)], clocks: [] };
  }

  const ending = new AbortController();
  const timer = clock.setTimeout(() => ending.abort(), limits.permissions);
  try {
    const sentAt = clock.now();
    const probe = await ask(clock, limits.request, 'ask for the version', () => client.probe());
    const receivedAt = clock.now();
    if (examined.demo && probe.fault?.found.includes('ECONNREFUSED') === true)
      return notAsked('not checked: the demo is not running; `start` will run its simulated Argo CD');
    // The token or password is sent only to a server that has answered like Argo CD.
    const unasked = { fault: { found: '', remedy: '', kind: 'not-asked' } };
    const [account, apps] =
      probe.fault !== undefined
        ? [unasked, unasked]
        : await Promise.all([
            ask(clock, limits.request, 'ask whose token it is', () => client.account()),
            ask(clock, limits.request, 'list the applications', () => client.list()),
          ]);
    const answers: ArgoCdAnswers = { server: client.server, probe, account, apps };
    const { token, username, password, headers } = config;
    const redactor = createRedactor();
    for (const secret of [token, password, headers].flatMap((text) => text ?? [])) redactor.add(secret);
    const [buttons, controlPlane] = await Promise.all([
      aboutButtons(client, answers, worker, ending.signal),
      controlPlaneRows({
        argocd: client,
        apps: answers.apps.answer ?? [],
        clock,
        hide: redactor.redact,
        signal: ending.signal,
      }),
    ]);
    const rows = [
      argocdRow(answers, redactor.redact),
      accountRow(answers, {
        token,
        username,
        hide: redactor.redact,
        remedy:
          token === undefined ? 'check argocd.username and argocd.password (or passwordFile)' : client.remedy,
        now: clock.now(),
      }),
      applicationsRow(answers),
      ...controlPlane,
      ...buttons,
    ];
    const date = probe.answer?.date;
    return {
      rows,
      clocks: date === undefined ? [] : [argocdClockRow({ date, sentAt, receivedAt }, maxPressAgeMs)],
    };
  } finally {
    timer.cancel();
    client.stop();
  }
}

async function aboutButtons(
  client: ArgoCd,
  { account, apps }: ArgoCdAnswers,
  worker: ExaminedProcess['worker'],
  signal: AbortSignal,
): Promise<readonly Row[]> {
  if (worker === undefined) return [];
  if (worker === 'invalid') return [skipped({ check: 'button' }, invalid)];
  const seen = apps.answer?.filter(isWholeItem);
  if (seen === undefined)
    return worker.buttons.map(({ id }) =>
      skipped({ check: 'button', subject: id }, 'not checked: doctor could not list the applications'),
    );
  const syncing = worker.buttons.filter(releases);
  const wanted = syncing.map(({ select }) => seen.filter((app) => selects(select, app)));
  const permissions = await askPermissions(client, wanted, signal);
  const name = account.answer ?? '';
  return worker.buttons.map((button) =>
    buttonRow({ button, apps: seen, permissions, account: name === '' ? '<account>' : name }),
  );
}

async function aboutOwnClock(clock: Clock): Promise<Row> {
  const sync = createClockSync(clock);
  await sync.start();
  sync.stop();
  return ownClockRow(sync.state());
}

async function aboutState(
  { worker }: ExaminedProcess,
  { clock, cwd }: Surroundings,
): Promise<readonly Row[]> {
  const about = { check: 'state' } as const;
  if (worker === undefined) return [];
  if (worker === 'invalid') return [skipped(about, invalid)];
  const row = await within(clock, limits.disk, checkStateDirectory(worker.stateDir, cwd));
  if (row !== late) return [row];
  return [
    failed(
      about,
      `${worker.stateDir} (worker.stateDir): the file system has not answered within ${lengthOf(limits.disk)}`,
      'check the disk or the network mount, or set worker.stateDir to another directory',
    ),
  ];
}
