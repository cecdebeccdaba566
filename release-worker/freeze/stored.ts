// What was written down before: the file of this machine, and the copy that the broker keeps.
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
  /** Reads the file; one that cannot be read freezes everything. */
  load(): Promise<void>;
  /** What holds, given the broker's copy. */
  withCopy(copy: Decoded<FreezeMessage>, moment: Moment): FreezeState;
  /** Something has been written into the file since. */
  written(): void;
}

/** As the contract has it. In characters. */
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
  /** What it said is lost, and a freeze must not be: somebody has to look. */
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
      const known = holder.get();
      const wasUnreadable = file === 'unreadable';
      const wasAbsent = file === 'absent';
      file = 'read';
      if (!copy.ok)
        return wasAbsent
          ? frozenSince(
              known,
              `what the broker has stored at ${freezeState.at({ worker }).topic} cannot be read: ${copy.error}`,
              moment,
            )
          : known;
      const theirs = restoredAt(fromMessage(copy.value), moment);
      const both = laterOf(known, theirs);
      const own = known.causes.find(({ source }) => source === workerSource);
      // What could not be read may have been a freeze, and nobody has lifted that: it counts as asked for just now.
      return wasUnreadable && own?.reason !== undefined ? frozenSince(both, own.reason, moment) : both;
    },
    written: () => {
      file = 'read';
    },
  };
}
