// Follows a stream for a test, and records the result.
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import type { AppRecord } from '../../../release-worker/argocd/application.ts';
import { streamEventSchema } from '../../../release-worker/argocd/application-schema.ts';
import { recordOf } from '../../../release-worker/argocd/record.ts';
import type { ArgoCd } from '../../../release-worker/argocd/client.ts';
import { followStream, type StreamHandlers } from '../../../release-worker/argocd/stream.ts';
import type { Recording } from './recordings.ts';
import { refusalOf } from './situations.ts';

export const idleMs = 45_000;
export const silentMs = 600_000;

export type Event = readonly ['changed' | 'deleted', AppRecord];

export interface Followed {
  readonly events: Event[];
  readonly unreadable: string[];
  readonly clock: FakeClock;
  signs(): number;
  abort(): void;
  /** The error that ends it. */
  readonly end: ReturnType<typeof refusalOf>;
}

export function follow(
  argocd: Pick<ArgoCd, 'server' | 'openStream'>,
  handlers: Partial<StreamHandlers> = {},
  abort = new AbortController(),
): Followed {
  const clock = createFakeClock();
  const events: Event[] = [];
  const unreadable: string[] = [];
  let signs = 0;
  const end = refusalOf(
    followStream({
      argocd,
      clock,
      signal: abort.signal,
      idleMs,
      silentMs,
      onSign: () => {
        signs += 1;
      },
      onEvent: (type, record) => events.push([type, record]),
      onUnreadable: (why) => unreadable.push(why),
      ...handlers,
    }),
  );
  // The test checks it, but perhaps only after something else.
  end.catch(() => {});
  return { events, unreadable, clock, signs: () => signs, abort: () => abort.abort(), end };
}

/** The registry after the events of a recorded stream. */
export function eventsOf({ response }: Recording): Event[] {
  return (response.lines ?? []).flatMap(({ text }) => {
    if (!text.startsWith('data: ')) return [];
    const { result } = streamEventSchema.parse(JSON.parse(text.slice('data: '.length)));
    if (result?.application === undefined) return [];
    return [[result.type === 'DELETED' ? 'deleted' : 'changed', recordOf(result.application)] as const];
  });
}
