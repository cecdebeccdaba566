// The freeze at work: takes requests, and brings what is known here, on the disk and at the broker together.
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
  /** To be called once the state directory is there. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** What keeps this button from releasing, the longest first; nothing where it is empty. */
  of(button: string): readonly Frozen[];
  /** What keeps every button from releasing, the longest first. */
  ofAll(): readonly Frozen[];
  /** Freezes one button after a rollback. Resolves when it is on the disk, or cannot be. */
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
  /** Shows what is frozen. It is always good: a freeze is wanted. */
  readonly health?: HealthCheck;
  /** What goes on in Argo CD although it is frozen, in words: of all buttons, or of one. */
  readonly goesOn?: (button: string | undefined) => readonly string[];
}

export function createFreeze(options: FreezeOptions): Freeze {
  const { link, clock, log, file, replies, worker } = options;
  /** counts the ends of connections: a copy that was read on an earlier one makes nothing current */
  let cuts = 0;
  /** What has happened here while what holds was not known: it holds whatever the copy says. */
  const unsaid: FreezeRequest[] = [];
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

  /** Of those that every worker hears. */
  const isForUs = ({ button }: FreezeRequest) =>
    button === undefined || options.buttons.includes(button) || !options.claims.isOthers(button);
  const carryOut = (request: FreezeRequest) => {
    const message = refusal(request);
    return message === undefined ? take(request) : { ok: false, message };
  };

  /**
   * Decides what holds, the broker's copy or what is known here, and gives what is to be published.
   * @param isLate its connection has been cut meanwhile
   */
  const onStored = (copy: Decoded<FreezeMessage> | undefined, isLate: boolean): FreezeMessage => {
    const at = holder.moment();
    const before = holder.get();
    let next = stillFrozen(copy === undefined ? before : stored.withCopy(copy, at), at);
    holder.isCurrent = !isLate;
    for (const request of isLate ? [] : unsaid.splice(0)) {
      holder.set(next);
      next = afterRequest(next, request, at, holder.changeTime(at.now));
    }
    holder.set(next);
    if (!isDeepStrictEqual(next, before)) void holder.enqueue(holder.save);
    if (!isDeepStrictEqual(next.causes, before.causes))
      log.warn(`${inWordsOfState(next)}, by what the broker had stored`);
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
            // Without knowing what holds, nothing can be changed; and who has asked hears no answer where the
            // connection was cut: what another process has said in between may hold instead.
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
        if (!holder.isCurrent) unsaid.push(request);
      }),
  };
}
