// The freeze as its topic and its file have it.
import type { FreezeMessage } from '../../messages/freeze.ts';
import type { FreezeState } from './state.ts';

/** When it is not known since when something is frozen: what wrote it was no worker of ours. */
const unknownTime = '1970-01-01T00:00:00.000Z';

export function toMessage({ all, buttons }: FreezeState): FreezeMessage {
  return {
    frozen: all !== undefined,
    ...all,
    ...(buttons.size === 0 ? {} : { buttons: Object.fromEntries(buttons) }),
  };
}

export function fromMessage({ frozen, buttons, ...all }: FreezeMessage): FreezeState {
  return {
    ...(frozen ? { all: { at: unknownTime, ...all } } : {}),
    buttons: new Map(Object.entries(buttons ?? {})),
  };
}
