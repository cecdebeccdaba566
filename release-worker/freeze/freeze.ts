// Runs the freeze: takes requests, and reconciles what this process, the disk and the broker know.
import { isDeepStrictEqual } from 'node:util';
import { freezeSet, freezeState, workerFreezeSet } from '../../messages/freeze.ts';
import type { FreezeMessage, FreezeRequest, Frozen } from '../../messages/freeze.ts';
import type { Channel } from '../../messages/channel.ts';
import type { Decoded } from '../../messages/codec.ts';
import type { Clock } from '../../service/clock.ts';
import type { HealthCheck } from '../../service/health.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import type { Journal } from '../releases/journal.ts';
import type { Claims } from '../claims.ts';
import type { Replies } from '../replies.ts';
import { takeRequests } from '../requests.ts';
import { createCarryOut } from './carry-out.ts';
import type { FreezeFile } from './file.ts';
import { createHolder } from './holder.ts';
import { frozenOf, toMessage } from './message.ts';
import { afterRequest, holdingBack, rollbackSource, stillFrozen } from './state.ts';
import type { FreezeState } from './state.ts';
import { createStored } from './stored.ts';
import { inWordsOfState } from './words.ts';

export interface Freeze {
  /** Must be called after the state directory exists. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The freezes that stop this button from releasing, the longest first; empty: none. */
  of(button: string): readonly Frozen[];
  /** The freezes that stop every button from releasing, the longest first. */
  ofAll(): readonly Frozen[];
  /** Freezes one button after a rollback. Resolves when the freeze is on disk, or cannot be written. */
  freezeButton(button: string, reason: string, by: string): Promise<void>;
}

export interface FreezeOptions {
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Log;
  readonly file: FreezeFile;
  readonly journal: Pick<Journal, 'append'>;
  readonly replies: Replies;
  readonly worker: string;
  readonly buttons: readonly string[];
  readonly claims: Pick<Claims, 'isOthers'>;
  readonly onChange: () => void;
  /** Shows what is frozen. Its state is always ok, because freezes are intended. */
  readonly health?: HealthCheck;
  /** What continues in Argo CD despite the freeze, in words; of all buttons, or of one. */
  readonly goesOn?: (button: string | undefined) => readonly string[];
}

export function createFreeze(options: FreezeOptions): Freeze {
  const { link, clock, log, file, replies, worker } = options;
  /** number of lost connections; a copy that was read on an earlier connection does not make the state current */
  let cuts = 0;
  /** Freezes that began while the state was not current. They hold whatever the broker's copy says. */
  const notYetMerged: FreezeRequest[] = [];
  let forget = () => {};
  let share: (message: FreezeMessage) => Promise<boolean> = () => Promise.resolve(false);

  const publish = (state: FreezeState) => share(toMessage(state));
  const holder = createHolder({
    clock,
    log,
    file,
    publish: (state) => void publish(state),
    onChange: (state) => {
      options.health?.ok(inWordsOfState(state));
      options.onChange();
    },
  });
  const stored = createStored({ holder, log, file, worker });
  const { refusal, take } = createCarryOut({
    holder,
    log,
    file,
    journal: options.journal,
    buttons: options.buttons,
    publish,
    onWritten: stored.written,
    goesOn: options.goesOn,
  });

  /** For requests that every worker receives. */
  const isForUs = ({ button }: FreezeRequest) =>
    button === undefined || options.buttons.includes(button) || !options.claims.isOthers(button);
  const carryOut = (request: FreezeRequest) => {
    const message = refusal(request);
    return message === undefined ? take(request) : { ok: false, message };
  };

  /**
   * Merges the broker's copy with what this process knows, and returns the state to publish.
   * @param isLate whether the connection was lost after the copy was read
   */
  const onStored = (copy: Decoded<FreezeMessage> | undefined, isLate: boolean): FreezeMessage => {
    const at = holder.moment();
    const before = holder.get();
    let next = stillFrozen(copy === undefined ? before : stored.withCopy(copy, at), at);
    holder.isCurrent = !isLate;
    for (const request of isLate ? [] : notYetMerged.splice(0)) {
      holder.set(next);
      next = afterRequest(next, request, at, holder.changeTime(at.now));
    }
    holder.set(next);
    if (!isDeepStrictEqual(next, before)) void holder.enqueue(holder.save);
    if (!isDeepStrictEqual(next.causes, before.causes))
      log.warn(`${inWordsOfState(next)}, according to the message that the broker has retained`);
    return toMessage(next);
  };

  return {
    start: async () => {
      await stored.load();
      forget = link.onState(({ state: now }) => {
        if (now === 'connected') return;
        holder.isCurrent = false;
        cuts += 1;
      });
      share = link.share(freezeState.at({ worker }), freezeState.filter({ worker }), (copy) => {
        const before = cuts;
        return holder.enqueue(() => onStored(copy, before !== cuts));
      });
      holder.start();
      const takeFrom = <Template extends string>(
        channel: Channel<Template, FreezeRequest, 'event'>,
        params: Parameters<typeof channel.at>[0],
        isOurs: (request: FreezeRequest) => boolean,
      ) =>
        takeRequests({ link, replies, log, channel, params }, (request, about) => {
          const answer = async () => {
            // A request can only be carried out on the current state. If the connection was lost, there is no reply: another
            // process may have changed the state in between.
            if (!(await link.whenRead()) || !isOurs(request)) return;
            const answered = await holder.enqueue(() => carryOut(request));
            if (holder.isCurrent && answered !== undefined) replies.answer(about, request.id, answered);
          };
          void answer();
        });
      takeFrom(freezeSet, {}, isForUs);
      takeFrom(workerFreezeSet, { worker }, () => true);
    },
    stop: async () => {
      forget();
      await holder.stop();
    },
    of: (button) => holdingBack(holder.get(), button, holder.moment()).map(frozenOf),
    ofAll: () => holdingBack(holder.get(), undefined, holder.moment()).map(frozenOf),
    freezeButton: (button, reason, by) =>
      holder.enqueue(async () => {
        const request: FreezeRequest = { frozen: true, button, source: rollbackSource, reason, by };
        if (options.buttons.includes(button)) await take(request);
        if (!holder.isCurrent) notYetMerged.push(request);
      }),
  };
}
