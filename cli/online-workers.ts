// Finds the workers that are online from their retained messages, with their buttons and whether they are releasing.
import { idPattern } from '../messages/ids.ts';
import { whatThereIs } from '../messages/nearest.ts';
import { releaseCurrent } from '../messages/release.ts';
import { workerAvailability, workerInfo, type WorkerInfo } from '../messages/worker.ts';
import { answerMs, whenConnected, whyNobody, type Answered, type Broker } from './ask.ts';

export type KnownButton = WorkerInfo['buttons'][number];

export interface OnlineWorker {
  readonly id: string;
  readonly buttons: readonly KnownButton[];
  /** Always false without `options.withReleases`. */
  readonly isReleasing: boolean;
}

/** How long to wait for retained messages, in milliseconds. They follow the subscription at once, but nothing marks the last. */
const retainedWithinMs = 500;

/**
 * @param options.isEnough true ends the search at once; otherwise the search ends when no more retained messages are expected
 * @param options.orNone whether an empty list is an answer: a user may lack the right to read `worker/<worker>/info`
 * @param options.withReleases whether to find out which workers are releasing
 */
export function onlineWorkers(
  broker: Broker,
  options: {
    readonly isEnough?: (workers: readonly OnlineWorker[]) => boolean;
    readonly orNone: boolean;
    readonly withReleases?: boolean;
  },
): Promise<Answered<readonly OnlineWorker[]>> {
  const { link } = broker;
  const infos = new Map<string, WorkerInfo>();
  const online = new Set<string>();
  const releasing = new Set<string>();

  const workers = (): readonly OnlineWorker[] =>
    [...online].sort().flatMap((id) => {
      const info = infos.get(id);
      return info === undefined ? [] : [{ id, buttons: info.buttons, isReleasing: releasing.has(id) }];
    });

  return new Promise((resolve) => {
    let settled = false;
    let settling: NodeJS.Timeout | undefined;
    const finish = (answered: Answered<readonly OnlineWorker[]>) => {
      clearTimeout(timer);
      clearTimeout(settling);
      resolve(answered);
    };
    const look = () => {
      const known = workers();
      if (options.isEnough?.(known) === true || (settled && (options.orNone || known.length > 0)))
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
      if (state === 'online') online.add(params.worker);
      else online.delete(params.worker);
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

/** @returns why nobody will answer for the worker; undefined if it is online, or if no worker is known to be online */
export function whyNoWorker(workers: readonly OnlineWorker[], wanted: string): string | undefined {
  const ids = workers.map(({ id }) => id);
  return ids.length === 0 || ids.includes(wanted)
    ? undefined
    : `the worker ${JSON.stringify(wanted)} is not online, so nobody would answer. ${whatThereIs(wanted, ids)}`;
}

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

/** The buttons of the workers, each once. */
export function buttonsOf(workers: readonly OnlineWorker[]): readonly KnownButton[] {
  const known = new Map<string, KnownButton>();
  for (const { buttons } of workers)
    for (const button of buttons) if (!known.has(button.id)) known.set(button.id, button);
  return [...known.values()];
}

/**
 * The buttons of one worker, or of all that are online.
 * @param wanted answers as soon as this button is known
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
  const isMeant = ({ id }: OnlineWorker) => worker === undefined || id === worker;
  const found = await onlineWorkers(broker, {
    isEnough: (workers) => buttonsOf(workers.filter(isMeant)).some(({ id }) => id === wanted),
    orNone,
  });
  if ('nobody' in found) return found;
  const nobody = worker === undefined ? undefined : whyNoWorker(found.answer, worker);
  return nobody === undefined ? { answer: buttonsOf(found.answer.filter(isMeant)) } : { nobody };
}
