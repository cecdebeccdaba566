// The freeze as its topic and its file have it.
import type { FreezeMessage } from '../../messages/freeze.ts';
import { fromTime, toTime } from '../../messages/time.ts';
import type { FreezeState } from './state.ts';
import { frozenOf } from './state.ts';

/** When it is not known since when something is frozen: what wrote it was no worker of ours. */
const unknownTime = '1970-01-01T00:00:00.000Z';

/** @param worker who says it; of a freeze that has never been touched nobody needs to know */
export function toMessage({ all, buttons, changedAt }: FreezeState, worker?: string): FreezeMessage {
  const isNothing = all === undefined && buttons.size === 0;
  return {
    frozen: all !== undefined,
    ...(all === undefined ? {} : frozenOf(all)),
    ...(changedAt === undefined ? {} : { changedAt: toTime(changedAt) }),
    ...(worker === undefined || (changedAt === undefined && isNothing) ? {} : { worker }),
    ...(buttons.size === 0
      ? {}
      : { buttons: Object.fromEntries([...buttons].map(([id, held]) => [id, frozenOf(held)])) }),
  };
}

export function fromMessage({
  frozen,
  buttons,
  changedAt,
  worker: _worker,
  ...all
}: FreezeMessage): FreezeState {
  return {
    ...(frozen ? { all: { at: unknownTime, ...all } } : {}),
    ...(changedAt === undefined ? {} : { changedAt: fromTime(changedAt) }),
    buttons: new Map(Object.entries(buttons ?? {})),
  };
}
