// Carries out one request: freezes or lifts, on disk and at the broker, and describes the result in words.
import type { FreezeRequest } from '../../messages/freeze.ts';
import { whatThereIs } from '../../messages/nearest.ts';
import { fromTime, toLocalEnd, toTime } from '../../messages/time.ts';
import { isClockSet } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import { messageOf } from '../../service/log.ts';
import type { Journal } from '../releases/journal.ts';
import type { Answered } from '../replies.ts';
import type { FreezeFile } from './file.ts';
import type { Holder } from './holder.ts';
import { changedAfter } from './merge.ts';
import {
  afterRequest,
  formerOf,
  meantBy,
  namedCount,
  namedMax,
  stillFrozen,
  unclearEnd,
  workersOwn,
} from './state.ts';
import type { FreezeState } from './state.ts';
import { inWordsOfFreeze, inWordsOfLift } from './words.ts';

export interface CarryOutOptions {
  readonly holder: Holder;
  readonly log: Log;
  readonly file: FreezeFile;
  readonly journal: Pick<Journal, 'append'>;
  readonly buttons: readonly string[];
  /** Publishes the state. Resolves to whether the broker has acknowledged it. */
  readonly publish: (state: FreezeState) => Promise<boolean>;
  /** A freeze or lift is on disk. */
  readonly onWritten: () => void;
  /** What continues in Argo CD despite the freeze, in words; of all buttons, or of one. */
  readonly goesOn?: ((button: string | undefined) => readonly string[]) | undefined;
}

export interface CarryOut {
  /** Why a request is refused, in words; undefined: it is not. */
  refusal(request: FreezeRequest): string | undefined;
  /**
   * A freeze counts even if it cannot be written. A lift that cannot be written does not, because a restart would freeze
   * again. Undefined: the connection was lost, so the worker cannot say whether anything is frozen.
   */
  take(request: FreezeRequest): Promise<Answered | undefined>;
}

/** Highest number of syncs that a reply names. */
const goesOnMax = 3;

export function createCarryOut(options: CarryOutOptions): CarryOut {
  const { holder, log, file, publish } = options;

  const goingOn = (button: string | undefined) => {
    const all = options.goesOn?.(button) ?? [];
    const named = all.slice(0, goesOnMax).join(', ');
    const more = all.length > goesOnMax ? ` and ${all.length - goesOnMax} more` : '';
    return all.length === 0
      ? ''
      : `; still running despite the freeze: ${named}${more} (\`release-button terminate\` ends it)`;
  };
  const note = async ({ id: _, ...request }: FreezeRequest, now: number) => {
    try {
      await options.journal.append(
        { type: 'freeze', at: toTime(now), by: 'mqtt', ...request },
        { flush: false },
      );
    } catch (error) {
      log.error(messageOf(error));
    }
  };

  const freezeBy = async (request: FreezeRequest): Promise<Answered> => {
    const { button } = request;
    const at = holder.moment();
    const before = stillFrozen(holder.get(), at);
    const next = afterRequest(before, { by: 'mqtt', ...request }, at, holder.changeTime(at.now));
    // The freeze holds at once: a disk may block for seconds, and a press in the meantime must release nothing.
    holder.set(next);
    let trouble = '';
    try {
      await file.write(next);
    } catch (error) {
      log.error(messageOf(error));
      trouble = `; but ${messageOf(error)}, so a restart of the worker forgets it`;
    }
    options.onWritten();
    // Writing takes time. Freezes that have ended in the meantime must not come back.
    holder.set(stillFrozen(next, holder.moment()));
    holder.publish();
    await note(request, at.now);
    const cause = formerOf(next, request);
    const words =
      cause === undefined ? 'frozen' : inWordsOfFreeze(holder.get(), cause, formerOf(before, request));
    const isUnset = request.forSeconds !== undefined && !isClockSet(at.now);
    const doubt = isUnset
      ? `; the clock of the worker's machine is not set yet, so the time counts from now`
      : '';
    const message = `${words}${doubt}${trouble}${goingOn(button)}`;
    log.warn(message);
    return { ok: true, message };
  };

  /**
   * The broker gets the lift before the disk. In the reverse order, an unpublished lift would take effect when this process
   * is back, long after another process has confirmed the freeze.
   */
  const lift = async (request: FreezeRequest): Promise<Answered | undefined> => {
    const at = holder.moment();
    const before = stillFrozen(holder.get(), at);
    if (meantBy(before, request).length === 0)
      return { ok: true, message: inWordsOfLift(before, request, true) };
    const next = afterRequest(before, request, at, holder.changeTime(at.now));
    let isPublished = false;
    try {
      // Tests whether the file is writable, before the broker gets the lift.
      await file.write(holder.get());
      isPublished = await publish(next);
      if (!isPublished) return undefined;
      await file.write(next);
    } catch (error) {
      log.error(messageOf(error));
      if (isPublished) {
        holder.set(requestedAgain(holder.get(), changedAfter(next, holder.moment().now)));
        holder.publish();
      }
      return { ok: false, message: `still frozen: ${messageOf(error)}` };
    }
    options.onWritten();
    holder.set(stillFrozen(next, holder.moment()));
    await note(request, at.now);
    const message = inWordsOfLift(holder.get(), request);
    log.warn(message);
    return { ok: true, message };
  };

  return {
    refusal: (request) => {
      const { frozen, button, source, until } = request;
      if (button !== undefined && !options.buttons.includes(button))
        return `no button ${button} is configured here. ${whatThereIs(button, options.buttons)}`;
      const unclear = unclearEnd(request);
      if (unclear !== undefined || !frozen) return unclear;
      const { now } = holder.moment();
      if (until !== undefined && fromTime(until) <= now)
        return `${toLocalEnd(fromTime(until))} has already passed; it is ${toLocalEnd(now)} here`;
      if (source !== undefined && workersOwn.includes(source))
        return `source ${source} is reserved for the worker; name another one`;
      const state = stillFrozen(holder.get(), holder.moment());
      if (source === undefined || formerOf(state, request) !== undefined) return undefined;
      if (namedCount(state) < namedMax) return undefined;
      const some = [...new Set(state.causes.map((cause) => cause.source))].slice(0, 5).join(', ');
      return `there are already ${namedMax} freezes with sources of their own, which is the limit; lift one of them first, for example of ${some}`;
    },
    take: (request) => (request.frozen ? freezeBy(request) : lift(request)),
  };
}

/** Dates every freeze as requested just now, so that a copy that says otherwise no longer counts. */
function requestedAgain(state: FreezeState, changedAt: number): FreezeState {
  return { ...state, changedAt, causes: state.causes.map((cause) => ({ ...cause, changedAt })) };
}
