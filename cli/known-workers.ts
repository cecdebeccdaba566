// Finds the workers of the broker from their retained messages: which are online, their buttons, and whether they are releasing.
import { idPattern } from '../messages/ids.ts';
import { whatThereIs } from '../messages/nearest.ts';
import type { Availability } from '../messages/presence.ts';
import { releaseCurrent } from '../messages/release.ts';
import { workerAvailability, workerInfo, type WorkerInfo } from '../messages/worker.ts';
import { answerMs, whenConnected, whyNobody, type Answered, type Broker } from './ask.ts';

type Button = WorkerInfo['buttons'][number];

export interface KnownWorker {
  readonly id: string;
  readonly buttons: readonly Button[];
}

export interface OnlineWorker extends KnownWorker {
  /** Always false without `options.withReleases`. */
  readonly isReleasing: boolean;
}

/** Sorted by id. A worker that has published no availability is in neither list. */
export interface KnownWorkers {
  readonly online: readonly OnlineWorker[];
  readonly offline: readonly KnownWorker[];
}

export interface KnownButton extends Button {
  /** The ids of its workers, if all of them are offline. Otherwise empty. */
  readonly offlineWorkers: readonly string[];
}

/** How long to wait for retained messages, in milliseconds. They follow the subscription at once, but nothing marks the last. */
const retainedWithinMs = 500;

/**
 * @param options.isEnough true ends the search at once; otherwise the search ends when no more retained messages are expected
 * @param options.orNone whether no worker at all is an answer: a user may lack the right to read `worker/<worker>/info`
 * @param options.withReleases whether to find out which workers are releasing
 */
export function knownWorkers(
  broker: Broker,
  options: {
    readonly isEnough?: (online: readonly OnlineWorker[]) => boolean;
    readonly orNone: boolean;
    readonly withReleases?: boolean;
  },
): Promise<Answered<KnownWorkers>> {
  const { link } = broker;
  const infos = new Map<string, WorkerInfo>();
  const availabilities = new Map<string, Availability>();
  const releasing = new Set<string>();

  const workersThatAre = (wanted: Availability): readonly KnownWorker[] =>
    [...infos]
      .filter(([id]) => availabilities.get(id) === wanted)
      .map(([id, { buttons }]) => ({ id, buttons }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const workers = (): KnownWorkers => ({
    online: workersThatAre('online').map((one) => ({ ...one, isReleasing: releasing.has(one.id) })),
    offline: workersThatAre('offline'),
  });

  return new Promise((resolve) => {
    let settled = false;
    let settling: NodeJS.Timeout | undefined;
    const finish = (answered: Answered<KnownWorkers>) => {
      clearTimeout(timer);
      clearTimeout(settling);
      resolve(answered);
    };
    const look = () => {
      const known = workers();
      const isNone = known.online.length === 0 && known.offline.length === 0;
      if (options.isEnough?.(known.online) === true || (settled && (options.orNone || !isNone)))
        finish({ answer: known });
    };
    const timer = setTimeout(
      () => finish({ nobody: whyNobody(broker, 'According to its retained messages, no worker is online') }),
      answerMs,
    );
    link.subscribe(workerInfo.filter(), (info, { params }) => {
      if (info === undefined) infos.delete(params.worker);
      else infos.set(params.worker, info);
      look();
    });
    link.subscribe(workerAvailability.filter(), (state, { params }) => {
      if (state === undefined) availabilities.delete(params.worker);
      else availabilities.set(params.worker, state);
      look();
    });
    if (options.withReleases === true)
      link.subscribe(releaseCurrent.filter(), (current, { params }) => {
        if (current === undefined || 'state' in current) releasing.delete(params.worker);
        else releasing.add(params.worker);
      });
    whenConnected(link, () => {
      void link.subscribed().then(() => {
        settling = setTimeout(() => {
          settled = true;
          look();
        }, retainedWithinMs);
      });
    });
    link.start();
  });
}

/** @returns why nobody will answer for the worker; undefined if it is online, or if it is unknown and no worker is online */
export function whyNoWorker({ online, offline }: KnownWorkers, wanted: string): string | undefined {
  const ids = online.map(({ id }) => id);
  if (ids.includes(wanted)) return undefined;
  const isOffline = offline.some(({ id }) => id === wanted);
  if (ids.length === 0 && !isOffline) return undefined;
  return `the worker ${JSON.stringify(wanted)} is not online, so nobody would answer. ${isOffline ? startIt : whatThereIs(wanted, ids)}`;
}

const startIt =
  'Start it (release-button release-worker, or start). If it is gone for good, `release-button doctor` says how to clear its topics';

/**
 * @param known ids of all buttons; empty if no worker names any
 * @returns what is wrong with the id `wanted`; undefined if there is such a button, or may be
 */
export function whyNoButton(known: readonly string[], wanted: string): string | undefined {
  if (known.length > 0)
    return known.includes(wanted)
      ? undefined
      : `there is no button ${JSON.stringify(wanted)}. ${whatThereIs(wanted, known)}`;
  return idPattern.test(wanted)
    ? undefined
    : `${JSON.stringify(wanted)} is not the id of a button: an id has lower-case letters, digits, - and _`;
}

/** @returns why nobody will answer for the button; undefined if one of its workers is online, or if none is known */
export function whyOffline(known: readonly KnownButton[], wanted: string): string | undefined {
  const workers = known.find(({ id }) => id === wanted)?.offlineWorkers ?? [];
  const [only, ...others] = workers;
  if (only === undefined) return undefined;
  return others.length === 0
    ? `the worker ${only} is offline. It has the button ${wanted}, so nobody would answer. ${startIt}`
    : `the workers ${workers.join(' and ')} are offline. They have the button ${wanted}, so nobody would answer. Start the worker that should have it, and take the button from the others (worker.buttons)`;
}

/** The buttons of the workers, each once. */
export function buttonsOf({ online, offline }: KnownWorkers): readonly KnownButton[] {
  const known = new Map<string, KnownButton>();
  for (const { buttons } of online)
    for (const button of buttons)
      if (!known.has(button.id)) known.set(button.id, { ...button, offlineWorkers: [] });
  const ofOnline = new Set(known.keys());
  for (const { id: worker, buttons } of offline)
    for (const button of buttons) {
      if (ofOnline.has(button.id)) continue;
      const before = known.get(button.id)?.offlineWorkers ?? [];
      known.set(button.id, { ...button, offlineWorkers: [...before, worker] });
    }
  return [...known.values()];
}

/** Only this worker; undefined: all of them. */
export function onlyWorker({ online, offline }: KnownWorkers, worker: string | undefined): KnownWorkers {
  const isMeant = ({ id }: KnownWorker) => worker === undefined || id === worker;
  return { online: online.filter(isMeant), offline: offline.filter(isMeant) };
}

/**
 * The buttons of one worker, or of all that the broker knows.
 * @param wanted answers as soon as a worker that is online has this button
 */
export async function knownButtons(
  broker: Broker,
  {
    worker,
    wanted,
    orNone = false,
  }: {
    readonly worker: string | undefined;
    readonly wanted: string | undefined;
    readonly orNone?: boolean;
  },
): Promise<Answered<readonly KnownButton[]>> {
  const found = await knownWorkers(broker, {
    isEnough: (online) =>
      buttonsOf(onlyWorker({ online, offline: [] }, worker)).some(({ id }) => id === wanted),
    orNone,
  });
  if ('nobody' in found) return found;
  const nobody = worker === undefined ? undefined : whyNoWorker(found.answer, worker);
  return nobody === undefined ? { answer: buttonsOf(onlyWorker(found.answer, worker)) } : { nobody };
}
