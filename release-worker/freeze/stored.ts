// Stored freezes: the file on this machine, and the copy that the broker has retained.
import type { Decoded } from '../../messages/codec.ts';
import { freezeState } from '../../messages/freeze.ts';
import type { FreezeMessage, FreezeRequest } from '../../messages/freeze.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import { restored } from './ends.ts';
import type { Moment } from './ends.ts';
import type { FreezeFile } from './file.ts';
import type { Holder } from './holder.ts';
import { laterOf } from './merge.ts';
import { fromMessage } from './message.ts';
import { afterRequest, nothingFrozen, stillFrozen, workerSource } from './state.ts';
import type { FreezeState } from './state.ts';

export interface Stored {
  /** Reads the file. If the file cannot be read, all buttons are frozen. */
  load(): Promise<void>;
  /** Merges the broker's copy with the state of this process. */
  withCopy(copy: Decoded<FreezeMessage>, moment: Moment): FreezeState;
  /** The file has been written since it was read. */
  written(): void;
}

/** Longest reason in the contract, in characters. */
const reasonMax = 200;

export function createStored(options: {
  readonly holder: Holder;
  readonly log: Log;
  readonly file: FreezeFile;
  readonly worker: string;
}): Stored {
  const { holder, log, worker } = options;
  let file: 'read' | 'absent' | 'unreadable' = 'read';

  const restoredAt = (state: FreezeState, moment: Moment): FreezeState => ({
    ...state,
    causes: state.causes.map((cause) => restored(cause, moment)),
  });
  /** The stored state is lost, and it may have been a freeze. So all buttons are frozen until somebody has looked. */
  const frozenSince = (state: FreezeState, reason: string, moment: Moment): FreezeState => {
    const request: FreezeRequest = {
      frozen: true,
      source: workerSource,
      reason: reason.slice(0, reasonMax),
      by: worker,
    };
    return afterRequest(state, request, moment);
  };

  return {
    load: async () => {
      const at = holder.moment();
      try {
        const found = await options.file.read();
        if (found === 'absent') file = 'absent';
        holder.set(found === 'absent' ? nothingFrozen : stillFrozen(restoredAt(found, at), at));
      } catch (error) {
        log.error(messageOf(error));
        file = 'unreadable';
        holder.set(frozenSince(nothingFrozen, messageOf(error), at));
      }
    },
    withCopy: (copy, moment) => {
      const current = holder.get();
      const wasUnreadable = file === 'unreadable';
      const wasAbsent = file === 'absent';
      file = 'read';
      if (!copy.ok)
        return wasAbsent
          ? frozenSince(
              current,
              `the retained message at ${freezeState.at({ worker }).topic} cannot be read: ${copy.error}`,
              moment,
            )
          : current;
      const theirs = restoredAt(fromMessage(copy.value), moment);
      const both = laterOf(current, theirs);
      const own = current.causes.find(({ source }) => source === workerSource);
      // The unreadable file may have contained a freeze that nobody has lifted, so this freeze counts as requested just now.
      return wasUnreadable && own?.reason !== undefined ? frozenSince(both, own.reason, moment) : both;
    },
    written: () => {
      file = 'read';
    },
  };
}
