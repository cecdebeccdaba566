// Finds the buttons that exist: from the retained info of the workers that are online.
import { idPattern } from '../messages/ids.ts';
import { whatThereIs } from '../messages/nearest.ts';
import { workerAvailability, workerInfo, type WorkerInfo } from '../messages/worker.ts';
import { answerMs, whenConnected, whyNobody, type Answered, type Broker } from './ask.ts';

export type KnownButton = WorkerInfo['buttons'][number];

/** @param known ids of all buttons; empty if no worker names any. @returns why `wanted` is no button; undefined if it is one */
export function whyNoButton(known: readonly string[], wanted: string): string | undefined {
  if (known.length > 0)
    return known.includes(wanted)
      ? undefined
      : `there is no button ${JSON.stringify(wanted)}. ${whatThereIs(wanted, known)}`;
  return idPattern.test(wanted)
    ? undefined
    : `${JSON.stringify(wanted)} is no id of a button: an id has lower-case letters, digits, - and _`;
}

/** Retained messages follow the subscription at once, but nothing marks the last one. In milliseconds. */
const retainedWithinMs = 500;

/**
 * Asks for the buttons of all workers that are online. A button that several workers name is listed once.
 * @param wanted answers as soon as this button is known
 * @param orNone also answers when no button is known: a user who may press may lack the right to read `worker/<worker>/info`
 */
export function knownButtons(
  broker: Broker,
  wanted: string | undefined,
  orNone = false,
): Promise<Answered<readonly KnownButton[]>> {
  const { link } = broker;
  const infos = new Map<string, WorkerInfo>();
  const online = new Set<string>();

  const buttons = (): readonly KnownButton[] => {
    const known = new Map<string, KnownButton>();
    for (const worker of [...online].sort())
      for (const button of infos.get(worker)?.buttons ?? [])
        if (!known.has(button.id)) known.set(button.id, button);
    return [...known.values()];
  };

  return new Promise((resolve) => {
    let settled = false;
    let settling: NodeJS.Timeout | undefined;
    const finish = (answered: Answered<readonly KnownButton[]>) => {
      clearTimeout(timer);
      clearTimeout(settling);
      resolve(answered);
    };
    const look = () => {
      const known = buttons();
      if (known.some(({ id }) => id === wanted) || (settled && (orNone || known.length > 0)))
        finish({ answer: known });
    };
    const timer = setTimeout(
      () => finish({ nobody: whyNobody(broker, 'No worker is online there, by what is retained') }),
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
